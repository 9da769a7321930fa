import { policyKey } from '../core/reports/policy-counts.ts';
import type { ReportStore } from '../core/reports/report-store.ts';
import type { StaffMember } from '../core/staff/staff.ts';
import type { DutyStore } from '../core/stores.ts';
import type { ReportFilter } from './report-filter.ts';

/** Who may see numbers of the whole organisation, and of one policy: neither is kept by who may see whom. */
export const overseers = ['administrator', 'auditor'] as const;

export interface ReportPolicyNeeds {
  readonly reports: Pick<ReportStore, 'policies'>;
  /** Names of the policies in force, in their order. */
  readonly policiesInForce: () => Promise<readonly string[]>;
}

/** The policies that a report can be asked about. */
export interface PolicyChoice {
  readonly inForce: readonly string[];
  /** Those that are in force no more and have numbers. */
  readonly gone: readonly string[];
}

/**
 * The policies to choose from, and the filter with the chosen one as it is spelt there. One that nobody knows is said to
 * be wrong and left out: numbers of nothing would look like a policy under which nothing happened.
 * @returns no choice, and the filter without a policy, for who may not see numbers of the whole organisation
 */
export async function policyChoice(
  filter: ReportFilter,
  staff: StaffMember,
  needs: ReportPolicyNeeds,
): Promise<{ readonly filter: ReportFilter; readonly policies?: PolicyChoice }> {
  const { policy, ...others } = filter;
  if (!overseers.some((role) => staff.roles.includes(role))) {
    return { filter: { ...others, problems: filter.problems.filter(({ field }) => field !== 'policy') } };
  }
  const policies = await policiesOf(needs);
  if (policy === undefined) return { filter, policies };
  const known = [...policies.inForce, ...policies.gone];
  const chosen = known.find((name) => policyKey(name) === policyKey(policy));
  if (chosen !== undefined) return { filter: { ...filter, policy: chosen }, policies };
  const problem = { field: 'policy', message: { key: 'console.reports.policy-unknown' } };
  return { filter: { ...others, problems: [...filter.problems, problem] }, policies };
}

/** So many rows are counted by policy within a turn or two: nobody needs to hear of them. */
const fewRows = 5_000;

/** Whether much was counted for everybody that is still to be counted by policy, as after an update. */
export async function isBehind(duties: Pick<DutyStore, 'read'>): Promise<boolean> {
  const [all, byPolicy] = await Promise.all([duties.read('count'), duties.read('count-policies')]);
  return all.position - byPolicy.position > fewRows;
}

async function policiesOf({ reports, policiesInForce }: ReportPolicyNeeds): Promise<PolicyChoice> {
  // A list that cannot be read is told of elsewhere; what happened can be seen all the same.
  const inForce = await policiesInForce().catch(() => []);
  const keys = new Set(inForce.map(policyKey));
  const gone = (await reports.policies()).filter((name) => !keys.has(policyKey(name)));
  return { inForce, gone: gone.toSorted((a, b) => a.localeCompare(b)) };
}
