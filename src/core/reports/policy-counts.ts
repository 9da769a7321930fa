import { createHash } from 'node:crypto';
import type { AuditRow } from '../audit/audit.ts';
import type { Ineligible } from '../policies/policy.ts';
import { reportedEvents } from './report.ts';
import { countKeyOf, countRows, type DailyCount } from './report-counts.ts';

/** A count of what happened in visits that began under one policy. */
export interface PolicyCount extends DailyCount {
  /** The policy's name when the visit began: a policy that is renamed is another one here. */
  readonly policy: string;
}

/**
 * What a policy's numbers are kept under: names that one list could not have both are one policy. As long for every
 * name, so that rows stay small.
 */
export function policyKey(name: string): string {
  return createHash('sha256').update(name.normalize('NFKC').toLowerCase()).digest('base64url').slice(0, 16);
}

/** Why a visit could not pass although its account came under the policy that it showed. */
const underTheirOwn: readonly unknown[] = [
  'disabled',
  'account-expired',
  'smartcard-required',
  'barred',
  'unregistered',
] satisfies readonly Ineligible[];

/**
 * The policy that a visit came under, by the row of its start; undefined for none. A made-up name, and whoever is under
 * no policy, is shown one by its share: what they do says nothing about it.
 */
export function policyOf({ event, portal, detail = {} }: AuditRow): string | undefined {
  const { policy, decoy } = detail;
  // Staff sign in under rules of the console's own, and a check of a caller is under none.
  if (event !== 'flow.started' || portal === 'console' || portal === 'caller') return undefined;
  if (typeof policy !== 'string' || policy === '') return undefined;
  return decoy === false || underTheirOwn.includes(decoy) ? policy : undefined;
}

/**
 * Adds rows up by policy, each key once, and only what a report of one policy shows.
 * @param policies the policy of each visit, by the reference of its flow
 */
export function countByPolicy(
  rows: readonly AuditRow[],
  policies: ReadonlyMap<string, string>,
): readonly PolicyCount[] {
  const own = new Map<string, AuditRow[]>();
  for (const row of rows) {
    const policy = row.flow === undefined ? undefined : policies.get(row.flow);
    if (policy === undefined || !isShown(row)) continue;
    const counted = own.get(policy) ?? [];
    counted.push(row);
    own.set(policy, counted);
  }
  return [...own].flatMap(([policy, counted]) => countRows(counted).map((count) => ({ ...count, policy })));
}

function isShown(row: AuditRow): boolean {
  if (!reportedEvents.some((event) => event === row.event)) return false;
  const { event, decoy, why } = countKeyOf(row);
  // Of a start it is shown why it could not pass, and of those that could not pass nothing else.
  return event === 'flow.started' ? why !== '' : !decoy;
}
