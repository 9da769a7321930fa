import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld, threshold } from './world.ts';

const newPassword = 'A-quite-new-Passphrase-9';
let world: PortalWorld;

beforeAll(async () => {
  world = await PortalWorld.open({ policy: { 'unlock-after': 1 } });
});
afterAll(() => world.close());

/** Somebody locked, at the choice after the first gate. */
async function atChoice(): Promise<{ person: Person; visitor: Visitor }> {
  const person = await world.registered();
  world.lock(person);
  const visitor = await world.start(person.samName);
  await world.passGate(visitor, person);
  expect(visitor.path).toBe('/reset/choose');
  return { person, visitor };
}

describe('a shorter way to the unlock', () => {
  test('is offered first to somebody who is locked out, and takes no more gates', async () => {
    const { person, visitor } = await atChoice();
    const first = visitor.page('main input[name="action"]').first();
    expect([first.attr('value'), first.attr('checked')]).toEqual(['unlock', 'checked']);
    expect(visitor.text).toContain('You have passed everything that this needs.');
    expect(visitor.text).toContain('First, 2 more steps: Code by text message, Questions and answers.');
    expect(visitor.text).toContain('Step 2 of 5');
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toBe('/reset/done');
    expect(world.standing(person).locked).toBe(false);
    expect(await world.bind(person, person.password)).toBe('bound');
    expect(await world.reached(person)).toBe(1);
  });

  test('offers somebody who is not locked the new password first', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    await world.passGate(visitor, person);
    const first = visitor.page('main input[name="action"]').first();
    expect([first.attr('value'), first.attr('checked')]).toEqual(['reset', 'checked']);
  });

  test('leads on to the other gates and the new password, and asks nothing twice', async () => {
    const { person, visitor } = await atChoice();
    await visitor.submit({ action: 'reset' });
    expect(visitor.path).toBe('/reset/otp-sms');
    expect(visitor.text).toContain('Step 3 of 5');
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/questions');
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/password');
    // Both are still offered to somebody who goes back from there.
    await visitor.submit({}, 'back=yes');
    expect(visitor.path).toBe('/reset/choose');
    expect(visitor.text).not.toContain('more step');
    await visitor.submit({ action: 'reset' });
    await visitor.submit({ password: newPassword, repeat: newPassword });
    expect(visitor.path).toBe('/reset/done');
    expect(await world.bind(person, newPassword)).toBe('bound');
  });

  test('may be gone back to from any gate behind it, and on again to where one was: nothing is sent anew', async () => {
    const { person, visitor } = await atChoice();
    for (let n = 0; n < 5; n += 1) {
      await visitor.submit({ action: 'reset' });
      expect(visitor.path).toBe('/reset/otp-sms');
      await visitor.submit({}, 'back=yes');
      expect(visitor.path).toBe('/reset/choose');
    }
    expect(await world.reached(person)).toBe(2);
    await visitor.submit({ action: 'reset' });
    await world.passGate(visitor, person);
    await visitor.submit({}, 'back=yes');
    expect(visitor.text).toContain('First, one more step: Questions and answers.');
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toBe('/reset/done');
    expect(world.standing(person).locked).toBe(false);
  });

  test('leads on to no gate where a bar fell since, and sends nothing', async () => {
    const { person, visitor } = await atChoice();
    const rules = { threshold, minutes: 15, barsUntilPermanent: 3 };
    await world.latchkey.stores.failures.bar(person.id, rules, world.clock.now());
    await visitor.submit({ action: 'reset' });
    expect(visitor.path).toBe('/reset/refused');
    expect(await world.reached(person)).toBe(1);
  });

  test('opens no way to a new password, whatever is posted', async () => {
    const { person, visitor } = await atChoice();
    for (const path of ['/reset/password', '/reset/choose', '/reset/otp-sms', '/reset/questions', '/reset/done']) {
      for (const fields of [{ password: newPassword, repeat: newPassword }, { back: 'yes' }, { another: 'otp-sms' }]) {
        expect([303, 400]).toContain((await visitor.post(path, fields)).status);
      }
    }
    await visitor.open('/reset/password');
    expect(visitor.path).toBe('/reset/choose');
    // At a gate that is asked for the new password, nothing can be skipped either.
    await visitor.submit({ action: 'reset' });
    for (const fields of [{ action: 'unlock' }, { action: 'reset' }, { password: newPassword, repeat: newPassword }]) {
      expect((await visitor.post('/reset/otp-sms', fields)).status).toBe(400);
    }
    expect(await world.bind(person, newPassword)).not.toBe('bound');
    expect((await world.audited(person)).filter((event) => event.startsWith('write.'))).toEqual([]);
  });

  test('5.2: forgives nothing: whoever holds one gate cannot guess at the others for ever', async () => {
    const person = await world.registered();
    const wrong = { code: '' };
    const paths: string[] = [];
    for (let round = 0; round < threshold; round += 1) {
      world.lock(person);
      const visitor = await world.start(person.samName);
      await world.passGate(visitor, person);
      await visitor.submit({ action: 'reset' });
      wrong.code = await world.wrongCode(person.mobile);
      await visitor.submit(wrong, 'act=next');
      paths.push(visitor.path);
      if (visitor.path !== '/reset/otp-sms') break;
      await visitor.submit({}, 'back=yes');
      await visitor.submit({ action: 'unlock' });
      expect(visitor.path).toBe('/reset/done');
    }
    expect(paths).toEqual(['/reset/otp-sms', '/reset/otp-sms', '/reset/refused']);
  });

  test('forgives no bar that stood before, either', async () => {
    const person = await world.registered();
    const { failures } = world.latchkey.stores;
    const rules = { threshold, minutes: 15, barsUntilPermanent: 2 };
    await failures.bar(person.id, rules, world.clock.now());
    world.clock.pass(16 * 60);
    world.lock(person);
    const visitor = await world.start(person.samName);
    await world.passGate(visitor, person);
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toBe('/reset/done');
    expect((await failures.bar(person.id, rules, world.clock.now())).until).toBeUndefined();
  });

  test('tells of it where nobody stood: the number that was not used gets a text', async () => {
    const telling = await PortalWorld.open({
      policy: { 'unlock-after': 1 },
      settings: { notices: { 'by-text': true } },
    });
    try {
      const person = await telling.registered();
      telling.lock(person);
      const visitor = await telling.start(person.samName);
      await telling.passGate(visitor, person);
      await visitor.submit({ action: 'unlock' });
      expect(visitor.path).toBe('/reset/done');
      await telling.latchkey.outbox.idle();
      expect(telling.phones.phone(person.mobile).texts).toHaveLength(1);
    } finally {
      await telling.close();
    }
  });

  test('stands again after an unlock that did not happen, with no more passed than before', async () => {
    const { person, visitor } = await atChoice();
    const { directory } = world.latchkey;
    Object.assign(directory, { unlock: async () => ({ kind: 'refused', reason: 'policy' }) });
    try {
      await visitor.submit({ action: 'unlock' });
    } finally {
      Reflect.deleteProperty(directory, 'unlock');
    }
    expect(visitor.path).toBe('/reset/choose');
    await visitor.submit({ action: 'reset' });
    expect(visitor.path).toBe('/reset/otp-sms');
    expect(world.standing(person).locked).toBe(true);
  });

  test('5.35: is held by a policy that asks for more meanwhile', async () => {
    const own = await PortalWorld.open({ policy: { 'unlock-after': 1 } });
    try {
      const person = await own.registered();
      own.lock(person);
      const visitor = await own.start(person.samName);
      await own.passGate(visitor, person);
      await own.restart({ policy: { 'unlock-after': 2 } });
      await visitor.submit({ action: 'unlock' });
      expect(visitor.path).toBe('/reset/expired');
      expect(own.standing(person).locked).toBe(true);
    } finally {
      await own.close();
    }
  });
});
