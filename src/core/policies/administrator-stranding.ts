import type { Account } from '../account.ts';
import type { EnrolmentStore } from '../stores.ts';
import type { Zone } from '../zone.ts';
import type { Policies } from './policies.ts';
import { barredFromReset, type Policy } from './policy.ts';
import type { PolicyFinding } from './policy-checks.ts';

/** Decides who comes under which policy of one list. */
export type Matcher = Pick<Policies, 'match'>;

export interface StrandingNeeds {
  /** Everybody who is an administrator of the console; whoever asks comes first. */
  readonly administrators: () => AsyncIterable<Account>;
  readonly enrolments: Pick<EnrolmentStore, 'of'>;
  readonly matcherOf: (policies: readonly Policy[]) => Matcher;
  readonly zones: readonly Zone[];
}

/**
 * Whether a new list would leave no administrator who could help themselves while the old one does: then nobody who may
 * change it back could do so once they are locked out. One who can pass is enough, and ends the search.
 * @param before the list in force; undefined when there is none yet
 */
export async function stranding(
  before: readonly Policy[] | undefined,
  after: readonly Policy[],
  needs: StrandingNeeds,
): Promise<readonly PolicyFinding[]> {
  const now = needs.matcherOf(after);
  const old = before && needs.matcherOf(before);
  let lost = false;
  for await (const account of needs.administrators()) {
    const enrolments = await needs.enrolments.of(account.id);
    const passes = (matcher: Matcher): Promise<boolean> =>
      couldPass(account, { matcher, enrolments, zones: needs.zones });
    if (await passes(now)) return [];
    lost ||= old !== undefined && (await passes(old));
  }
  const finding = (level: PolicyFinding['level'], key: string): PolicyFinding => ({ level, message: { key } });
  return lost
    ? [finding('problem', 'policy-check.strands-administrators')]
    : [finding('warning', 'policy-check.no-administrator')];
}

/** From any zone; a bar that stands now passes and says nothing of the policy. */
async function couldPass(
  account: Account,
  {
    matcher,
    enrolments,
    zones,
  }: {
    readonly matcher: Matcher;
    readonly enrolments: Awaited<ReturnType<EnrolmentStore['of']>>;
    readonly zones: readonly Zone[];
  },
): Promise<boolean> {
  for (const zone of zones) {
    const policy = await matcher.match(account, zone);
    if (barredFromReset(account, policy, { lockout: undefined, enrolments }) === undefined) return true;
  }
  return false;
}
