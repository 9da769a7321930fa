import type { Members, Policy, Zone } from './policy.ts';
import { isWithin } from './unit.ts';

/** A policy that nobody can ever come under, and the earlier ones that take everybody first; none: nobody is in its zone. */
export interface Unreachable {
  readonly policy: Policy;
  readonly behind: readonly Policy[];
}

/** Makes one word of the ways in which a group may be written. */
type GroupId = (group: string) => string;

/**
 * Finds policies that come too late in a list: in each zone where they count, an earlier one has all their people. As far
 * as the members say so by themselves, without asking who is in which group.
 * @param zones those that a listener has
 */
export function unreachablePolicies(
  policies: readonly Policy[],
  zones: ReadonlySet<Zone>,
  idOf: GroupId = (group) => group.toLowerCase(),
): readonly Unreachable[] {
  return policies.flatMap((policy, index) => {
    const counted = [...zones].filter((zone) => isIn(policy, zone));
    const before = counted.map((zone) =>
      policies.slice(0, index).find((one) => isIn(one, zone) && takesAll(one, policy, idOf)),
    );
    const behind = new Set(before.filter((one) => one !== undefined));
    const inOrder = policies.filter((one) => behind.has(one));
    return before.every((one) => one !== undefined) ? [{ policy, behind: inOrder }] : [];
  });
}

function isIn(policy: Policy, zone: Zone): boolean {
  return policy.zone === 'any' || policy.zone === zone;
}

/** Whether everybody whom the later one is for comes under the earlier one already. */
function takesAll(earlier: Policy, later: Policy, idOf: GroupId): boolean {
  if (later.privileged && !earlier.privileged) return false;
  return excludesNoMore(earlier.members, later.members, idOf) && namesAll(earlier.members, later.members, idOf);
}

function namesAll(earlier: Members, later: Members, idOf: GroupId): boolean {
  if (earlier.everyone) return true;
  const groups = new Set(earlier.groups.map(idOf));
  return (
    !later.everyone &&
    later.groups.every((group) => groups.has(idOf(group))) &&
    later.units.every((unit) => earlier.units.some((outer) => isWithin(unit, outer)))
  );
}

/** Whoever the earlier one leaves out, the later one leaves out as well. */
function excludesNoMore(earlier: Members, later: Members, idOf: GroupId): boolean {
  const groups = new Set(later.except.groups.map(idOf));
  return (
    earlier.except.groups.every((group) => groups.has(idOf(group))) &&
    earlier.except.units.every((unit) => later.except.units.some((outer) => isWithin(unit, outer)))
  );
}
