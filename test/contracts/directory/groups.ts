import { describe, expect, test } from 'vitest';
import type { AccountState } from '../../../src/core/account.ts';
import type { DirectoryWorld, WorldGroup, WorldPerson } from '../directory-world.ts';
import { groupOf } from './people.ts';

/** Groups by their names, and those that an account is in. */
export function groupContract(world: () => DirectoryWorld): void {
  const stateOf = async (person: WorldPerson): Promise<AccountState | undefined> =>
    (await world().directory.read(person.id))?.state;
  const idOf = async (group: WorldGroup): Promise<string> => (await groupOf(world(), group)).id;

  describe('the groups of an account', () => {
    test('are its own, and those that these lie in, three deep', async () => {
      const person = await world().addPerson();
      const chain = [await world().addGroup(), await world().addGroup(), await world().addGroup()] as const;
      const stranger = await world().addGroup();
      await world().addMember(chain[0], person);
      await world().addMember(chain[1], chain[0]);
      await world().addMember(chain[2], chain[1]);
      const groups = (await stateOf(person))?.groups;
      for (const group of chain) expect(groups).toContain(await idOf(group));
      expect(groups).not.toContain(await idOf(stranger));
    });

    test('end where a circle of groups began', async () => {
      const person = await world().addPerson();
      const [one, two, three] = [await world().addGroup(), await world().addGroup(), await world().addGroup()];
      await world().addMember(two, one);
      await world().addMember(three, two);
      await world().addMember(one, three);
      await world().addMember(one, person);
      const groups = (await stateOf(person))?.groups ?? [];
      const wanted = [await idOf(one), await idOf(two), await idOf(three)];
      expect(groups.filter((id) => wanted.includes(id)).toSorted()).toEqual(wanted.toSorted());
    });

    test('hold the primary group, and what that lies in', async () => {
      const person = await world().addPerson();
      const [primary, around] = [await world().addGroup(), await world().addGroup()];
      await world().addMember(around, primary);
      await world().setPrimaryGroup(person, primary);
      const groups = (await stateOf(person))?.groups;
      expect(groups).toContain(await idOf(primary));
      expect(groups).toContain(await idOf(around));
    });

    test('are without distribution lists, and without what is reached over one', async () => {
      const person = await world().addPerson();
      const list = await world().addGroup({ distribution: true });
      const behind = await world().addGroup();
      await world().addMember(list, person);
      await world().addMember(behind, list);
      expect((await stateOf(person))?.groups).not.toContain(await idOf(behind));
    });
  });

  describe('finding a group', () => {
    test('takes its name in any case, with the domain before it or without', async () => {
      const group = await world().addGroup();
      const found = await world().directory.findGroup(group.samName.toUpperCase());
      expect(found).toEqual({ id: expect.stringMatching(/^\S+$/), name: group.samName, cyclic: false });
      const domain = world().directory.domain.toLowerCase();
      expect(await world().directory.findGroup(`${domain}\\${group.samName}`)).toEqual(found);
    });

    test('takes names that break DNs and filters', async () => {
      const tail = crypto.randomUUID().slice(0, 8);
      for (const samName of [`O'Neill & Söhne (${tail})`, `مبيعات ${tail}`, `#1 - ${tail}`]) {
        const commonName = `Rights, "odd" / \\ + <${samName}>;=`;
        const group = await world().addGroup({ samName, commonName });
        const person = await world().addPerson();
        await world().addMember(group, person);
        const found = await groupOf(world(), group);
        expect(found.name).toBe(samName);
        expect((await stateOf(person))?.groups, samName).toContain(found.id);
      }
    });

    test('5.18: finds none by a wildcard, a piece of a filter, an escape or nothing', async () => {
      const { samName } = await world().addGroup();
      const attempts = ['', '*', `${samName.slice(0, -1)}*`, `${samName})(objectClass=*`, `${samName}\0`, '\\2a', '\\'];
      for (const name of attempts) expect(await world().directory.findGroup(name), name).toBeUndefined();
    });

    test('finds none of another domain, no person and no distribution list', async () => {
      const group = await world().addGroup();
      const list = await world().addGroup({ distribution: true });
      const person = await world().addPerson();
      for (const name of [`ELSEWHERE\\${group.samName}`, list.samName, person.samName, `no-${group.samName}`]) {
        expect(await world().directory.findGroup(name), name).toBeUndefined();
      }
    });

    test('says of each group of a circle that it is its own member, and of no other', async () => {
      const [one, two, inside, around] = [
        await world().addGroup(),
        await world().addGroup(),
        await world().addGroup(),
        await world().addGroup(),
      ];
      await world().addMember(two, one);
      await world().addMember(one, two);
      await world().addMember(one, inside);
      await world().addMember(around, two);
      const cyclic = async (group: WorldGroup): Promise<boolean> => (await groupOf(world(), group)).cyclic;
      expect([await cyclic(one), await cyclic(two), await cyclic(inside), await cyclic(around)]).toEqual([
        true,
        true,
        false,
        false,
      ]);
    });
  });

  describe('the manager of an account', () => {
    test('is the person whom it names', async () => {
      const [person, manager] = [await world().addPerson(), await world().addPerson({ commonName: oddName() })];
      const account = await world().directory.read(person.id);
      expect(account && (await world().directory.manager(account))).toBeUndefined();
      await world().setManager(person, manager);
      const found = account && (await world().directory.manager(account));
      expect(found).toMatchObject({ id: manager.id, state: { person: true, privileged: false } });
    });

    test('is nobody when that is a computer, or when the account is gone', async () => {
      const [person, other] = [await world().addPerson(), await world().addPerson()];
      await world().setManager(person, await world().addComputer());
      await world().setManager(other, person);
      const [account, gone] = [await world().directory.read(person.id), await world().directory.read(other.id)];
      await world().remove(other);
      expect(account && (await world().directory.manager(account))).toBeUndefined();
      expect(gone && (await world().directory.manager(gone))).toBeUndefined();
    });
  });
}

function oddName(): string {
  return `O'Neill, Jr. + "Sons" <Müller>; \\ = #1 ${crypto.randomUUID().slice(0, 8)}`;
}
