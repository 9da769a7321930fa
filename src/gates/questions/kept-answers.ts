import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Json } from '../../core/json.ts';

const schema = z.strictObject({
  /** Made anew at each registration: the choice at reset follows from it. */
  set: z.string().regex(/^[0-9a-f]{32}$/),
  answers: z
    .array(z.strictObject({ question: z.string(), hash: z.string().startsWith('$argon2id$') }))
    .min(1)
    .max(20),
});

/** What the gate keeps about an account. */
export type KeptAnswers = z.infer<typeof schema>;

/** Reads such an enrolment. Throws when it is not one: a fault, never a failure of the person. */
export function keptAnswers(enrolment: Json | undefined): KeptAnswers {
  return schema.parse(enrolment);
}

/**
 * The questions in an order that looks random, and is the same for the same seed: a new flow gets no other questions,
 * so nobody can shop for easier ones.
 * @param seed a secret of the account or of the decoy
 */
export function shuffledBy<T>(items: readonly T[], seed: string, idOf: (item: T) => string): readonly T[] {
  const rank = (item: T): string =>
    createHash('sha256')
      .update(`question:${seed}:${idOf(item)}`)
      .digest('hex');
  return items
    .map((item) => ({ item, rank: rank(item) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ item }) => item);
}
