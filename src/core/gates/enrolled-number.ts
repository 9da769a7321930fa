import { z } from 'zod';
import type { Subject } from '../gate.ts';
import type { Json } from '../json.ts';
import type { ChallengeTarget } from '../sending/challenge-body.ts';
import type { Destinations } from '../sending/challenge-sender.ts';
import { decoyMask, maskNumber } from '../sending/phone-number.ts';
import type { EnrolmentStore } from '../stores.ts';

const schema = z.strictObject({ number: z.string().regex(/^\+[1-9]\d{3,14}$/) });

/** What a gate that reaches a telephone keeps: the number, in E.164, proved by a code or a call. */
export type EnrolledNumber = z.infer<typeof schema>;

/** Reads such an enrolment. Throws when it is not one: a fault, never a failure of the person. */
export function enrolledNumber(enrolment: Json | undefined): EnrolledNumber {
  return schema.parse(enrolment);
}

/** The number of an enrolment, or undefined where the gate keeps something else. */
export function numberIn(enrolment: Json): string | undefined {
  const found = schema.safeParse(enrolment);
  return found.success ? found.data.number : undefined;
}

/** Whose number a gate reaches; the number itself is looked up at the moment of sending. */
export function targetOf(subject: Subject): ChallengeTarget {
  return subject.kind === 'decoy' ? { kind: 'decoy' } : { kind: 'enrolled', accountId: subject.account.id };
}

/** What a page shows of that number. A decoy that looks like nobody has the mask of a number that does not exist. */
export function maskOf(subject: Subject, gate: string): string {
  const kept = subject.kind === 'decoy' ? subject.like : subject.enrolment;
  const unknown = subject.kind === 'decoy' && kept === undefined;
  return unknown ? decoyMask(subject.seed, gate) : maskNumber(enrolledNumber(kept).number);
}

/** Looks numbers up where gates keep them, at the moment of sending. */
export function enrolledDestinations(enrolments: EnrolmentStore): Destinations {
  return async (accountId, gate) => {
    const kept = (await enrolments.of(accountId)).find((one) => one.gate === gate);
    return kept === undefined ? undefined : enrolledNumber(kept.data).number;
  };
}
