import type { Account } from '../account.ts';
import type { Zone } from '../zone.ts';
import type { Policy } from './policy.ts';

/** Which policy of one list an account comes under; see core/policies/policies.ts. */
export interface PolicyMatcher {
  match(account: Account | undefined, zone: Zone): Promise<Policy | undefined>;
}
