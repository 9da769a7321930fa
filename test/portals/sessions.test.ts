import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld } from './world.ts';

let world: PortalWorld;

beforeAll(async () => {
  world = await PortalWorld.open();
});
afterAll(() => world.close());

const cookie = 'latchkey';
const newPassword = 'Correct-Horse-7-Battery';

const idOf = (visitor: Visitor): string => visitor.cookies.get(cookie) ?? '';

/** Somebody who has nothing but a cookie of another one. */
function thief(value: string): Visitor {
  const visitor = world.visitor();
  visitor.cookies.set(cookie, value);
  return visitor;
}

describe('a session', () => {
  test('5.5: that somebody planted is never adopted', async () => {
    const person = await world.registered();
    for (const planted of ['s%3Aplanted.c2lnbmF0dXJl', 's%3Aplanted', 'planted', "' OR 1=1--", 's%3A.x']) {
      const victim = await world.start(person.samName, thief(planted));
      expect(victim.path).toBe('/reset/phone');
      expect(idOf(victim)).not.toBe(planted);
      expect((await thief(planted).open('/reset/phone')).path).toBe('/reset/expired');
    }
  });

  test('5.5: that the server gave to an attacker is worth nothing once the victim starts with it', async () => {
    const person = await world.registered();
    const attacker = await world.visitor().open('/reset');
    const known = idOf(attacker);
    const victim = await world.start(person.samName, thief(known));
    expect(victim.path).toBe('/reset/phone');
    expect(idOf(victim)).not.toBe(known);
    expect((await thief(known).open('/reset/phone')).path).toBe('/reset/expired');
  });

  test('5.5: 7.2.4: gets a new id at the start, at sign-in and at the end, and the old one is dead', async () => {
    const person = await world.registered();
    const fresh = world.person();
    const visitor = await world.visitor().open('/reset');
    const ids = [idOf(visitor)];
    await visitor.submit({ login: person.samName });
    ids.push(idOf(visitor));
    for (let gate = 0; gate < 3; gate += 1) await world.passGate(visitor, person);
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toBe('/reset/done');
    ids.push(idOf(visitor));
    await world.signIn(fresh.samName, fresh.password, visitor);
    expect(visitor.path).toBe('/registration/phone');
    ids.push(idOf(visitor));
    expect(new Set(ids).size).toBe(ids.length);
    for (const old of ids.slice(0, -1)) {
      for (const page of ['/reset/phone', '/reset/done', '/registration/phone']) {
        expect((await thief(old).open(page)).path).toMatch(/\/expired$/);
      }
    }
  });

  test('stays dead when a slow request of the old one ends after the new one began', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    const old = idOf(visitor);
    const slow = visitor.tab();
    const { sessions } = world.latchkey.stores;
    const read = sessions.read.bind(sessions);
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    let reading: () => void = () => undefined;
    const began = new Promise<void>((resolve) => {
      reading = resolve;
    });
    // The slow request has read its session and waits; meanwhile the person ends the flow.
    sessions.read = async (...asked) => {
      const found = await read(...asked);
      sessions.read = read;
      reading();
      await held;
      return found;
    };
    const late = slow.ask({ method: 'get', path: '/help' });
    await began;
    await visitor.submit({}, 'cancel=yes');
    expect(visitor.path).toBe('/reset/ended');
    go();
    await late;
    expect((await thief(old).open('/reset/ended')).path).toBe('/reset/expired');
  });

  test('ends without requests', async () => {
    const visitor = await world.visitor().open('/reset');
    world.clock.pass(20 * 60 + 1);
    const { path, body } = visitor.form({ login: 'nobody.at.all' });
    expect((await visitor.ask({ method: 'post', path, body })).status).toBe(403);
  });

  test('5.34: holds nothing that is of use to whoever reads the database', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    const [id = ''] = decodeURIComponent(idOf(visitor)).replace(/^s:/, '').split('.');
    const kept = await world.latchkey.stores.sessions.read(id, world.clock.now());
    expect(Object.keys(kept as object).sort()).toEqual(['cookie', 'csrfToken', 'flow']);
    expect(JSON.stringify(kept)).not.toContain(person.samName);
  });
});

describe('a flow of somebody else', () => {
  test('5.16: cannot be had by its id, wherever that is put', async () => {
    const victim = await world.registered();
    const started = await world.start(victim.samName);
    const [id = ''] = decodeURIComponent(idOf(started)).replace(/^s:/, '').split('.');
    const kept = (await world.latchkey.stores.sessions.read(id, world.clock.now())) as { flow: string };
    const attacker = await world.visitor().open('/reset');
    for (const path of [
      `/reset/phone?flow=${kept.flow}`,
      `/reset/${kept.flow}`,
      `/reset/phone/${kept.flow}`,
      `/reset/phone/state?flow=${kept.flow}`,
    ]) {
      const answer = await attacker.ask({ method: 'get', path, headers: { 'X-Flow': kept.flow } });
      expect(answer.text).not.toContain('••');
      expect([303, 404, 200]).toContain(answer.status);
      if (answer.status === 200) expect(answer.text).toBe('{"state":"changed"}');
    }
    const posted = await attacker.post('/reset/phone', { act: 'next', flow: kept.flow });
    expect(posted.headers.location).toBe('/reset/expired');
    expect((await thief(`s%3A${kept.flow}`).open('/reset/phone')).path).toBe('/reset/expired');
  });

  test('5.16: is not mixed up with one’s own in the other portal', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    expect((await visitor.open('/registration/phone')).path).toBe('/registration/expired');
    expect((await visitor.post('/registration/phone', { keep: 'yes' })).headers.location).toBe('/registration/expired');
    expect((await visitor.open('/reset/phone')).path).toBe('/reset/phone');
  });
});

/** Ways to every state of a flow, and what may change there. */
type Place = readonly [path: string, arrive: (person: Person) => Promise<Visitor>];

const resetPlaces: readonly Place[] = [
  ['/reset/phone', (person) => world.start(person.samName)],
  ['/reset/otp-sms', (person) => through(person, 1)],
  ['/reset/questions', (person) => through(person, 2)],
  ['/reset/choose', (person) => through(person, 3)],
  ['/reset/password', (person) => world.toPassword(person)],
  ['/reset/done', async (person) => (await through(person, 3)).submit({ action: 'unlock' })],
  ['/reset/ended', async (person) => (await through(person, 1)).submit({}, 'cancel=yes')],
  ['/reset/refused', (person) => refused(person)],
  [
    '/reset/expired',
    async (person) => {
      const visitor = await through(person, 3);
      const kept = await keepAlive(visitor);
      return kept.open('/reset/choose');
    },
  ],
];

const registrationPlaces: readonly Place[] = [
  ['/registration/confirm-phone', (person) => world.signIn(person.samName, person.password)],
  ['/registration/phone', (person) => confirmed(person, 0)],
  ['/registration/otp-sms', (person) => confirmed(person, 1)],
  ['/registration/questions', (person) => confirmed(person, 2)],
  ['/registration/done', (person) => confirmed(person, 3)],
];

async function through(person: Person, gates: number): Promise<Visitor> {
  const visitor = await world.start(person.samName);
  for (let gate = 0; gate < gates; gate += 1) await world.passGate(visitor, person);
  return visitor;
}

async function refused(person: Person): Promise<Visitor> {
  const visitor = await world.start(person.samName);
  await world.latchkey.challenges.idle();
  world.phones.refuse(world.phones.phone(person.phone).calls.at(-1)?.id ?? '');
  return visitor.submit({}, 'act=next');
}

async function confirmed(person: Person, keeps: number): Promise<Visitor> {
  const visitor = await world.signIn(person.samName, person.password);
  await world.confirmCall(person.phone);
  await visitor.submit({}, 'act=next');
  for (let keep = 0; keep < keeps; keep += 1) await visitor.submit({}, 'keep=yes');
  return visitor;
}

/** Lets a flow expire under a session that does not: requests in between keep it. */
async function keepAlive(visitor: Visitor): Promise<Visitor> {
  for (let half = 0; half < 2; half += 1) {
    world.clock.pass(15 * 60);
    await visitor.tab().open('/help');
  }
  return visitor;
}

const bodies: readonly Readonly<Record<string, string>>[] = [
  { act: 'next' },
  { act: 'again' },
  { act: 'next', code: '123456' },
  { act: 'next', number: '+447700900999' },
  { q1: 'a', q2: 'b' },
  { action: 'unlock' },
  { action: 'reset' },
  { password: newPassword, repeat: newPassword },
  { keep: 'yes' },
  { back: 'yes' },
  { open: 'again' },
  { cancel: 'yes' },
];

/** What a stranger could want to have changed. */
async function state(person: Person): Promise<unknown> {
  const { stores } = world.latchkey;
  return {
    standing: world.standing(person),
    enrolments: await stores.enrolments.of(person.id),
    lockout: await stores.failures.lockout(person.id, world.clock.now()),
    reached: await world.reached(person),
    writes: (await world.audited(person)).filter((event) => event.startsWith('write.')),
  };
}

describe.each([
  ['reset', resetPlaces, 'working'],
  ['registration', registrationPlaces, 'refused'],
] as const)('5.6: in the %s portal', (portal, places, more) => {
  const pages = [...places.map(([path]) => path), `/${portal}/${more}`, `/${portal}/nothing`];

  test.each(places)(
    'whoever stands at %s is led back from every other page, and nothing happens',
    async (here, arrive) => {
      const person = await world.registered();
      const visitor = await arrive(person);
      expect(visitor.path).toBe(here);
      const before = await state(person);
      for (const there of pages.filter((path) => path !== here)) {
        const tab = visitor.tab();
        expect((await tab.open(there)).path).toBe(here);
        for (const fields of bodies) {
          const answer = await visitor.post(there, fields);
          expect([there, answer.status, answer.headers.location]).toEqual([there, 303, here]);
        }
      }
      expect(await state(person)).toEqual(before);
      expect((await visitor.open(here)).path).toBe(here);
    },
  );

  test(`nobody without a flow gets anywhere`, async () => {
    const visitor = await world.visitor().open('/');
    for (const there of pages) {
      expect((await visitor.tab().open(there)).path).toBe(`/${portal}/expired`);
      for (const fields of bodies) {
        expect((await visitor.post(there, fields)).headers.location).toBe(`/${portal}/expired`);
      }
    }
  });
});
