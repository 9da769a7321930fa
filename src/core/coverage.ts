import type { Policy } from './policy.ts';
import { isReadyForAll, isRegisteredForAll, readinessOf } from './readiness.ts';
import type { CoverageSnapshot, ReportStore } from './report-store.ts';
import { Rounds } from './rounds.ts';
import type { DutyStore } from './stores.ts';
import { groupsOf, type PolicyMatcher, policiesIn, type Surveyed, type SurveyNeeds, survey } from './survey.ts';

export interface CoverageNeeds extends SurveyNeeds {
  readonly reports: Pick<ReportStore, 'keepCoverage'>;
  readonly duties: DutyStore;
  /** The policies in force. */
  readonly policies: () => Promise<readonly Policy[]>;
  /** Decides by these policies. */
  readonly matcher: (policies: readonly Policy[]) => PolicyMatcher;
  /** Gates that the helpdesk gives something out for: nobody registers them. */
  readonly issued: readonly string[];
  /** This node, unlike every other. */
  readonly node: string;
  /** Told of a day that failed. Must not throw. */
  readonly report: (fault: unknown) => void;
}

const dayMs = 24 * 60 * 60_000;
/** Longer than a page of the directory takes. */
const holdMs = 300_000;
/** Milliseconds after a look that failed. */
const restMs = 1_800_000;

/**
 * Looks at everybody once a day, on one node, and keeps how many of each unit are registered and ready: the only source
 * of what coverage was on a day that is past.
 */
export class CoverageKeeper {
  readonly #needs: CoverageNeeds;
  readonly #rounds: Rounds;

  constructor(needs: CoverageNeeds) {
    const { clock, report } = needs;
    this.#needs = needs;
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
    const { duties, node, clock, reports } = this.#needs;
    try {
      const today = Math.floor(clock.now().getTime() / dayMs);
      if ((await duties.read('coverage')).position >= today || !(await this.#hold())) return;
      const day = new Date(today * dayMs).toISOString().slice(0, 10);
      const snapshots = await this.#snapshots(day);
      if (snapshots === undefined) return;
      await reports.keepCoverage(day, snapshots);
      await duties.move('coverage', node, { position: today, now: clock.now() });
    } finally {
      const now = clock.now();
      await duties.hold('coverage', node, { now, until: now }).catch(() => undefined);
    }
  }

  /** Undefined when another node has the duty by now. */
  async #snapshots(day: string): Promise<readonly CoverageSnapshot[] | undefined> {
    const policies = await this.#needs.policies();
    const matcher = this.#needs.matcher(policies);
    const units = new Map<string, { -readonly [key in keyof CoverageSnapshot]: CoverageSnapshot[key] }>();
    for await (const page of survey(this.#needs, groupsOf(policies), this.#rounds.ending)) {
      if (!(await this.#hold())) return undefined;
      for (const person of page) {
        const { unit } = person.account.state;
        const counted = units.get(unit.toLowerCase()) ?? { day, unit, people: 0, registered: 0, ready: 0 };
        units.set(unit.toLowerCase(), counted);
        const found = await this.#find(matcher, person);
        counted.people += found.covered ? 1 : 0;
        counted.registered += found.registered ? 1 : 0;
        counted.ready += found.ready ? 1 : 0;
      }
    }
    return [...units.values()].filter(({ people }) => people > 0);
  }

  async #find(matcher: PolicyMatcher, person: Surveyed) {
    const { account, gates } = person;
    const { zones, issued } = this.#needs;
    const own = await policiesIn(zones, matcher, account);
    return {
      covered: own.length > 0,
      registered: isRegisteredForAll(own, { gates, issued }),
      ready: isReadyForAll(own.map((policy) => ({ policy, readiness: readinessOf(account, policy, person) }))),
    };
  }

  async #hold(): Promise<boolean> {
    const { duties, node, clock } = this.#needs;
    const now = clock.now();
    const until = new Date(now.getTime() + holdMs);
    return (await duties.hold('coverage', node, { now, until })) !== undefined;
  }
}
