import { AndFilter, EqualityFilter, type Filter, NotFilter, OrFilter } from 'ldapts';
import type { DirectoryUnit } from '../../core/directory-people.ts';
import { isWithin, unitSteps } from '../../core/unit.ts';
import type { Connection, PagedSearch } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { pathOf, stepsOf } from './distinguished-name.ts';

const pageSize = 500;
/** Names on one path; Active Directory has no more in a DN than fit its length. */
const deepest = 64;

/** Finds units by their paths, and the paths of all units. Every DN is one that the server or the configuration gave. */
export class Units {
  readonly #baseDn: string;
  readonly #peopleBase: string;

  constructor(needs: { readonly baseDn: string; readonly peopleBase: string }) {
    this.#baseDn = needs.baseDn;
    this.#peopleBase = needs.peopleBase;
  }

  async find(connection: Connection, path: string, deadline: Deadline): Promise<DirectoryUnit | undefined> {
    const [dn] = await this.#at(connection, path, deadline);
    return dn === undefined ? undefined : { path: pathOf(dn, this.#baseDn) };
  }

  /** All paths below the people base, and its own unless it is the domain itself. */
  async all(connection: Connection, deadline: Deadline): Promise<readonly string[]> {
    const hidden = new EqualityFilter({ attribute: 'showInAdvancedViewOnly', value: 'TRUE' });
    const shown = new AndFilter({ filters: [isA('container'), new NotFilter({ filter: hidden })] });
    const filter = new OrFilter({ filters: [isA('organizationalUnit'), shown] });
    const asked: PagedSearch = { scope: 'sub', filter, attributes: ['1.1'], pageSize };
    const paths = new Set<string>();
    for await (const page of connection.pages(this.#peopleBase, asked, () => deadline)) {
      for (const { dn } of page) paths.add(pathOf(dn, this.#baseDn));
    }
    return [...paths].filter((path) => path !== '').toSorted((one, other) => one.localeCompare(other));
  }

  /**
   * Where to search for people of some units: no place lies within another, and none above the people base.
   * @returns DNs; none for units that are not there
   */
  async bases(connection: Connection, units: readonly string[], deadline: Deadline): Promise<readonly string[]> {
    const people = pathOf(this.#peopleBase, this.#baseDn);
    if (units.some((unit) => isWithin(people, unit))) return [this.#peopleBase];
    const outermost = units.filter(
      (unit, index) =>
        isWithin(unit, people) &&
        !units.some((other, at) => at !== index && isWithin(unit, other) && (at < index || !isWithin(other, unit))),
    );
    const found: string[] = [];
    for (const unit of outermost) found.push(...(await this.#at(connection, unit, deadline)));
    return found;
  }

  /** DNs of what has this path: a unit and a container beside each other may have one name. */
  async #at(connection: Connection, path: string, deadline: Deadline): Promise<readonly string[]> {
    const names = unitSteps(path);
    if (path.includes('\0') || names.length > deepest) return [];
    let places: readonly string[] = [this.#baseDn];
    for (const name of names) {
      const inside: string[] = [];
      for (const place of places) inside.push(...(await childrenNamed(connection, place, name, deadline)));
      places = inside;
    }
    // The path must be this one as it is written, but for case: it is compared so with those of accounts.
    return places.filter((dn) => pathOf(dn, this.#baseDn).toLowerCase() === path.toLowerCase());
  }
}

async function childrenNamed(
  connection: Connection,
  place: string,
  name: string,
  deadline: Deadline,
): Promise<readonly string[]> {
  const kinds = new OrFilter({ filters: ['organizationalUnit', 'container', 'builtinDomain'].map(isA) });
  const filter = new AndFilter({ filters: [kinds, new EqualityFilter({ attribute: 'name', value: name })] });
  const entries = await connection.search(place, { scope: 'one', filter, attributes: ['1.1'] }, deadline);
  // A server may compare without regard to accents.
  return entries.map(({ dn }) => dn).filter((dn) => stepsOf(dn)[0]?.value.toLowerCase() === name.toLowerCase());
}

function isA(objectClass: string): Filter {
  return new EqualityFilter({ attribute: 'objectClass', value: objectClass });
}
