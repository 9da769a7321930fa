import { openConfiguredStores } from '../compose/stores.ts';
import { Misconfigured } from '../core/errors.ts';
import { newestPolicies } from '../core/policies/policy-standing.ts';
import type { Loaded } from '../load.ts';
import { usableReader } from '../settings/policy-reading.ts';
import { policyListSchema } from '../settings/policy-settings.ts';
import { isNew } from './check-store.ts';

/** A configuration with the policies that a server would go by now. */
export interface InForce {
  readonly loaded: Loaded;
  /** Of the store; undefined while the list of the file holds. */
  readonly version: number | undefined;
}

/** @throws Misconfigured when the list of the store cannot be used, or is not the one that was saved last */
export async function withPoliciesInForce(loaded: Loaded): Promise<InForce> {
  const { configuration, definitions } = loaded;
  const ofFile = { loaded, version: undefined };
  if (configuration['policies-in'] === 'file' || isNew(configuration)) return ofFile;
  const stores = await openConfiguredStores(configuration);
  try {
    const { newest: latest, why: amiss } = await newestPolicies(stores.policies);
    if (amiss !== undefined) throw new Misconfigured(amiss);
    if (latest === undefined) return ofFile;
    const read = usableReader(loaded)(latest.policies);
    if ('problems' in read) {
      const why = read.problems.map(({ setting, problem }) => `${setting}: ${problem}`).join('; ');
      throw new Misconfigured(`version ${latest.version} of the policies in the store cannot be used: ${why}`);
    }
    const policies = policyListSchema(definitions).parse(read.list);
    return { loaded: { ...loaded, configuration: { ...configuration, policies } }, version: latest.version };
  } finally {
    await stores.close();
  }
}
