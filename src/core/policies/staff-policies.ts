import type { Account } from '../account.ts';
import type { Zone } from '../zone.ts';
import type { Policies } from './policies.ts';
import type { Policy } from './policy.ts';

/**
 * What holds for a sign-in to the console, whatever the policies of the portals say: a list that is wrong must not keep
 * out those who can mend it. Its chain is the gate that the member of staff has.
 */
const staffPolicy: Omit<Policy, 'privileged'> = {
  name: 'console',
  members: { everyone: true, groups: [], units: [], except: { groups: [], units: [] } },
  zone: 'any',
  chain: [],
  actions: [],
  lockout: { threshold: 3, minutes: 15, barsUntilPermanent: 3 },
  flowSeconds: 600,
  unknownLogins: 'decoy',
};

/** Which policy a sign-in to the console comes under. */
export class StaffPolicies {
  readonly #policies: Pick<Policies, 'match'>;

  constructor(needs: { readonly policies: Pick<Policies, 'match'> }) {
    this.#policies = needs.policies;
  }

  /** The policy of the console; for a privileged account only where a policy of the list names it (DESIGN 6.13). */
  async match(account: Account | undefined, zone: Zone): Promise<Policy> {
    const isNamed =
      account?.state.privileged === true && (await this.#policies.match(account, zone))?.privileged === true;
    return { ...staffPolicy, privileged: isNamed };
  }
}
