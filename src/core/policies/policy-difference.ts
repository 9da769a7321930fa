import type { Message } from '../message.ts';
import { longestRising } from './longest-rising.ts';
import type { Members } from './policy.ts';
import { fieldChanges, type ListedPolicy } from './policy-field-changes.ts';

/** A policy with its place in its list. */
interface Placed {
  readonly policy: ListedPolicy;
  /** Counted from 1, as people do. */
  readonly place: number;
}

/** One policy in both lists, whatever it is called. */
interface Pair {
  readonly before: Placed;
  readonly after: Placed;
}

/**
 * What became of a policy list, in sentences of the catalogue, in the order of the new list: policies that came, went,
 * were renamed or moved, and what changed within each. Lists that mean the same give none: the order in which a policy
 * names its groups and units says nothing. Gates stand in `gate` and `gates` by their id: see `withGateNames`.
 */
export function difference(before: readonly ListedPolicy[], after: readonly ListedPolicy[]): readonly Message[] {
  const old = placed(before);
  const now = placed(after);
  const pairs = pairsOf(old, now);
  const paired = new Map(pairs.map((pair) => [pair.after.place, pair]));
  const kept = new Set(pairs.map((pair) => pair.before.place));
  const moved = movedPlaces(pairs);
  const gone = old.filter(({ place }) => !kept.has(place));
  return [
    ...gone.map(({ policy, place }) => ({ key: 'policy-change.removed', values: { policy: policy.name, place } })),
    ...now.flatMap((one) => {
      const pair = paired.get(one.place);
      return pair === undefined ? arrival(one) : pairChanges(pair, moved.has(one.place));
    }),
  ];
}

function placed(policies: readonly ListedPolicy[]): readonly Placed[] {
  return policies.map((policy, at) => ({ policy, place: at + 1 }));
}

/** By name; then what is the same but for its name; then what stands in the same place for the same people. */
function pairsOf(old: readonly Placed[], now: readonly Placed[]): readonly Pair[] {
  const pairs: Pair[] = [];
  const left = new Map(old.map((one) => [one.place, one]));
  const pairUp = (open: readonly Placed[], keyOf: (one: Placed) => string): readonly Placed[] => {
    const byKey = new Map([...left.values()].reverse().map((one) => [keyOf(one), one]));
    return open.filter((after) => {
      const before = byKey.get(keyOf(after));
      if (before === undefined || !left.delete(before.place)) return true;
      pairs.push({ before, after });
      return false;
    });
  };
  const unnamed = pairUp(now, ({ policy }) => policy.name);
  const changed = pairUp(unnamed, ({ policy }) => essence(policy));
  pairUp(changed, ({ policy, place }) => JSON.stringify([place, policy.members]));
  return pairs;
}

/** Of those that stand in another order, as few as possible are said to have moved. */
function movedPlaces(pairs: readonly Pair[]): ReadonlySet<number> {
  const ordered = pairs.toSorted((a, b) => a.after.place - b.after.place);
  const staying = longestRising(ordered.map(({ before }) => before.place));
  return new Set(ordered.filter((_, at) => !staying.has(at)).map(({ after }) => after.place));
}

function pairChanges({ before, after }: Pair, moved: boolean): readonly Message[] {
  const policy = after.policy.name;
  const renamed = before.policy.name !== policy;
  return [
    ...(renamed ? [{ key: 'policy-change.renamed', values: { policy, before: before.policy.name } }] : []),
    ...(moved ? [{ key: 'policy-change.moved', values: { policy, from: before.place, to: after.place } }] : []),
    ...fieldChanges(before.policy, after.policy),
  ];
}

/** Everything that a policy says but its name; the order of its groups, units and actions says nothing. */
function essence({ name: _, ...policy }: ListedPolicy): string {
  const { members, actions, share = 1, channels: { sms, voice, email } = {}, ...rest } = policy;
  const sorted = Object.entries({
    ...rest,
    share,
    channels: [sms, voice, email],
    members: membersEssence(members),
    actions: [...actions].sort(),
  });
  return JSON.stringify(sorted.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function membersEssence({ everyone, groups, units, except }: Members): readonly unknown[] {
  const sets = [groups, units, except.groups, except.units];
  return [everyone, ...sets.map((names) => [...new Set(names)].sort())];
}

/** That it is there, and then what of it is not as it would be if nothing had been said. */
function arrival({ policy, place }: Placed): readonly Message[] {
  const { name, lockout, flowSeconds, actions, share = 1 } = policy;
  return [
    { key: 'policy-change.added', values: { policy: name, place } },
    ...fieldChanges({ ...nothing, lockout, flowSeconds, actions, share }, policy),
    // It had none before.
    ...(share === 1 ? [] : [{ key: 'policy-change.share-given', values: { policy: name, share } }]),
  ];
}

/** What a policy is before anything is said of it. */
const nothing: ListedPolicy = {
  name: '',
  members: { everyone: false, groups: [], units: [], except: { groups: [], units: [] } },
  zone: 'any',
  chain: [],
  actions: [],
  lockout: { threshold: 0, minutes: 0, barsUntilPermanent: 0 },
  flowSeconds: 0,
  privileged: false,
  unknownLogins: 'decoy',
  knowledgeAlone: false,
};
