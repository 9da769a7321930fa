import { describe, expect, test } from 'vitest';
import type { PeopleSearch } from '../../../src/core/directory-people.ts';
import type { DirectoryWorld, WorldPerson } from '../directory-world.ts';

/** Looking for people by what their names begin with. */
export function searchContract(world: () => DirectoryWorld): void {
  /** Letters only, so that it is at the beginning of nothing else. */
  const unique = (): string =>
    crypto
      .randomUUID()
      .replaceAll(/[^a-f]/g, '')
      .padEnd(8, 'q')
      .concat(String(Date.now() % 1e6));

  async function search(text: string, more: Partial<PeopleSearch> = {}): Promise<string[]> {
    const { people, complete } = await world().directory.searchPeople({ text, as: 'beginning', limit: 50, ...more });
    expect(complete).toBe(true);
    return people.map(({ id }) => id);
  }
  const ids = (people: readonly WorldPerson[]): string[] => people.map(({ id }) => id).toSorted();

  describe('searching for people', () => {
    test.each([
      ['user name', (text: string) => ({ samName: `${text}x` })],
      ['principal name', (text: string) => ({ principalName: `${text}x@mail.example.test` })],
      ['mail address', (text: string) => ({ mail: `${text}x@mail.example.test` })],
      ['display name', (text: string) => ({ displayName: `${text} Berg` })],
      ['surname', (text: string) => ({ surname: `${text}son` })],
      ['given name', (text: string) => ({ givenName: `${text}a` })],
    ])('finds by the beginning of the %s, in any case', async (_what, wish) => {
      const text = unique();
      const person = await world().addPerson(wish(text));
      expect(await search(text.toUpperCase())).toEqual([person.id]);
      expect(await search(` ${text} `)).toEqual([person.id]);
      expect(await search(text.slice(1))).toEqual([]);
    });

    test('tells of each who and how they are', async () => {
      const text = unique();
      const unit = await world().addUnit(text);
      const person = await world().addPerson({ unit, displayName: `${text} B`, mail: `${text}@mail.example.test` });
      const other = await world().addPerson({ displayName: `${text} A` });
      await world().disable(person);
      await world().lock(other);
      const { people: found } = await world().directory.searchPeople({ text, as: 'beginning', limit: 50 });
      expect(found.map(({ id }) => id)).toEqual([other.id, person.id]);
      expect(found[0]).toMatchObject({ displayName: `${text} A`, state: { locked: true, unit: world().peopleUnit } });
      expect(found[1]).toMatchObject({
        displayName: `${text} B`,
        mail: `${text}@mail.example.test`,
        state: { person: true, disabled: true, unit: unit.path },
      });
    });

    test('finds people only, no computer', async () => {
      const computer = await world().addComputer();
      expect(await search(computer.samName)).toEqual([]);
    });

    test('5.18: takes wildcards and characters of filters as they are', async () => {
      const text = unique();
      const star = await world().addPerson({ displayName: `${text}*(x)\\&|!=~<>` });
      await world().addPerson({ displayName: `${text}plain` });
      for (const typed of [`${text}*`, `${text}*(`, `${text}*(x)`, `${text}*(x)\\&|!=~<>`]) {
        expect(await search(typed), typed).toEqual([star.id]);
      }
      const attempts = [
        '*',
        `${text}\\2a`,
        `${text}**`,
        `*${text}`,
        `${text})(objectClass=*`,
        '(',
        ')',
        '\\',
        `${text}\0`,
        '\0',
      ];
      for (const typed of attempts) expect(await search(typed), typed).toEqual([]);
    });

    test('finds nobody by no text', async () => {
      for (const text of ['', ' ', '\t\n']) expect(await search(text), JSON.stringify(text)).toEqual([]);
      expect(await search('a'.repeat(100_000))).toEqual([]);
    });

    test.each([
      ['user name', '', (whole: string) => ({ samName: whole })],
      ['principal name', '@mail.example.test', (whole: string) => ({ principalName: whole })],
      ['mail address', '@mail.example.test', (whole: string) => ({ mail: whole })],
      ['display name', ' Berg', (whole: string) => ({ displayName: whole })],
      ['surname', '', (whole: string) => ({ surname: whole })],
      ['given name', '', (whole: string) => ({ givenName: whole })],
    ])('as a whole finds by all of the %s, in any case', async (_what, end, wish) => {
      const whole = `${unique()}${end}`;
      const person = await world().addPerson(wish(whole));
      await world().addPerson(wish(`x${whole}`));
      await world().addPerson(wish(`${whole}x`));
      expect(await search(whole.toUpperCase(), { as: 'whole' })).toEqual([person.id]);
      expect(await search(` ${whole} `, { as: 'whole' })).toEqual([person.id]);
      for (const other of [whole.slice(0, -1), `${whole.slice(0, -1)}*`, '*', `${whole})(objectClass=*`]) {
        expect(await search(other, { as: 'whole' }), other).toEqual([]);
      }
    });

    test('as a whole finds people only, and those of the units', async () => {
      const computer = await world().addComputer();
      expect(await search(computer.samName, { as: 'whole' })).toEqual([]);
      const text = unique();
      const [one, two] = [await world().addUnit(text), await world().addUnit(`${text}x`)];
      const person = await world().addPerson({ unit: one, mail: `${text}@mail.example.test` });
      const within = (unit: typeof one) => search(`${text}@mail.example.test`, { as: 'whole', within: [unit.path] });
      expect(await within(one)).toEqual([person.id]);
      expect(await within(two)).toEqual([]);
    });

    test('finds no more than the limit', async () => {
      const text = unique();
      const people = [];
      for (let number = 0; number < 4; number += 1)
        people.push(await world().addPerson({ surname: `${text}${number}` }));
      expect(await search(text, { limit: 3 })).toHaveLength(3);
      expect(await search(text, { limit: 1 })).toHaveLength(1);
      expect(await search(text, { limit: 0 })).toEqual([]);
      expect((await search(text, { limit: 4 })).toSorted()).toEqual(ids(people));
    });
  });

  describe('searching for people of some units', () => {
    /** Three units, one in another, with a person each that no other test knows. */
    async function threeUnits() {
      const text = unique();
      const [one, two] = [await world().addUnit(`One, "${text}"`), await world().addUnit(`One/two ${text}`)];
      const inner = await world().addUnit('Inner', one);
      const person = (unit: typeof one) => world().addPerson({ unit, surname: text });
      return {
        text,
        one,
        two,
        inner,
        inOne: await person(one),
        inTwo: await person(two),
        inInner: await person(inner),
      };
    }

    test('shows people there and below, and nobody of another one', async () => {
      const { text, one, two, inner, inOne, inTwo, inInner } = await threeUnits();
      const within = async (...units: string[]) => (await search(text, { within: units })).toSorted();
      expect(await within(one.path)).toEqual(ids([inOne, inInner]));
      expect(await within(one.path.toUpperCase())).toEqual(ids([inOne, inInner]));
      expect(await within(inner.path)).toEqual(ids([inInner]));
      expect(await within(two.path)).toEqual(ids([inTwo]));
      expect(await within(two.path, one.path)).toEqual(ids([inOne, inTwo, inInner]));
    });

    test('shows each person once, however the units lie', async () => {
      const { text, one, inner, inOne, inTwo, inInner } = await threeUnits();
      const within = async (...units: string[]) => (await search(text, { within: units })).toSorted();
      expect(await within(inner.path, one.path, one.path.toLowerCase(), inner.path)).toEqual(ids([inOne, inInner]));
      expect(await within(one.path, world().peopleUnit)).toEqual(ids([inOne, inTwo, inInner]));
      expect(await within('')).toEqual(ids([inOne, inTwo, inInner]));
    });

    test('shows nobody where there is no such unit, and nobody outside the people', async () => {
      const { text, one } = await threeUnits();
      const nowhere = [
        'Users',
        `${one.path}/None`,
        `${one.path.slice(0, -1)}`,
        `${world().peopleUnit}/*`,
        `${one.path}\0`,
      ];
      for (const unit of nowhere) expect(await search(text, { within: [unit] }), unit).toEqual([]);
      expect(await search(text, { within: [] })).toEqual([]);
      // The service account is a person's account, elsewhere.
      const elsewhere = ['Services', 'Service Accounts', ''];
      expect(await search('svc-latchkey')).toEqual([]);
      for (const unit of elsewhere) expect(await search('svc-latchkey', { within: [unit] }), unit).toEqual([]);
    });

    test('counts the limit over all of them', async () => {
      const { text, one, two } = await threeUnits();
      expect(await search(text, { within: [one.path, two.path], limit: 2 })).toHaveLength(2);
    });

    test('follows a person who moves', async () => {
      const { text, one, two, inOne, inTwo, inInner } = await threeUnits();
      await world().moveTo(inOne, two);
      expect((await search(text, { within: [two.path] })).toSorted()).toEqual(ids([inOne, inTwo]));
      expect(await search(text, { within: [one.path] })).toEqual(ids([inInner]));
    });
  });
}
