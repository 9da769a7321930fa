import { type Identity, writableAttributes } from './access.ts';
import { computedFlags, passwordExpiry } from './account-state.ts';
import { parseDn } from './distinguished-name.ts';
import type { Domain } from './domain.ts';
import type { Entry, Value } from './entry.ts';
import { allGroups, resultantSettings } from './password-policy.ts';
import { accessDescriptor } from './security-descriptor.ts';

/** What is asked about, by whom. */
export interface Question {
  readonly domain: Domain;
  readonly entry: Entry;
  readonly identity: Identity;
  /** The rights part of a security descriptor alone was asked for; all of it is for administrators of auditing. */
  readonly rightsOnly: boolean;
}

const constructions: Readonly<Record<string, (question: Question) => readonly Value[]>> = {
  'msDS-User-Account-Control-Computed': ({ domain, entry }) =>
    ofUser(entry, () => computedFlags(entry, domain.policyOf(entry), domain.now)),
  'msDS-UserPasswordExpiryTimeComputed': ({ domain, entry }) =>
    ofUser(entry, () => passwordExpiry(entry, domain.policyOf(entry))),
  'msDS-ResultantPSO': ({ domain, entry }) => {
    const settings = resultantSettings(domain.tree, entry);
    return settings === undefined ? [] : [settings.dn];
  },
  'msDS-PrincipalName': ({ domain, entry }) => {
    const samName = entry.text('sAMAccountName');
    return samName === undefined ? [] : [`${domain.name}\\${samName}`];
  },
  tokenGroups: ({ domain, entry }) =>
    [...allGroups(domain.tree, entry)].flatMap((group) => [...group.values('objectSid')]),
  allowedAttributesEffective: ({ domain, entry, identity }) =>
    identity === undefined ? [] : writableAttributes(domain, identity, entry),
  sDRightsEffective: () => ['0'],
  // Whether a domain controller is read-only: asked of its NTDS Settings, its server and its computer.
  'msDS-isRODC': ({ entry }) => (/^CN=(NTDS Settings|DC1),/.test(entry.dn) ? ['FALSE'] : []),
  nTSecurityDescriptor: ({ domain, entry, rightsOnly }) => (rightsOnly ? [accessDescriptor(domain, entry)] : []),
  canonicalName: ({ domain, entry }) => [canonicalName(domain, entry)],
};

/** The values of an attribute that is computed when somebody names it (MS-ADTS 3.1.1.4.5). */
export function constructedValues(question: Question, attribute: string): readonly Value[] {
  return constructions[attribute]?.(question) ?? [];
}

function ofUser(entry: Entry, compute: () => bigint): readonly Value[] {
  return entry.isA('user') ? [String(compute())] : [];
}

/** The name as a path from the domain, for example contoso.example/People/Anna Berg. */
function canonicalName(domain: Domain, entry: Entry): string {
  const steps = (parseDn(entry.dn) ?? []).filter(({ type }) => type !== 'DC');
  return [domain.dnsName, ...steps.map(({ value }) => value.replaceAll(/[\\/]/g, '\\$&')).reverse()].join('/');
}
