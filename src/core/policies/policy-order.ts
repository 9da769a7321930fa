import { isWithin } from '../unit.ts';
import type { Zone } from '../zone.ts';
import type { Members, Policy } from './policy.ts';

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

/** A policy that counts for those only whom an earlier one, which is for everybody, leaves out. */
export interface Leftover {
  readonly policy: Policy;
  readonly behind: Policy;
}

/**
 * Finds policies that were probably meant to stand further up: they name somebody else than whom the earlier one for
 * everybody leaves out, and count for nobody else. Those that can never count are not among them.
 * @param zones those that a listener has
 */
export function leftoverPolicies(
  policies: readonly Policy[],
  zones: ReadonlySet<Zone>,
  idOf: GroupId = (group) => group.toLowerCase(),
): readonly Leftover[] {
  const never = new Set(unreachablePolicies(policies, zones, idOf).map(({ policy }) => policy));
  return policies.flatMap((policy, index) => {
    const before = [...zones]
      .filter((zone) => isIn(policy, zone))
      .map((zone) => policies.slice(0, index).find((one) => isIn(one, zone) && leavesOver(one, policy, idOf)));
    const [behind] = before;
    if (never.has(policy) || behind === undefined || before.includes(undefined)) return [];
    return [{ policy, behind }];
  });
}

function leavesOver(earlier: Policy, { members, privileged }: Policy, idOf: GroupId): boolean {
  if (!earlier.members.everyone || members.everyone || (privileged && !earlier.privileged)) return false;
  const { groups, units } = earlier.members.except;
  const left = new Set(groups.map(idOf));
  const isOfThem =
    members.groups.every((group) => left.has(idOf(group))) &&
    members.units.every((unit) => units.some((outer) => isWithin(unit, outer)));
  return !isOfThem;
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
