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
 * The posted fields, when they are exactly those of the form.
 * @throws BadRequest when one is missing, too many, there twice, or of another kind
 */
export function readForm(form: z.ZodObject, body: unknown): Readonly<Record<string, string>> {
  const parsed = form.strict().safeParse(body);
  if (!parsed.success) throw new BadRequest('the posted fields are not exactly those of the page');
  return parsed.data as Record<string, string>;
}
