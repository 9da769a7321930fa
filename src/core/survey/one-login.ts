import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Action } from '../journal.ts';
import type { MatchStep } from '../policies/policies.ts';
import type { Policy } from '../policies/policy.ts';
import type { ProvedGate, Stores } from '../stores.ts';
import type { Zone } from '../zone.ts';
import { type Readiness, readinessOf } from './readiness.ts';

export interface OneLoginNeeds {
  readonly stores: {
    readonly enrolments: Pick<Stores['enrolments'], 'proved'>;
    readonly failures: Pick<Stores['failures'], 'barred'>;
  };
  /** Decides by the list that is tried. */
  readonly policies: { explain(account: Account | undefined, zone: Zone): Promise<readonly MatchStep[]> };
  readonly clock: Clock;
  /** The zones that there are listeners for. */
  readonly zones: readonly Zone[];
}

/** What one person would meet in one zone. */
export interface ZoneOutlook {
  readonly zone: Zone;
  /** Every policy that was looked at, in order; the one that matched is the last. */
  readonly steps: readonly MatchStep[];
  readonly policy?: Policy;
  readonly readiness: Readiness;
  /** What they could do today; empty when they could not pass. */
  readonly actions: readonly Action[];
}

export interface Outlook {
  readonly account: Account;
  readonly gates: readonly ProvedGate[];
  readonly zones: readonly ZoneOutlook[];
}

/**
 * Which policy one account comes under and why, in each zone, and what that person could do today. Reads only.
 * @param account as `Directory.read` has it: with all its groups
 */
export async function outlookOf(needs: OneLoginNeeds, account: Account): Promise<Outlook> {
  const { stores, policies, clock, zones } = needs;
  const gates = (await stores.enrolments.proved([account.id])).get(account.id) ?? [];
  const barred = (await stores.failures.barred([account.id], clock.now())).has(account.id);
  const of = async (zone: Zone): Promise<ZoneOutlook> => {
    const steps = await policies.explain(account, zone);
    const policy = steps.find(({ matched }) => matched)?.policy;
    const readiness = readinessOf(account, policy, { gates, barred });
    const actions = readiness.kind === 'ready' ? readiness.policy.actions : [];
    return { zone, steps, ...(policy === undefined ? {} : { policy }), readiness, actions };
  };
  return { account, gates, zones: await Promise.all(zones.map(of)) };
}
