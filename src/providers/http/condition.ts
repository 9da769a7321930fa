import type { HttpReply } from '../../outbound/http-client.ts';
import type { Condition } from './settings.ts';

/** Whether an answer is what a condition describes. An answer that is no JSON meets no condition about JSON. */
export function meets(reply: HttpReply, condition: Condition): boolean {
  const { status, json, contains } = condition;
  if (status !== undefined && !status.includes(reply.status)) return false;
  if (contains !== undefined && !reply.text.includes(contains)) return false;
  if (json === undefined) return true;
  const found = valueAt(reply.text, json.path.split('.'));
  return json['one-of'].some((value) => value === found);
}

function valueAt(text: string, path: readonly string[]): unknown {
  try {
    const document: unknown = JSON.parse(text);
    return path.reduce<unknown>(
      (value, name) => (Object.hasOwn(Object(value), name) ? Reflect.get(Object(value), name) : undefined),
      document,
    );
  } catch {
    return undefined;
  }
}
