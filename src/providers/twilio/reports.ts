import { z } from 'zod';
import type { Callback, Received } from '../../core/provider.ts';
import type { TwilioVoiceSettings } from './settings.ts';

/** Whether a report carries Twilio's signature: HMAC-SHA1 over the address and the sorted parameters. */
export type Signature = (
  token: string,
  signature: string,
  url: string,
  parameters: Readonly<Record<string, string>>,
) => boolean;

/** The two addresses of a call: where its keys are told, and where its end is. `turn` counts how often keys were asked for. */
const addressSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('digits'), turn: z.coerce.number().int().min(1).max(9) }),
  z.object({ event: z.literal('status') }),
]);

const parametersSchema = z.object({
  CallSid: z.string().regex(/^CA/),
  CallStatus: z.string().default(''),
  Digits: z.string().default(''),
  /** Only where machines are looked for: human, machine_start, machine_end_…, fax, unknown. */
  AnsweredBy: z.string().default(''),
});

/** What Twilio told of a call, once it is certain that it was Twilio. */
export type Report = z.infer<typeof addressSchema> & {
  readonly call: string;
  readonly status: string;
  readonly digits: string;
  readonly answeredBy: string;
};

/** Checks the signature before anything else (https://www.twilio.com/docs/usage/security), in constant time. */
export function readReport(
  callback: Callback,
  settings: TwilioVoiceSettings,
  isSigned: Signature,
): Report | Exclude<Received, { kind: 'taken' }> {
  const form = new URLSearchParams(callback.body);
  const parameters = Object.fromEntries(form);
  // A signature over one of two values of a name would vouch for the other as well.
  if (Object.keys(parameters).length !== form.size) return { kind: 'forged', detail: 'a parameter came twice' };
  const signature = callback.headers['x-twilio-signature'] ?? '';
  if (!isSigned(settings['auth-token'], signature, callback.url, parameters)) {
    return { kind: 'forged', detail: 'X-Twilio-Signature does not fit' };
  }
  if (parameters.AccountSid !== settings['account-sid']) return { kind: 'forged', detail: 'another account' };
  const address = addressSchema.safeParse(Object.fromEntries(new URL(callback.url).searchParams));
  const told = parametersSchema.safeParse(parameters);
  if (!address.success || !told.success) return { kind: 'malformed', detail: 'not a report of a call' };
  const { CallSid: call, CallStatus: status, Digits: digits, AnsweredBy: answeredBy } = told.data;
  return { ...address.data, call, status, digits, answeredBy };
}
