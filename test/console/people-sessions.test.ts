import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { reason } from './people-desk.ts';
import { type AnotherConsole, ConsoleWorld, type StaffKind, staffGroups } from './world.ts';

let world: ConsoleWorld;
let other: AnotherConsole;
/** The administrator who acts, signed in anew for each test. */
let admin: { readonly person: Person; readonly visitor: Visitor };

beforeAll(async () => {
  world = await ConsoleWorld.open();
  other = await world.anotherNode();
});
afterAll(async () => {
  await other.close();
  await world.close();
});
beforeEach(async () => {
  admin = await world.signedIn('administrator');
});

const isIn = async (visitor: Visitor): Promise<boolean> => (await visitor.tab().open('/')).path === '/';
const pageOf = ({ id }: Pick<Person, 'id'>, by = admin.visitor): Promise<Visitor> => by.tab().open(`/people/${id}`);
const actPath = ({ id }: Pick<Person, 'id'>): string => `/people/${id}/sessions`;

/** Somebody of the staff who is signed in twice, at the one node and at the other. */
async function twice(kind: StaffKind = 'helpdesk') {
  const { person, visitor: laptop } = await world.signedIn(kind);
  world.clock.pass(31);
  const phone = await world.signIn(person);
  return { person, laptop, phone: phone.tab(other.visitor()) };
}

/** From the page of the person, as somebody would. */
async function endThem(person: Person): Promise<Visitor> {
  const page = await pageOf(person);
  await page.open(page.page(`main a[href="${actPath(person)}"]`).attr('href') ?? '');
  return page.submit({ reason });
}

/** Holds the next call of a method of the store until it is let go. */
function hold(name: 'replace' | 'rewrite') {
  const { sessions } = world.latchkey.stores;
  const real = sessions[name].bind(sessions) as (...asked: readonly never[]) => Promise<boolean>;
  const [began, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = async (...asked: readonly never[]): Promise<boolean> => {
    Object.assign(sessions, { [name]: real });
    began.resolve();
    await held.promise;
    return real(...asked);
  };
  Object.assign(sessions, { [name]: slow });
  return { began: began.promise, letGo: held.resolve };
}

async function mails(person: Person): Promise<readonly string[]> {
  await world.latchkey.outbox.idle();
  return (world.latchkey.mailbox?.mails(person.mail) ?? []).map(({ text }) => text);
}

describe('the sessions of a colleague', () => {
  test('are counted on their page, and end at once on both nodes, and nobody else’s with them', async () => {
    const { person, laptop, phone } = await twice();
    const stranger = await world.signedIn('helpdesk');
    const before = await pageOf(person);
    expect(before.text).toContain('Console2 open sessions.');
    expect([await isIn(laptop), await isIn(phone)]).toEqual([true, true]);
    const page = await endThem(person);
    expect([page.path, page.status]).toEqual([`/people/${person.id}`, 200]);
    expect(page.text).toContain('The sessions in the console have ended.');
    expect(page.text).toContain('0 open sessions.');
    expect([await isIn(laptop), await isIn(phone)]).toEqual([false, false]);
    expect([await isIn(stranger.visitor), await isIn(admin.visitor)]).toEqual([true, true]);
  });

  test('are told of by mail, and are in the audit and on the page with who ended them and why', async () => {
    const { person } = await twice();
    const page = await endThem(person);
    expect(await mails(person)).toEqual([expect.stringContaining('an administrator ended every session')]);
    const name = admin.person.entry.text('displayName');
    expect(page.text).toContain('An administrator ended their sessions in the console.');
    expect(page.page('.history q').first().text()).toBe(reason);
    expect(world.audited('console.session-ending').at(-1)?.detail).toEqual({
      by: admin.person.id,
      byName: name,
      reason,
      which: 'all',
      sessions: 2,
      signIns: 0,
    });
  });

  test('may begin again, with the password and the second factor', async () => {
    const { person, laptop } = await twice();
    await endThem(person);
    world.clock.pass(31);
    expect((await world.signIn(person, laptop)).path).toBe('/');
  });

  test('end with a sign-in under way: the right code opens nothing any more', async () => {
    const person = await world.staff('helpdesk');
    const visitor = await world.password(person);
    expect(visitor.path).toBe('/console/otp-sms');
    expect((await pageOf(person)).text).toContain('0 open sessions.');
    await endThem(person);
    await visitor.submit({ code: await world.portals.code(person.mobile) }, 'act=next');
    expect(await isIn(visitor)).toBe(false);
    expect((await world.portals.audited(person)).filter((event) => event === 'gate.passed')).toEqual([]);
    expect(await mails(person)).toHaveLength(1);
  });

  test('that are none say so, and nobody is told', async () => {
    const person = await world.staff('helpdesk');
    const page = await admin.visitor.tab().open(actPath(person));
    expect(page.text).toContain('No session is open.');
    await page.submit({ reason });
    expect(page.text).toContain('Nothing was open in the console.');
    expect(await mails(person)).toEqual([]);
    expect(await world.portals.audited(person)).not.toContain('console.session-ending');
  });

  test('are nothing on the page of somebody who is not staff, and are there of somebody who was', async () => {
    const nobody = await pageOf(world.personIn('north'));
    expect(nobody.text).not.toContain('open session');
    expect(nobody.page('main a[href$="/sessions"]')).toHaveLength(0);
    const { person, laptop } = await twice();
    world.leave(person, staffGroups.helpdesk);
    world.clock.pass(61);
    expect((await endThem(person)).text).toContain('have ended');
    expect(await isIn(laptop)).toBe(false);
  });

  test('ask for the second factor again after some minutes', async () => {
    const { person, laptop } = await twice();
    const page = await admin.visitor.tab().open(actPath(person));
    world.clock.pass(6 * 60);
    await laptop.open('/');
    await page.submit({ reason });
    expect(page.path).toBe('/confirm');
    expect(await isIn(laptop)).toBe(true);
    await page.submit();
    await world.passFactor(admin.person, page);
    expect(page.path).toBe(actPath(person));
    await page.submit({ reason });
    expect(await isIn(laptop)).toBe(false);
  });
});

describe('attack: a session that was ended', () => {
  test('does not come back by a request that writes it at that moment', async () => {
    const { person, laptop } = await twice();
    world.clock.pass(6 * 60);
    await world.signIn(admin.person, admin.visitor);
    // What was typed is kept in the session, which is written for that.
    const slow = hold('rewrite');
    const late = laptop.post('/sessions', { act: 'end-others' });
    await slow.began;
    await endThem(person);
    slow.letGo();
    await late;
    expect(await isIn(laptop)).toBe(false);
    expect(await world.latchkey.stores.sessions.of(person.id, world.clock.now())).toEqual([]);
  });

  test.each([
    ['a second factor that is given up', 'confirm'],
    ['a sign-in whose code was right', 'sign-in'],
  ])('has no heir by %s at that moment', async (_what, way) => {
    const person = await world.staff('helpdesk');
    const visitor = await (way === 'confirm' ? world.signIn(person) : world.password(person));
    if (way === 'confirm') {
      await visitor.open('/confirm');
      await visitor.submit();
    }
    expect(visitor.path).toBe('/console/otp-sms');
    const code = way === 'confirm' ? '' : await world.portals.code(person.mobile);
    const slow = hold('replace');
    const late = way === 'confirm' ? visitor.submit({}, 'cancel=yes') : visitor.submit({ code }, 'act=next');
    await slow.began;
    await endThem(person);
    slow.letGo();
    await late;
    expect(await isIn(visitor)).toBe(false);
    expect(await world.latchkey.stores.sessions.of(person.id, world.clock.now())).toEqual([]);
  });

  test.each(['helpdesk', 'auditor'] as const)('is not ended by the role %s, which is not offered it', async (kind) => {
    const { person, laptop } = await twice('helpdesk');
    const { visitor } = await world.signedIn(kind);
    const page = await pageOf(world.personIn('north'), visitor);
    const theirs = await pageOf(person, visitor);
    for (const shown of [page, theirs]) expect(shown.page('main a[href$="/sessions"]')).toHaveLength(0);
    expect(theirs.text).not.toContain('open session');
    const answers = [
      await visitor.ask({ method: 'get', path: actPath(person) }),
      await visitor.post(actPath(person), { reason }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403]);
    expect(await isIn(laptop)).toBe(true);
  });

  test('is never one’s own: those have a page of their own', async () => {
    expect((await pageOf(admin.person)).page('main a[href$="/sessions"]')).toHaveLength(0);
    const page = await admin.visitor.tab().open(actPath(admin.person));
    await page.submit({ reason });
    expect([page.status, page.text]).toEqual([422, expect.stringContaining('Nobody acts on their own account.')]);
    expect(await isIn(admin.visitor)).toBe(true);
    expect(world.audited('helpdesk.refused').at(-1)?.detail).toMatchObject({ by: admin.person.id, why: 'yourself' });
  });

  test.each([
    [{ reason: ' \n ' }, 422],
    [{ reason: 'x'.repeat(501) }, 422],
    [{}, 400],
    [{ reason, account: 'somebody' }, 400],
    [{ 'reason[]': reason }, 400],
  ])('is not ended by anything but a reason: %o', async (fields, status) => {
    const { person, laptop } = await twice();
    const visitor = await admin.visitor.tab().open(actPath(person));
    expect((await visitor.post(actPath(person), fields as Record<string, string>)).status).toBe(status);
    expect(await isIn(laptop)).toBe(true);
  });

  test('of nobody is as out of reach as any person who is not there', async () => {
    const visitor = await admin.visitor.tab().open('/people');
    for (const id of ['00000000-0000-4000-8000-000000000000', 'x']) {
      expect((await visitor.post(actPath({ id }), { reason })).status).toBe(404);
    }
  });
});
