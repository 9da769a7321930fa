import { z } from 'zod';

/** Longer than any answer may be; what is too long by the settings gets a message, what is longer than this a 400. */
const maxLength = 256;

/** The field of the nth question of a page, from 0. */
export function fieldName(at: number): string {
  return `q${at + 1}`;
}

/** A form with exactly so many answers, each of which may be empty. */
export function answerForm(count: number): z.ZodObject {
  const fields = Array.from({ length: count }, (_, at) => [fieldName(at), z.string().max(maxLength)] as const);
  return z.strictObject(Object.fromEntries(fields));
}
