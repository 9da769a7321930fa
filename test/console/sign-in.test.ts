import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Visitor } from '../portals/visitor.ts';
import { type Person, threshold } from '../portals/world.ts';
import { ConsoleWorld, staffGroups } from './world.ts';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.open();
});
afterAll(() => world.close());

/** What nobody may be able to tell apart, with what differs each time taken out. */
const look = (visitor: Visitor) => ({
  status: visitor.status,
  path: visitor.path,
  headers: Object.keys(visitor.answer.headers).sort(),
  text: visitor.answer.text.replace(/(name="_csrf" value|id="login"[^>]* value)="[^"]*"/g, '$1'),
});

/** Signs in with another password than the right one. */
async function wrongly(login: string, password = 'Wrong-Horse-1'): Promise<Visitor> {
  const visitor = await world.visitor().open('/console');
  return visitor.submit({ login, password });
}

const isIn = async (visitor: Visitor): Promise<boolean> => (await visitor.tab().open('/')).path === '/';

describe('whoever signs in to the console', () => {
  test('passes a gate after the password, and stands at the start', async () => {
    const person = await world.staff('administrator');
    const visitor = await world.password(person);
    expect(visitor.path).toBe('/console/otp-sms');
    expect(await isIn(visitor)).toBe(false);
    await world.passFactor(person, visitor);
    expect([visitor.path, visitor.status]).toEqual(['/', 200]);
    expect(visitor.heading).toBe('What would you like to do?');
    expect(visitor.page('header .who').text()).toContain('Administrator');
  });

  test('leaves each step in the audit, with where it was', async () => {
    const { person } = await world.signedIn('helpdesk', 'auditor');
    const rows = await world.latchkey.stores.audit.about(person.id, 20);
    const told = rows.filter(({ portal }) => portal === 'console').map(({ event }) => event);
    const steps = ['sign-in.succeeded', 'flow.started', 'gate.opened', 'gate.passed', 'console.signed-in'];
    expect(told.reverse()).toEqual(steps);
    expect(rows.every(({ portal }) => portal === 'console' || portal === undefined)).toBe(true);
    expect(rows[0]?.detail).toEqual({ by: person.id, roles: 'helpdesk auditor', what: '/console' });
  });

  test('is asked for the first gate of the configured order that they have', async () => {
    const person = await world.staff('auditor');
    const { enrolments } = world.latchkey.stores;
    const phone = { accountId: person.id, gate: 'phone', data: { number: person.phone }, provedAt: world.clock.now() };
    await enrolments.keep(phone);
    expect((await world.password(person)).path).toBe('/console/otp-sms');
    await enrolments.remove(person.id, 'otp-sms');
    const visitor = await world.password(person);
    expect(visitor.path).toBe('/console/phone');
    await world.passFactor(person, visitor);
    expect(visitor.path).toBe('/');
  });

  test('goes on to the page that they wanted', async () => {
    const person = await world.staff('auditor');
    // Whoever has just signed in has nothing to confirm.
    for (const [wanted, got = wanted] of [['/policies'], ['/people?q=somebody'], ['/confirm', '/']]) {
      const visitor = await world.visitor().open(wanted ?? '');
      expect(visitor.path).toBe('/console');
      await visitor.submit({ login: person.samName, password: person.password });
      await world.passFactor(person, visitor);
      expect(visitor.path).toBe(got);
    }
  });
});

describe('without a second factor nobody gets in', () => {
  test('who has registered none is told how', async () => {
    const person = world.portals.person();
    world.join(person, staffGroups.administrator);
    const visitor = await world.password(person);
    expect([visitor.path, visitor.status]).toEqual(['/console', 403]);
    expect(visitor.heading).toBe('Register a second way to prove yourself');
    expect(visitor.page('main .acts a').first().attr('href')).toBe(`${world.portals.origin}/registration`);
    expect(await isIn(visitor)).toBe(false);
    expect(world.audited('console.refused').at(-1)?.detail).toMatchObject({ why: 'unregistered' });
  });

  test('what does not count yet, or counts no more, is none', async () => {
    const person = world.portals.person();
    world.join(person, staffGroups.administrator);
    const { enrolments } = world.latchkey.stores;
    const kept = {
      accountId: person.id,
      gate: 'otp-sms',
      data: { number: person.mobile },
      provedAt: world.clock.now(),
    };
    const tomorrow = new Date(world.clock.now().getTime() + 86_400_000);
    await enrolments.keep(kept, { hold: { id: 'held', countsFrom: tomorrow } });
    expect((await world.password(person)).heading).toBe('Register a second way to prove yourself');
  });

  test('a wrong code lets nobody in, and too many bar the account', async () => {
    const person = await world.staff('administrator');
    const visitor = await world.password(person);
    const code = await world.portals.wrongCode(person.mobile);
    for (let tries = 0; tries < threshold; tries += 1) {
      expect(await isIn(visitor)).toBe(false);
      await visitor.submit({ code }, 'act=next');
    }
    expect([visitor.path, visitor.heading]).toEqual(['/console/refused', 'Too many wrong answers']);
    expect(await isIn(visitor)).toBe(false);
    const again = await world.password(person);
    expect(again.heading).not.toBe('What would you like to do?');
    expect(await isIn(again)).toBe(false);
  });

  test('who refuses the call ends the sign-in', async () => {
    const person = await world.staff('administrator');
    const { enrolments } = world.latchkey.stores;
    await enrolments.remove(person.id, 'otp-sms');
    await enrolments.keep({
      accountId: person.id,
      gate: 'phone',
      data: { number: person.phone },
      provedAt: world.clock.now(),
    });
    const visitor = await world.password(person);
    await world.latchkey.challenges.idle();
    const { phones } = world.portals;
    const call = phones.phone(person.phone).calls.at(-1);
    phones.refuse(call?.id ?? '');
    await visitor.submit({}, 'act=next');
    expect([visitor.path, visitor.heading]).toEqual(['/console/refused', 'Somebody said that it was not you']);
    expect(await isIn(visitor)).toBe(false);
  });

  test('a cancelled sign-in and one that took too long let nobody in', async () => {
    const person = await world.staff('administrator');
    const cancelled = await world.password(person);
    await cancelled.submit({}, 'cancel=yes');
    expect([cancelled.path, cancelled.heading]).toEqual(['/console/ended', 'You stopped']);
    expect(await isIn(cancelled)).toBe(false);
    const late = await world.password(person);
    const code = await world.portals.code(person.mobile);
    // Two steps, so that the session itself lives on.
    for (let half = 0; half < 2; half += 1) {
      world.clock.pass(12 * 60);
      await late.tab().open('/help');
    }
    await late.submit({ code }, 'act=next');
    expect([late.path, late.heading]).toEqual(['/console/expired', 'That took too long']);
    expect(await isIn(late)).toBe(false);
  });

  test('nor does who has lost the role, the account or the password while the code was on its way', async () => {
    const ends: readonly ((person: Person) => void)[] = [
      (person) => world.leave(person, staffGroups.administrator),
      (person) => world.portals.demo.administration.set(person.entry, { userAccountControl: '514' }),
      (person) => world.portals.demo.administration.setPassword(person.entry, 'Another-Horse-2'),
    ];
    for (const end of ends) {
      const person = await world.staff('administrator');
      const visitor = await world.password(person);
      world.clock.pass(1);
      end(person);
      await world.passFactor(person, visitor);
      expect(visitor.path).toBe('/console');
      expect(await isIn(visitor)).toBe(false);
    }
  });
});

describe('nobody can tell', () => {
  test('a wrong password, an unknown login, somebody who is no staff, a disabled and a privileged account apart', async () => {
    const staff = await world.staff('administrator');
    const nobody = await world.portals.registered();
    const disabled = await world.staff('administrator');
    world.portals.demo.administration.set(disabled.entry, { userAccountControl: '514' });
    const privileged = await world.staff('administrator');
    world.portals.demo.administration.set(privileged.entry, { adminCount: '1' });
    const expected = look(await wrongly(staff.samName));
    expect(expected).toMatchObject({ status: 422, path: '/console' });
    expect(look(await wrongly('no.such.person'))).toEqual(expected);
    expect(look(await wrongly(nobody.samName, nobody.password))).toEqual(expected);
    expect(look(await wrongly(disabled.samName, disabled.password))).toEqual(expected);
    expect(look(await wrongly(privileged.samName, privileged.password))).toEqual(expected);
    expect(await world.portals.reached(nobody)).toBe(0);
    expect(await world.portals.reached(privileged)).toBe(0);
  });
});

describe('the console cannot be used to lock an account in the directory', () => {
  test('wrong passwords are kept from it in time, and count together with those of the registration', async () => {
    const person = await world.staff('administrator');
    await world.portals.signIn(person.samName, 'Wrong-Horse-1');
    for (let tries = 1; tries < threshold; tries += 1) await wrongly(person.samName);
    const { badPasswords } = world.portals.standing(person);
    expect(badPasswords).toBe(threshold);
    // The right one is not even forwarded now.
    const visitor = await world.password(person);
    expect(visitor.path).toBe('/console');
    expect(world.portals.standing(person)).toMatchObject({ locked: false, badPasswords });
    expect((await world.portals.signIn(person.samName, person.password)).path).toBe('/registration');
  });

  test('an empty password never reaches it', async () => {
    const person = await world.staff('administrator');
    expect((await wrongly(person.samName, '')).problems).toContain('password');
    expect((await wrongly(person.samName, '   ')).status).toBe(422);
    expect(world.portals.standing(person).badPasswords).toBe(0);
  });
});

test('many sign-ins are asked for a little work, by themselves and not by the visits of the portals', async () => {
  const quota = { 'ask-proof': 2, most: 4 };
  const wide = { 'ask-proof': 500, most: 1000 };
  const own = await ConsoleWorld.open({ settings: { limits: { login: wide, address: quota, 'over-all': wide } } });
  try {
    for (let n = 0; n < 4; n += 1) await own.portals.signIn(`nobody.${n}`, 'Wrong-Horse-1');
    const statuses: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      const visitor = await own.visitor().open('/console');
      statuses.push((await visitor.submit({ login: `nobody.${n}`, password: 'Wrong-Horse-1' })).status);
    }
    expect(statuses).toEqual([422, 422, 429, 429, 429]);
  } finally {
    await own.close();
  }
});
