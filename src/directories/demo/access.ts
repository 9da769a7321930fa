import type { Delegation, Domain } from './domain.ts';
import type { Entry } from './entry.ts';
import { sidFromText } from './identifier.ts';
import { allGroups } from './password-policy.ts';
import { writableAttributeNames } from './schema.ts';

/** Who is bound to a connection; undefined when nobody is. */
export type Identity = Entry | undefined;

/**
 * Whether this is one of the administrators, or in a group that is. AdminSDHolder takes such accounts away from
 * delegated rights (MS-ADTS 3.1.1.6.1); here at once, in Windows within the hour.
 */
function isProtected(domain: Domain, account: Entry): boolean {
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
  return settingsReaders(domain).includes(who) || isAdministrator(domain, who);
}

/** Who was given to read password settings: whoever resets passwords must know the rules. */
export function settingsReaders(domain: Domain): readonly Entry[] {
  return domain.delegations.filter(({ resetPassword }) => resetPassword).map(({ trustee }) => trustee);
}

function isAdministrator(domain: Domain, who: Entry): boolean {
  return [...allGroups(domain.tree, who)].some((group) => group.text('sAMAccountName') === 'Domain Admins');
}

function delegationsOver(domain: Domain, who: Entry, target: Entry): readonly Delegation[] {
  return delegationsOn(domain, target).filter(({ trustee }) => trustee === who);
}

/** What was delegated over an entry, to anybody. */
export function delegationsOn(domain: Domain, target: Entry): readonly Delegation[] {
  if (!target.isUser || isProtected(domain, target)) return [];
  return domain.delegations.filter(({ below }) => target.lineage.indexOf(below.lineage[0] ?? '') > 0);
}

/** SIDs that somebody acts with: their own, those of all their groups, Everyone and Authenticated Users. */
export function tokenOf(domain: Domain, who: Entry): readonly Buffer[] {
  const own = [who, ...allGroups(domain.tree, who)].flatMap((entry) => entry.values('objectSid'));
  const everybody = ['S-1-1-0', 'S-1-5-11'].map(sidFromText).filter((sid) => sid !== undefined);
  return [...own.map((sid) => Buffer.from(sid)), ...everybody];
}
