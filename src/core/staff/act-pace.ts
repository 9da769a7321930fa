import type { Clock } from '../clock.ts';
import type { Limit, LimitStore } from '../visits/limits.ts';
import type { AdmittedAct } from './act-guard.ts';

/** What staff have sent to people: a mail that asks to register, a text that checks a caller, a code. */
export type SentByStaff = 'asked' | 'caller' | 'code';

/** Seconds between two of a kind for one person. */
const gapSeconds: Readonly<Record<SentByStaff, number>> = { asked: 600, caller: 60, code: 60 };
/** What one member of staff has sent in an hour, of all kinds together: more than anybody helps people in one. */
const mostInAnHour = 60;

export interface ActPaceNeeds {
  readonly limits: LimitStore;
  readonly clock: Clock;
  /** Keyed hash in hex; see core/sealer.ts. */
  readonly mac: (purpose: string, text: string) => string;
}

/**
 * Keeps staff, and whoever sits at the screen of one, from bombing a person, and from using up what may be sent to all.
 * Counted on all nodes together, whatever is posted at once: of several one goes.
 */
export class ActPace {
  readonly #needs: ActPaceNeeds;

  constructor(needs: ActPaceNeeds) {
    this.#needs = needs;
  }

  /** Counts it, unless it comes too soon. @returns why not, or undefined when it may go */
  async refusal(
    { member, account }: Pick<AdmittedAct, 'member' | 'account'>,
    what: SentByStaff,
  ): Promise<'too-soon' | 'too-many' | undefined> {
    const { mac } = this.#needs;
    const person = { key: mac(`act-${what}`, account.id), windowSeconds: gapSeconds[what], upTo: 1 };
    if (!(await this.#counts(person))) return 'too-soon';
    const agent = { key: mac('act-by', member.id), windowSeconds: 3600, upTo: mostInAnHour };
    return (await this.#counts(agent)) ? undefined : 'too-many';
  }

  async #counts(limit: Limit): Promise<boolean> {
    const [count] = await this.#needs.limits.count([limit], this.#needs.clock.now());
    return count?.counted === true;
  }
}
