import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { plain, type Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { beginDry, beginLive, dryCode, openDriveWorld, testAccount, wholeDatabase } from './drive-world.ts';
import type { AnotherConsole, ConsoleWorld } from './world.ts';

let world: ConsoleWorld;
let other: AnotherConsole;
let driven: Person;
let staff: Person;
let visitor: Visitor;
/** The same browser, whose requests come to another node than the one that has its drive. */
let astray: Visitor;

beforeAll(async () => {
  world = await openDriveWorld({ chain: ['otp-sms'] });
  other = await world.anotherNode();
  driven = await testAccount(world, 'North');
});
afterAll(async () => {
  await other?.close();
  await world?.close();
});
beforeEach(async () => {
  world.clock.pass(60);
  ({ person: staff, visitor } = await world.signedIn('administrator'));
  astray = visitor.tab(other.visitor());
});

const told = async (event: string): Promise<number> =>
  (await world.portals.audited(driven)).filter((one) => one === event).length;

/** What the page says that has no drive to show. */
function saysWhere(): void {
  expect(astray.path).toBe('/drive');
  expect(astray.text).toContain(`The test drive as CONTOSO\\${driven.samName} is not open on this server`);
  expect(astray.text).toContain('your press may have come to another one: then it did nothing');
}

/** Presses the button of the page that the node has which does have the drive. */
async function pressAstray(form: { readonly path: string; readonly body: string }): Promise<void> {
  const answer = await astray.ask({ method: 'post', ...form });
  expect([answer.status, answer.headers.location]).toEqual([303, '/drive']);
  await astray.open('/drive');
}

describe('a dry run whose browser comes to another node', () => {
  test('is not there, says so, does nothing, and goes on where it began', async () => {
    await beginDry(visitor, driven.id, { registered: 'all' });
    const walk = visitor.path;
    const before = wholeDatabase(world);
    await astray.open(walk);
    saysWhere();
    await pressAstray(visitor.form({ code: dryCode(visitor) }, 'act=next'));
    saysWhere();
    const state = await astray.ask({ method: 'get', path: `${walk}/state` });
    expect(JSON.parse(state.text)).toEqual({ state: 'changed' });
    expect(wholeDatabase(world)).toEqual(before);
    await visitor.open('/drive');
    expect(visitor.text).toContain('You are on a test drive as');
    await visitor.open(walk);
    expect(visitor.path).toBe(walk);
    await visitor.submit({ code: dryCode(visitor) }, 'act=next');
    expect(visitor.path).toMatch(/choose$/);
    expect(plain(visitor.page('.told').text()).split('Passed “Code').length).toBe(2);
  });
});

describe('a drive in earnest whose browser comes to another node', () => {
  test('judges nothing there, shows what it did so far, and goes on where it began', async () => {
    await beginLive(visitor, driven.id);
    const walk = visitor.path;
    const before = [await told('gate.passed'), await told('gate.wrong'), await told('flow.started')];
    await pressAstray(visitor.form({ code: await world.portals.code(driven.mobile) }, 'act=next'));
    saysWhere();
    expect(astray.text).toContain('Its visit is open until');
    expect(astray.text).toContain(`To the number ••${driven.mobile.slice(-2)}.`);
    expect([await told('gate.passed'), await told('gate.wrong'), await told('flow.started')]).toEqual(before);
    await visitor.open(walk);
    await visitor.submit({ code: await world.portals.code(driven.mobile) }, 'act=next');
    expect(visitor.path).toMatch(/choose$/);
  });

  test('is ended there by a press, and is then over where it began', async () => {
    await beginLive(visitor, driven.id);
    const form = visitor.form({ code: await world.portals.code(driven.mobile) }, 'act=next');
    const [cancelled, passed] = [await told('flow.cancelled'), await told('gate.passed')];
    await astray.open('/drive');
    saysWhere();
    await astray.post(astray.page('form[action^="/drive/end/"]').attr('action') ?? '', {});
    expect(await told('flow.cancelled')).toBe(cancelled + 1);
    const late = await visitor.ask({ method: 'post', ...form });
    expect(late.status).toBe(404);
    expect(await told('gate.passed')).toBe(passed);
  });
});

describe('a trial of a provider whose browser comes to another node', () => {
  test('is not there, says so, spends no try, and is judged where it began', async () => {
    await visitor.open('/drive/providers');
    await visitor.submit({}, 'channel=sms');
    const { path } = visitor;
    const code = await world.portals.code(staff.mobile);
    const form = visitor.form({ code });
    for (let press = 0; press < 6; press += 1) {
      const answer = await astray.ask({ method: 'post', ...form });
      expect(answer.status).toBe(404);
      expect(answer.text).toContain('This trial is not on this server');
    }
    expect((await astray.open(path)).status).toBe(404);
    await visitor.open(path);
    await visitor.submit({ code });
    expect(visitor.text).toContain('Right');
  });
});
