import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lockoutMinutes, type Person, PortalWorld, threshold } from './world.ts';

let world: PortalWorld;
beforeAll(async () => {
  world = await PortalWorld.open({ chain: ['otp-sms'] });
});
afterAll(() => world.close());

const set = (person: Person, values: Parameters<typeof world.demo.administration.set>[1]) =>
  world.demo.administration.set(person.entry, values);
const newPassword = 'A-quite-new-Passphrase-9';

/** What may happen to an account while somebody walks its flow. */
const changes: Readonly<Record<string, (person: Person) => unknown>> = {
  'it was barred': (person) =>
    world.latchkey.stores.failures.bar(
      person.id,
      { threshold, minutes: lockoutMinutes, barsUntilPermanent: 3 },
      world.clock.now(),
    ),
  'it was disabled': (person) => set(person, { userAccountControl: '514' }),
  'it became privileged': (person) => set(person, { adminCount: '1' }),
  'it expired': (person) => set(person, { accountExpires: '131000000000000000' }),
  'its enrolment was taken away': (person) => world.latchkey.stores.enrolments.remove(person.id, 'otp-sms'),
  'an administrator set its password': (person) => set(person, { pwdLastSet: '134000000000000000' }),
  'an administrator asked for a new password': (person) => set(person, { pwdLastSet: '0' }),
  'it was deleted': (person) => world.demo.administration.remove(person.entry),
};

describe.each(Object.entries(changes))('5.41, F13: an account of which %s', (_what, change) => {
  test('is not unlocked by a flow that had passed its gates', async () => {
    const person = await world.registered();
    world.lock(person);
    const visitor = await world.toChoice(person);
    await change(person);
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toBe('/reset/refused');
    expect(world.standing(person).locked).toBe(true);
  });

  test('gets no new password by a flow that stood at it', async () => {
    const person = await world.registered();
    const visitor = await world.toPassword(person);
    await change(person);
    const before = world.standing(person).passwordLastSet;
    await visitor.submit({ password: newPassword, repeat: newPassword });
    expect(world.standing(person).passwordLastSet).toBe(before);
    expect(visitor.path).toBe('/reset/refused');
  });
});

test('F13: an account that was moved to another unit is still itself', async () => {
  const person = await world.registered();
  world.lock(person);
  const visitor = await world.toChoice(person);
  world.demo.administration.move(person.entry, `OU=Elsewhere,OU=People,${world.demo.baseDn}`);
  await visitor.submit({ action: 'unlock' });
  expect(world.standing(person).locked).toBe(false);
});

test('5.41: a registration ends when the password moves by another hand', async () => {
  const person = world.person();
  const visitor = await world.signIn(person.samName, person.password);
  set(person, { pwdLastSet: '134000000000000000' });
  await visitor.submit({ number: person.mobile });
  expect(visitor.path).toBe('/registration/refused');
  expect(await world.latchkey.stores.enrolments.of(person.id)).toEqual([]);
});
