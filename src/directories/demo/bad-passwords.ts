import { countedBadPasswords } from './account-state.ts';
import type { Domain } from './domain.ts';
import type { Entry } from './entry.ts';
import { isPassword } from './password-hash.ts';

/** A wrong password that was right not long ago is a forgotten phone, not an attack (N-2 rule of Windows). */
const forgivenPasswords = 2;

/** Whether this is the account's password. A wrong one counts, and locks the account at the policy's threshold. */
export function verifyPassword(domain: Domain, account: Entry, password: string): boolean {
  const [current, ...earlier] = account.content.passwords;
  if (current !== undefined && isPassword(password, current)) return true;
  const forgiven = earlier.slice(0, forgivenPasswords).some((hash) => isPassword(password, hash));
  if (!forgiven) countBadPassword(domain, account);
  return false;
}

function countBadPassword(domain: Domain, account: Entry): void {
  const policy = domain.policyOf(account);
  const count = countedBadPasswords(account, policy, domain.now) + 1n;
  const locks = policy.lockoutThreshold > 0n && count >= policy.lockoutThreshold;
  account.set({ badPwdCount: count, badPasswordTime: domain.now });
  if (locks) account.set({ lockoutTime: domain.now });
  else if (account.integer('lockoutTime') !== 0n) account.set({ lockoutTime: 0n });
}

/** What a sign-in leaves behind. */
export function recordSignIn(domain: Domain, account: Entry): void {
  account.set({ badPwdCount: 0n, lastLogon: domain.now, logonCount: account.integer('logonCount') + 1n });
  if (account.integer('lockoutTime') !== 0n) account.set({ lockoutTime: 0n });
}
