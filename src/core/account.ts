/**
 * A person's user object in the directory. Read live when a decision needs it, never cached over a request.
 * Contacts are as the directory holds them: not normalised, not verified.
 */
export interface Account {
  /** objectGUID as lower-case UUID text. The only identity that Latchkey keeps. */
  readonly id: string;
  /** `DOMAIN\sAMAccountName`: how people know it. */
  readonly name: string;
  /** sAMAccountName without the domain. */
  readonly samName: string;
  /** userPrincipalName, where the account has one. */
  readonly principalName?: string;
  readonly displayName: string;
  readonly givenName?: string;
  readonly surname?: string;
  readonly mail?: string;
  readonly mobile?: string;
  readonly telephone?: string;
  /** preferredLanguage as a BCP 47 tag, where the directory has one. */
  readonly language?: string;
  readonly state: AccountState;
}

/** Who an account is, without how it stands: what a flow may remember of it. */
export type Identity = Omit<Account, 'state'>;

/** An account without its state. */
export function identityOf(account: Account): Identity {
  const { state: _state, ...identity } = account;
  return identity;
}

/**
 * When the password was last set, as a number that changes with it: milliseconds, or 0 while it must be changed. A flow
 * remembers it: when it moves by another hand, the account is in that hand.
 */
export function passwordStamp(account: Account): number {
  const { mustChangePassword, passwordLastSet } = account.state;
  return mustChangePassword ? 0 : (passwordLastSet?.getTime() ?? 0);
}

/** What the directory says of an account at the moment of reading (MS-ADTS 3.1.1.4.5.17, 3.1.1.3.4.1). */
export interface AccountState {
  /** False for computers, trusts and service accounts: Latchkey never touches those. */
  readonly person: boolean;
  readonly locked: boolean;
  readonly lockedSince?: Date;
  readonly disabled: boolean;
  /** accountExpires lies in the past. */
  readonly expired: boolean;
  readonly passwordExpired: boolean;
  /** Whatever the policy says of its age. */
  readonly passwordNeverExpires?: true;
  /** pwdLastSet is 0: the person must change the password at the next sign-in. */
  readonly mustChangePassword: boolean;
  /** Signs in with a smart card only; a password would be of no use. */
  readonly smartcardRequired: boolean;
  /** Nested member of a protected group, or adminCount = 1. */
  readonly privileged: boolean;
  /** Of every security group that the account is in, nested and primary ones too: ids that say nothing by themselves. */
  readonly groups: readonly string[];
  /** Path of what holds the account, such as `People/Sales`: see unit.ts. '' for the domain itself. */
  readonly unit: string;
  /** Wrong passwords in a row on the server that was asked; 0 once the observation window is over. */
  readonly badPasswordCount: number;
  readonly lastBadPassword?: Date;
  readonly passwordLastSet?: Date;
}
