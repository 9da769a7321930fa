import { z } from 'zod';
import type { Json } from '../json.ts';
import type { Challenge } from './challenge.ts';

const json = z.json() as z.ZodType<Json>;

/** Where a challenge goes. Only a number that is just being registered is written down; any other is looked up. */
const targetSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('enrolled'), accountId: z.string() }),
  /** The number of another gate than the challenge's own. */
  z.strictObject({ kind: z.literal('enrolled-at'), accountId: z.string(), gate: z.string() }),
  z.strictObject({ kind: z.literal('manager'), accountId: z.string() }),
  z.strictObject({ kind: z.literal('proposed'), to: z.string(), accountId: z.string() }),
  z.strictObject({ kind: z.literal('decoy') }),
]);

/**
 * Which limit of sendings kept it back: the person's own, of an hour or of a day; or one that others fill as well.
 */
const withheldSchema = z.enum(['hour', 'day', 'others']);

/** What the sender needs; forgotten once it was used. */
const orderSchema = z.strictObject({
  language: z.string(),
  codeLength: z.int().min(6).max(10),
  text: z.string(),
  match: z.string().optional(),
  subject: z.string().optional(),
  host: z.string().optional(),
});

const bodySchema = z.strictObject({
  target: targetSchema,
  order: orderSchema.optional(),
  /** Who may send it, in order; absent: the configuration's providers. Decoys have it as well. */
  providers: z.array(z.string()).optional(),
  /** Who sent it, and what that provider needs to check it. */
  provider: z.string().optional(),
  state: json.optional(),
  /** Its person has signed in, and may be told of a limit. Never of a reset, where a decoy has to look the same. */
  candid: z.literal(true).optional(),
  /** Only of a candid one that failed. */
  withheld: withheldSchema.optional(),
  /** How it ended, once that is known. */
  outcome: z.enum(['passed', 'refused', 'unanswered']).optional(),
});

export type ChallengeTarget = z.infer<typeof targetSchema>;
export type Withheld = z.infer<typeof withheldSchema>;
export type ChallengeBody = z.infer<typeof bodySchema>;

/** The body of a stored challenge. Throws when it is not one: a fault, never an answer. */
export function bodyOf(challenge: Challenge): ChallengeBody {
  return bodySchema.parse(challenge.body);
}

/** The challenge with other contents. */
export function withBody(challenge: Challenge, state: Challenge['state'], body: ChallengeBody): Challenge {
  return { ...challenge, state, body: JSON.parse(JSON.stringify(body)) };
}
