import { describe, expect, test } from 'vitest';
import type { SignIn } from '../../../src/core/directory.ts';
import type { DirectoryWorld, WorldPerson } from '../directory-world.ts';
import { accountOf, strangePasswords } from './people.ts';

/** What a bind proves, and how every refusal is told apart. */
export function signInContract(world: () => DirectoryWorld): void {
  async function signIn(person: WorldPerson, password = person.password): Promise<SignIn['kind']> {
    return (await world().directory.authenticate(await accountOf(world(), person), password)).kind;
  }

  async function signInAfter(change: (person: WorldPerson) => Promise<void>): Promise<SignIn['kind']> {
    const person = await world().addPerson();
    await change(person);
    return signIn(person);
  }

  describe('signing in', () => {
    test('succeeds with the right password', async () => {
      expect(await signInAfter(async () => {})).toBe('signed-in');
    });

    test('tells a wrong password, which counts in the directory', async () => {
      const person = await world().addPerson();
      expect(await signIn(person, `${person.password}x`)).toBe('wrong');
      expect((await world().look(person)).badPasswordCount).toBe(1);
    });

    test('5.29: never binds with an empty password', async () => {
      const person = await world().addPerson();
      for (const password of ['', '\0', '\0\0\0']) expect(await signIn(person, password)).toBe('wrong');
      expect((await world().look(person)).badPasswordCount).toBe(0);
    });

    test('tells an account that is gone like a wrong password', async () => {
      const person = await world().addPerson();
      const account = await accountOf(world(), person);
      await world().remove(person);
      expect(await world().directory.authenticate(account, person.password)).toEqual({ kind: 'wrong' });
    });

    test('tells a locked account, whatever the password', async () => {
      const person = await world().addPerson();
      await world().lock(person);
      expect(await signIn(person)).toBe('locked');
      expect(await signIn(person, 'wrong')).toBe('locked');
    });

    test('tells a password that is too old', async () => {
      expect(await signInAfter((person) => world().expirePassword(person))).toBe('password-expired');
    });

    test('tells a password that must be changed', async () => {
      expect(await signInAfter((person) => world().requireChange(person))).toBe('must-change');
    });

    test('tells a disabled account', async () => {
      expect(await signInAfter((person) => world().disable(person))).toBe('disabled');
    });

    test('tells an expired account', async () => {
      expect(await signInAfter((person) => world().expireAccount(person))).toBe('account-expired');
    });

    test('tells a time that is not permitted', async () => {
      expect(await signInAfter((person) => world().denyAllHours(person))).toBe('outside-hours');
    });

    test('tells a workstation that is not permitted', async () => {
      expect(await signInAfter((person) => world().restrictWorkstations(person))).toBe('wrong-workstation');
    });

    test('says wrong, not more, when the password is wrong and the account is disabled or expired', async () => {
      const person = await world().addPerson();
      await world().expireAccount(person);
      expect(await signIn(person, 'wrong')).toBe('wrong');
    });

    test.each(strangePasswords)('takes the password %j octet for octet', async (password) => {
      const person = await world().addPerson({ password });
      expect(await signIn(person)).toBe('signed-in');
      expect(await signIn(person, `${password} `)).toBe('wrong');
    });

    test('does not take another spelling of the same letters', async () => {
      const person = await world().addPerson({ password: 'Caf\u00e9-12345' });
      expect(await signIn(person, 'Cafe\u0301-12345')).toBe('wrong');
      expect(await signIn(person, 'Caf\u00e9-12345')).toBe('signed-in');
    });

    test('proves several people at once without mixing them up', async () => {
      const people = await Promise.all(Array.from({ length: 4 }, () => world().addPerson()));
      const right = people.map((person) => signIn(person));
      const wrong = people.map((person, index) => signIn(person, people[(index + 1) % 4]?.password));
      expect(await Promise.all(right)).toEqual(Array(4).fill('signed-in'));
      expect(await Promise.all(wrong)).toEqual(Array(4).fill('wrong'));
    });
  });
}
