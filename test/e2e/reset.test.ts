import { expect, test } from 'vitest';
import type { Directory } from '../../src/core/directory.ts';
import { newPassword } from '../services/samba-administrator.ts';
import { sharedSamba } from '../services/shared-samba.ts';
import { eventually } from './eventually.ts';
import { journeys } from './journeys.ts';
import { choose, passAllGates, typePassword } from './steps.ts';
import { ThinkingDirectory } from './thinking-directory.ts';

const samba = await sharedSamba();

journeys('getting back in', samba, (stage) => {
  test('unlocks: lockoutTime is 0 afterwards, and the old password binds', async () => {
    const { world, visitor, administrator } = stage;
    const person = await stage.addRegistered();
    await stage.lockOut(person);
    expect(await administrator.bind(person, person.password)).toBe('775');

    await passAllGates(visitor, world, person);
    expect(visitor.path).toBe('/reset/choose');
    expect(await visitor.text()).toContain(`CORP\\${person.samName} is locked since`);
    await choose(visitor, 'unlock');

    expect(visitor.path).toBe('/reset/done');
    expect(await visitor.heading()).toBe('Your account is unlocked');
    expect(await administrator.look(person)).toMatchObject({ lockoutTime: '0', locked: false });
    expect(await administrator.bind(person, person.password)).toBe('bound');
  });

  test('resets: the new password binds and the old one does not, and the account is unlocked as well', async () => {
    const { world, visitor, administrator } = stage;
    const person = await stage.addRegistered();
    await stage.lockOut(person);
    const password = newPassword();

    await passAllGates(visitor, world, person);
    await choose(visitor, 'reset');
    expect(visitor.path).toBe('/reset/password');
    await typePassword(visitor, password);

    expect(visitor.path).toBe('/reset/done');
    expect(await visitor.heading()).toBe('Your password has been changed');
    expect(await administrator.bind(person, password)).toBe('bound');
    expect(await administrator.bind(person, person.password)).toBe('52e');
    expect(await administrator.look(person)).toMatchObject({ lockoutTime: '0', locked: false });
    expect(world.log).not.toContain(password);
  });

  test('shows the policy first, explains each refusal, and the gates stay passed', async () => {
    const { world, visitor, administrator } = stage;
    const person = await stage.addRegistered();
    await passAllGates(visitor, world, person);
    await choose(visitor, 'reset');
    const sent = world.sent;
    expect(await visitor.text()).toContain('At least 8 characters');
    expect(await visitor.text()).toContain('Three of these: small letters, capitals, digits, symbols');

    const refusals: readonly (readonly [string, string, string])[] = [
      ['', '', 'Enter a new password'],
      ['Aa1-x', 'Aa1-x', 'no more than 256'],
      ['all small letters', 'all small letters', 'too simple'],
      [`Aa1-${person.samName}`, `Aa1-${person.samName}`, 'holds your name or user name'],
      [newPassword(), newPassword(), 'not the same'],
    ];
    for (const [password, repeat, explanation] of refusals) {
      await typePassword(visitor, password, repeat);
      expect(visitor.path).toBe('/reset/password');
      expect(await visitor.problems()).toContain(explanation);
      expect(await visitor.page.inputValue('[name="password"]')).toBe('');
    }
    expect(await administrator.bind(person, person.password)).toBe('bound');

    const password = newPassword();
    await typePassword(visitor, password);
    expect(visitor.path).toBe('/reset/done');
    expect(await administrator.bind(person, password)).toBe('bound');
    expect(world.sent).toBe(sent);
  });

  test('tells when the directory itself refuses, in plain words, and takes a better one', async () => {
    const { world, visitor, administrator } = stage;
    const person = await stage.addRegistered();
    await passAllGates(visitor, world, person);
    await choose(visitor, 'reset');
    // The policy changes after Latchkey has judged by the one before: only the directory can refuse now.
    await rememberPolicyOnce(world.latchkey.directory, person.id);
    await administrator.applyFineGrainedPolicy(person, longerPolicy);
    await typePassword(visitor, newPassword().slice(0, 20));

    expect(visitor.path).toBe('/reset/password');
    expect(await visitor.problems()).toMatch(/too short for the directory|did not accept that password/);
    expect(await visitor.text()).toContain('At least 24 characters');
    const password = newPassword();
    await typePassword(visitor, password);
    expect(visitor.path).toBe('/reset/done');
    expect(await administrator.bind(person, password)).toBe('bound');
  });

  test('holds a person to their history exactly where the page says that it does', async () => {
    const { world, visitor, administrator } = stage;
    const person = await stage.addRegistered();
    await passAllGates(visitor, world, person);
    await choose(visitor, 'reset');
    const promised = (await visitor.text()).includes('Not one of your last');
    await typePassword(visitor, person.password);
    expect(visitor.path).toBe(promised ? '/reset/password' : '/reset/done');
    if (promised) expect(await visitor.problems()).not.toBe('');
    else expect(await administrator.bind(person, person.password)).toBe('bound');
  });

  test('6.2.8/6.2.9: takes 127 characters with spaces and emoji, to the octet', async () => {
    const { world, visitor, administrator } = stage;
    const person = await stage.addRegistered();
    const password = ` ${newPassword()} Ünï 🦊 ${'quiet lamp moss 12 '.repeat(9)}`.slice(0, 126).concat(' ');
    expect(password).toHaveLength(127);
    await passAllGates(visitor, world, person);
    await choose(visitor, 'reset');
    await typePassword(visitor, password);
    expect(visitor.path).toBe('/reset/done');
    expect(await administrator.bind(person, password)).toBe('bound');
    expect(await administrator.bind(person, password.trim())).toBe('52e');
  });

  test('goes back from the new password to the choice, and unlocks after all', async () => {
    const { world, visitor, administrator } = stage;
    const person = await stage.addRegistered();
    await stage.lockOut(person);
    await passAllGates(visitor, world, person);
    await choose(visitor, 'reset');
    await visitor.press('main [name="back"]');
    expect(visitor.path).toBe('/reset/choose');
    await choose(visitor, 'unlock');
    expect(await visitor.heading()).toBe('Your account is unlocked');
    expect(await administrator.bind(person, person.password)).toBe('bound');
  });

  test('finds its end again for somebody who left the page while the directory was thinking', async () => {
    const { world, visitor, administrator } = stage;
    const person = await stage.addRegistered();
    await passAllGates(visitor, world, person);
    await choose(visitor, 'reset');
    const password = newPassword();
    const thinking = new ThinkingDirectory(world.latchkey.directory);
    await visitor.type('password', password);
    await visitor.type('repeat', password);
    await visitor.page.locator('main .acts button').click({ noWaitAfter: true });
    await thinking.asked;
    await visitor.goTo('/reset/password');
    expect(visitor.path).toBe('/reset/working');
    thinking.answer();
    await eventually('the end', async () => {
      await visitor.goTo('/reset/working');
      return visitor.path === '/reset/working' ? undefined : true;
    });
    expect(visitor.path).toBe('/reset/done');
    expect(await visitor.heading()).toBe('Your password has been changed');
    expect(await administrator.bind(person, password)).toBe('bound');
  });

  test('ends must-change: the person has just chosen this password', async () => {
    const { world, visitor, administrator } = stage;
    const person = await stage.addRegistered();
    await administrator.set(person.id, { pwdLastSet: '0' });
    const password = newPassword();
    await passAllGates(visitor, world, person);
    await choose(visitor, 'reset');
    await typePassword(visitor, password);
    expect(visitor.path).toBe('/reset/done');
    expect(await administrator.bind(person, password)).toBe('bound');
  });
});

const longerPolicy = {
  minLength: 24,
  complexity: true,
  historyLength: 0,
  minAgeSeconds: 0,
  lockoutThreshold: 5,
  lockoutSeconds: 1800,
  lockoutWindowSeconds: 1800,
};

/** The directory answers the next question about the policy with what holds now, and truthfully from then on. */
async function rememberPolicyOnce(directory: Directory, accountId: string): Promise<void> {
  const account = await directory.read(accountId);
  if (account === undefined) throw new Error('nobody there');
  const policy = await directory.passwordPolicy(account);
  Object.assign(directory, {
    passwordPolicy: async () => {
      Reflect.deleteProperty(directory, 'passwordPolicy');
      return policy;
    },
  });
}
