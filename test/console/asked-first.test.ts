import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { mostInARow } from '../../src/core/lockout.ts';
import { plain, type Visitor } from '../portals/visitor.ts';
import { type Person, threshold } from '../portals/world.ts';
import { testAccount, testLogins } from './drive-world.ts';
import { ConsoleWorld } from './world.ts';

const reason = 'Called back on the number in the directory';
const lockout = { threshold, minutes: 15, 'bars-until-permanent': 3 };
const policies = [
  { name: 'harbour', members: { units: ['People/North/Harbour'] }, chain: ['otp-sms', 'helpdesk-code'], lockout },
  { name: 'everyone', members: 'everyone', chain: ['otp-sms'], lockout },
];

let world: ConsoleWorld;
let driven: Person;
let staff: Person;
let visitor: Visitor;

beforeAll(async () => {
  world = await ConsoleWorld.open({
    chain: ['otp-sms'],
    policies,
    settings: { 'policies-in': 'store' },
    console: { 'test-accounts': [testLogins.north] },
  });
  driven = await testAccount(world, 'North');
});
afterAll(() => world.close());
beforeEach(async () => {
  ({ person: staff, visitor } = await world.signedIn('administrator', 'helpdesk'));
});

/** Passes the second factor that the page asks for, and goes where that leads. */
async function prove(page: Visitor): Promise<Visitor> {
  expect(page.path).toBe('/confirm');
  await page.submit();
  return world.passFactor(staff, page);
}

const shownIn = (page: Visitor, name: string): string | undefined => {
  const field = page.page(`main [name="${name}"]`);
  if (field.attr('type') === 'radio') return field.filter('[checked]').attr('value');
  return field.is('textarea') ? field.text().trim() : field.attr('value');
};

async function registeredInHarbour(): Promise<Person> {
  const person = world.personIn('inNorth');
  await world.portals.register(person, ['otp-sms']);
  return person;
}

async function draft(): Promise<void> {
  await visitor.open('/policies');
  await visitor.submit();
  await visitor.open('/policies/draft/policy/new');
  await visitor.submit({ 'place-otp-sms': '1', name: `Guests of ${staff.samName}`, groups: 'Helpdesk North' });
}

/** Each page with a form that asks for a fresh second factor, what is typed there, and what may not have come of it. */
const pages: Readonly<
  Record<string, () => Promise<{ at: string; typed: Readonly<Record<string, string>>; press?: `${string}=${string}` }>>
> = {
  'a new campaign': async () => ({
    at: '/campaigns/new',
    typed: { kind: 'confirm', size: '17', 'remind-days': '3', units: 'People/North', reason },
  }),
  'the removal of a gate': async () => ({
    at: `/people/${(await registeredInHarbour()).id}/remove/otp-sms`,
    typed: { reason },
  }),
  'a code of the helpdesk': async () => ({
    at: `/people/${(await registeredInHarbour()).id}/code`,
    typed: { to: 'otp-sms', reason },
  }),
  'the end of somebody’s sessions': async () => ({
    at: `/people/${(await world.staff('auditor')).id}/sessions`,
    typed: { reason },
  }),
  'the review of a draft': async () => {
    await draft();
    return { at: '/policies/draft/review', typed: { note: 'guests have no telephone' } };
  },
  'an earlier version': async () => {
    const by = { by: 'account-2', byName: 'Ben', note: 'elsewhere', at: world.clock.now() };
    const { policies: store } = world.latchkey.stores;
    const newest = await store.newest();
    await store.save({ basedOn: newest ?? 0, ...by, policies: [{ ...policies[1], share: (newest ?? 0) + 1 }] });
    return { at: `/policies/versions/${newest}`, typed: { note: 'that was a mistake' } };
  },
  'a drive in earnest': async () => ({
    at: `/drive/live/${driven.id}`,
    typed: { zone: 'extranet', reason: 'Trying the new chain' },
  }),
};

describe('a second factor that is asked for in the middle of a form', () => {
  test.each(Object.entries(pages))('leads back to %s, with everything that was typed', async (_what, prepare) => {
    const { at, typed } = await prepare();
    await visitor.open(at);
    world.clock.pass(6 * 60);
    await visitor.tab().open('/');
    const page = await prove(await visitor.submit(typed));
    expect([page.path, page.status]).toEqual([at, 200]);
    for (const [name, value] of Object.entries(typed)) expect([name, shownIn(page, name)]).toEqual([name, value]);
    // Once: whoever comes again finds the page as it is for everybody.
    await page.open(at);
    for (const name of ['reason', 'note']) expect(shownIn(page, name) ?? '').not.toBe(typed[name] ?? 'nothing');
  });

  test('keeps what was typed from every other page, and from whoever signs in next', async () => {
    const [one, other] = [await registeredInHarbour(), await registeredInHarbour()];
    await visitor.open(`/people/${one.id}/remove/otp-sms`);
    world.clock.pass(6 * 60);
    await visitor.tab().open('/');
    await visitor.submit({ reason: 'About the one' });
    const page = await (await prove(visitor)).open(`/people/${other.id}/remove/otp-sms`);
    expect(shownIn(page, 'reason')).toBe('');
    const path = `/people/${one.id}/remove/otp-sms`;
    world.clock.pass(6 * 60);
    await page.open('/');
    expect((await page.post(path, { reason: 'About the one' })).headers.location).toBe('/confirm');
    await page.post('/sign-out', {});
    const next = await world.staff('administrator');
    await world.password(next, page);
    await world.portals.passGate(page, next);
    expect(shownIn(await page.open(path), 'reason')).toBe('');
  });

  test('leads from a file to the page that its link is on, where it can be taken then', async () => {
    const search = `subject=${staff.id}&event=console.signed-in`;
    world.clock.pass(6 * 60);
    const page = await prove(await visitor.open(`/audit/file?${search}`));
    expect([page.path, page.status]).toEqual([`/audit?${search}`, 200]);
    const link = page.page('a[href^="/audit/file"]').attr('href') ?? '';
    expect((await page.ask({ method: 'get', path: link })).headers['content-disposition']).toContain('attachment');
  });

  test('lets a form be sent that stands open in another window', async () => {
    await visitor.open('/policies');
    await visitor.submit();
    const form = await visitor.tab().open('/policies/draft/policy/new');
    world.clock.pass(6 * 60);
    await prove(await visitor.tab().open('/campaigns/new'));
    await form.submit({ 'place-otp-sms': '1', name: `Typed by ${staff.samName}`, groups: 'Helpdesk North' });
    expect([form.path, form.status]).toEqual(['/policies/draft', 200]);
  });

  test('lets the check of a caller go on that is under way', async () => {
    const person = await registeredInHarbour();
    const check = await visitor.tab().open(`/people/${person.id}/caller`);
    await check.submit({ gate: 'otp-sms', reason }, 'act=start');
    world.clock.pass(6 * 60);
    await prove(await visitor.tab().open(`/people/${person.id}/remove/otp-sms`));
    await check.open(`/people/${person.id}/caller`);
    expect(check.page('.phrase')).toHaveLength(1);
    await check.submit({ code: await world.portals.code(person.mobile) }, 'act=check');
    expect(check.text).toContain('Verified: the caller has the telephone');
  });

  test('that was passed already leads whoever presses once more to the start, and not to the sign-in', async () => {
    await visitor.open('/console/otp-sms');
    expect(visitor.path).toBe('/console/expired');
    await visitor.open(visitor.page('main .acts a').attr('href') ?? '');
    expect(visitor.path).toBe('/');
  });

  test('leads to the registration when nothing is left that would do', async () => {
    const { failures } = world.latchkey.stores;
    for (let at = 0; at < mostInARow; at += 1) await failures.count(staff.id, 'otp-sms', 1_000, world.clock.now());
    await visitor.open('/confirm');
    await visitor.submit();
    expect(visitor.status).toBe(403);
    expect(visitor.page('main .acts a').first().attr('href')).toBe(`${world.portals.origin}/registration`);
  });

  test('is nobody’s wish after a sign-in, which is one', async () => {
    const { person } = await world.signedIn('auditor');
    const late = world.visitor();
    await late.open('/confirm');
    expect(late.path).toBe('/console');
    await late.submit({ login: person.samName, password: person.password });
    world.clock.pass(31);
    expect((await world.passFactor(person, late)).path).toBe('/');
  });
});

describe('every route', () => {
  test('says a page to come back to, as far as what it takes stands on one', () => {
    const routes = world.latchkey.console?.router.routes ?? [];
    const shown = routes.filter(({ method, quiet, path }) => method === 'get' && !quiet && !/file|\.csv/.test(path));
    const isShown = (at: string): boolean => shown.some(({ path }) => path === at);
    const lost = routes.filter(({ path, page = path, quiet }) => !quiet && path !== '/sign-out' && !isShown(page));
    expect(lost.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });
});

describe('another language', () => {
  test('is taken from a page that a refused post shows, and leads to one that is there', async () => {
    const person = await registeredInHarbour();
    await visitor.open('/policies');
    await visitor.submit();
    const posts = {
      '/campaigns/opt-out': { login: '', reason },
      [`/people/${person.id}/ask-to-register`]: { reason: '' },
      '/policies/draft/arrange': { revision: '99', name: 'everyone', way: 'up' },
      '/policies/draft/save': { revision: '99', note: reason },
      '/policies/versions/1/restore': { based: '1', note: '' },
    };
    for (const [path, fields] of Object.entries(posts)) {
      const page = visitor.tab();
      await page.open('/');
      const refused = await page.post(path, fields);
      expect([path, refused.status]).toEqual([path, expect.toSatisfy((status) => [409, 422].includes(status))]);
      const [, back = ''] = /name="back" value="([^"]*)"/.exec(refused.text) ?? [];
      expect((await page.post('/language', { language: 'en', back })).status).toBe(303);
      expect([path, (await page.open(back)).status]).toEqual([path, 200]);
      expect(plain(page.page('h1').text())).not.toBe('');
    }
  });
});
