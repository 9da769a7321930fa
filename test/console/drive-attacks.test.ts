import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { plain, type Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { beginDry, beginLive, dryCode, openDriveWorld, testAccount, testLogins, wholeDatabase } from './drive-world.ts';
import { type ConsoleWorld, staffGroups } from './world.ts';

let world: ConsoleWorld;
let north: Person;
let south: Person;
let staff: Person;
let visitor: Visitor;

beforeAll(async () => {
  world = await openDriveWorld({ chain: ['otp-sms'] });
  north = await testAccount(world, 'North');
  south = await testAccount(world, 'South');
});
beforeEach(async () => {
  ({ person: staff, visitor } = await world.signedIn('administrator'));
});
afterAll(() => world.close());

const form = { zone: 'extranet', policy: '', registered: 'all' } as const;
const liveForm = { zone: 'extranet', reason: 'why not', confirmed: 'yes' } as const;

/** Tries to drive somebody in every way there is; what each way answered. */
async function tryAll(by: Visitor, who: string): Promise<readonly number[]> {
  await by.open('/drive');
  const dry = await by.post('/drive', { ...form, who });
  const page = await by.ask({ method: 'get', path: `/drive/live/${encodeURIComponent(who)}` });
  const live = await by.post(`/drive/live/${encodeURIComponent(who)}`, liveForm);
  return [dry.status, page.status, live.status];
}

describe('nobody is driven', () => {
  test('who is no test account: not by id, not by login, not by the name of a test account', async () => {
    const owner = await world.portals.registered();
    const before = wholeDatabase(world);
    const guesses = [owner.id, owner.samName, north.samName, testLogins.north, 'self', '', owner.id.toUpperCase()];
    for (const who of guesses.filter((guess) => guess !== '')) {
      expect([who, await tryAll(visitor, who)]).toEqual([who, [404, 404, 404]]);
    }
    expect((await visitor.post('/drive', { ...form, who: '' })).status).toBe(404);
    for (const who of [[owner.id, north.id], { $ne: '' }]) {
      const body = new URLSearchParams({ ...form, _csrf: visitor.token, 'who[]': String(who) }).toString();
      expect((await visitor.ask({ method: 'post', path: '/drive', body })).status).toBe(400);
    }
    expect(wholeDatabase(world)).toEqual(before);
    expect(await world.portals.reached(owner)).toBe(0);
    expect(world.audited('console.refused').at(-1)?.detail).toMatchObject({ why: 'reach' });
    expect(await world.portals.audited(owner)).toEqual([]);
  });

  test('who is privileged or of the staff, though the configuration names them', async () => {
    const chief = await world.portals.registered({ samName: testLogins.chief });
    world.portals.demo.administration.set(chief.entry, { adminCount: '1' });
    const agent = await world.portals.registered({ samName: testLogins.staff });
    world.join(agent, staffGroups.helpdesk);
    await visitor.open('/drive');
    for (const one of [chief, agent]) {
      expect(visitor.text).not.toContain(one.samName);
      expect(await tryAll(visitor, one.id)).toEqual([404, 404, 404]);
    }
  });

  test('in another unit than those of the helpdesk, and there is no telling who is', async () => {
    const { visitor: agent } = await world.signedIn('helpdesk');
    await agent.open('/drive');
    expect(agent.text).toContain(north.samName);
    expect(agent.text).not.toContain(south.samName);
    const nobody = '00000000-0000-4000-8000-000000000000';
    await agent.post('/drive', { ...form, who: south.id });
    expect(await tryAll(agent, south.id)).toEqual(await tryAll(agent, nobody));
    await beginDry(agent, north.id);
    expect(agent.path).toMatch(/otp-sms$/);
  });

  test('by an auditor', async () => {
    const { visitor: auditor } = await world.signedIn('auditor');
    await auditor.open('/');
    expect(auditor.text).not.toContain('Test drive');
    for (const path of ['/drive', `/drive/live/${north.id}`, '/drive/providers']) {
      expect((await auditor.ask({ method: 'get', path })).status).toBe(403);
    }
    expect((await auditor.post('/drive', { ...form, who: north.id })).status).toBe(403);
  });

  test('by who was taken out of the group a moment ago', async () => {
    await visitor.open('/drive');
    world.leave(staff, staffGroups.administrator);
    const acts = world.audited('console.act').length;
    // Nobody of the staff any more: the session ends.
    const { status, headers } = await visitor.post('/drive', { ...form, who: north.id });
    expect([status, headers.location]).toEqual([303, '/console']);
    expect(world.audited('console.act')).toHaveLength(acts);
  });
});

describe("another's drive", () => {
  test('is not there: not its page, its state, its phone or its end, nor for its owner in another browser', async () => {
    await beginDry(visitor, north.id);
    const walk = visitor.path;
    const id = walk.split('/')[3] ?? '';
    const { visitor: other } = await world.signedIn('administrator');
    const again = await world.signIn(staff);
    for (const thief of [other, again]) {
      await thief.open('/');
      const asked = [
        await thief.ask({ method: 'get', path: walk }),
        await thief.ask({ method: 'get', path: `${walk}/state` }),
        await thief.post(walk, { act: 'next', code: dryCode(visitor) }),
        await thief.post(`/drive/phone/${id}`, { call: 'any', end: 'confirm' }),
        await thief.post(`/drive/end/${id}`, {}),
      ];
      expect(asked.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
      expect(asked.map(({ text }) => text).join('')).not.toContain(dryCode(visitor));
    }
    await visitor.open(walk);
    expect([visitor.path, visitor.status]).toEqual([walk, 200]);
  });

  test('is not there even for a session that was made to name it, as only who writes the database could', async () => {
    await beginDry(visitor, north.id);
    const walk = visitor.path;
    const { visitor: thief } = await world.signedIn('administrator');
    const signed = decodeURIComponent(thief.cookies.get('latchkey-console') ?? '');
    const key = `console:${signed.replace(/^s:/, '').split('.')[0] ?? ''}`;
    const { sessions } = world.latchkey.stores;
    const kept = (await sessions.read(key, world.clock.now())) as object;
    const until = new Date(world.clock.now().getTime() + 600_000);
    await sessions.rewrite(key, { data: { ...kept, drive: walk.split('/')[3] ?? '' }, expires: until });
    expect((await thief.ask({ method: 'get', path: walk })).status).toBe(404);
  });

  test('is the end of a sign-out', async () => {
    await beginDry(visitor, north.id);
    const walk = visitor.path;
    await visitor.open('/');
    await visitor.post('/sign-out', {});
    const back = await world.signIn(staff);
    expect((await back.ask({ method: 'get', path: walk })).status).toBe(404);
  });
});

describe('the code of a dry run', () => {
  test('opens no real flow of the same account, and a real code nothing in a dry run', async () => {
    await beginDry(visitor, north.id);
    const reset = await world.portals.start(north.samName);
    const real = await world.portals.code(north.mobile);
    const made = dryCode(visitor);
    expect(made).toMatch(/^\d{6}$/);
    if (made !== real) {
      await reset.submit({ code: made }, 'act=next');
      expect(reset.path).toBe('/reset/otp-sms');
      await visitor.submit({ code: real }, 'act=next');
      expect(visitor.path).toMatch(/otp-sms$/);
    }
    // Each still takes its own.
    await reset.submit({ code: real }, 'act=next');
    expect(reset.path).toBe('/reset/choose');
    await visitor.submit({ code: made }, 'act=next');
    expect(visitor.path).toMatch(/choose$/);
  });

  test('and what the real gates keep never meet: a right answer of the account is wrong there', async () => {
    const asked = await openDriveWorld({ chain: ['questions'], console: { 'second-factor': ['otp-sms'] } });
    try {
      const person = await asked.portals.registered({ samName: testLogins.south }, ['questions']);
      const agent = await asked.portals.registered({}, ['otp-sms']);
      asked.join(agent, staffGroups.administrator);
      const driver = await asked.signIn(agent);
      await beginDry(driver, person.id);
      await asked.portals.passGate(driver, person);
      expect(driver.path).toMatch(/questions$/);
      expect(driver.problems).not.toBe('');
    } finally {
      await asked.close();
    }
  });
});

describe('a live drive', () => {
  const flowsOf = async (person: Person): Promise<number> =>
    (await world.portals.audited(person)).filter((event) => event === 'flow.started').length;

  test('does not begin without a reason, a confirmation and a fresh second factor', async () => {
    const before = await flowsOf(north);
    await visitor.open(`/drive/live/${north.id}`);
    expect(visitor.text).toContain('What will happen');
    const sent = await world.portals.reached(north);
    for (const wish of [{ reason: ' \n ' }, { confirmed: 'no' }, { reason: 'x'.repeat(501) }]) {
      const answer = await visitor.post(`/drive/live/${north.id}`, { ...liveForm, ...wish });
      expect([422, 400]).toContain(answer.status);
    }
    const { confirmed: _, ...unconfirmed } = liveForm;
    expect((await visitor.post(`/drive/live/${north.id}`, unconfirmed)).status).toBe(422);
    world.clock.pass(6 * 60);
    for (const method of ['get', 'post'] as const) {
      const path = `/drive/live/${north.id}`;
      const answer = method === 'get' ? await visitor.ask({ method, path }) : await visitor.post(path, liveForm);
      expect(answer.headers.location).toBe('/confirm');
    }
    expect(await flowsOf(north)).toBe(before);
    expect(await world.portals.reached(north)).toBe(sent);
  });

  test('shows no code: not on a page, not in the log, not in the audit', async () => {
    await beginLive(visitor, north.id);
    const code = await world.portals.code(north.mobile);
    expect(code).toMatch(/^\d{6}$/);
    await visitor.open(visitor.path);
    expect(visitor.answer.text).not.toContain(code);
    await visitor.submit({ code }, 'act=next');
    expect(visitor.answer.text).not.toContain(code);
    expect(world.portals.log.join('\n')).not.toContain(`"${code}"`);
    expect(JSON.stringify(world.portals.auditRows())).not.toContain(code);
  });

  test('counts as any visit does: wrong answers bar', async () => {
    await beginLive(visitor, south.id);
    for (let tries = 0; tries < 3; tries += 1) {
      await visitor.submit({ code: await world.portals.wrongCode(south.mobile) }, 'act=next');
    }
    expect(visitor.path).toMatch(/refused$/);
    const { failures } = world.latchkey.stores;
    expect(await failures.lockout(south.id, world.clock.now())).toBeDefined();
    await failures.unbar(south.id);
  });

  test.each(['login', 'address'])(
    'begins no more often than the limit of the %s lets any visit begin',
    async (narrow) => {
      const few = { 'ask-proof': 2, most: 2 };
      const plenty = { 'ask-proof': 1_000, most: 1_000 };
      const limits = { login: plenty, address: plenty, 'over-all': plenty, [narrow]: few };
      const small = await openDriveWorld({ chain: ['otp-sms'], settings: { limits } });
      try {
        const people = [await testAccount(small, 'North'), await testAccount(small, 'South')];
        const driver = (await small.signedIn('administrator')).visitor;
        const whom = (at: number): string => people[narrow === 'login' ? 0 : at % 2]?.id ?? '';
        for (let starts = 0; starts < 4; starts += 1) await beginLive(driver, whom(starts));
        expect([driver.status, driver.problems]).toEqual([429, expect.stringContaining('too many visits')]);
      } finally {
        await small.close();
      }
    },
  );

  test('of oneself sets no password, however it is asked for', async () => {
    await beginLive(visitor, staff.id);
    await visitor.submit({ code: await world.portals.code(staff.mobile) }, 'act=next');
    expect(visitor.path).toMatch(/choose$/);
    const at = visitor.path;
    const before = world.portals.standing(staff);
    const refused = await visitor.post(at, { action: 'reset' });
    expect(refused.status).toBe(422);
    expect(plain(refused.text)).toContain('In a test drive you set no new password of your own');
    expect((await visitor.open(at)).path).toBe(at);
    expect((await visitor.post(at, { password: 'Quiet-Harbour-77-x', repeat: 'Quiet-Harbour-77-x' })).status).toBe(400);
    expect(world.portals.standing(staff)).toEqual(before);
  });

  test('goes no further once its account is no test account any more', async () => {
    await beginLive(visitor, north.id);
    const code = await world.portals.code(north.mobile);
    const at = visitor.path;
    world.portals.demo.administration.set(north.entry, { adminCount: '1' });
    expect((await visitor.post(at, { act: 'next', code })).status).toBe(404);
    world.portals.demo.administration.set(north.entry, { adminCount: undefined });
    expect((await visitor.post(at, { act: 'next', code })).status).toBe(303);
  });
});
