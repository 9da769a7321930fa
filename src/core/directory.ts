import type { Account } from './account.ts';
import type { DirectoryPeople } from './directory-people.ts';
import type { Login } from './login.ts';

/**
 * The directory that holds the accounts. LDAP words stop behind this port: no DN, filter or control crosses it.
 * Every method ends within the configured time-out. It throws Unavailable when no server answers, and Misconfigured
 * when a server answers that the service account may not do this; neither ever counts against a person.
 */
export interface Directory extends DirectoryPeople {
  /** The domain that bare names belong to, as people write it before the backslash. */
  readonly domain: string;

  /** The one account that a login names; undefined when there is none, or more than one. */
  find(login: Login): Promise<Account | undefined>;

  /** The account with this id as it is now; undefined when it is gone. */
  read(id: string): Promise<Account | undefined>;

  /**
   * Proves a password by a bind, through passport-ldapauth. An empty password is `wrong` and never reaches a bind.
   * The caller must have asked the lockout guard first: a wrong password counts in the directory.
   * @throws NotSent when it was not sent for certain; any other Unavailable when it may have been, and counted
   */
  authenticate(account: Account, password: string): Promise<SignIn>;

  /** The password policy in force for this account: its fine-grained policy, or the domain's. */
  passwordPolicy(account: Account): Promise<PasswordPolicy>;

  /**
   * Chooses a writable server and reads there what a later `observe` is compared with.
   * The result is plain JSON, so that the journal can hold it before the write begins.
   */
  prepareWrite(account: Account): Promise<PreparedWrite>;

  /** Clears the directory's lock on that server; the password stays as it is. */
  unlock(write: PreparedWrite): Promise<WriteResult>;

  /**
   * Sets a new password and clears the lock, in one modify where rights allow.
   * The password is taken as it is: never trimmed, never normalised.
   */
  resetPassword(write: PreparedWrite, newPassword: string): Promise<WriteResult>;

  /** What the server that `write` names says now; decides what became of a write whose answer was lost. */
  observe(write: PreparedWrite): Promise<WriteObservation>;

  /** Whether a writable server can be reached and accepts the service account, with a sentence for an operator. */
  health(): Promise<DirectoryHealth>;

  /** Every finding of a full check: servers, TLS, service account, rights, policy, policy hints. */
  check(): Promise<readonly Finding[]>;

  close(): Promise<void>;
}

/** What a bind said (MS-ADTS 3.1.1.5 error data; sub-code in the comment). All but `wrong` mean a known account. */
export type SignIn =
  | { readonly kind: 'signed-in' }
  /** 52e, 525 */
  | { readonly kind: 'wrong' }
  /** 775. Says nothing of the password. */
  | { readonly kind: 'locked' }
  /** 532: the password was right, and is too old. */
  | { readonly kind: 'password-expired' }
  /** 773: the password was right, and must be changed. */
  | { readonly kind: 'must-change' }
  /** 533 */
  | { readonly kind: 'disabled' }
  /** 701: the password was right. */
  | { readonly kind: 'account-expired' }
  /** 530: the password was right. */
  | { readonly kind: 'outside-hours' }
  /** 531: the password was right. */
  | { readonly kind: 'wrong-workstation' };

export interface PasswordPolicy {
  readonly source: 'domain' | 'fine-grained';
  /** What the directory calls it; the domain's has no name. */
  readonly name?: string;
  /** Characters; 0 to 255. */
  readonly minLength: number;
  /** Three of five kinds of character, and no part of the name (MS-SAMR 3.1.1.7.2). */
  readonly complexity: boolean;
  /** How many earlier passwords may not come back; 0 when history is off. */
  readonly historyLength: number;
  /** Seconds that a password must be kept; 0 when there is no minimum. */
  readonly minAgeSeconds: number;
  /** Seconds until a password expires; undefined when it never does. */
  readonly maxAgeSeconds?: number;
  /** Wrong passwords that lock the account; 0 when the directory never locks. */
  readonly lockoutThreshold: number;
  /** Seconds that a lock lasts; undefined when only an administrator ends it. */
  readonly lockoutSeconds?: number;
  /** Seconds after which the directory forgets wrong passwords. */
  readonly lockoutWindowSeconds: number;
  /** True when a reset is held to history and minimum age too (LDAP_SERVER_POLICY_HINTS_OID). */
  readonly hintsEnforced: boolean;
}

/** A write that is about to happen. Plain JSON, free of secrets. */
export interface PreparedWrite {
  readonly accountId: string;
  /** Which server, in the implementation's own words. */
  readonly server: string;
  /** pwdLastSet there before the write, as decimal FILETIME; `0` when the password must be changed. */
  readonly passwordLastSet: string;
  /** lockoutTime there before the write, as decimal FILETIME; `0` when not locked. */
  readonly lockoutTime: string;
}

export interface WriteObservation {
  readonly passwordLastSet: string;
  readonly lockoutTime: string;
}

export type WriteResult =
  /** `mustChange`: the directory wants the new password changed at the next sign-in, whatever was asked of it. */
  | { readonly kind: 'done'; readonly mustChange?: true }
  /** The directory's password policy says no; the person may try another password. */
  | { readonly kind: 'refused'; readonly reason: RefusalReason }
  /** Sent, and the answer was lost: it may have happened. Observe before anything is said or retried. */
  | { readonly kind: 'unknown'; readonly detail: string };

/** Why a directory refused a password. Windows never says more than `policy`. */
export type RefusalReason = 'policy' | 'too-short' | 'too-simple' | 'used-before' | 'too-young';

export interface DirectoryHealth {
  readonly ok: boolean;
  readonly detail: string;
}

/** One line of a check: what was looked at, how it stands, and what to do about it. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'problem';
  readonly subject: string;
  readonly detail: string;
  readonly remedy?: string;
}
