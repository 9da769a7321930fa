import { mayResetPassword } from './access.ts';
import { isLockedOut } from './account-state.ts';
import { verifyPassword } from './bad-passwords.ts';
import type { Domain } from './domain.ts';
import type { Entry } from './entry.ts';
import { accessDenied, changeRefused, unwilling } from './error-texts.ts';
import type { LdapResult } from './ldap-result.ts';
import type { AttributeChange } from './message-decoding.ts';
import { isComplex } from './password-complexity.ts';
import { hashPassword, isPassword, type PasswordHash } from './password-hash.ts';

/** Passwords that are remembered; more than any policy's history. */
const rememberedPasswords = 26;
const maxLength = 256;

/** WIN32 codes: the password breaks the policy; the value is no quoted UTF-16 text; the changes make no sense. */
const policyBroken = '0000052D';
const badEncoding = '0000001F';
const badParameter = '00000057';

export interface PasswordWrite {
  readonly domain: Domain;
  readonly who: Entry;
  readonly account: Entry;
  /** Whether a reset is held to history and age as a change is. */
  readonly policyHints: boolean;
}

export interface WrittenPassword {
  readonly passwords: readonly PasswordHash[];
}

/**
 * The changes to unicodePwd of one modify (MS-ADTS 3.1.1.3.1.5.1): a single replace is a reset, which needs the right;
 * delete and add are a change, which needs the old password. A wrong old password counts.
 */
export function writePassword(write: PasswordWrite, changes: readonly AttributeChange[]): WrittenPassword | LdapResult {
  const [first, second] = changes;
  const sent = changes.map(({ kind, values }) => `${kind} ${values.length}`).join(', ');
  if (sent === 'replace 1') return resetPassword(write, quotedPassword(first));
  if (sent === 'delete 1, add 1') return changePassword(write, quotedPassword(first), quotedPassword(second));
  return unwilling(badParameter);
}

function resetPassword(write: PasswordWrite, password: string | undefined): WrittenPassword | LdapResult {
  if (!mayResetPassword(write.domain, write.who, write.account)) return accessDenied('00000005');
  if (password === undefined) return unwilling(badEncoding);
  const fits = isStrong(write, password) && (!write.policyHints || isFresh(write, password));
  return fits ? remember(write.account, password) : unwilling(policyBroken);
}

function changePassword(
  write: PasswordWrite,
  oldPassword: string | undefined,
  newPassword: string | undefined,
): WrittenPassword | LdapResult {
  const { domain, account } = write;
  if (oldPassword === undefined || newPassword === undefined) return unwilling(badEncoding);
  if (isLockedOut(account, domain.policyOf(account), domain.now)) return changeRefused('00000775');
  if (!verifyPassword(domain, account, oldPassword)) return changeRefused('00000056');
  const fits = isStrong(write, newPassword) && isFresh(write, newPassword);
  return fits ? remember(account, newPassword) : changeRefused(policyBroken);
}

/** Length and complexity: asked of every new password. */
function isStrong({ domain, account }: PasswordWrite, password: string): boolean {
  const { minLength, complexity } = domain.policyOf(account);
  const names = { samName: account.text('sAMAccountName') ?? '', displayName: account.text('displayName') ?? '' };
  const longEnough = password.length >= minLength && password.length <= maxLength;
  return longEnough && (!complexity || isComplex(password, names));
}

/** History and minimum age: asked of a change, and of a reset with policy hints. */
function isFresh({ domain, account }: PasswordWrite, password: string): boolean {
  const { historyLength, minAge } = domain.policyOf(account);
  const lastSet = account.integer('pwdLastSet');
  if (minAge > 0n && lastSet !== 0n && lastSet + minAge > domain.now) return false;
  const history = account.content.passwords.slice(0, Number(historyLength));
  return !history.some((earlier) => isPassword(password, earlier));
}

/** The account's passwords with this one in front. */
export function remember(account: Entry, password: string): WrittenPassword {
  return { passwords: [hashPassword(password), ...account.content.passwords].slice(0, rememberedPasswords) };
}

/** The text between the quotes of a unicodePwd value: UTF-16LE, with a quote at either end. */
function quotedPassword(change: AttributeChange | undefined): string | undefined {
  const [value] = change?.values ?? [];
  if (value === undefined || value.length % 2 === 1) return undefined;
  return /^"(.*)"$/s.exec(value.toString('utf16le'))?.[1];
}
