import type { Delegation, Domain } from './domain.ts';
import type { Entry } from './entry.ts';
import { allGroups } from './password-policy.ts';
import { writableAttributeNames } from './schema.ts';

/** Who is bound to a connection; undefined when nobody is. */
export type Identity = Entry | undefined;

/**
 * Whether this is one of the administrators, or in a group that is. AdminSDHolder takes such accounts away from
 * delegated rights (MS-ADTS 3.1.1.6.1); here at once, in Windows within the hour.
 */
export function isProtected(domain: Domain, account: Entry): boolean {
  const groups = [...allGroups(domain.tree, account)];
  return [account, ...groups].some((entry) => entry.integer('adminCount') === 1n);
}

/** Attributes that somebody may write on an entry, in the schema's spelling. */
export function writableAttributes(domain: Domain, who: Entry, target: Entry): readonly string[] {
  if (isAdministrator(domain, who)) return writableAttributeNames;
  return delegationsOver(domain, who, target).flatMap(({ attributes }) => attributes);
}

/** Whether somebody may set another password without knowing the old one (User-Force-Change-Password). */
export function mayResetPassword(domain: Domain, who: Entry, target: Entry): boolean {
  if (isAdministrator(domain, who)) return true;
  return delegationsOver(domain, who, target).some(({ resetPassword }) => resetPassword);
}

/** Password settings are for administrators, and for those who were given more; all else is for everybody. */
export function mayRead(domain: Domain, who: Entry, entry: Entry): boolean {
  if (!entry.isA('msDS-PasswordSettings')) return true;
  return domain.delegations.some(({ trustee }) => trustee === who) || isAdministrator(domain, who);
}

function isAdministrator(domain: Domain, who: Entry): boolean {
  return [...allGroups(domain.tree, who)].some((group) => group.text('sAMAccountName') === 'Domain Admins');
}

function delegationsOver(domain: Domain, who: Entry, target: Entry): readonly Delegation[] {
  if (!target.isUser || isProtected(domain, target)) return [];
  const isBelow = ({ below }: Delegation): boolean => target.lineage.indexOf(below.lineage[0] ?? '') > 0;
  return domain.delegations.filter((delegation) => delegation.trustee === who && isBelow(delegation));
}
