import { Rounds } from '../background/rounds.ts';
import { HeldDuty, type HeldDutyNeeds } from '../held-duty.ts';
import type { Policy } from '../policies/policy.ts';
import type { PolicyMatcher } from '../policies/policy-matcher.ts';
import type { CoverageSnapshot, PolicyCoverage, ReportStore } from '../reports/report-store.ts';
import { isReadyForAll, isRegisteredForAll, readinessOf } from './readiness.ts';
import { groupsOf, policiesIn, type Surveyed, type SurveyNeeds, survey } from './survey.ts';

export interface CoverageNeeds extends SurveyNeeds, HeldDutyNeeds {
  readonly reports: Pick<ReportStore, 'keepCoverage'>;
  /** The policies in force. */
  readonly policies: () => Promise<readonly Policy[]>;
  /** Decides by these policies. */
  readonly matcher: (policies: readonly Policy[]) => PolicyMatcher;
  /** Gates that the helpdesk gives something out for: nobody registers them. */
  readonly issued: readonly string[];
  /** Told of a day that failed. Must not throw. */
  readonly report: (fault: unknown) => void;
}

const dayMs = 24 * 60 * 60_000;
/** Longer than a page of the directory takes. */
const holdMs = 300_000;
/** Milliseconds after a look that failed. */
const restMs = 1_800_000;

/** What is being counted of one unit. */
type Tally = { -readonly [key in keyof CoverageSnapshot]: CoverageSnapshot[key] };
type Standing = Record<'covered' | 'registered' | 'ready', boolean>;

/**
 * Looks at everybody once a day, on one node, and keeps how many of each unit are registered and ready, of everybody and
 * of those under each policy: the only source of what coverage was on a day that is past.
 */
export class CoverageKeeper {
  readonly #needs: CoverageNeeds;
  readonly #duty: HeldDuty;
  readonly #rounds: Rounds;

  constructor(needs: CoverageNeeds) {
    const { clock, report } = needs;
    this.#needs = needs;
    this.#duty = new HeldDuty('coverage', needs, holdMs);
    this.#rounds = new Rounds({ clock, report, restMs }, () => this.#today());
  }

  /** Looks, when nobody has today, beside whatever else happens. Never throws. */
  wake(): void {
    this.#rounds.wake();
  }

  idle(): Promise<void> {
    return this.#rounds.idle();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #today(): Promise<void> {
    const { clock, reports } = this.#needs;
    try {
      const today = Math.floor(clock.now().getTime() / dayMs);
      if ((await this.#duty.read()).position >= today || (await this.#duty.take()) === undefined) return;
      const day = new Date(today * dayMs).toISOString().slice(0, 10);
      const seen = await this.#look(day);
      if (seen === undefined) return;
      await reports.keepCoverage(day, seen.everybody, seen.byPolicy);
      await this.#duty.move(today);
    } finally {
      await this.#duty.giveBack();
    }
  }

  /** Undefined when another node has the duty by now. */
  async #look(
    day: string,
  ): Promise<
    { readonly everybody: readonly CoverageSnapshot[]; readonly byPolicy: readonly PolicyCoverage[] } | undefined
  > {
    const policies = await this.#needs.policies();
    const matcher = this.#needs.matcher(policies);
    const everybody = new Map<string, Tally>();
    const byPolicy = new Map<string, Map<string, Tally>>();
    for await (const page of survey(this.#needs, groupsOf(policies), this.#rounds.ending)) {
      if ((await this.#duty.take()) === undefined) return undefined;
      for (const person of page) {
        const { unit } = person.account.state;
        const { whole, byPolicy: own } = await this.#find(matcher, person);
        count(everybody, { day, unit }, whole);
        for (const [policy, standing] of own) {
          const units = byPolicy.get(policy) ?? new Map<string, Tally>();
          byPolicy.set(policy, units);
          count(units, { day, unit }, standing);
        }
      }
    }
    const numbers = [...byPolicy].flatMap(([policy, units]) => [...units.values()].map((one) => ({ ...one, policy })));
    return { everybody: [...everybody.values()].filter(({ people }) => people > 0), byPolicy: numbers };
  }

  /** How somebody stands with all policies that they come under, one a zone, and with each of them. */
  async #find(
    matcher: PolicyMatcher,
    person: Surveyed,
  ): Promise<{ readonly whole: Standing; readonly byPolicy: readonly (readonly [name: string, Standing])[] }> {
    const { account, gates } = person;
    const { zones, issued } = this.#needs;
    const own = await policiesIn(zones, matcher, account);
    const standingOf = (policies: readonly Policy[]): Standing => ({
      covered: policies.length > 0,
      registered: isRegisteredForAll(policies, { gates, issued }),
      ready: isReadyForAll(policies.map((policy) => ({ policy, readiness: readinessOf(account, policy, person) }))),
    });
    return { whole: standingOf(own), byPolicy: own.map((policy) => [policy.name, standingOf([policy])]) };
  }
}

/** Adds one person to their unit. */
function count(units: Map<string, Tally>, at: { readonly day: string; readonly unit: string }, one: Standing): void {
  const tally = units.get(at.unit.toLowerCase()) ?? { ...at, people: 0, registered: 0, ready: 0 };
  units.set(at.unit.toLowerCase(), tally);
  tally.people += one.covered ? 1 : 0;
  tally.registered += one.registered ? 1 : 0;
  tally.ready += one.ready ? 1 : 0;
}
