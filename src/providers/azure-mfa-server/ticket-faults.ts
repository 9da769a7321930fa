import { NotSent, OutOfService } from '../../core/errors.ts';

/** What MIT Kerberos says, and what it means to the person who runs Latchkey. The first that fits is taken. */
const meanings: readonly (readonly [said: RegExp, meaning: string])[] = [
  [
    /not found in Kerberos database.*|Matching credential not found/i,
    'the directory knows no service of that name: register it with setspn, or set auth.spn',
  ],
  [/clock skew|ticket not yet valid/i, 'the clock of this machine differs too much from the domain controller’s'],
  [
    /preauthentication failed|decrypt integrity|password incorrect|key version|no suitable keys|keytab contains no/i,
    'the client keytab does not fit the account: its password was changed since, or it holds another name; make it anew',
  ],
  [/revoked|locked out|password has expired/i, 'the account of the keytab is disabled, locked or expired'],
  [/expired|no longer valid/i, 'the ticket is over: name a client keytab in KRB5_CLIENT_KTNAME, which renews it'],
  [
    /no Kerberos credentials|no credentials|credentials cache|key table file|keytab|cannot find mechanisms/i,
    'there is no ticket: name a client keytab that this process can read in KRB5_CLIENT_KTNAME',
  ],
];
const nobodyAnswers = /cannot (contact|resolve|find) (any )?(KDC|network address|address)|KDC for (requested )?realm/i;

/**
 * The fault of a ticket that was not to be had. Nothing was sent to the provider.
 * @param said the library's own words, which hold names and never keys or tickets
 * @returns NotSent when the domain controller may be back soon; OutOfService when somebody must act
 */
export function ticketFault(service: string, said: string): NotSent {
  const words = said.replace(/\s+/g, ' ').slice(0, 300);
  const what = `no Kerberos ticket for ${service}`;
  if (nobodyAnswers.test(words)) return new NotSent(`${what}: no domain controller can be reached (${words})`);
  const meaning = meanings.find(([pattern]) => pattern.test(words))?.[1];
  return new OutOfService(`${what}: ${meaning === undefined ? words : `${meaning} (${words})`}`);
}
