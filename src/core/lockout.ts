/**
 * Latchkey's own bar on an account. It never touches the directory's lock: a person who is barred here can sign in to
 * Windows as before, and the other way round.
 */
export interface LockoutRules {
  /** Wrong answers in a row at one gate that bar the account; 1 to 100 (SP 800-63B-4 3.2.2). */
  readonly threshold: number;
  /** Minutes that the first bar lasts; the second without a success in between lasts twice as long, and so on. */
  readonly minutes: number;
  /** This many bars without a success in between, and the last one stays until the helpdesk ends it. */
  readonly barsUntilPermanent: number;
}

/** What holds where nobody has said anything else. */
export const usualLockout: LockoutRules = { threshold: 3, minutes: 15, barsUntilPermanent: 3 };

/**
 * Failures in a row, over bars and however long, after which what somebody registered for a gate is worth nothing more:
 * it must be registered again (SP 800-63B-4 3.2.2).
 */
export const mostInARow = 100;

export interface Lockout {
  /** When it ends by itself; undefined when only the helpdesk ends it. */
  readonly until?: Date;
  /** How many bars there have been without a success in between, this one included. */
  readonly bars: number;
}
