import type { Policy, Zone } from './policy.ts';

/** A policy that nobody can ever come under, and the earlier ones that take everybody first; none: nobody is in its zone. */
export interface Unreachable {
  readonly policy: Policy;
  readonly behind: readonly Policy[];
}

/**
 * Finds policies that come too late in a list: in each zone where they count, an earlier one has everyone, without
 * exceptions.
 * @param zones those that a listener has
 */
export function unreachablePolicies(policies: readonly Policy[], zones: ReadonlySet<Zone>): readonly Unreachable[] {
  return policies.flatMap((policy, index) => {
    const counted = [...zones].filter((zone) => isIn(policy, zone));
    const before = counted.map((zone) =>
      policies.slice(0, index).find((one) => isIn(one, zone) && takesAll(one, policy)),
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
function takesAll({ members, privileged }: Policy, later: Policy): boolean {
  const { groups, units } = members.except;
  return members.everyone && groups.length + units.length === 0 && (privileged || !later.privileged);
}
