import type { SearchOptions } from 'ldapts';
import type { Account } from '../../core/account.ts';
import type { Clock } from '../../core/clock.ts';
import type { DirectoryGroup, PeopleFound, PeopleSearch } from '../../core/directory-people.ts';
import { Misconfigured } from '../../core/errors.ts';
import { accountOf } from './account.ts';
import { type AccountEntry, accountAttributes, octetAttributes, parseAccountEntry } from './account-entry.ts';
import type { Connection } from './connection.ts';
import type { Deadline } from './deadline.ts';
import type { Groups } from './groups.ts';
import { guidText, sidText } from './identifiers.ts';
import { Membership, membershipAttributes } from './membership.ts';
import { searchEntries } from './people-search.ts';
import { person } from './person-filter.ts';
import { isProtectedAccount, isProtectedGroup, protectedGroups } from './protected-groups.ts';
import { readTokenGroups } from './token-groups.ts';
import type { Units } from './units.ts';

export interface PeopleNeeds {
  readonly domain: string;
  readonly baseDn: string;
  readonly peopleBase: string;
  readonly groups: Groups;
  readonly units: Units;
  readonly clock: Clock;
}

/** People of one page of a walk. */
const pageSize = 500;
/** Of a page on which nobody is in a group. */
const samples = 10;
type RawEntry = Readonly<Record<string, unknown>>;

export interface Walk {
  readonly connection: Connection;
  readonly groups: readonly DirectoryGroup[];
  /** For each step of the walk. */
  readonly deadline: () => Deadline;
}

/** Reads many people at a time, below the people base. */
export class People {
  readonly #needs: PeopleNeeds;

  constructor(needs: PeopleNeeds) {
    this.#needs = needs;
  }

  async search(connection: Connection, search: PeopleSearch, deadline: Deadline): Promise<PeopleFound> {
    const { units, peopleBase } = this.#needs;
    const bases = search.within ? await units.bases(connection, search.within, deadline) : [peopleBase];
    const { entries, complete } = await searchEntries(connection, { ...search, bases, wanted: wanted([]) }, deadline);
    const people = entries.map((raw) => this.#account(parseAccountEntry(raw), { groups: [], privileged: false }));
    const byName = (one: Account, other: Account): number => one.displayName.localeCompare(other.displayName);
    return { people: people.toSorted(byName).slice(0, search.limit), complete };
  }

  async *walk(walk: Walk): AsyncGenerator<readonly Account[]> {
    const { connection, deadline } = walk;
    const ids = new Set(walk.groups.map(({ id }) => id));
    const privileged = await this.#privileged(connection, deadline());
    const membership = await Membership.read({
      connection,
      deadline: deadline(),
      baseDn: this.#needs.baseDn,
      wanted: [...ids, ...privileged],
    });
    const gone = walk.groups.find(({ id }) => !membership.knows(id));
    if (gone) throw new Misconfigured(`the group ${gone.name} is not in the directory any more`);
    const options = { ...wanted(membershipAttributes), filter: person(), pageSize };
    for await (const page of connection.pages(this.#needs.peopleBase, options, deadline)) {
      await checkSight(page, { connection, membership, deadline: deadline() });
      const accounts: Account[] = [];
      for (const raw of page) {
        const entry = parseAccountEntry(raw);
        const around =
          membership.of(raw) ?? (await readTokenGroups(connection, guidText(entry.objectGUID), deadline())) ?? [];
        accounts.push(
          this.#account(entry, {
            groups: around.filter((sid) => ids.has(sid)),
            privileged: around.some((sid) => privileged.has(sid) || isProtectedGroup(sid)),
          }),
        );
      }
      yield accounts;
    }
  }

  /** SIDs of the groups whose members are privileged: the protected ones, and those of the settings. */
  async #privileged(connection: Connection, deadline: Deadline): Promise<ReadonlySet<string>> {
    const asked = { attributes: ['objectSid'], explicitBufferAttributes: octetAttributes };
    const [head] = await connection.search(this.#needs.baseDn, { scope: 'base', ...asked }, deadline);
    if (!Buffer.isBuffer(head?.objectSid)) throw new Misconfigured('the service account cannot read the domain itself');
    const own = protectedGroups(sidText(head.objectSid));
    return new Set([...own, ...(await this.#needs.groups.privileged(connection, deadline))]);
  }

  #account(entry: AccountEntry, { groups, privileged }: { groups: readonly string[]; privileged: boolean }): Account {
    return accountOf(entry, {
      domain: this.#needs.domain,
      baseDn: this.#needs.baseDn,
      groups,
      privileged: privileged || entry.adminCount === 1n || isProtectedAccount(sidText(entry.objectSid)),
      // The policy of each account would cost a search each.
      lockoutWindowSeconds: Number.POSITIVE_INFINITY,
      now: this.#needs.clock.now(),
    });
  }
}

function wanted(more: readonly string[]): SearchOptions {
  return {
    scope: 'sub',
    attributes: [...accountAttributes, ...more],
    explicitBufferAttributes: octetAttributes,
  };
}

/**
 * Whoever may not read memberOf is shown people without groups. Where nobody on a page has one, the tokens of some of them
 * tell whether that is so.
 */
async function checkSight(
  page: readonly RawEntry[],
  { connection, membership, deadline }: { connection: Connection; membership: Membership; deadline: Deadline },
): Promise<void> {
  if (page.some(({ memberOf }) => [memberOf ?? []].flat().length > 0)) return;
  const step = Math.ceil(page.length / samples);
  for (const entry of page.filter((_, index) => index % step === 0)) {
    const seen = membership.of(entry) ?? [];
    const token = await readTokenGroups(connection, guidText(parseAccountEntry(entry).objectGUID), deadline);
    if (token?.some((sid) => membership.knows(sid) && !seen.includes(sid))) throw new Misconfigured(noSight);
  }
}

const noSight =
  'the service account cannot read memberOf, so nobody can tell who is in which group: ' +
  'make it a member of "Pre-Windows 2000 Compatible Access", or let it read the group membership of people';
