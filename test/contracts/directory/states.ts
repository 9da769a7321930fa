import { describe, expect, test } from 'vitest';
import type { AccountState } from '../../../src/core/account.ts';
import { untroubled as untroubledAnywhere } from '../../account-state.ts';
import type { DirectoryWorld, WorldPerson } from '../directory-world.ts';

/** Where a person is and in which groups differs from world to world. */
const { groups: _groups, unit: _unit, ...untroubled } = untroubledAnywhere;

/** What a directory says of an account, and the policy that it is held to. */
export function stateContract(world: () => DirectoryWorld): void {
  async function stateAfter(change: (person: WorldPerson) => Promise<void>): Promise<AccountState | undefined> {
    const person = await world().addPerson();
    await change(person);
    return (await world().directory.read(person.id))?.state;
  }

  describe('the state of an account', () => {
    test('of a plain person is untroubled', async () => {
      const state = await stateAfter(async () => {});
      expect(state).toMatchObject(untroubled);
      expect(state?.passwordLastSet).toBeInstanceOf(Date);
      expect(state).not.toHaveProperty('lockedSince');
    });

    test('tells that it is locked, and since when', async () => {
      const state = await stateAfter((person) => world().lock(person));
      expect(state).toMatchObject({ ...untroubled, locked: true, badPasswordCount: world().lockoutThreshold });
      expect(state?.lockedSince).toBeInstanceOf(Date);
    });

    test('counts wrong passwords', async () => {
      const state = await stateAfter(async (person) => {
        await world().bind(person, 'wrong 1');
        await world().bind(person, 'wrong 2');
      });
      expect(state).toMatchObject({ ...untroubled, badPasswordCount: 2 });
      expect(state?.lastBadPassword).toBeInstanceOf(Date);
    });

    test('forgets wrong passwords when the observation window of the policy in force is over', async () => {
      const state = await stateAfter(async (person) => {
        await world().applyFineGrainedPolicy(person, {
          ...world().domainPolicy,
          lockoutSeconds: 1,
          lockoutWindowSeconds: 1,
        });
        await world().bind(person, 'wrong');
        await new Promise((resolve) => setTimeout(resolve, 1100));
      });
      expect(state?.badPasswordCount).toBe(0);
    });

    test('tells that it is disabled', async () => {
      expect(await stateAfter((person) => world().disable(person))).toMatchObject({ ...untroubled, disabled: true });
    });

    test('tells that it has expired', async () => {
      expect(await stateAfter((person) => world().expireAccount(person))).toMatchObject({
        ...untroubled,
        expired: true,
      });
    });

    test('tells a password that is too old', async () => {
      const state = await stateAfter((person) => world().expirePassword(person));
      expect(state).toMatchObject({ ...untroubled, passwordExpired: true });
    });

    test('tells a password that must be changed', async () => {
      const state = await stateAfter((person) => world().requireChange(person));
      expect(state).toMatchObject({ ...untroubled, mustChangePassword: true });
      expect(state).not.toHaveProperty('passwordLastSet');
    });

    test('tells a password that never expires', async () => {
      const state = await stateAfter((person) => world().neverExpire(person));
      expect(state).toMatchObject({ ...untroubled, passwordNeverExpires: true });
      expect((await stateAfter(async () => {}))?.passwordNeverExpires).toBeUndefined();
    });

    test('tells that a smart card is required', async () => {
      const state = await stateAfter((person) => world().requireSmartcard(person));
      expect(state).toMatchObject({ person: true, smartcardRequired: true });
    });

    test('5.32: tells that a nested member of a protected group is privileged', async () => {
      const state = await stateAfter((person) => world().addToProtectedGroup(person));
      expect(state).toMatchObject({ ...untroubled, privileged: true });
    });

    test('5.32: tells that an account with adminCount is privileged', async () => {
      const state = await stateAfter((person) => world().setAdminCount(person));
      expect(state).toMatchObject({ ...untroubled, privileged: true });
    });
  });

  describe('the password policy', () => {
    test("is the domain's where no other applies", async () => {
      const account = await world().directory.read((await world().addPerson()).id);
      const policy = account && (await world().directory.passwordPolicy(account));
      expect(policy).toEqual({ source: 'domain', ...world().domainPolicy, hintsEnforced: expect.any(Boolean) });
    });

    test('is the fine-grained one that applies to the account', async () => {
      const fine = {
        minLength: 14,
        complexity: false,
        historyLength: 7,
        minAgeSeconds: 86_400,
        maxAgeSeconds: 864_000,
        lockoutThreshold: 9,
        lockoutSeconds: 1200,
        lockoutWindowSeconds: 900,
      };
      const person = await world().addPerson();
      await world().applyFineGrainedPolicy(person, fine);
      const account = await world().directory.read(person.id);
      const policy = account && (await world().directory.passwordPolicy(account));
      expect(policy).toEqual({
        source: 'fine-grained',
        name: expect.any(String),
        ...fine,
        hintsEnforced: expect.any(Boolean),
      });
    });

    test('has no lock time and no age where there is no limit', async () => {
      const person = await world().addPerson();
      const { maxAgeSeconds: _age, lockoutSeconds: _lock, ...endless } = world().domainPolicy;
      await world().applyFineGrainedPolicy(person, endless);
      const account = await world().directory.read(person.id);
      const policy = account && (await world().directory.passwordPolicy(account));
      expect(policy).not.toHaveProperty('maxAgeSeconds');
      expect(policy).not.toHaveProperty('lockoutSeconds');
    });
  });
}
