import { createHmac } from 'node:crypto';
import type { Callback } from '../../../src/core/provider.ts';

export interface SignedNeeds {
  readonly token: string;
  readonly accountSid: string;
  readonly query: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly reference?: string;
}

/** A report as Twilio signs it: HMAC-SHA1 over the address and the parameters in the order of their names. */
export function signed({ token, accountSid, query, parameters, reference = 'reference-1' }: SignedNeeds): Callback {
  const url = `https://password.example/callbacks/far-end/${reference}?${new URLSearchParams(query)}`;
  const all: Readonly<Record<string, string>> = { AccountSid: accountSid, ...parameters };
  const text = Object.keys(all)
    .sort()
    .reduce((sum, name) => sum + name + all[name], url);
  const signature = createHmac('sha1', token).update(text).digest('base64');
  return {
    reference,
    url,
    headers: { 'x-twilio-signature': signature },
    body: String(new URLSearchParams(all)),
  };
}
