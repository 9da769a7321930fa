import BetterSqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import { PortalWorld } from './world.ts';

const weak: Json = [{ name: 'everyone', members: 'everyone', chain: ['questions'], 'knowledge-alone': 'accept' }];
const strong: Json = [{ name: 'everyone', members: 'everyone', chain: ['otp-sms', 'questions'] }];
const who = { by: 'operator', byName: '', note: '' };
const deleted = 'delete from policy_versions where version = (select max(version) from policy_versions)';

let world: PortalWorld;

/** An administrator has ended a weak policy: version 2 of the list is the strong one. */
beforeEach(async () => {
  world = await PortalWorld.open({ settings: { 'policies-in': 'store', policies: weak } });
  await save(1, strong);
});
afterEach(() => world.close());

function save(basedOn: number, policies: Json, settles = false) {
  const { latchkey, clock } = world;
  return latchkey.stores.policies.save({ basedOn, ...who, policies, settles, at: clock.now() });
}

/** As somebody who has the database and no key. */
function tamper(...statements: readonly string[]): void {
  const database = new BetterSqlite(world.databaseFile);
  for (const statement of statements) database.exec(statement);
  database.close();
}

/** As whoever restores a whole database to what it was at this moment. */
function backup(): () => void {
  tamper('create table old_head as select * from audit_head', 'create table old as select * from policy_versions');
  return () =>
    tamper(
      'delete from policy_versions',
      'insert into policy_versions select * from old',
      'delete from audit where sequence > (select sequence from old_head)',
      'delete from audit_head',
      'insert into audit_head select * from old_head',
    );
}

/** What comes of a visit that begins now. */
async function startsOf(login: string) {
  world.clock.pass(60);
  const visitor = await world.visitor().open('/reset');
  if (visitor.status === 200) await visitor.submit({ login });
  return { status: visitor.status, text: visitor.text };
}

const alarms = (): readonly string[] => world.log.filter((line) => line.includes('"alarm":true'));

test('attack: whoever deletes the newest policies gets no weaker ones at the next start: nobody is served, and alike', async () => {
  const person = await world.registered({}, ['otp-sms', 'questions']);
  tamper(deleted);
  await world.restart();
  expect(alarms().join()).toContain('the audit says that version 2 was saved last');
  const [real, unknown] = [await startsOf(person.samName), await startsOf('nobody.at-all')];
  expect(real).toEqual(unknown);
  expect(real.status).toBe(503);
  expect(world.auditRows().map(({ event }) => event)).not.toContain('flow.started');
});

test('attack: nor with their row of the audit, nor under a process that runs', async () => {
  const person = await world.registered({}, ['otp-sms', 'questions']);
  tamper(deleted, "delete from audit where event = 'policies.saved' and detail like '%\"version\":2%'");
  expect((await startsOf(person.samName)).status).toBe(503);
  expect(alarms().join()).toContain('latchkey policy accept');
  await world.restart();
  expect((await startsOf(person.samName)).status).toBe(503);
});

test('attack: an emptied store is not filled with the list of the file', async () => {
  const person = await world.registered({}, ['otp-sms', 'questions']);
  tamper('delete from policy_versions');
  await world.restart();
  expect(await world.latchkey.stores.policies.newest()).toBe(0);
  expect((await startsOf(person.samName)).status).toBe(503);
  expect(alarms().join()).toContain('the store has no policies, and the audit says');
});

test('what an operator settles holds at once, without a restart', async () => {
  const person = await world.registered({}, ['otp-sms', 'questions']);
  tamper(deleted);
  expect((await startsOf(person.samName)).status).toBe(503);
  expect(await save(1, strong, true)).toMatchObject({ version: 3 });
  world.clock.pass(60);
  expect((await world.start(person.samName)).path).toBe('/reset/otp-sms');
});

test('a backup that has the policies and the audit of one moment is served as it was', async () => {
  const person = await world.registered({}, ['otp-sms', 'questions']);
  const restore = backup();
  await save(2, weak);
  restore();
  await world.restart();
  expect(alarms()).toEqual([]);
  expect((await world.start(person.samName)).path).toBe('/reset/otp-sms');
});

test('a backup under a process that has seen newer policies stops it until somebody restarts it', async () => {
  const person = await world.registered({}, ['otp-sms', 'questions']);
  const restore = backup();
  await save(2, weak);
  expect((await world.start(person.samName)).path).toBe('/reset/questions');
  restore();
  expect((await startsOf(person.samName)).status).toBe(503);
  expect(alarms().join()).toContain('restart Latchkey if that is meant');
});
