import { describe, expect, test } from 'vitest';
import type { DirectoryWorld } from '../directory-world.ts';

/** Which account a login names. */
export function findContract(world: () => DirectoryWorld): void {
  const { directory } = lazily(world);

  describe('finding an account', () => {
    test('takes a bare name in any case', async () => {
      const person = await world().addPerson();
      const account = await directory().find({ kind: 'bare', name: person.samName.toUpperCase() });
      expect(account?.id).toBe(person.id);
    });

    test('takes DOMAIN\\user in any case', async () => {
      const person = await world().addPerson();
      const domain = directory().domain.toLowerCase();
      const account = await directory().find({ kind: 'down-level', domain, name: person.samName.toUpperCase() });
      expect(account?.id).toBe(person.id);
      expect(account?.name).toBe(`${directory().domain}\\${person.samName}`);
    });

    test('knows nobody of another domain', async () => {
      const person = await world().addPerson();
      const login = { kind: 'down-level', domain: 'ELSEWHERE', name: person.samName } as const;
      expect(await directory().find(login)).toBeUndefined();
    });

    test('takes a principal name in any case', async () => {
      const principalName = `anna.${crypto.randomUUID()}@mail.example.test`;
      const person = await world().addPerson({ principalName });
      const account = await directory().find({ kind: 'principal', name: principalName.toUpperCase() });
      expect(account?.id).toBe(person.id);
      expect(account?.principalName).toBe(principalName);
    });

    test('takes the name at the domain for an account without a principal name', async () => {
      const person = await world().addPerson({ principalName: null });
      const name = `${person.samName}@${world().dnsDomain.toUpperCase()}`;
      const account = await directory().find({ kind: 'principal', name });
      expect(account?.id).toBe(person.id);
      expect(account?.principalName).toBeUndefined();
    });

    test('does not take the name at another domain', async () => {
      const person = await world().addPerson({ principalName: null });
      const name = `${person.samName}@elsewhere.example.test`;
      expect(await directory().find({ kind: 'principal', name })).toBeUndefined();
    });

    test('5.18: finds nobody by a wildcard, a piece of a filter or an escape', async () => {
      const { samName } = await world().addPerson();
      const attempts = [
        '*',
        `${samName.slice(0, -1)}*`,
        `${samName})(objectClass=*`,
        `*)(sAMAccountName=${samName}`,
        `${samName}\\2a`,
        '\\2a',
        `${samName}\0`,
        `${samName.slice(0, -1)}\\${samName.slice(-1).charCodeAt(0).toString(16)}`,
      ];
      for (const name of attempts) {
        expect(await directory().find({ kind: 'bare', name }), name).toBeUndefined();
        expect(
          await directory().find({ kind: 'principal', name: `${name}@${world().dnsDomain}` }),
          name,
        ).toBeUndefined();
      }
    });

    test('reads names and contacts as the directory has them', async () => {
      const wish = {
        displayName: 'Zoë “Zed” Ångström 🔑',
        givenName: 'Zoë',
        surname: 'Ångström',
        mail: 'zoe@mail.example.test',
        mobile: '+44 7700 900123',
        telephone: '020 7946 0123;ext=4',
        language: 'sv-SE',
      };
      const person = await world().addPerson(wish);
      expect(await directory().read(person.id)).toMatchObject({ id: person.id, samName: person.samName, ...wish });
    });

    test('leaves out what an account does not have', async () => {
      const person = await world().addPerson({ principalName: null });
      const account = await directory().read(person.id);
      const absent = ['principalName', 'givenName', 'surname', 'mail', 'mobile', 'telephone', 'language'];
      for (const name of absent) expect(account).not.toHaveProperty(name);
    });

    test('5.32: finds a computer and says that it is no person', async () => {
      const computer = await world().addComputer();
      const account = await directory().find({ kind: 'bare', name: computer.samName });
      expect(account?.id).toBe(computer.id);
      expect(account?.state.person).toBe(false);
    });
  });

  describe('reading an account by its id', () => {
    test('F13: follows it when it moves', async () => {
      const person = await world().addPerson();
      await world().move(person);
      expect((await directory().read(person.id))?.samName).toBe(person.samName);
    });

    test('F13: knows none that was deleted', async () => {
      const person = await world().addPerson();
      await world().remove(person);
      expect(await directory().read(person.id)).toBeUndefined();
      expect(await directory().find({ kind: 'bare', name: person.samName })).toBeUndefined();
    });

    test('knows none by an id that never was, or is no id', async () => {
      for (const id of [crypto.randomUUID(), '', 'x', '<SID=S-1-5-21>', '*']) {
        expect(await directory().read(id), id).toBeUndefined();
      }
    });
  });
}

function lazily(world: () => DirectoryWorld) {
  return { directory: () => world().directory };
}
