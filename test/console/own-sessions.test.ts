import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import { plain, type Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { ConsoleWorld, type StaffKind } from './world.ts';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.open({ settings: { 'trusted-proxies': ['loopback'] } });
});
afterAll(() => world.close());

const cookie = 'latchkey-console';
const cookieOf = (visitor: Visitor): string => visitor.cookies.get(cookie) ?? '';
const plainId = (visitor: Visitor): string =>
  decodeURIComponent(cookieOf(visitor)).replace(/^s:/, '').split('.')[0] ?? '';
const isIn = async (visitor: Visitor): Promise<boolean> => (await visitor.tab().open('/')).path === '/';

const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0';
const chrome = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile';

/** Somebody who signs in from an address of theirs. */
async function signIn(person: Person, address: string, userAgent = firefox): Promise<Visitor> {
  world.clock.pass(31);
  return world.signIn(person, world.visitor({ 'X-Forwarded-For': address, 'User-Agent': userAgent }));
}

const rows = (page: Visitor): readonly string[] =>
  page
    .page('main tbody tr')
    .toArray()
    .map((row) => plain(page.page(row).text()));
const referencesOn = (page: Visitor): readonly string[] =>
  page
    .page('main input[name="session"]')
    .toArray()
    .map((field) => field.attribs.value ?? '');

/** The page, at which one has proved oneself a moment ago. */
async function pageOf(visitor: Visitor): Promise<Visitor> {
  return visitor.tab().open('/sessions');
}

async function twoOf(kind: StaffKind) {
  const person = await world.staff(kind);
  const phone = await signIn(person, '192.0.2.20', chrome);
  const desk = await signIn(person, '192.0.2.10');
  return { person, phone, desk };
}

describe('the page of one’s own sessions', () => {
  test('is where the name at the top leads, for every role', async () => {
    for (const role of ['administrator', 'helpdesk', 'auditor'] as const) {
      const { person, visitor } = await world.signedIn(role);
      await visitor.open('/');
      const link = visitor.page('.who a');
      expect(plain(link.find('bdi').text())).toBe(person.entry.text('displayName'));
      await visitor.open(link.attr('href') ?? '');
      expect([visitor.path, visitor.status, rows(visitor).length]).toEqual(['/sessions', 200, 1]);
      expect(visitor.page('.who form[action="/sign-out"] button')).toHaveLength(1);
      expect(visitor.text).toContain('You are signed in nowhere else.');
    }
  });

  test('shows since when, when last, from where and by what, and which is this one', async () => {
    const { phone, desk } = await twoOf('helpdesk');
    world.clock.pass(3 * 60);
    await phone.open('/');
    const [first = '', second = '', ...more] = rows(await pageOf(desk));
    expect(more).toEqual([]);
    expect(first).toMatch(/^Firefox, Windows This one .*192\.0\.2\.10.*192\.0\.2\.10 Sign out$/);
    expect(second).toMatch(/^Chrome, Android .*192\.0\.2\.20.*192\.0\.2\.20 End$/);
    const [other = ''] = rows(await pageOf(phone));
    expect(other).toMatch(/^Chrome, Android This one/);
    const times = [...second.matchAll(/\d\d?:\d\d/g)].map(([time]) => time);
    expect(times).toHaveLength(2);
    expect(times[0]).not.toBe(times[1]);
  });

  test('shows a cookie that is used elsewhere: where from, and that the browser is another', async () => {
    const { phone, desk } = await twoOf('helpdesk');
    const thief = world.visitor({ 'X-Forwarded-For': '203.0.113.66', 'User-Agent': 'curl/8.14.1' });
    thief.cookies.set(cookie, cookieOf(phone));
    expect(await isIn(thief)).toBe(true);
    expect(rows(await pageOf(desk))[1]).toMatch(
      /^Unknown browser .*192\.0\.2\.20 Chrome, Android .*203\.0\.113\.66 End$/,
    );
  });

  test('holds nothing that opens a session: no id, no cookie, no key; nor does the audit, or the log', async () => {
    const { phone, desk, person } = await twoOf('helpdesk');
    const page = await pageOf(desk);
    await page.submit({}, 'act=end');
    const places = [page.answer.text, JSON.stringify(world.portals.auditRows()), world.portals.log.join('\n')];
    for (const visitor of [phone, desk]) {
      for (const place of places) {
        expect(place).not.toContain(plainId(visitor));
        expect(place).not.toContain(cookieOf(visitor));
      }
    }
    const [, end] =
      world
        .audited('console.session-ending')
        .at(-1)
        ?.detail.session?.toString()
        .match(/^([\w-]{12})$/) ?? [];
    const thief = world.visitor();
    for (const value of [end ?? '', `s:${end}`, `console:${end}`]) {
      thief.cookies.set(cookie, encodeURIComponent(value));
      expect(await isIn(thief)).toBe(false);
    }
    expect(world.audited('console.session-ending').at(-1)?.detail).toEqual({
      by: person.id,
      what: '/sessions',
      which: 'one',
      session: end,
    });
  });

  test('takes no markup from a browser, and a session goes on of before there was the page', async () => {
    const person = await world.staff('auditor');
    const visitor = await signIn(person, '192.0.2.30', '<script>alert(1)</script>');
    const page = await pageOf(visitor);
    expect(page.answer.text).not.toContain('alert(1)');
    expect(rows(page)[0]).toMatch(/^Unknown browser This one/);
    const { sessions } = world.latchkey.stores;
    const key = `console:${plainId(visitor)}`;
    const kept = (await sessions.read(key, world.clock.now())) as { readonly staff: Readonly<Record<string, Json>> };
    const { reference, from, last, usedAt, ...before } = kept.staff;
    expect([reference, from, last, usedAt].every((one) => one !== undefined)).toBe(true);
    const expires = new Date(world.clock.now().getTime() + 600_000);
    await sessions.rewrite(key, { data: { ...kept, staff: before }, expires });
    expect(rows(await pageOf(await visitor.open('/')))).toHaveLength(1);
    const desk = await signIn(person, '192.0.2.31');
    expect(rows(await pageOf(desk))).toHaveLength(2);
    await (await pageOf(desk)).submit({}, 'act=end-others');
    expect(await isIn(visitor)).toBe(false);
  });

  test('shows none that is over: by its hours, by another second factor, or by another password', async () => {
    const { person, phone, desk } = await twoOf('helpdesk');
    for (let tenth = 1; tenth < 8 * 6; tenth += 1) {
      world.clock.pass(10 * 60);
      for (const one of [phone, desk]) await one.tab().open('/');
    }
    world.clock.pass(10 * 60);
    const late = await signIn(person, '192.0.2.11');
    expect(rows(await pageOf(late))).toHaveLength(1);
    world.clock.pass(1);
    await world.portals.register(person, ['otp-sms']);
    const anew = await signIn(person, '192.0.2.13');
    expect(rows(await pageOf(anew))).toHaveLength(1);
    world.portals.demo.administration.setPassword(person.entry, 'Other-Horse-2');
    world.clock.pass(61);
    const next = await signIn({ ...person, password: 'Other-Horse-2' }, '192.0.2.12');
    expect(rows(await pageOf(next))).toHaveLength(1);
  });
});

describe('ending a session', () => {
  test('ends the one and no other, at once', async () => {
    const { person, phone, desk } = await twoOf('helpdesk');
    const third = await signIn(person, '192.0.2.40');
    const page = await pageOf(third);
    // The one that was used last comes first.
    const session = referencesOn(page).at(-1) ?? '';
    const answer = await page.post('/sessions', { act: 'end', session });
    expect([answer.status, answer.headers.location]).toEqual([303, '/sessions']);
    expect((await pageOf(third)).page('.notice').text()).toBe('The session is over.');
    expect([await isIn(phone), await isIn(desk), await isIn(third)]).toEqual([false, true, true]);
  });

  test('ends all others, says how many, and leaves this one and everybody else’s', async () => {
    const { person, phone, desk } = await twoOf('administrator');
    const third = await signIn(person, '192.0.2.40');
    const stranger = await world.signedIn('administrator');
    const page = await pageOf(third);
    await page.submit({}, 'act=end-others');
    expect(page.text).toContain('2 sessions are over.');
    expect(rows(page)).toHaveLength(1);
    expect([await isIn(phone), await isIn(desk), await isIn(third)]).toEqual([false, false, true]);
    expect(await isIn(stranger.visitor)).toBe(true);
    expect(world.audited('console.session-ending').at(-1)?.detail).toEqual({
      by: person.id,
      what: '/sessions',
      which: 'others',
    });
  });

  test('asks for the second factor again after some minutes, and comes back to the page', async () => {
    const { person, phone, desk } = await twoOf('helpdesk');
    world.clock.pass(6 * 60);
    const page = await pageOf(desk);
    await page.submit({}, 'act=end-others');
    expect(page.path).toBe('/confirm');
    expect(await isIn(phone)).toBe(true);
    await page.submit();
    await world.passFactor(person, page);
    expect(page.path).toBe('/sessions');
    await page.submit({}, 'act=end-others');
    expect([await isIn(phone), await isIn(page)]).toEqual([false, true]);
  });

  test('with its own reference signs this one out', async () => {
    const { phone, desk } = await twoOf('helpdesk');
    const [own = ''] = referencesOn(await pageOf(phone));
    expect((await (await pageOf(desk)).post('/sessions', { act: 'end', session: own })).status).toBe(303);
    expect([await isIn(desk), await isIn(phone)]).toEqual([false, true]);
  });
});

describe('attack: a session', () => {
  test('of somebody else is not ended by its reference, and looks like one that is over', async () => {
    const victim = await twoOf('administrator');
    const { visitor, person } = await world.signedIn('administrator');
    const look = (answer: { readonly text: string }): string =>
      answer.text.replaceAll(/value="[\w-]{20,}"/g, 'token').replaceAll(/\d\d?:\d\d/g, 'time');
    const nonsense = await (await pageOf(visitor)).post('/sessions', { act: 'end', session: 'AAAAAAAAAAAA' });
    for (const session of referencesOn(await pageOf(victim.desk))) {
      const answer = await (await pageOf(visitor)).post('/sessions', { act: 'end', session });
      expect([answer.status, look(answer)]).toEqual([422, look(nonsense)]);
      expect(answer.text).toContain('That session was over already.');
      expect(JSON.stringify(world.audited('console.').slice(-3))).not.toContain(session);
      expect(world.audited('console.refused').at(-1)?.detail).toEqual({
        by: person.id,
        what: '/sessions',
        why: 'reach',
      });
    }
    expect([await isIn(victim.phone), await isIn(victim.desk)]).toEqual([true, true]);
  });

  test.each([
    { act: 'end' },
    { act: 'end-others', session: 'x' },
    { act: 'end-others', account: 'somebody' },
    { act: 'end', session: 'x', account: 'somebody' },
    { act: 'end', 'session[]': 'x' },
    { act: 'end', session: 'x'.repeat(65) },
    { act: 'everything' },
    { '__proto__[act]': 'end-others' },
  ])('is ended by exactly the fields of the page: %o', async (fields) => {
    const { phone, desk } = await twoOf('auditor');
    const answer = await (await pageOf(desk)).post('/sessions', fields as Record<string, string>);
    expect(answer.status).toBe(400);
    expect(await isIn(phone)).toBe(true);
  });

  test('that its thief renews at that moment, by giving up a second factor, has no heir', async () => {
    const { phone, desk } = await twoOf('helpdesk');
    const thief = world.visitor();
    thief.cookies.set(cookie, cookieOf(phone));
    await thief.open('/confirm');
    await thief.submit();
    expect(thief.path).toBe('/console/otp-sms');
    const { sessions } = world.latchkey.stores;
    const replace = sessions.replace.bind(sessions);
    const began = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    sessions.replace = async (...asked) => {
      sessions.replace = replace;
      began.resolve();
      await held.promise;
      return replace(...asked);
    };
    const late = thief.submit({}, 'cancel=yes');
    await began.promise;
    await (await pageOf(desk)).submit({}, 'act=end-others');
    held.resolve();
    await late;
    expect([await isIn(thief), await isIn(phone), await isIn(desk)]).toEqual([false, false, true]);
  });

  test('that is renewed stays one, under its reference, and can be ended after it', async () => {
    const { person, phone, desk } = await twoOf('helpdesk');
    const [before] = referencesOn(await pageOf(desk));
    const old = cookieOf(phone);
    await phone.open('/confirm');
    await phone.submit();
    await world.passFactor(person, phone);
    expect(cookieOf(phone)).not.toBe(old);
    const page = await pageOf(desk);
    expect(referencesOn(page)).toEqual([before]);
    await page.submit({}, 'act=end');
    expect(await isIn(phone)).toBe(false);
  });
});
