import type { z } from 'zod';
import { BadRequest } from './errors.ts';

/** Whether the body holds this one field with this value, and nothing else. */
export function isExactly(body: unknown, field: string, value: string): boolean {
  return onlyField(body, field) === value;
}

/** The value of this field, when the body holds it once and nothing else; undefined otherwise. */
export function onlyField(body: unknown, field: string): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const entries: readonly (readonly [string, unknown])[] = Object.entries(body);
  const [name, value] = entries[0] ?? [];
  return entries.length === 1 && name === field && typeof value === 'string' ? value : undefined;
}

/**
 * What was posted, when it is what the form takes.
 * @param form a strict one, so that no other field comes along
 * @param otherwise what the log says of anything else
 * @throws BadRequest when a field is missing, too many, there twice, or of another kind
 */
export function posted<Form>(
  form: z.ZodType<Form>,
  body: unknown,
  otherwise = 'the posted fields are not exactly those of the page',
): Form {
  const parsed = form.safeParse(body);
  if (!parsed.success) throw new BadRequest(otherwise);
  return parsed.data;
}

/** The same of a gate's form, which need not be strict itself. */
export function readForm(form: z.ZodObject, body: unknown): Readonly<Record<string, string>> {
  return posted(form.strict(), body) as Record<string, string>;
}
