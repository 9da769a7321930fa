import type { Account } from '../account.ts';
import type { Directory } from '../directory.ts';
import type { DirectoryPeople } from '../directory-people.ts';

/** Long enough for a hundred thousand people; whoever waits for the answer has asked for it. */
const patienceMs = 5 * 60_000;

/**
 * Everybody in one of these groups, each read whole and once, `first` before all others when it is one of them: most of
 * the time nobody else is needed then.
 * @param groups names; those that the directory does not have are nobody's
 * @param first id of an account, or anything else
 * @param signal ends the walk
 */
export async function* administratorsOf(
  directory: Pick<Directory & DirectoryPeople, 'read' | 'findGroup' | 'walkPeople'>,
  names: readonly string[],
  { first = '', signal }: { readonly first?: string; readonly signal?: AbortSignal } = {},
): AsyncIterable<Account> {
  const found = await Promise.all(names.map((name) => directory.findGroup(name)));
  const groups = found.filter((group) => group !== undefined);
  if (groups.length === 0) return;
  const isOne = ({ state }: Account): boolean => groups.some(({ id }) => state.groups.includes(id));
  const own = isAccountId(first) ? await directory.read(first) : undefined;
  if (own !== undefined && isOne(own)) yield own;
  const timeout = AbortSignal.timeout(patienceMs);
  const walk = { groups, signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) };
  for await (const page of directory.walkPeople(walk)) {
    for (const listed of page.filter((one) => isOne(one) && one.id !== own?.id)) {
      const account = await directory.read(listed.id);
      if (account !== undefined) yield account;
    }
  }
}

/** `operator` is nobody of the directory. */
function isAccountId(text: string): boolean {
  return /^[0-9a-f-]{36}$/.test(text);
}
