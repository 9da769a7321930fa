import type { Identity } from './access.ts';
import {
  accountFlag,
  hasFlag,
  isAccountExpired,
  isLockedOut,
  isWithinLogonHours,
  passwordExpiry,
} from './account-state.ts';
import { recordSignIn, verifyPassword } from './bad-passwords.ts';
import type { Domain } from './domain.ts';
import type { Entry } from './entry.ts';
import { type BindData, bindRefused } from './error-texts.ts';
import { type LdapResult, ldapResult, resultCode, success } from './ldap-result.ts';
import type { BindOperation } from './message-decoding.ts';
import { foldText } from './text-folding.ts';

export interface BindOutcome {
  readonly result: LdapResult;
  readonly identity: Identity;
}

/** Decides who a connection is from now on. An empty password "succeeds" and leaves it anonymous, as in Windows. */
export function bind(domain: Domain, { version, name, password }: BindOperation): BindOutcome {
  const anonymous = (result: LdapResult): BindOutcome => ({ result, identity: undefined });
  if (version !== 3) return anonymous(ldapResult(resultCode.protocolError, 'only version 3 is spoken'));
  if (password === undefined) return anonymous(methodUnknown);
  if (password.length === 0) return anonymous(success);
  const account = findByBindName(domain, name);
  if (account === undefined) return anonymous(bindRefused('525'));
  const refusal = signInRefusal(domain, account, password.toString());
  if (refusal !== undefined) return anonymous(bindRefused(refusal));
  recordSignIn(domain, account);
  return { result: success, identity: account };
}

const methodUnknown = ldapResult(
  resultCode.authMethodNotSupported,
  '00002027: LdapErr: DSID-0C090556, comment: Invalid Authentication method, data 0, v4563',
);

/** A DN, `<GUID=…>`, `DOMAIN\name`, a principal name that is stored, or the implicit `name@domain`. */
function findByBindName(domain: Domain, name: string): Entry | undefined {
  const [, before, after] = /^([^\\]+)\\(.+)$/su.exec(name) ?? [];
  const named = domain.tree.resolve(name);
  if (named !== undefined && named !== 'malformed') return named.isUser ? named : undefined;
  if (before !== undefined && after !== undefined && isThisDomain(domain, before)) return userNamed(domain, after);
  return findByPrincipalName(domain, name);
}

function findByPrincipalName(domain: Domain, name: string): Entry | undefined {
  const folded = foldText(name);
  for (const entry of domain.tree) {
    if (foldText(entry.text('userPrincipalName') ?? '') === folded) return entry.isUser ? entry : undefined;
  }
  const at = name.lastIndexOf('@');
  return at > 0 && isThisDomain(domain, name.slice(at + 1)) ? userNamed(domain, name.slice(0, at)) : undefined;
}

function userNamed(domain: Domain, samName: string): Entry | undefined {
  const entry = domain.tree.bySamName(samName);
  return entry?.isUser === true ? entry : undefined;
}

function isThisDomain(domain: Domain, name: string): boolean {
  return [domain.name, domain.dnsName].some((known) => known.toLowerCase() === name.toLowerCase());
}

/**
 * Why an account may not sign in. The order is Windows': a lock is told to everybody and spares the password, all else
 * only to who knows the password.
 */
function signInRefusal(domain: Domain, account: Entry, password: string): BindData | undefined {
  const policy = domain.policyOf(account);
  if (isLockedOut(account, policy, domain.now)) return '775';
  if (!verifyPassword(domain, account, password)) return '52e';
  if (hasFlag(account, accountFlag.disabled)) return '533';
  if (isAccountExpired(account, domain.now)) return '701';
  if (passwordExpiry(account, policy) <= domain.now) return account.integer('pwdLastSet') === 0n ? '773' : '532';
  if (isElsewhere(domain, account)) return '531';
  return isWithinLogonHours(account, domain.date) ? undefined : '530';
}

/** A simple bind counts as a sign-in at the domain controller. */
function isElsewhere(domain: Domain, account: Entry): boolean {
  const allowed = account.text('userWorkstations');
  const [host] = domain.hostName.split('.');
  return (
    allowed !== undefined &&
    !allowed
      .toLowerCase()
      .split(',')
      .includes(host ?? '')
  );
}
