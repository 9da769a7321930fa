import {
  AndFilter,
  type Entry,
  EqualityFilter,
  ExtensibleFilter,
  type Filter,
  OrFilter,
  ResultCodeError,
  type SearchOptions,
  SubstringFilter,
} from 'ldapts';
import type { PeopleSearch } from '../../core/directory-people.ts';
import type { Connection } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { bitAnd } from './groups.ts';
import { notOther } from './person-filter.ts';

/** Active Directory answers with no more at a time (MaxPageSize). */
const mostFound = 1000;
/** Longer than any name. */
const longestText = 256;
/** timeLimitExceeded and adminLimitExceeded (RFC 4511 4.1.9). */
const tooMuch = [3, 11];
/** What Samba answers in place of timeLimitExceeded, when a search takes too long between two of its modules. */
const operationsError = 1;

/** Each has an index in Active Directory and in Samba (MS-ADA1 to 3, searchFlags); Samba's is of no use for a beginning. */
const names = ['sAMAccountName', 'userPrincipalName', 'mail', 'displayName', 'sn', 'givenName'];

/** ADS_UF_NORMAL_ACCOUNT of userAccountControl (MS-ADTS 2.2.16): what sAMAccountType says of a person. */
const normalAccount = '512';

export interface EntriesFound {
  readonly entries: readonly Entry[];
  readonly complete: boolean;
}

/**
 * Looks below each of the bases for people whose names fit.
 * @param wanted scope and attributes
 * @returns `limit` of each base at most; not complete when the server would have needed too long
 */
export async function searchEntries(
  connection: Connection,
  search: PeopleSearch & { readonly bases: readonly string[]; readonly wanted: SearchOptions },
  deadline: Deadline,
): Promise<EntriesFound> {
  const filter = searchFilter(search);
  if (filter === undefined || search.limit < 1) return { entries: [], complete: true };
  const pageSize = Math.min(search.limit, mostFound);
  const entries: Entry[] = [];
  for (const base of search.bases) {
    // It must give up long before we do: a server that does not answer counts as one that is down, and while it looks
    // through everybody, Samba answers nothing else that came to the same process of it.
    const timeLimit = Math.max(1, Math.round(deadline.left / 4000));
    const asked = performance.now();
    try {
      // Samba does not heed a size limit, but sends no more than fits on a page.
      const options = { ...search.wanted, filter, sizeLimit: pageSize, pageSize, timeLimit };
      const page = await connection.pages(base, options, () => deadline).next();
      entries.push(...(page.value ?? []));
    } catch (error) {
      if (!isTooMuch(error, (performance.now() - asked) / 1000 >= timeLimit)) throw error;
      return { entries, complete: false };
    }
  }
  return { entries, complete: true };
}

function isTooMuch(error: unknown, timeIsUp: boolean): boolean {
  if (!(error instanceof ResultCodeError)) return false;
  return tooMuch.includes(error.code) || (error.code === operationsError && timeIsUp);
}

/** Fits people only, as `AccountState.person` has it; undefined when nobody can be called so. */
function searchFilter({ text: typed, as }: PeopleSearch): Filter | undefined {
  const text = typed.trim();
  if (text === '' || text.includes('\0') || text.length > longestText) return undefined;
  const called = names.map((attribute) =>
    as === 'whole' ? new EqualityFilter({ attribute, value: text }) : new SubstringFilter({ attribute, initial: text }),
  );
  // Samba takes the index of whatever else has one, of all people then, and is twice as slow with it as without any.
  const isPerson = new ExtensibleFilter({ matchType: 'userAccountControl', rule: bitAnd, value: normalAccount });
  return new AndFilter({ filters: [new OrFilter({ filters: called }), isPerson, notOther()] });
}
