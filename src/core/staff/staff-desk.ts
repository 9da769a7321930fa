import { passwordStamp } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Directory } from '../directory.ts';
import { type StaffMember, type StaffRules, staffOf } from './staff.ts';

/** Milliseconds that an answer of the directory stays good: whoever is taken out of a group loses the console by then. */
const freshMs = 60_000;
/** More members of staff at a time than any helpdesk has. */
const mostKnown = 10_000;

export interface StaffDeskNeeds {
  readonly directory: Pick<Directory, 'read'>;
  readonly rules: { current(): Promise<StaffRules> };
  readonly clock: Clock;
}

/** Whoever is staff, and the password that they have: another one since the sign-in ends the session. */
export interface KnownStaff {
  readonly member: StaffMember;
  readonly passwordStamp: number;
}

/** Reads in the directory who is staff and in which roles; never from a session, which only says who asks. */
export class StaffDesk {
  readonly #needs: StaffDeskNeeds;
  readonly #known = new Map<string, { readonly at: number; readonly found: Promise<KnownStaff | undefined> }>();

  constructor(needs: StaffDeskNeeds) {
    this.#needs = needs;
  }

  /**
   * The member that an account is now; undefined when it is none any more. At most a minute old.
   * @throws Unavailable when the directory does not answer: nobody is staff on yesterday's word
   */
  find(accountId: string): Promise<KnownStaff | undefined> {
    const now = this.#needs.clock.now().getTime();
    const known = this.#known.get(accountId);
    if (known !== undefined && now - known.at < freshMs) return known.found;
    return this.readNow(accountId);
  }

  /** The same, asked now: at the sign-in. */
  readNow(accountId: string): Promise<KnownStaff | undefined> {
    const now = this.#needs.clock.now().getTime();
    if (this.#known.size >= mostKnown) this.#known.clear();
    const found = this.#read(accountId);
    this.#known.set(accountId, { at: now, found });
    found.catch(() => {
      if (this.#known.get(accountId)?.found === found) this.#known.delete(accountId);
    });
    return found;
  }

  async #read(accountId: string): Promise<KnownStaff | undefined> {
    const { directory, rules } = this.#needs;
    const [account, current] = await Promise.all([directory.read(accountId), rules.current()]);
    const member = account === undefined ? undefined : staffOf(account, current);
    return account === undefined || member === undefined
      ? undefined
      : { member, passwordStamp: passwordStamp(account) };
  }
}
