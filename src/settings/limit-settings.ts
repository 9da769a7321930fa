import { z } from 'zod';

function quota(defaults: { 'ask-proof': number; most: number }) {
  return z
    .strictObject({
      'ask-proof': z.int().min(1).max(100_000).default(defaults['ask-proof']),
      most: z.int().min(1).max(100_000).default(defaults.most),
    })
    .refine((own) => own['ask-proof'] <= own.most, { path: ['ask-proof'], message: 'must not be more than most' })
    .prefault({});
}

/**
 * Starts of a reset, and sign-ins to register, in an hour; each of the two is counted by itself. There is no way to
 * switch a limit off.
 * @param range a schema for an address or a range of them
 */
export function limitSettings(range: z.ZodString) {
  return z
    .strictObject({
      login: quota({ 'ask-proof': 5, most: 30 }),
      address: quota({ 'ask-proof': 15, most: 30 }),
      'over-all': quota({ 'ask-proof': 1_000, most: 10_000 }),
      'shared-addresses': z
        .array(z.strictObject({ addresses: z.array(range).min(1), times: z.int().min(2).max(1_000).default(20) }))
        .default([]),
    })
    .prefault({});
}
