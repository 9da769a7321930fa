import { Misconfigured } from '../errors.ts';
import type { PolicyStore, PolicyVersion } from './policy-store.ts';

/** One version of the policies, as the audit tells of it. */
export interface PolicyMark {
  readonly version: number;
  /** See `policiesHash`. */
  readonly hash: string;
}

/** Which version the store holds, and which the audit says was saved last, both of one moment. */
export interface PolicyStanding {
  /** The newest one there is; 0 for none. */
  readonly version: number;
  /** Undefined when the audit tells of none. */
  readonly told?: PolicyMark | undefined;
}

const remedy =
  'nobody is served by it. See who changed the database, then run latchkey policy accept for the list that is there, or latchkey policy import --anew for another';

/**
 * Why the newest list of the store is not the one that was saved last, for an operator; undefined when nothing says so.
 * A seal cannot tell: an older version is as genuine as the newest once those after it were deleted.
 * @param hash what the newest list is, for whoever has read it
 */
export function rollbackOf({ version, told }: PolicyStanding, hash?: string): string | undefined {
  if (told === undefined) return undefined;
  if (version !== told.version) {
    const there = version === 0 ? 'no policies' : `version ${version} of the policies`;
    return `the store has ${there}, and the audit says that version ${told.version} was saved last: ${remedy}`;
  }
  if (hash === undefined || hash === told.hash) return undefined;
  return `version ${version} of the policies is not the list that the audit says was saved: ${remedy}`;
}

/** The newest list of the store, and why it is not the one that was saved last, if it is not. */
export interface NewestPolicies {
  /** Undefined when the store holds none, or one that is damaged. */
  readonly newest: PolicyVersion | undefined;
  /** See `rollbackOf`; or how it is damaged. */
  readonly why: string | undefined;
}

export async function newestPolicies(store: Pick<PolicyStore, 'standing' | 'latest'>): Promise<NewestPolicies> {
  const standing = await store.standing();
  try {
    const newest = await store.latest();
    // Where somebody saved in between it is another's hash.
    return { newest, why: rollbackOf(standing, newest?.version === standing.version ? newest.hash : undefined) };
  } catch (fault) {
    if (!(fault instanceof Misconfigured)) throw fault;
    return { newest: undefined, why: fault.message };
  }
}
