import { z } from 'zod';
import { BadRequest } from '../errors.ts';
import type { Problem } from '../message.ts';
import { isDefaultCountry, maskNumber, readNumber, spacedNumber } from '../sending/phone-number.ts';

/** How a gate takes a number at registration. */
export interface NumberEntry {
  /** `read-only`: the directory's number, or none; `read-write`: the person may type another (MIM's two modes). */
  readonly registration: 'read-only' | 'read-write';
  readonly 'default-country'?: string | undefined;
}

/** The settings above, for a gate's own schema. */
export const numberEntrySettings = {
  registration: z.enum(['read-only', 'read-write']).default('read-write'),
  'default-country': z
    .union([z.string(), z.int()])
    .transform(String)
    .refine(isDefaultCountry, 'must be a country such as GB or a calling code such as 44')
    .optional(),
};

export type ProposedNumber =
  | { readonly kind: 'number'; readonly e164: string; readonly mask: string }
  | { readonly kind: 'problem'; readonly problem: Problem };

/**
 * The number that a person wants to register.
 * @param typed what the field held; undefined when there was none
 * @param known what the directory holds, as it holds it
 * Throws BadRequest when a number came where none may be typed, or none where one was asked for.
 */
export function proposedNumber(
  typed: string | undefined,
  known: string | undefined,
  entry: NumberEntry,
): ProposedNumber {
  const writable = entry.registration === 'read-write';
  if (writable !== (typed !== undefined)) throw new BadRequest(`number ${writable ? 'missing' : 'not expected'}`);
  const read = readNumber((writable ? typed : known) ?? '', entry['default-country']);
  if (read.kind === 'number') return { ...read, mask: maskNumber(read.e164) };
  if (writable) return { kind: 'problem', problem: { field: 'number', message: { key: read.key } } };
  return { kind: 'problem', problem: { message: { key: 'gates.number.not-in-directory' } } };
}

/** What the page for a number shows. A whole number stands only in the field that its owner may change. */
export type NumberPage = {
  readonly registration: string;
  readonly number: string;
  readonly known: string;
};

/**
 * @param typed what the person typed last, when it could not be read
 * @returns `number` to fill the field with; `known`, the mask of the directory's number. Either may be empty.
 */
export function numberPage(typed: string | null, known: string | undefined, entry: NumberEntry): NumberPage {
  const read = readNumber(known ?? '', entry['default-country']);
  const [spaced, mask] = read.kind === 'number' ? [spacedNumber(read.e164), maskNumber(read.e164)] : ['', ''];
  const number = entry.registration === 'read-write' ? (typed ?? spaced) : '';
  return { registration: entry.registration, number, known: mask };
}
