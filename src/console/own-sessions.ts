import type { SessionStore } from '../core/visits/session-store.ts';
import type { StaffSession, Whereabouts } from '../web/session.ts';
import type { OpenSessions } from './open-sessions.ts';

/** One session of whoever looks, as they may see it: nothing of it opens anything. */
export interface OwnSession {
  readonly reference: string;
  /** The one that they look with. */
  readonly current: boolean;
  readonly since: Date;
  readonly from?: Whereabouts | undefined;
  readonly last?: Whereabouts | undefined;
  readonly usedAt?: Date | undefined;
}

export interface OwnSessionsNeeds {
  readonly sessions: Pick<SessionStore, 'end'>;
  readonly open: OpenSessions;
}

/**
 * The sessions that a member of staff has open in the console, and their end. Always those of the account that has signed
 * in: whose is never taken from the browser.
 */
export class OwnSessions {
  readonly #needs: OwnSessionsNeeds;

  constructor(needs: OwnSessionsNeeds) {
    this.#needs = needs;
  }

  /** Those that are worth anything, the current one first, then the last used. */
  async list(own: StaffSession): Promise<readonly OwnSession[]> {
    const open = await this.#needs.open.of(own.account, own.passwordStamp);
    return open
      .map((staff) => shown(staff, own))
      .toSorted((a, b) => Number(b.current) - Number(a.current) || time(b.usedAt) - time(a.usedAt));
  }

  /**
   * Ends one, or all but the current one, at once and on every node.
   * @returns how many ended
   */
  async end(own: StaffSession, which: { readonly only: string } | 'others'): Promise<number> {
    const { account, reference = '' } = own;
    return this.#needs.sessions.end(account, which === 'others' ? { except: reference } : which);
  }
}

function shown({ reference = '', since, from, last, usedAt }: StaffSession, own: StaffSession): OwnSession {
  return {
    reference,
    current: reference === own.reference,
    since: new Date(since),
    from,
    last,
    usedAt: usedAt === undefined ? undefined : new Date(usedAt),
  };
}

function time(at: Date | undefined): number {
  return at?.getTime() ?? 0;
}
