import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Directory } from '../directory.ts';
import { Misconfigured } from '../errors.ts';
import { isWithin } from '../unit.ts';
import type { Zone } from '../zone.ts';
import type { Members, Policy } from './policy.ts';

/** Every policy there is; the first that matches wins. */
export interface PolicyList {
  /** Counts changes; 0 when the configuration file has the list. */
  readonly version: number;
  readonly policies: readonly Policy[];
}

/** Where the list comes from. Asked anew for every decision, so that a change holds at once. */
export interface PolicySource {
  current(): Promise<PolicyList>;
}

/** One policy that was looked at for an account, and why it matched or did not. */
export interface MatchStep {
  readonly policy: Policy;
  readonly matched: boolean;
  readonly why:
    | { readonly kind: 'other-zone' | 'privileged' | 'no-member' }
    | { readonly kind: 'everyone' }
    | { readonly kind: 'group' | 'unit'; readonly name: string }
    | { readonly kind: 'except-group' | 'except-unit'; readonly name: string };
}

export interface PoliciesNeeds {
  readonly source: PolicySource;
  readonly directory: Pick<Directory, 'findGroup' | 'findUnit'>;
  readonly clock: Clock;
  /** Keyed hash in hex; see core/sealer.ts. */
  readonly mac: (purpose: string, text: string) => string;
}

/** Milliseconds after which a name is looked up again: somebody may have made another group of that name. */
const freshness = 60_000;

/** What the names that policies use stand for in the directory. */
interface Known {
  /** Ids of groups by name. */
  readonly groups: ReadonlyMap<string, string>;
  /** Units in the directory's spelling by path. */
  readonly units: ReadonlyMap<string, string>;
}

/** The list of the configuration file, which stays as it is. */
export function pinnedPolicies(policies: readonly Policy[]): PolicySource {
  return { current: async () => ({ version: 0, policies }) };
}

/** Whether a policy counts in a zone. */
export function isOfZone(policy: Pick<Policy, 'zone'>, zone: Zone): boolean {
  return policy.zone === 'any' || policy.zone === zone;
}

interface ReadList {
  readonly policies: readonly Policy[];
  readonly known: Known;
}

/**
 * Which policy an account comes under. It never skips what it cannot decide: a group or unit that is not found may be an
 * exception, and without it somebody would come under another's policy.
 */
export class Policies {
  readonly #needs: PoliciesNeeds;
  /** By what they are about: only of names that the list in force has, so that old ones are not kept for ever. */
  readonly #lookUps = new Map<string, { readonly at: number; readonly answer: Promise<string> }>();

  constructor(needs: PoliciesNeeds) {
    this.#needs = needs;
  }

  /**
   * The first policy of the list that matches; undefined when none does.
   * @param account may be nobody: what is wrong with a policy is wrong for everybody alike, or it would tell who exists
   * @throws Misconfigured when any policy names a group or unit that is not there
   */
  async match(account: Account | undefined, zone: Zone): Promise<Policy | undefined> {
    return (await this.explain(account, zone)).find(({ matched }) => matched)?.policy;
  }

  /** Each policy that was looked at, in order; the one that matched, if any, comes last. */
  async explain(account: Account | undefined, zone: Zone): Promise<readonly MatchStep[]> {
    const list = await this.#read();
    return account === undefined ? [] : stepsOf(account, zone, list);
  }

  /**
   * The policy that somebody is shown who cannot pass: the one that they come under, also when they come under none
   * because they are privileged, as that must not show either; a decoy's when there is nobody, or no policy for them.
   * The work is the same for all of them.
   * @throws Misconfigured when the zone has no policy at all
   */
  async shownTo(known: Account | undefined, seed: string, zone: Zone): Promise<Policy> {
    const list = await this.#read();
    const decoy = this.#pick(list.policies, seed, zone);
    if (known === undefined) return decoy;
    const plain = { ...known, state: { ...known.state, privileged: false } };
    const [own, otherwise] = [known, plain].map((account) =>
      stepsOf(account, zone, list).find(({ matched }) => matched),
    );
    return own?.policy ?? otherwise?.policy ?? decoy;
  }

  /**
   * The policy that a decoy shows: by a keyed hash, so that it is always the same, and each as often as its share says,
   * so that a chain tells nothing about whether there is anybody.
   */
  #pick(policies: readonly Policy[], seed: string, zone: Zone): Policy {
    const [first, ...others] = policies.filter((policy) => isOfZone(policy, zone));
    if (first === undefined) throw new Misconfigured(`no policy is for the zone ${zone}`);
    // Weighted rendezvous hashing: a policy that comes or goes moves only those who come to it or lose it.
    const score = ({ name, share = 1 }: Policy): number => -share / Math.log(this.#chance(seed, name));
    return others.reduce((best, policy) => (score(policy) > score(best) ? policy : best), first);
  }

  /** Between 0 and 1, without either. */
  #chance(seed: string, name: string): number {
    const digits = this.#needs.mac('decoy-policy', JSON.stringify([seed, name])).slice(0, 13);
    return (Number.parseInt(digits, 16) + 0.5) / 2 ** 52;
  }

  /** The list, with every group and unit that any policy names, whether it is asked about or not. */
  async #read(): Promise<ReadList> {
    const { directory, source } = this.#needs;
    const { policies } = await source.current();
    const members = policies.flatMap((policy) => [policy.members, policy.members.except]);
    const named = {
      group: new Set(members.flatMap((one) => one.groups)),
      unit: new Set(members.flatMap((one) => one.units)),
    };
    this.#forgetAllBut(named);
    const [groups, units] = await Promise.all([
      this.#all('group', named.group, async (name) => (await directory.findGroup(name))?.id),
      this.#all('unit', named.unit, async (path) => (await directory.findUnit(path))?.path),
    ]);
    return { policies, known: { groups, units } };
  }

  #forgetAllBut({ group, unit }: { readonly group: ReadonlySet<string>; readonly unit: ReadonlySet<string> }): void {
    // Mostly the list is the one before, and so are its names.
    if (this.#lookUps.size <= group.size + unit.size) return;
    const kept = new Set([
      ...[...group].map((name) => keyOf('group', name)),
      ...[...unit].map((path) => keyOf('unit', path)),
    ]);
    for (const key of this.#lookUps.keys()) if (!kept.has(key)) this.#lookUps.delete(key);
  }

  async #all(
    kind: 'group' | 'unit',
    names: ReadonlySet<string>,
    find: (name: string) => Promise<string | undefined>,
  ): Promise<ReadonlyMap<string, string>> {
    const found = [...names].map(async (name) => [name, await this.#lookUp(kind, name, find)] as const);
    return new Map(await Promise.all(found));
  }

  #lookUp(kind: 'group' | 'unit', name: string, find: (name: string) => Promise<string | undefined>): Promise<string> {
    const key = keyOf(kind, name);
    const now = this.#needs.clock.now().getTime();
    const last = this.#lookUps.get(key);
    if (last !== undefined && now - last.at < freshness) return last.answer;
    const answer = find(name).then((found) => {
      if (found !== undefined) return found;
      throw new Misconfigured(`a policy names the ${kind} ${name}, which the directory does not have`);
    });
    this.#lookUps.set(key, { at: now, answer });
    // What failed is asked again by the next one; whoever waits for this hears of it.
    answer.catch(() => this.#lookUps.get(key)?.answer === answer && this.#lookUps.delete(key));
    return answer;
  }
}

function keyOf(kind: 'group' | 'unit', name: string): string {
  return `${kind} ${name}`;
}

function stepsOf(account: Account, zone: Zone, { policies, known }: ReadList): readonly MatchStep[] {
  const steps: MatchStep[] = [];
  for (const policy of policies) {
    const why = reasonOf(policy, { account, zone, known });
    const matched = why.kind === 'everyone' || why.kind === 'group' || why.kind === 'unit';
    steps.push({ policy, matched, why });
    if (matched) break;
  }
  return steps;
}

function reasonOf(
  policy: Policy,
  about: { readonly account: Account; readonly zone: Zone; readonly known: Known },
): MatchStep['why'] {
  if (!isOfZone(policy, about.zone)) return { kind: 'other-zone' };
  if (about.account.state.privileged && !policy.privileged) return { kind: 'privileged' };
  return membership(policy.members, about.account, about.known);
}

function membership(members: Members, { state }: Account, known: Known): MatchStep['why'] {
  const own = new Set(state.groups);
  const isIn = (name: string): boolean => own.has(spelt(known.groups, name));
  const isBelow = (path: string): boolean => isWithin(state.unit, spelt(known.units, path));
  const { groups, units } = members.except;
  const exceptGroup = groups.find(isIn);
  if (exceptGroup !== undefined) return { kind: 'except-group', name: exceptGroup };
  const exceptUnit = units.find(isBelow);
  if (exceptUnit !== undefined) return { kind: 'except-unit', name: exceptUnit };
  if (members.everyone) return { kind: 'everyone' };
  const group = members.groups.find(isIn);
  if (group !== undefined) return { kind: 'group', name: group };
  const unit = members.units.find(isBelow);
  return unit === undefined ? { kind: 'no-member' } : { kind: 'unit', name: unit };
}

/** Every name was looked up: one that was not would match everybody or nobody. */
function spelt(known: ReadonlyMap<string, string>, name: string): string {
  const found = known.get(name);
  if (found === undefined) throw new Error(`${name} was not looked up`);
  return found;
}
