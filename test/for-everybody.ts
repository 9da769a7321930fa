import type { Policy } from '../src/core/policies/policy.ts';

/** The frame of a policy that everybody comes under, from anywhere. */
export const forEverybody: Pick<Policy, 'name' | 'members' | 'zone'> = {
  name: 'everyone',
  members: { everyone: true, groups: [], units: [], except: { groups: [], units: [] } },
  zone: 'any',
};
