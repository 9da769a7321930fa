import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { ConsoleWorld, staffGroups } from './world.ts';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.open();
  const router = world.latchkey.console?.router;
  // What other parts of the console declare: an act that matters, and a page that looks by itself.
  router?.route({
    method: 'get',
    path: '/test/grave',
    roles: ['administrator'],
    fresh: true,
    handler: () => ({ kind: 'json', body: 'the form' }),
  });
  router?.route({
    method: 'post',
    path: '/test/grave',
    roles: ['administrator'],
    act: 'console.act',
    fresh: true,
    async handler({ act }) {
      await act({ subject: 'somebody', reason: 'a test' });
      return { kind: 'go', to: '/', notice: { key: 'console.done.lead' } };
    },
  });
  router?.route({
    method: 'post',
    path: '/test/unwritten',
    roles: ['administrator'],
    act: 'console.act',
    handler: () => ({ kind: 'go', to: '/' }),
  });
  router?.route({
    method: 'get',
    path: '/test/state',
    roles: ['administrator'],
    quiet: true,
    handler: () => ({ kind: 'json', body: { state: 'waiting' } }),
  });
});
afterAll(() => world.close());

const cookie = 'latchkey-console';
const idOf = (visitor: Visitor): string => visitor.cookies.get(cookie) ?? '';
const minutes = (count: number): void => world.clock.pass(count * 60);
const isIn = async (visitor: Visitor): Promise<boolean> => (await visitor.tab().open('/')).path === '/';

/** Somebody who has nothing but a cookie of another one. */
function thief(value: string): Visitor {
  const visitor = world.visitor();
  visitor.cookies.set(cookie, value);
  return visitor;
}

describe('a session of the console', () => {
  test('that somebody planted is never adopted', async () => {
    const person = await world.staff('administrator');
    for (const planted of ['s%3Aplanted.c2lnbmF0dXJl', 'planted', 's%3A.x']) {
      const victim = await world.password(person, thief(planted));
      expect(victim.path).toBe('/console/otp-sms');
      expect(idOf(victim)).not.toBe(planted);
    }
    const known = idOf(await world.visitor().open('/console'));
    const victim = await world.signIn(person, thief(known));
    expect(victim.path).toBe('/');
    expect(await isIn(thief(known))).toBe(false);
  });

  test('gets a new id with the password, with the gate and at the end, and the old ones are dead', async () => {
    const person = await world.staff('administrator');
    const visitor = await world.visitor().open('/console');
    const ids = [idOf(visitor)];
    await visitor.submit({ login: person.samName, password: person.password });
    ids.push(idOf(visitor));
    await world.passFactor(person, visitor);
    ids.push(idOf(visitor));
    expect(await isIn(thief(idOf(visitor)))).toBe(true);
    await visitor.post('/sign-out', {});
    expect(await isIn(visitor)).toBe(false);
    expect(new Set(ids).size).toBe(3);
    for (const old of ids) expect(await isIn(thief(old))).toBe(false);
  });

  test('holds no name, no role and no right', async () => {
    const { person, visitor } = await world.signedIn('administrator');
    const [id = ''] = decodeURIComponent(idOf(visitor)).replace(/^s:/, '').split('.');
    const { sessions } = world.latchkey.stores;
    const kept = (await sessions.read(`console:${id}`, world.clock.now())) as { staff: object };
    expect(Object.keys(kept).sort()).toEqual(['cookie', 'csrfToken', 'staff']);
    expect(Object.keys(kept.staff).sort()).toEqual([
      'account',
      'from',
      'gate',
      'last',
      'passwordStamp',
      'provedAt',
      'reference',
      'since',
      'usedAt',
    ]);
    expect(JSON.stringify(kept)).not.toContain(person.samName);
    expect(await sessions.read(id, world.clock.now())).toBeUndefined();
  });

  test('ends after a quarter of an hour without a press', async () => {
    const { visitor } = await world.signedIn('administrator');
    minutes(14);
    expect(await isIn(visitor)).toBe(true);
    minutes(14);
    expect(await isIn(visitor)).toBe(true);
    minutes(15);
    expect(await isIn(visitor)).toBe(false);
  });

  test('does not live on what a page asks by itself', async () => {
    const { visitor } = await world.signedIn('administrator');
    for (let asked = 0; asked < 3; asked += 1) {
      minutes(4);
      const { status, text } = await visitor.ask({ method: 'get', path: '/test/state' });
      expect([status, text]).toEqual([200, '{"state":"waiting"}']);
    }
    minutes(4);
    expect((await visitor.ask({ method: 'get', path: '/test/state' })).status).toBe(401);
  });

  test('ends after eight hours, whatever is pressed, and a second factor does not lengthen it', async () => {
    const { person, visitor } = await world.signedIn('administrator');
    for (let tenth = 1; tenth < 8 * 6; tenth += 1) {
      minutes(10);
      expect(await isIn(visitor)).toBe(true);
    }
    await visitor.open('/confirm');
    await visitor.submit();
    await world.passFactor(person, visitor);
    expect(await isIn(visitor)).toBe(true);
    minutes(10);
    expect(await isIn(visitor)).toBe(false);
  });

  test.each<readonly [string, (person: Person) => void]>([
    ['is taken out of the group', (person) => world.leave(person, staffGroups.administrator)],
    ['is disabled', (person) => world.portals.demo.administration.set(person.entry, { userAccountControl: '514' })],
    ['gets another password', (person) => world.portals.demo.administration.setPassword(person.entry, 'Other-Horse-2')],
    ['is deleted', (person) => world.portals.demo.administration.remove(person.entry)],
  ])('ends within a minute when its owner %s', async (_what, happens) => {
    const { person, visitor } = await world.signedIn('administrator');
    minutes(1);
    expect(await isIn(visitor)).toBe(true);
    happens(person);
    world.clock.pass(61);
    expect(await isIn(visitor)).toBe(false);
    expect(await isIn(thief(idOf(visitor)))).toBe(false);
  });

  test('ends at once when its owner answers a notice that it was not them', async () => {
    const { person, visitor } = await world.signedIn('administrator');
    const reset = await world.portals.toChoice(person);
    await reset.submit({ action: 'unlock' });
    await world.latchkey.outbox.idle();
    const mail = world.latchkey.mailbox?.mails(person.mail).at(-1)?.text ?? '';
    const link = new RegExp(`${world.portals.origin}(/not-me/[\\w-]+)`).exec(mail)?.[1] ?? '';
    const owner = await world.portals.visitor().open(link);
    expect(await isIn(visitor)).toBe(true);
    await owner.submit({}, 'act=bar');
    expect(await isIn(visitor)).toBe(false);
    expect(await isIn(thief(idOf(visitor)))).toBe(false);
  });

  test.each<readonly [string, (person: Person) => Promise<unknown>]>([
    ['is taken away', (person) => world.latchkey.stores.enrolments.remove(person.id, 'otp-sms')],
    ['is replaced by its owner', (person) => world.portals.register(person, ['otp-sms'])],
  ])('ends when the second factor that it was proved with %s', async (_what, happens) => {
    const { person, visitor } = await world.signedIn('administrator');
    world.clock.pass(1);
    await world.portals.register(person, ['phone']);
    expect(await isIn(visitor)).toBe(true);
    await happens(person);
    expect(await isIn(visitor)).toBe(false);
    expect(await isIn(thief(idOf(visitor)))).toBe(false);
  });

  test('lives on under a bar that passes by itself, which any stranger’s guesses bring about', async () => {
    const { person, visitor } = await world.signedIn('administrator');
    const rules = { threshold: 3, minutes: 15, barsUntilPermanent: 3 };
    await world.latchkey.stores.failures.bar(person.id, rules, world.clock.now());
    expect(await isIn(visitor)).toBe(true);
  });

  test('is worth what its owner may now: a role that is lost is lost within a minute', async () => {
    const { person, visitor } = await world.signedIn('administrator', 'auditor');
    expect((await visitor.ask({ method: 'get', path: '/test/grave' })).status).toBe(200);
    world.leave(person, staffGroups.administrator);
    world.clock.pass(61);
    expect((await visitor.ask({ method: 'get', path: '/test/grave' })).status).toBe(403);
    expect(await isIn(visitor)).toBe(true);
  });

  test.each(['get', 'post'] as const)('does nothing more that matters (%s) once the role is lost', async (method) => {
    const { person, visitor } = await world.signedIn('administrator', 'auditor');
    const acts = world.audited('console.act').length;
    await visitor.open('/');
    world.leave(person, staffGroups.administrator);
    const ask = method === 'get' ? visitor.ask({ method, path: '/test/grave' }) : visitor.post('/test/grave', {});
    expect((await ask).status).toBe(403);
    expect(world.audited('console.act')).toHaveLength(acts);
    expect(await isIn(visitor)).toBe(true);
  });

  test('shows nothing while the directory does not answer, and goes on afterwards', async () => {
    const { visitor } = await world.signedIn('administrator');
    await world.portals.proxy.stop();
    try {
      world.clock.pass(61);
      expect((await visitor.tab().open('/')).status).toBe(503);
    } finally {
      await world.portals.proxy.start();
    }
    await expect.poll(() => isIn(visitor), { timeout: 20_000 }).toBe(true);
  });
});

describe('signing out', () => {
  test('lets the browser forget, and stays in the audit', async () => {
    const { person, visitor } = await world.signedIn('auditor');
    const answer = await visitor.post('/sign-out', {});
    expect([answer.status, answer.headers.location]).toEqual([303, '/console']);
    expect(answer.headers['clear-site-data']).toBe('"cache", "storage"');
    expect(world.audited('console.signed-out').at(-1)?.detail).toMatchObject({ by: person.id });
  });

  test('holds against a slow request that ends afterwards', async () => {
    const { visitor } = await world.signedIn('administrator');
    const old = idOf(visitor);
    const { token } = visitor;
    const { sessions } = world.latchkey.stores;
    const read = sessions.read.bind(sessions);
    const held = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    // It has read its session and waits; what it then writes into it is a notice.
    sessions.read = async (...asked) => {
      const found = await read(...asked);
      sessions.read = read;
      began.resolve();
      await held.promise;
      return found;
    };
    const body = new URLSearchParams({ _csrf: token }).toString();
    const late = visitor.tab().ask({ method: 'post', path: '/test/grave', body });
    await began.promise;
    await visitor.post('/sign-out', {});
    held.resolve();
    expect((await late).status).toBe(303);
    expect(await isIn(thief(old))).toBe(false);
  });
});

describe('an act that matters', () => {
  test('goes on at once shortly after the sign-in, is in the audit with its reason, and says what was done', async () => {
    const { person, visitor } = await world.signedIn('administrator');
    await visitor.open('/');
    const answer = await visitor.post('/test/grave', {});
    expect([answer.status, answer.headers.location]).toEqual([303, '/']);
    const { detail } = world.audited('console.act').at(-1) ?? {};
    expect(detail).toEqual({ by: person.id, what: '/test/grave', reason: 'a test' });
    await visitor.open('/');
    expect(visitor.page('.notice').text()).toContain('You have proved who you are.');
    await visitor.open('/');
    expect(visitor.page('.notice').length).toBe(0);
  });

  test('asks for the second factor again after some minutes, and then goes on with its page', async () => {
    const { person, visitor } = await world.signedIn('administrator');
    minutes(5);
    const acts = world.audited('console.act').length;
    await visitor.open('/');
    expect((await visitor.post('/test/grave', {})).headers.location).toBe('/confirm');
    expect(world.audited('console.act').length).toBe(acts);
    await visitor.open('/confirm');
    const before = idOf(visitor);
    await visitor.submit();
    expect(visitor.path).toBe('/console/otp-sms');
    await visitor.submit({ code: await world.portals.code(person.mobile) }, 'act=next');
    expect(visitor.path).toBe('/test/grave');
    expect(idOf(visitor)).not.toBe(before);
    expect(world.audited('console.confirmed').at(-1)?.detail).toMatchObject({ by: person.id });
    await visitor.open('/');
    expect((await visitor.post('/test/grave', {})).headers.location).toBe('/');
  });

  test('a file of names asks for it too, leads back to its search, and then holds what was searched for and no more', async () => {
    const { person, visitor } = await world.signedIn('auditor');
    minutes(5);
    for (const path of ['/audit/file?subject=a%20b&event=gate.passed', '/audit/file?subject=<script>']) {
      const asked = await visitor.ask({ method: 'get', path });
      expect([asked.status, asked.headers.location]).toEqual([303, '/confirm']);
    }
    await visitor.ask({ method: 'get', path: '/audit/file?subject=a%20b&event=gate.passed' });
    await visitor.open('/confirm');
    await visitor.submit();
    const body = { code: await world.portals.code(person.mobile), act: 'next' };
    const { headers } = await visitor.post(visitor.path, body);
    expect(headers.location).toBe('/audit?subject=a%20b&event=gate.passed');
    const file = await visitor.ask({ method: 'get', path: '/audit/file?subject=a%20b&event=gate.passed' });
    expect(file.headers['content-disposition']).toContain('attachment');
    expect(world.audited('audit.exported').at(-1)?.detail).toMatchObject({ subject: 'a b', event: 'gate.passed' });
  });

  test('is not done by who gives the second factor up, who stays signed in; nor by who fails at it, who does not', async () => {
    const { person, visitor } = await world.signedIn('administrator');
    minutes(5);
    await visitor.open('/confirm');
    await visitor.submit();
    await visitor.submit({}, 'cancel=yes');
    expect(visitor.path).toBe('/console/ended');
    expect(await isIn(visitor)).toBe(true);
    expect((await visitor.ask({ method: 'get', path: '/test/grave' })).headers.location).toBe('/confirm');
    await visitor.open('/confirm');
    await visitor.submit();
    const code = await world.portals.wrongCode(person.mobile);
    for (let tries = 0; tries < 3; tries += 1) await visitor.submit({ code }, 'act=next');
    expect(visitor.path).toBe('/console/refused');
    expect(await isIn(visitor)).toBe(false);
  });

  test('that its handler did not write down is a fault, and nobody is told that it was done', async () => {
    const { visitor } = await world.signedIn('administrator');
    await visitor.open('/');
    expect((await visitor.post('/test/unwritten', {})).status).toBe(500);
  });
});

test('every look is in the audit, with who looked', async () => {
  const { person, visitor } = await world.signedIn('auditor');
  const before = world.audited('console.viewed').length;
  await visitor.open('/confirm');
  const [row] = world.audited('console.viewed').slice(before);
  expect(row?.detail).toEqual({ by: person.id, what: '/confirm' });
});
