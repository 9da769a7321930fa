import type { Json } from '../json.ts';
import type { Message } from '../message.ts';

/** One setting of a gate, with what stands there. */
interface Said {
  readonly setting: string;
  readonly value: Json;
}

/** Whether a value can be said in a word; texts in several languages, or lists of questions, cannot. */
export function isPlain(value: Json): value is string | number | boolean {
  return typeof value === 'string' ? value.length <= 80 : typeof value === 'number' || typeof value === 'boolean';
}

/**
 * A sentence about a setting and its value: `key`, or `key-whole` where the value is too much for a sentence. The web layer
 * says both in the reader's words: see `sayPolicyMessage`.
 */
export function settingMessage(key: string, { setting, value }: Said, values: Message['values'] = {}): Message {
  return isPlain(value)
    ? { key, values: { ...values, setting, value: String(value) } }
    : { key: `${key}-whole`, values: { ...values, setting } };
}
