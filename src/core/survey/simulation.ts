import type { Account } from '../account.ts';
import type { JobProgress } from '../background/jobs.ts';
import type { Json } from '../json.ts';
import type { Ineligible, Policy } from '../policies/policy.ts';
import type { PolicyMatcher } from '../policies/policy-matcher.ts';
import type { Zone } from '../zone.ts';
import { isReadyForAll, isUnusable, type Readiness, readinessOf } from './readiness.ts';
import { groupsOf, type Surveyed, type SurveyNeeds, survey } from './survey.ts';
import { type UnitNumbers, UnitTally } from './unit-tally.ts';

export interface SimulationNeeds extends SurveyNeeds {
  /** Decides by these policies. */
  readonly matcher: (policies: readonly Policy[]) => PolicyMatcher;
}

/** What is looked at: the list in force, and what would take its place. */
export interface SimulationPlan {
  readonly present: readonly Policy[];
  readonly draft?: readonly Policy[];
}

/** How many come under one policy, in one zone, and how many of them could pass today. */
export interface PolicyNumbers {
  /** The policy's name; null for those who come under none. */
  readonly policy: string | null;
  readonly zone: Zone;
  readonly people: number;
  readonly ready: number;
}

/** One person who cannot pass, or could not any more, and why. */
export interface StrandedPerson {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly unit: string;
  readonly zones: readonly Zone[];
  readonly why: Ineligible;
  /** Gates that would have to be registered. */
  readonly missing: readonly string[];
}

/** What came out. Plain JSON: it is a job's result. */
export interface Simulation {
  readonly at: number;
  /** Whether a draft was tried: then `stranded` and `named` are those who would lose the way that they have. */
  readonly draft: boolean;
  /** Everybody in the directory whose account may be used at all. */
  readonly people: number;
  /** Accounts that nobody could use anyway: disabled, expired, no person's. */
  readonly unusable: number;
  /** Those who could pass today in every zone in which a policy is for them: under the draft, when there is one. */
  readonly ready: number;
  /** Without a draft: those who could not pass in such a zone. With one: those who can pass now in one, and then no longer. */
  readonly stranded: number;
  /** With a draft: those who cannot pass now and could then. */
  readonly gained: number;
  readonly policies: readonly PolicyNumbers[];
  readonly units: readonly UnitNumbers[];
  /** Units that the list has no room for, added up. */
  readonly otherUnits?: UnitNumbers;
  /** The first of the stranded, in the order of the directory. */
  readonly named: readonly StrandedPerson[];
}

export const mostNamed = 1_000;

/**
 * Walks everybody and tells what the list in force does to them, or what a draft would. Nothing is written.
 * @throws Misconfigured when a policy names a group that is not there; the signal's reason when it is aborted
 */
export async function simulate(
  needs: SimulationNeeds,
  plan: SimulationPlan,
  run: { readonly report: (progress: JobProgress) => void; readonly signal: AbortSignal },
): Promise<Simulation> {
  const { present, draft } = plan;
  const { zones } = needs;
  const tally = new SimulationTally(plan, { at: needs.clock.now(), zones });
  const [now, then] = [needs.matcher(present), draft && needs.matcher(draft)];
  let done = 0;
  for await (const page of survey(needs, groupsOf([...present, ...(draft ?? [])]), run.signal)) {
    for (const person of page) {
      const before = await standings(now, person, zones);
      tally.add(person.account, before, then === undefined ? before : await standings(then, person, zones));
    }
    done += page.length;
    run.report({ done });
  }
  return tally.result();
}

/** A simulation as a job keeps it. */
export function asJson(simulation: Simulation): Json {
  return simulation as unknown as Json;
}

interface ZoneStanding {
  readonly zone: Zone;
  readonly policy: Policy | undefined;
  readonly readiness: Readiness;
}

async function standings(
  matcher: PolicyMatcher,
  person: Surveyed,
  zones: readonly Zone[],
): Promise<readonly ZoneStanding[]> {
  const of = async (zone: Zone): Promise<ZoneStanding> => {
    const policy = await matcher.match(person.account, zone);
    return { zone, policy, readiness: readinessOf(person.account, policy, person) };
  };
  return Promise.all(zones.map(of));
}

const isReady = ({ readiness }: ZoneStanding): boolean => readiness.kind === 'ready';

/** Counts; keeps numbers and the first few names, however many people there are. */
class SimulationTally {
  readonly #units = new UnitTally();
  readonly #policies = new Map<string, { -readonly [key in keyof PolicyNumbers]: PolicyNumbers[key] }>();
  readonly #named: StrandedPerson[] = [];
  readonly #draft: boolean;
  readonly #at: number;
  #unusable = 0;
  #gained = 0;

  constructor(
    { present, draft }: SimulationPlan,
    { at, zones }: { readonly at: Date; readonly zones: readonly Zone[] },
  ) {
    this.#draft = draft !== undefined;
    this.#at = at.getTime();
    // In the order of the list, also those whom nobody comes under.
    for (const policy of [...(draft ?? present).map(({ name }) => name), null]) {
      for (const zone of zones) this.#policies.set(key(policy, zone), { policy, zone, people: 0, ready: 0 });
    }
  }

  add(account: Account, before: readonly ZoneStanding[], after: readonly ZoneStanding[]): void {
    if (isUnusable(account)) {
      this.#unusable += 1;
      return;
    }
    for (const standing of after) {
      const numbers = this.#policies.get(key(standing.policy?.name ?? null, standing.zone));
      if (numbers === undefined) continue;
      numbers.people += 1;
      if (isReady(standing)) numbers.ready += 1;
    }
    const lost = this.#lost(before, after);
    if (this.#draft && !isReadyForAll(before) && isReadyForAll(after)) this.#gained += 1;
    this.#units.add(account.state.unit, {
      covered: after.some(({ policy }) => policy !== undefined),
      ready: isReadyForAll(after),
      stranded: lost.length > 0,
    });
    if (lost.length > 0 && this.#named.length < mostNamed) this.#name(account, lost);
  }

  result(): Simulation {
    const { units, other, all } = this.#units.result();
    return {
      at: this.#at,
      draft: this.#draft,
      people: all.people,
      unusable: this.#unusable,
      ready: all.ready,
      stranded: all.stranded,
      gained: this.#gained,
      policies: [...this.#policies.values()],
      units,
      ...(other === undefined ? {} : { otherUnits: other }),
      named: this.#named,
    };
  }

  /** Zones in which somebody has no way, of those that matter: with a draft, those in which they have one now. */
  #lost(before: readonly ZoneStanding[], after: readonly ZoneStanding[]): readonly ZoneStanding[] {
    if (this.#draft) return after.filter((standing, at) => !isReady(standing) && isReady(before[at] ?? standing));
    return after.filter((standing) => standing.policy !== undefined && !isReady(standing));
  }

  #name({ id, name, displayName, state }: Account, lost: readonly ZoneStanding[]): void {
    const [first] = lost;
    if (first === undefined || first.readiness.kind === 'ready') return;
    const { why } = first.readiness;
    const missing = lost.flatMap(({ readiness }) => (readiness.kind === 'ready' ? [] : readiness.missing));
    const zones = lost.map(({ zone }) => zone);
    this.#named.push({ id, name, displayName, unit: state.unit, zones, why, missing: [...new Set(missing)] });
  }
}

function key(policy: string | null, zone: Zone): string {
  return JSON.stringify([policy, zone]);
}
