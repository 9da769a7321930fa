import { describe, expect, test } from 'vitest';
import { isWithin } from '../../../src/core/unit.ts';
import type { DirectoryWorld } from '../directory-world.ts';

/** Names that are hard to read in a DN, or in a path. */
const oddNames = (tail: string): readonly string[] => [
  `Rights, "odd" ${tail}`,
  `R/D ${tail}`,
  `Back\\slash ${tail}`,
  `${tail} ends in \\`,
  `OU=Sales\\,EMEA+APAC;<${tail}>`,
  `#1 ${tail}`,
  `مبيعات، الشرق ${tail}`,
  `Ünïts 🔑 ${tail}`,
];

/** Where people are. */
export function unitContract(world: () => DirectoryWorld): void {
  const tail = (): string => crypto.randomUUID().slice(0, 8);
  const unitOf = async (id: string): Promise<string | undefined> => (await world().directory.read(id))?.state.unit;

  describe('the unit of an account', () => {
    test('is a path, however deep', async () => {
      const outer = await world().addUnit(`Outer ${tail()}`);
      const inner = await world().addUnit('Inner', outer);
      const people = [await world().addPerson(), await world().addPerson({ unit: inner })] as const;
      expect(await unitOf(people[0].id)).toBe(world().peopleUnit);
      expect(await unitOf(people[1].id)).toBe(`${outer.path}/Inner`);
      expect(isWithin(inner.path, outer.path)).toBe(true);
    });

    test('follows an account that moves', async () => {
      const person = await world().addPerson();
      const unit = await world().addUnit(`New ${tail()}`);
      await world().moveTo(person, unit);
      expect(await unitOf(person.id)).toBe(unit.path);
    });

    test('5.18: keeps names that look like more than one', async () => {
      const parent = await world().addUnit(`Odd ${tail()}`);
      for (const name of oddNames(tail())) {
        const unit = await world().addUnit(name, parent);
        const person = await world().addPerson({ unit, commonName: `Berg, OU=x/y\\ "${tail()}"` });
        expect(await unitOf(person.id), name).toBe(unit.path);
        expect(await world().directory.findUnit(unit.path), name).toEqual({ path: unit.path });
      }
    });
  });

  describe('finding a unit', () => {
    test('takes its path in any case, and tells how it is spelled', async () => {
      const outer = await world().addUnit(`Outer ${tail()}`);
      const inner = await world().addUnit('Inner', outer);
      expect(await world().directory.findUnit(inner.path.toUpperCase())).toEqual({ path: inner.path });
      expect(await world().directory.findUnit(world().peopleUnit)).toEqual({ path: world().peopleUnit });
      expect(await world().directory.findUnit('users')).toEqual({ path: 'Users' });
    });

    test('5.18: finds none by half a path, a wildcard, an escape, or what is no unit', async () => {
      const outer = await world().addUnit(`Outer ${tail()}`);
      await world().addUnit('Inner', outer);
      const person = await world().addPerson({ unit: outer });
      const attempts = [
        `${outer.path}/`,
        `/${outer.path}`,
        `${world().peopleUnit}//${outer.name}`,
        `${world().peopleUnit}/*`,
        `${world().peopleUnit}\\/${outer.name}`,
        `${outer.path}/Inner/Deeper`,
        `${outer.path}\0`,
        `${outer.path}/${person.samName}`,
        outer.name,
        'Inner',
        `OU=${outer.name},OU=${world().peopleUnit}`,
        'a/'.repeat(2000),
      ];
      for (const path of attempts) expect(await world().directory.findUnit(path), path).toBeUndefined();
    });

    test('lists all below the people, sorted', async () => {
      const outer = await world().addUnit(`Outer ${tail()}`);
      const inner = await world().addUnit(`R/D, "odd" ${tail()}`, outer);
      const units = await world().directory.units();
      for (const path of [world().peopleUnit, outer.path, inner.path]) expect(units).toContain(path);
      expect(units.every((path) => isWithin(path, world().peopleUnit))).toBe(true);
      expect(units).toEqual(units.toSorted((one, other) => one.localeCompare(other)));
      expect(new Set(units).size).toBe(units.length);
    });
  });
}
