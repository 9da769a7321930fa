import type { z } from 'zod';
import { BadRequest } from './errors.ts';

/** Whether the body holds this one field with this value, and nothing else. */
export function isExactly(body: unknown, field: string, value: string): boolean {
  if (typeof body !== 'object' || body === null) return false;
  const entries = Object.entries(body);
  return entries.length === 1 && entries[0]?.[0] === field && entries[0][1] === value;
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
