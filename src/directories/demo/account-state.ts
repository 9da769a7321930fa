import type { Entry } from './entry.ts';
import { never } from './file-time.ts';
import type { DirectoryPolicy } from './password-policy.ts';

/** Bits of userAccountControl (MS-ADTS 2.2.16) and of its computed twin. */
export const accountFlag = {
  disabled: 0x2n,
  lockedOut: 0x10n,
  normal: 0x200n,
  trusts: 0x3800n,
  passwordNeverExpires: 0x10000n,
  smartcardRequired: 0x40000n,
  passwordExpired: 0x800000n,
} as const;

export function hasFlag(account: Entry, flag: bigint): boolean {
  return (account.integer('userAccountControl') & flag) !== 0n;
}

/** Whether the lock holds now: lockoutTime alone does not say, its duration may be over. */
export function isLockedOut(account: Entry, policy: DirectoryPolicy, now: bigint): boolean {
  const since = account.integer('lockoutTime');
  return since !== 0n && (policy.lockoutDuration === undefined || since + policy.lockoutDuration > now);
}

/** Wrong passwords that count now: 0 once the observation window is over, or a lock has ended by itself. */
export function countedBadPasswords(account: Entry, policy: DirectoryPolicy, now: bigint): bigint {
  const over = account.integer('badPasswordTime') + policy.lockoutWindow <= now;
  return over || account.integer('lockoutTime') !== 0n ? 0n : account.integer('badPwdCount');
}

/** msDS-UserPasswordExpiryTimeComputed (MS-ADTS 3.1.1.4.5.35): 0 means now, `never` means never. */
export function passwordExpiry(account: Entry, policy: DirectoryPolicy): bigint {
  const { passwordNeverExpires, smartcardRequired, trusts } = accountFlag;
  if (hasFlag(account, passwordNeverExpires | smartcardRequired | trusts)) return never;
  const lastSet = account.integer('pwdLastSet');
  if (lastSet === 0n) return 0n;
  return policy.maxAge === undefined ? never : lastSet + policy.maxAge;
}

/** msDS-User-Account-Control-Computed (MS-ADTS 3.1.1.4.5.17). */
export function computedFlags(account: Entry, policy: DirectoryPolicy, now: bigint): bigint {
  const locked = isLockedOut(account, policy, now) ? accountFlag.lockedOut : 0n;
  const expired = passwordExpiry(account, policy) <= now ? accountFlag.passwordExpired : 0n;
  return locked | expired;
}

/** Whether accountExpires lies in the past; 0 and `never` mean that it does not. */
export function isAccountExpired(account: Entry, now: bigint): boolean {
  const expires = account.integer('accountExpires');
  return expires !== 0n && expires <= now;
}

/** Whether logonHours, one bit an hour of the week from Sunday in UTC, allows this moment. */
export function isWithinLogonHours(account: Entry, now: Date): boolean {
  const [hours] = account.values('logonHours');
  if (!Buffer.isBuffer(hours) || hours.length !== 21) return true;
  const hour = now.getUTCDay() * 24 + now.getUTCHours();
  return (((hours[hour >> 3] ?? 0) >> (hour & 7)) & 1) === 1;
}
