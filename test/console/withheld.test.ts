import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LimitedPhones } from '../limited-phones.ts';
import type { Visitor } from '../portals/visitor.ts';
import { type Person, threshold } from '../portals/world.ts';
import { ConsoleWorld, staffGroups } from './world.ts';

const hour = 3600;
const gates = { 'otp-sms': 'No text was sent', phone: 'No call was placed' } as const;
type GateId = keyof typeof gates;

let phones: LimitedPhones;
let world: ConsoleWorld;

beforeAll(async () => {
  phones = await LimitedPhones.open();
  world = await ConsoleWorld.open({ chain: ['otp-sms'], settings: phones.settings });
  phones.use(world);
});
afterAll(async () => {
  await world.close();
  await phones.close();
});

/** Somebody of the staff who has registered these, and for whom as much was sent by each as may be. */
async function usedUp(...registered: readonly GateId[]): Promise<Person> {
  const person = await world.portals.registered({}, registered);
  world.join(person, staffGroups.administrator);
  for (const gate of registered) await phones.useUp(world.portals, person, gate);
  return person;
}

/** The page as it is once the sending has been tried. */
async function settled(visitor: Visitor): Promise<Visitor> {
  await world.latchkey.challenges.idle();
  return visitor.open(visitor.path);
}

const state = async (visitor: Visitor): Promise<unknown> => {
  const answer = await visitor.ask({ method: 'get', path: `${visitor.path}/state` });
  return JSON.parse(answer.text).state;
};
const failures = (person: Person, gate: string) => world.latchkey.stores.failures.inARow(person.id, gate);
const buttons = (visitor: Visitor): readonly string[] =>
  visitor
    .page('main form.acts button, main .acts button')
    .toArray()
    .map((one) => `${visitor.page(one).attr('name')}=${visitor.page(one).attr('value')}`);

describe.each(Object.entries(gates))(
  'a sign-in to the console that waits for %s when a limit was reached',
  (id, says) => {
    const gate = id as GateId;

    test('says that nothing was sent, why, and when to try again; and it is in the audit', async () => {
      const person = await usedUp(gate);
      const visitor = await world.password(person);
      // With JavaScript the page asks, and goes on to say it by itself.
      await world.latchkey.challenges.idle();
      expect(await state(visitor)).toBe('changed');
      await settled(visitor);
      expect([visitor.path, visitor.heading]).toEqual([`/console/${gate}`, says]);
      expect(visitor.text).toContain('or for your account. Try again in an hour.');
      expect(visitor.text).toContain('ask an administrator of the console');
      expect(visitor.page('[data-watch]').length).toBe(0);
      expect(visitor.page('main input[name="code"]').length).toBe(0);
      const rows = await world.latchkey.stores.audit.about(person.id, 10);
      expect(rows.find(({ event }) => event === 'challenge.failed')?.detail).toMatchObject({ why: 'limit' });
    });

    test('counts nothing against the person, whatever they press, and lets them in an hour later', async () => {
      const person = await usedUp(gate);
      const visitor = await world.password(person);
      await world.latchkey.challenges.idle();
      const typed = gate === 'phone' ? {} : { code: '123456' };
      for (let tries = 0; tries <= threshold; tries += 1) await visitor.post(visitor.path, { act: 'next', ...typed });
      await settled(visitor);
      expect([visitor.path, visitor.heading, visitor.problems]).toEqual([`/console/${gate}`, says, '']);
      expect(await failures(person, gate)).toBe(0);
      // Asked for again it is tried again, and says nothing of another one that is on its way.
      world.clock.pass(30);
      await visitor.submit({}, 'act=again');
      await settled(visitor);
      expect([visitor.heading, visitor.page('.notice').length]).toEqual([says, 0]);
      world.clock.pass(hour);
      const later = await world.password(person);
      await settled(later);
      expect(later.heading).not.toBe(says);
      await phones.pass(world.portals, later);
      expect(later.path).toBe('/');
    });

    test('still says so when the code or the call would be too old', async () => {
      const person = await usedUp(gate);
      const visitor = await world.password(person);
      await world.latchkey.challenges.idle();
      world.clock.pass(6 * 60);
      await visitor.open(visitor.path);
      expect(visitor.heading).toBe(says);
    });
  },
);

describe('whoever has registered another second factor', () => {
  test('is pointed to it, and gets in by it', async () => {
    const person = await world.portals.registered({}, ['otp-sms', 'phone']);
    world.join(person, staffGroups.administrator);
    await phones.useUp(world.portals, person, 'otp-sms');
    const visitor = await settled(await world.password(person));
    expect(visitor.heading).toBe(gates['otp-sms']);
    expect(visitor.text).toContain('take the other way below');
    expect(buttons(visitor)).toContain('another=phone');
    await visitor.submit({}, 'another=phone');
    expect(visitor.path).toBe('/console/phone');
    await phones.pass(world.portals, visitor);
    expect(visitor.path).toBe('/');
  });

  test('is offered no gate that they have not registered, nor one that the console does not take', async () => {
    const person = await world.portals.registered({}, ['otp-sms', 'questions']);
    world.join(person, staffGroups.administrator);
    const visitor = await world.password(person);
    expect(buttons(visitor).filter((one) => one.startsWith('another='))).toEqual([]);
    for (const another of ['phone', 'questions', 'helpdesk-code', '__proto__']) {
      expect((await visitor.post(visitor.path, { another })).status).toBe(400);
    }
    expect((await visitor.open('/')).path).toBe('/console');
  });

  test('does not get in by it once the telephone that was left has said that it was not them', async () => {
    const person = await world.portals.registered({}, ['phone', 'otp-sms']);
    world.join(person, staffGroups.administrator);
    const visitor = await world.password(person);
    await visitor.submit({}, 'another=phone');
    await world.latchkey.challenges.idle();
    await visitor.submit({}, 'another=otp-sms');
    await phones.peer.end({ kind: 'refused' });
    await phones.pass(world.portals, visitor);
    expect([visitor.path, visitor.heading]).toEqual(['/console/refused', 'Somebody said that it was not you']);
    expect((await visitor.open('/')).path).toBe('/console');
  });

  test('does not come to one that was removed meanwhile', async () => {
    const person = await world.portals.registered({}, ['otp-sms', 'phone']);
    world.join(person, staffGroups.administrator);
    const visitor = await world.password(person);
    await world.latchkey.stores.enrolments.remove(person.id, 'phone');
    expect((await visitor.post(visitor.path, { another: 'phone' })).status).toBe(400);
    await phones.pass(world.portals, visitor);
    expect(visitor.path).toBe('/');
  });
});
