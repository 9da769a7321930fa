/** How something is named: by a sentence of the catalogue, or as it is called. */
export type Named = { readonly key: string } | { readonly text: string };

/** Reasons that the catalogue has words for; packages may have others. */
const reasons: { readonly [at: string]: readonly string[] } = {
  reset: [
    'unknown',
    'not-a-person',
    'disabled',
    'account-expired',
    'smartcard-required',
    'privileged',
    'barred',
    'unregistered',
    'no-policy',
    'not-you',
    'not-eligible',
    'passwords',
  ],
  'sign-in': [
    'wrong',
    'withheld',
    'locked',
    'password-expired',
    'must-change',
    'disabled',
    'account-expired',
    'outside-hours',
    'wrong-workstation',
  ],
  write: ['reset', 'unlock'],
};

/** Why people did not get on. */
export function reasonName(at: 'reset' | 'sign-in' | 'write', why: string): Named {
  const isKnown = reasons[at]?.includes(why) === true;
  return isKnown ? { key: `console.reports.reasons.${at}.${why}` } : { text: `${at}: ${why}` };
}

/** Gates that come with Latchkey. */
const gates = ['phone', 'otp-sms', 'questions', 'helpdesk-code', 'caller-phone', 'caller-otp-sms'];

/** A gate; or where a bar came from that came of no gate. */
export function gateName(gate: string): Named {
  if (gates.includes(gate)) return { key: `gates.${gate}.name` };
  if (gate === 'sign-in' || gate === 'notice') return { key: `console.reports.bar-from.${gate}` };
  return { text: gate };
}
