import { z } from 'zod';
import type { Channel } from '../provider.ts';
import { destinationCountry, isDialable } from './phone-number.ts';

/** How much a provider may be made to send in one hour, or in a day where it says so. */
export interface SendingLimits {
  readonly perDestination: number;
  readonly perAccount: number;
  readonly perAccountAndDay: number;
  /** To numbers that differ in their last three digits only. */
  readonly perPrefix: number;
  readonly overAll: number;
}

/** Where a provider may send, and how much: the guard against toll fraud and against bombing somebody. */
export interface SendingRules {
  /** ISO 3166 codes; undefined allows every country. */
  readonly countries?: readonly string[];
  /** Beginnings of E.164 numbers, each with its plus sign. */
  readonly deniedPrefixes: readonly string[];
  /** Undefined counts nothing. */
  readonly limits?: SendingLimits;
}

/** What one sending costs: somebody's own figure, for the reports. */
export interface SendingPrice {
  readonly amount: number;
  /** ISO 4217, such as EUR. */
  readonly currency: string;
}

const country = z
  .string()
  .regex(/^[A-Z]{2}$/, 'must be a country such as GB')
  .refine((code) => new Intl.DisplayNames('en', { type: 'region', fallback: 'none' }).of(code) !== undefined, {
    message: 'must be a country such as GB',
  });

/** The settings that every provider has beside its own. */
export const sendingSettings = {
  /** Seconds that one sending may take; for calls that block, the whole call. */
  'timeout-seconds': z.int().min(1).max(120).optional(),
  /** Countries that texts and calls may go to. Every provider of texts or calls needs them. */
  countries: z.array(country).min(1).optional(),
  /** Numbers that begin so get nothing. */
  'denied-prefixes': z.array(z.string().regex(/^\+\d{1,15}$/, 'must begin with + and a country code')).default([]),
  /** Sendings in an hour, and in a day. */
  limits: z
    .strictObject({
      'per-destination': z.int().min(1).max(100).default(5),
      'per-account': z.int().min(1).max(100).default(5),
      'per-account-day': z.int().min(1).max(500).default(10),
      'per-prefix': z.int().min(1).max(10_000).default(60),
      'over-all': z.int().min(1).max(100_000).default(500),
    })
    .prefault({}),
  /** What one sending costs, for the reports. */
  price: z
    .strictObject({
      amount: z.number().min(0).max(1_000),
      currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency such as EUR'),
    })
    .optional(),
  /** Failures in a row after which the provider is left alone, and for how many seconds. */
  breaker: z
    .strictObject({ failures: z.int().min(1).max(100).default(5), seconds: z.int().min(5).max(3600).default(30) })
    .prefault({}),
};

/**
 * Why nothing may go there, in words for an operator; undefined when it may.
 * @param to an E.164 number, or a mail address
 */
export function destinationRefusal(channel: Channel, to: string, rules: SendingRules): string | undefined {
  if (channel === 'email') return undefined;
  if (!isDialable(to)) return 'the number is not one that is called or texted';
  if (rules.deniedPrefixes.some((prefix) => to.startsWith(prefix))) return 'the number has a denied prefix';
  const allowed = rules.countries;
  if (allowed === undefined) return undefined;
  const found = destinationCountry(to);
  if (found !== undefined && allowed.includes(found)) return undefined;
  return `the country ${found ?? 'of the number'} is not among those allowed`;
}
