import type { Clock } from '../core/clock.ts';
import type { SessionStore } from '../core/visits/session-store.ts';
import type { StaffSession } from '../web/session.ts';

export interface OpenSessionsNeeds {
  readonly sessions: Pick<SessionStore, 'of'>;
  /** Whether a session is still in the hand that proved it. */
  readonly isTheirs: (session: StaffSession) => Promise<boolean>;
  readonly clock: Clock;
  /** Milliseconds after the sign-in when a session is over, whatever happens in it. */
  readonly lifeMs: number;
}

/** The sessions of the console that are worth anything: those of which the next press would go through. */
export class OpenSessions {
  readonly #needs: OpenSessionsNeeds;

  constructor(needs: OpenSessionsNeeds) {
    this.#needs = needs;
  }

  /**
   * Those of one account.
   * @param passwordStamp the password that it has now: a session that another one opened is worth nothing
   */
  async of(account: string, passwordStamp: number): Promise<readonly StaffSession[]> {
    const { sessions, isTheirs, clock, lifeMs } = this.#needs;
    const now = clock.now();
    // The seal vouches for the shape: only the store of sessions makes such rows.
    const rows = (await sessions.of(account, now)) as unknown as readonly {
      readonly data: { readonly staff: StaffSession };
    }[];
    const lasting = rows
      .map(({ data }) => data.staff)
      .filter((one) => now.getTime() - one.since < lifeMs && one.passwordStamp === passwordStamp);
    const theirs = await Promise.all(lasting.map(isTheirs));
    return lasting.filter((_, at) => theirs[at]);
  }
}
