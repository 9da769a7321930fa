import type { Account, AccountState } from '../../core/account.ts';
import type { AccountEntry } from './account-entry.ts';
import { unitOf } from './distinguished-name.ts';
import { dateOfFileTime } from './file-time.ts';
import { guidText } from './identifiers.ts';

/** userAccountControl (MS-ADTS 2.2.16); the last two only in msDS-User-Account-Control-Computed. */
const accountDisabled = 0x2n;
const neverExpires = 0x10000n;
const smartcardRequired = 0x40000n;
const lockout = 0x10n;
const passwordExpired = 0x80_0000n;

/** SAM_USER_OBJECT (MS-SAMR 2.2.1.9): neither computer nor trust. */
export const userObject = 0x3000_0000n;
export const otherClasses = ['computer', 'msDS-ManagedServiceAccount', 'msDS-GroupManagedServiceAccount'];

/** What the entry itself does not say. */
export interface AccountFindings {
  readonly domain: string;
  /** DN of the domain. */
  readonly baseDn: string;
  readonly privileged: boolean;
  /** SIDs. */
  readonly groups: readonly string[];
  /** Seconds after which wrong passwords are forgotten. */
  readonly lockoutWindowSeconds: number;
  readonly now: Date;
}

export function accountOf(entry: AccountEntry, findings: AccountFindings): Account {
  return {
    id: guidText(entry.objectGUID),
    name: `${findings.domain}\\${entry.sAMAccountName}`,
    samName: entry.sAMAccountName,
    displayName: entry.displayName ?? entry.name ?? entry.sAMAccountName,
    ...present({
      principalName: entry.userPrincipalName,
      givenName: entry.givenName,
      surname: entry.sn,
      mail: entry.mail,
      mobile: entry.mobile,
      telephone: entry.telephoneNumber,
      language: entry.preferredLanguage,
    }),
    state: stateOf(entry, findings),
  };
}

function stateOf(entry: AccountEntry, findings: AccountFindings): AccountState {
  const computed = entry['msDS-User-Account-Control-Computed'];
  const locked = has(computed, lockout);
  // Both come as PASSWORD_EXPIRED; a password that never expires need not be changed even when pwdLastSet is 0.
  const tooOld = has(computed, passwordExpired);
  const lastBadPassword = dateOfFileTime(entry.badPasswordTime);
  return {
    person: isPerson(entry),
    locked,
    disabled: has(entry.userAccountControl, accountDisabled),
    expired: isPast(dateOfFileTime(entry.accountExpires), findings.now),
    passwordExpired: tooOld && entry.pwdLastSet !== 0n,
    mustChangePassword: tooOld && entry.pwdLastSet === 0n,
    smartcardRequired: has(entry.userAccountControl, smartcardRequired),
    privileged: findings.privileged,
    groups: findings.groups,
    unit: unitOf(entry.dn, findings.baseDn),
    badPasswordCount: badPasswordCount(entry, lastBadPassword, findings),
    ...(has(entry.userAccountControl, neverExpires) ? { passwordNeverExpires: true } : {}),
    ...present({
      lockedSince: locked ? dateOfFileTime(entry.lockoutTime) : undefined,
      lastBadPassword,
      passwordLastSet: dateOfFileTime(entry.pwdLastSet),
    }),
  };
}

function isPerson(entry: AccountEntry): boolean {
  return entry.sAMAccountType === userObject && !otherClasses.some((name) => entry.objectClass.includes(name));
}

/** badPwdCount stays as it was when the observation window ends; only the next bad password starts it anew. */
function badPasswordCount(entry: AccountEntry, last: Date | undefined, findings: AccountFindings): number {
  const age = last === undefined ? Number.POSITIVE_INFINITY : findings.now.getTime() - last.getTime();
  return age > findings.lockoutWindowSeconds * 1000 ? 0 : Number(entry.badPwdCount);
}

function isPast(moment: Date | undefined, now: Date): boolean {
  return moment !== undefined && moment <= now;
}

function has(flags: bigint, flag: bigint): boolean {
  return (flags & flag) !== 0n;
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the properties that are undefined. */
function present<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
}
