import { z } from 'zod';
import type { Json } from '../json.ts';

const schema = z.strictObject({
  /** Id of the challenge that holds the keyed hash of the code, and of whatever it is bound to. */
  challenge: z.string(),
  reference: z.string(),
  channel: z.enum(['sms', 'email']),
});

/** What is kept of a code that the helpdesk gave out: where it is judged, never what it is. */
export type IssuedCode = z.infer<typeof schema>;

/** Reads such an enrolment. Throws when it is not one: a fault, never a failure of the person. */
export function issuedCode(enrolment: Json | undefined): IssuedCode {
  return schema.parse(enrolment);
}
