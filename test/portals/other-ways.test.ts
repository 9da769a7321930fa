import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Visitor } from './visitor.ts';
import { lockoutMinutes, type Person, PortalWorld, threshold } from './world.ts';

const newPassword = 'A-quite-new-Passphrase-9';
const chain = ['phone', 'otp-sms', 'questions'];
let world: PortalWorld;

beforeAll(async () => {
  world = await PortalWorld.open({ chain, policy: { needed: 2 } });
});
afterAll(() => world.close());

/** The other ways that the page offers. */
function offered(visitor: Visitor): readonly (string | undefined)[] {
  const buttons = visitor.page('main button[name="another"]').toArray();
  return buttons.map((button) => visitor.page(button).attr('value'));
}

const take = (visitor: Visitor, gate: string): Promise<Visitor> => visitor.submit({}, `another=${gate}`);

describe('5.4: a post that sets a call off', () => {
  let slow: PortalWorld;

  beforeAll(async () => {
    slow = await PortalWorld.open({ chain, policy: { needed: 2 }, postMs: 500 });
  });
  afterAll(() => slow.close());

  test.each(['somebody who can pass', 'a login that nobody has'])(
    'is answered when its time is over, for %s',
    async (who) => {
      const login = who.startsWith('a login') ? 'nobody.at.all' : (await slow.registered()).samName;
      const visitor = await slow.start(login);
      const other = offered(visitor)[0] ?? 'none';
      const began = performance.now();
      await take(visitor, other);
      expect(performance.now() - began).toBeGreaterThanOrEqual(500);
      expect(visitor.path).toBe(`/reset/${other}`);
    },
  );
});

describe('another way', () => {
  test('leads round a gate that somebody cannot pass, and not back to it', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    expect(visitor.path).toBe('/reset/phone');
    // Questions are for whoever has proved something.
    expect(offered(visitor)).toEqual(['otp-sms']);
    await take(visitor, 'otp-sms');
    expect(visitor.path).toBe('/reset/otp-sms');
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/questions');
    expect(offered(visitor)).toEqual(['phone']);
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/choose');
    await visitor.submit({ action: 'reset' });
    await visitor.submit({ password: newPassword, repeat: newPassword });
    expect(visitor.path).toBe('/reset/done');
    expect(await world.bind(person, newPassword)).toBe('bound');
    expect(await world.audited(person)).toContain('gate.switched');
  });

  test('begins with what is registered: nobody without a telephone is called', async () => {
    const person = await world.registered({}, ['otp-sms', 'questions']);
    const visitor = await world.start(person.samName);
    expect(visitor.path).toBe('/reset/otp-sms');
    await world.passGate(visitor, person);
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/choose');
  });

  test('5.4: to a gate that is not registered shows a page as any, reaches nobody, and is never passed', async () => {
    const person = await world.registered({}, ['otp-sms', 'questions']);
    const visitor = await world.start(person.samName);
    await world.latchkey.challenges.idle();
    expect(offered(visitor)).toEqual(['phone']);
    await take(visitor, 'phone');
    expect(visitor.heading).toBe('Answer the call');
    await world.latchkey.challenges.idle();
    expect(world.phones.phone(person.phone).calls).toEqual([]);
    for (let n = 0; n < 3; n += 1) await visitor.submit({}, 'act=next');
    expect(visitor.path).toBe('/reset/phone');
    world.clock.pass(40);
    await visitor.submit({}, 'act=next');
    expect(visitor.text).toContain('Nobody answered');
    await visitor.submit({}, 'act=again');
    await world.latchkey.challenges.idle();
    expect(world.phones.phone(person.phone).calls).toEqual([]);
    // Back where the code still waits.
    await take(visitor, 'otp-sms');
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/questions');
    expect(await world.reached(person)).toBe(1);
  });

  test('5.1: and back, as often as one likes, sends nothing anew and forgets no limit', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    for (let n = 0; n < 10; n += 1) {
      await take(visitor, 'otp-sms');
      await take(visitor, 'phone');
    }
    expect(await world.reached(person)).toBe(2);
    await take(visitor, 'otp-sms');
    // As many as the gate allows in one flow, and not once more for having been away.
    for (let n = 0; n < 6; n += 1) {
      world.clock.pass(11);
      if (visitor.page('button[value="again"]').length > 0) await visitor.submit({ code: '' }, 'act=again');
      await take(visitor, 'phone');
      await take(visitor, 'otp-sms');
    }
    await world.latchkey.challenges.idle();
    expect(world.phones.phone(person.mobile).texts).toHaveLength(3);
    expect(world.phones.phone(person.phone).calls).toHaveLength(1);
  });

  test('5.2: counts wrong answers on: going to and fro buys no guess', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    await take(visitor, 'otp-sms');
    const code = await world.wrongCode(person.mobile);
    const paths: string[] = [];
    for (let n = 0; n < threshold; n += 1) {
      await visitor.submit({ code }, 'act=next');
      paths.push(visitor.path);
      if (visitor.path === '/reset/otp-sms') {
        await take(visitor, 'phone');
        await take(visitor, 'otp-sms');
      }
    }
    expect(paths).toEqual(['/reset/otp-sms', '/reset/otp-sms', '/reset/refused']);
    expect(await world.audited(person)).toContain('account.barred');
  });

  test('5.4: wrong answers at a gate that is not registered bar as they do anywhere', async () => {
    const person = await world.registered({}, ['phone', 'questions']);
    const paths: string[][] = [];
    for (const login of [person.samName, 'ghost.of.a.way']) {
      const visitor = await world.start(login);
      if (visitor.path !== '/reset/otp-sms') await take(visitor, 'otp-sms');
      const seen: string[] = [];
      for (let n = 0; n < threshold; n += 1) {
        await visitor.submit({ code: '000000' }, 'act=next');
        seen.push(visitor.path);
      }
      paths.push(seen);
    }
    expect(paths[0]).toEqual(['/reset/otp-sms', '/reset/otp-sms', '/reset/refused']);
    expect(paths[1]).toEqual(paths[0]);
  });

  test.each([
    ['a gate that was passed', { another: 'phone' }],
    ['the gate that is open', { another: 'otp-sms' }],
    ['no gate at all', { another: 'elsewhere' }],
    ['nothing', { another: '' }],
    ['a gate and more', { another: 'questions', act: 'next' }],
    ['a gate to leave out', { 'leave-out': 'yes' }],
    ['a choice that there was not', { back: 'yes' }],
  ])('is refused to %s, and changes nothing', async (_what, fields) => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/otp-sms');
    expect((await visitor.post(visitor.path, fields)).status).toBe(400);
    await visitor.open('/reset/choose');
    expect(visitor.path).toBe('/reset/otp-sms');
    expect(await world.reached(person)).toBe(2);
  });

  test('is not to questions before anything was proved, whatever is posted', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    expect((await visitor.post('/reset/phone', { another: 'questions' })).status).toBe(400);
  });

  test('5.3: taken twenty times at once, opens one gate and sends once', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    const { path, body } = visitor.form({}, 'another=otp-sms');
    const answers = await Promise.all(Array.from({ length: 20 }, () => visitor.ask({ method: 'post', path, body })));
    // The first arrives; whoever comes after it finds another page there.
    for (const { status, headers } of answers) expect([status, headers.location]).toEqual([303, '/reset/otp-sms']);
    expect(await world.reached(person)).toBe(2);
    const rows = await world.audited(person);
    expect(rows.filter((event) => event === 'gate.switched')).toHaveLength(1);
  });

  test('ends where a bar fell since, and sends nothing', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    await world.latchkey.challenges.idle();
    const rules = { threshold, minutes: lockoutMinutes, barsUntilPermanent: 3 };
    await world.latchkey.stores.failures.bar(person.id, rules, world.clock.now());
    await take(visitor, 'otp-sms');
    expect(visitor.path).toBe('/reset/refused');
    expect(await world.reached(person)).toBe(1);
  });

  test('leads nobody past an owner who says at the telephone that it was not them', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    await world.latchkey.challenges.idle();
    const call = world.phones.phone(person.phone).calls.at(-1);
    await take(visitor, 'otp-sms');
    world.phones.refuse(call?.id ?? '');
    // Longer than the call can be asked about.
    await visitor.submit({ code: await world.code(person.mobile) }, 'act=next');
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/choose');
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toBe('/reset/refused');
    expect(visitor.heading).toBe('We stopped');
    const events = await world.audited(person);
    expect(events).toContain('gate.refused');
    expect(events.filter((event) => event.startsWith('write.'))).toEqual([]);
  });

  test('is worth nothing by a gate whose registration was taken away meanwhile', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    await world.passGate(visitor, person);
    await world.latchkey.stores.enrolments.remove(person.id, 'phone');
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/choose');
    // Two gates are still registered, and one of the two that were passed is not among them.
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toBe('/reset/refused');
  });

  test('is there where the first gate cannot be opened', async () => {
    const person = await world.registered();
    const { challenges } = world.latchkey;
    Object.assign(challenges, { isReachable: (channel: string) => channel !== 'voice' });
    try {
      for (const login of [person.samName, 'ghost.of.the.outage']) {
        const visitor = await world.start(login);
        if (visitor.path !== '/reset/phone') continue;
        expect(visitor.heading).toBe('This step could not begin');
        await take(visitor, 'otp-sms');
        expect([visitor.path, visitor.status]).toEqual(['/reset/otp-sms', 200]);
      }
      const visitor = await world.start(person.samName);
      await take(visitor, 'otp-sms');
      await world.passGate(visitor, person);
      expect(visitor.path).toBe('/reset/questions');
    } finally {
      Reflect.deleteProperty(challenges, 'isReachable');
    }
  });
});

describe('5.32: a chain in order', () => {
  test('has no other ways, whatever is posted', async () => {
    const strict = await PortalWorld.open({ chain });
    try {
      const person = await strict.registered();
      const visitor = await strict.start(person.samName);
      expect(offered(visitor)).toEqual([]);
      for (const fields of [{ another: 'otp-sms' }, { 'leave-out': 'yes' }, { back: 'yes' }]) {
        expect((await visitor.post('/reset/phone', fields)).status).toBe(400);
      }
      const half = await strict.registered({}, ['phone', 'otp-sms']);
      await strict.start(half.samName);
      expect(await strict.reached(half)).toBe(0);
    } finally {
      await strict.close();
    }
  });
});

describe('registering', () => {
  async function signedIn(): Promise<{ person: Person; visitor: Visitor }> {
    const person = world.person();
    return { person, visitor: await world.signIn(person.samName, person.password) };
  }
  const leaveOut = (visitor: Visitor): Promise<Visitor> => visitor.submit({}, 'leave-out=yes');

  test('what one does not have may be left out, as long as enough remains', async () => {
    const { person, visitor } = await signedIn();
    expect(visitor.path).toBe('/registration/phone');
    await leaveOut(visitor);
    expect(visitor.path).toBe('/registration/otp-sms');
    expect(visitor.page('[name="leave-out"]')).toHaveLength(0);
    expect((await visitor.post('/registration/otp-sms', { 'leave-out': 'yes' })).status).toBe(400);
    await visitor.submit({ number: person.mobile }, 'act=next');
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/registration/questions');
    expect((await visitor.post('/registration/questions', { 'leave-out': 'yes' })).status).toBe(400);
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/registration/done');
    expect(visitor.text).toContain('You left out: Phone call.');
    expect(await world.audited(person)).toContain('gate.left-out');
    const again = await world.start(person.samName);
    expect(again.path).toBe('/reset/otp-sms');
  });

  test('all of it says that so many are enough', async () => {
    const { person, visitor } = await signedIn();
    await visitor.submit({ number: person.phone }, 'act=next');
    await world.passGate(visitor, person);
    await visitor.submit({ number: person.mobile }, 'act=next');
    await world.passGate(visitor, person);
    await leaveOut(visitor);
    expect(visitor.path).toBe('/registration/done');
    expect(visitor.text).not.toContain('whichever you like');
    const later = await world.signIn(person.samName, person.password);
    expect(later.path).toBe('/registration/confirm-phone');
    // A change is confirmed as ever: by a gate that is registered, and no other way.
    expect(offered(later)).toEqual([]);
    expect((await later.post(later.path, { another: 'otp-sms' })).status).toBe(400);
    expect((await later.post(later.path, { 'leave-out': 'yes' })).status).toBe(400);
    await world.passGate(later, person);
    // What is registered is kept, not left out.
    expect(later.page('[name="leave-out"]')).toHaveLength(0);
    await later.submit({}, 'keep=yes');
    await later.submit({}, 'keep=yes');
    await world.passGate(later, person);
    expect(later.path).toBe('/registration/done');
    expect(later.text).toContain('Pass 2 of these, whichever you like:');
  });
});
