import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Directory } from '../directory.ts';
import type { DirectoryGroup } from '../directory-people.ts';
import { Misconfigured } from '../errors.ts';
import type { Policy } from '../policies/policy.ts';
import type { PolicyMatcher } from '../policies/policy-matcher.ts';
import type { ProvedGate, Stores } from '../stores.ts';
import type { Zone } from '../zone.ts';

export interface SurveyNeeds {
  readonly directory: Pick<Directory, 'findGroup' | 'walkPeople'>;
  readonly stores: {
    readonly enrolments: Pick<Stores['enrolments'], 'proved'>;
    readonly failures: Pick<Stores['failures'], 'barred'>;
  };
  readonly clock: Clock;
  /** The zones that there are listeners for: nobody comes from any other. */
  readonly zones: readonly Zone[];
}

/** One person as a walk over everybody sees them. */
export interface Surveyed {
  readonly account: Account;
  readonly gates: readonly ProvedGate[];
  readonly barred: boolean;
}

/**
 * Everybody in the directory with how they stand here, a page at a time: no more than one page is ever kept.
 * @param groups names of the groups that matter to whoever asks
 * @throws Misconfigured when one of them is not there; the signal's reason when it is aborted
 */
export async function* survey(
  needs: SurveyNeeds,
  groups: Iterable<string>,
  signal: AbortSignal,
): AsyncIterable<readonly Surveyed[]> {
  const { directory, stores, clock } = needs;
  const found = await groupsNamed(directory, groups);
  for await (const page of directory.walkPeople({ groups: [...found.values()], signal })) {
    // Whoever waits for a page of Latchkey's own comes first: a store in this process answers without a pause.
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    const ids = page.map(({ id }) => id);
    const proved = await stores.enrolments.proved(ids);
    const barred = await stores.failures.barred(ids, clock.now());
    yield page.map((account) => ({ account, gates: proved.get(account.id) ?? [], barred: barred.has(account.id) }));
  }
}

/** The policies that an account comes under, over all zones, each once. */
export async function policiesIn(
  zones: readonly Zone[],
  matcher: PolicyMatcher,
  account: Account,
): Promise<readonly Policy[]> {
  const found = await Promise.all(zones.map((zone) => matcher.match(account, zone)));
  return [...new Set(found.filter((policy) => policy !== undefined))];
}

/** Names of all groups that decide who comes under one of these policies. */
export function groupsOf(policies: readonly Policy[]): ReadonlySet<string> {
  return new Set(policies.flatMap(({ members }) => [...members.groups, ...members.except.groups]));
}

/**
 * By the names that were asked for.
 * @throws Misconfigured when one is not there
 */
export async function groupsNamed(
  directory: Pick<Directory, 'findGroup'>,
  names: Iterable<string>,
): Promise<ReadonlyMap<string, DirectoryGroup>> {
  const found = new Map<string, DirectoryGroup>();
  for (const name of names) {
    const group = await directory.findGroup(name);
    if (group === undefined) throw new Misconfigured(`the group ${JSON.stringify(name)} is not in the directory`);
    found.set(name, group);
  }
  return found;
}
