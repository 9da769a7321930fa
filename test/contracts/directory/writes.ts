import { describe, expect, test } from 'vitest';
import type { PreparedWrite, WriteResult } from '../../../src/core/directory.ts';
import { Unavailable } from '../../../src/core/errors.ts';
import type { DirectoryWorld, WorldPerson } from '../directory-world.ts';
import { accountOf, strangePasswords, strangePerson } from './people.ts';

const anotherPassword = () => `New-1-${crypto.randomUUID()}`;

/** Unlock and reset, proved from outside. */
export function writeContract(world: () => DirectoryWorld): void {
  async function prepare(person: WorldPerson): Promise<PreparedWrite> {
    return world().directory.prepareWrite(await accountOf(world(), person));
  }

  async function reset(person: WorldPerson, password: string): Promise<WriteResult> {
    return world().directory.resetPassword(await prepare(person), password);
  }

  describe('unlocking', () => {
    test('clears the lock and leaves the password as it is', async () => {
      const person = await world().addPerson();
      await world().lock(person);
      expect(await world().bind(person, person.password)).toBe('775');

      expect(await world().directory.unlock(await prepare(person))).toEqual({ kind: 'done' });

      expect(await world().look(person)).toMatchObject({ lockoutTime: '0', locked: false, badPasswordCount: 0 });
      expect(await world().bind(person, person.password)).toBe('bound');
    });

    test('of an account that is not locked changes nothing', async () => {
      const person = await world().addPerson();
      const before = await world().look(person);
      expect(await world().directory.unlock(await prepare(person))).toEqual({ kind: 'done' });
      expect(await world().look(person)).toEqual(before);
    });

    test('works for a person with a strange name, after a move too', async () => {
      const person = await world().addPerson(strangePerson());
      await world().lock(person);
      const write = await prepare(person);
      await world().move(person);
      expect(await world().directory.unlock(write)).toEqual({ kind: 'done' });
      expect((await world().look(person)).locked).toBe(false);
    });
  });

  describe('resetting a password', () => {
    test('makes the new one bind and the old one not', async () => {
      const person = await world().addPerson();
      const password = anotherPassword();
      expect(await reset(person, password)).toEqual({ kind: 'done' });
      expect(await world().bind(person, password)).toBe('bound');
      expect(await world().bind(person, person.password)).toBe('52e');
    });

    test('unlocks as well', async () => {
      const person = await world().addPerson();
      await world().lock(person);
      const password = anotherPassword();
      expect(await reset(person, password)).toEqual({ kind: 'done' });
      expect(await world().look(person)).toMatchObject({ lockoutTime: '0', locked: false });
      expect(await world().bind(person, password)).toBe('bound');
    });

    test('ends must-change and expiry: the person has just chosen this password', async () => {
      const changes = ['requireChange', 'expirePassword'] as const;
      for (const change of changes) {
        const person = await world().addPerson();
        await world()[change](person);
        const password = anotherPassword();
        expect(await reset(person, password)).toEqual({ kind: 'done' });
        expect(await world().bind(person, password), change).toBe('bound');
      }
    });

    test('leaves a disabled account disabled', async () => {
      const person = await world().addPerson();
      await world().disable(person);
      const password = anotherPassword();
      expect(await reset(person, password)).toEqual({ kind: 'done' });
      expect(await world().bind(person, password)).toBe('533');
    });

    test.each(strangePasswords)('takes %j octet for octet', async (password) => {
      const person = await world().addPerson(strangePerson());
      expect(await reset(person, password)).toEqual({ kind: 'done' });
      expect(await world().bind(person, password)).toBe('bound');
      expect(await world().bind(person, password.normalize('NFD').trim())).toBe(
        password.normalize('NFD').trim() === password ? 'bound' : '52e',
      );
    });

    test('takes a password of 100 characters', async () => {
      const person = await world().addPerson();
      const password = `Aa1-${'x'.repeat(96)}`;
      expect(await reset(person, password)).toEqual({ kind: 'done' });
      expect(await world().bind(person, password)).toBe('bound');
    });

    test.each([
      ['is too short', 'Aa1-x', ['too-short', 'policy']],
      ['is empty', '', ['too-short', 'policy']],
      ['is too simple', 'aaaaaaaaaaaaaaaa', ['too-simple', 'policy']],
    ])('is refused with a reason when the password %s, and changes nothing', async (_what, password, reasons) => {
      const person = await world().addPerson();
      await world().lock(person);
      const before = await world().look(person);
      const result = await reset(person, password);
      expect(result.kind).toBe('refused');
      expect(reasons).toContain(result.kind === 'refused' && result.reason);
      expect(await world().look(person)).toEqual(before);
    });

    test('holds a person to their fine-grained policy', async () => {
      const person = await world().addPerson();
      await world().applyFineGrainedPolicy(person, { ...world().domainPolicy, minLength: 20 });
      expect((await reset(person, 'Good-for-12345')).kind).toBe('refused');
      expect((await reset(person, 'Good-for-everybody-12345')).kind).toBe('done');
    });

    test('holds a person to the history, and says so, where the policy says that it is enforced', async () => {
      const person = await world().addPerson();
      const account = await accountOf(world(), person);
      const { hintsEnforced } = await world().directory.passwordPolicy(account);
      const result = await reset(person, person.password);
      if (hintsEnforced) expect(result.kind).toBe('refused');
      else expect(result.kind).toBe('done');
    });
  });

  describe('a prepared write', () => {
    test('is plain JSON that survives the journal and holds no secret', async () => {
      const person = await world().addPerson();
      const write = await prepare(person);
      const text = JSON.stringify(write);
      expect(text).not.toContain(person.password);
      const password = anotherPassword();
      expect(await world().directory.resetPassword(JSON.parse(text), password)).toEqual({ kind: 'done' });
      expect(await world().bind(person, password)).toBe('bound');
    });

    test('says what the server held before, and observing says what it holds now', async () => {
      const person = await world().addPerson();
      await world().lock(person);
      const before = await world().look(person);
      const write = await prepare(person);
      expect(write).toMatchObject({
        accountId: person.id,
        passwordLastSet: before.passwordLastSet,
        lockoutTime: before.lockoutTime,
      });
      expect(before.lockoutTime).not.toBe('0');

      await world().directory.resetPassword(write, anotherPassword());

      const after = await world().directory.observe(write);
      expect(after.lockoutTime).toBe('0');
      expect(BigInt(after.passwordLastSet)).toBeGreaterThan(BigInt(write.passwordLastSet));
      expect(after.passwordLastSet).toBe((await world().look(person)).passwordLastSet);
    });

    test('of an account that must change its password begins at 0', async () => {
      const person = await world().addPerson();
      await world().requireChange(person);
      expect((await prepare(person)).passwordLastSet).toBe('0');
    });

    test('of an account that was deleted meanwhile is a fault, not a result', async () => {
      const person = await world().addPerson();
      const write = await prepare(person);
      await world().remove(person);
      await expect(world().directory.unlock(write)).rejects.toBeInstanceOf(Unavailable);
      await expect(world().directory.resetPassword(write, anotherPassword())).rejects.toBeInstanceOf(Unavailable);
      await expect(world().directory.observe(write)).rejects.toBeInstanceOf(Unavailable);
    });
  });
}
