import { usualForm } from '../../src/console/campaign-form.ts';
import { openSqlite } from '../../src/stores/sqlite.ts';
import type { ConsoleWorld } from '../console/world.ts';
import type { Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { measure } from './measure.ts';

/** Of so many accounts something is in the database beside the audit. */
const accounts = 100_000;
/** Of so many each: more versions of the policies, and letters a campaign, than anybody sees on one page. */
const versions = 1_000;
const asked = 50;
const fakeId = (at: number): string => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;

/** A page under its name, and an address of it that is another one each time. */
export type AskedPages = Readonly<Record<string, () => string>>;

/** What the pages of people, campaigns and policies stand on, as it is after some years of 100,000 accounts. */
export async function fillConsole(
  world: ConsoleWorld,
  people: readonly Person[],
): Promise<{ readonly campaign: string }> {
  const { policies, campaigns } = world.latchkey.stores;
  const latest = await policies.latest();
  const by = { by: 'eve', byName: 'Eve', note: 'a change', at: world.clock.now() };
  for (let at = 1; at < versions; at += 1)
    await policies.save({ ...by, basedOn: at, policies: latest?.policies ?? [] });
  const { kind } = usualForm;
  const rules = { kind, size: 200, fromHour: 0, toHour: 24, remindDays: 7, reminders: 3, groups: [], units: [] };
  await campaigns.create({ id: 'AAAAAAAAAAAA', rules, by: 'eve', byName: 'Eve', startedAt: world.clock.now() });
  for (const person of people) await world.portals.register(person, ['otp-sms']);
  const now = world.clock.now().getTime();
  const database = openSqlite(world.portals.databaseFile);
  const { data } = database.prepare('select data from enrolments limit 1').get() as { data: string };
  const { body } = database.prepare('select body from flows limit 1').get() as { body: string };
  const statements = {
    enrolment: database.prepare('insert into enrolments (account_id, gate, proved_at, data) values (?, ?, ?, ?)'),
    failures: database.prepare("insert into failures (subject, gate, tries, last_at) values (?, 'otp-sms', 1, ?)"),
    letter: database.prepare("insert into campaign_letters values ('AAAAAAAAAAAA', ?, ?, ?)"),
    flow: database.prepare(
      `insert into flows (id_hash, reference, portal, account_id, state, version, expires_at, body)
       values (?, ?, 'reset', ?, 'gate', 1, ?, ?)`,
    ),
  };
  database.transaction(() => {
    for (let at = 0; at < accounts; at += 1) {
      const id = people[at]?.id ?? fakeId(at);
      if (people[at] === undefined) statements.enrolment.run(id, 'otp-sms', now, data);
      statements.failures.run(id, now);
      statements.letter.run(id, '2026-01-01', now);
      statements.letter.run(id, '2026-01-08', now);
      if (at % 10 === 0) statements.flow.run(`hash-${at}`, `reference-${at}`, id, now + 3_600_000, body);
    }
  })();
  database.close();
  return { campaign: 'AAAAAAAAAAAA' };
}

/**
 * Whole pages as a member of staff asks for them, over HTTP, with who asks looked up and the view audited. Beside the time
 * it tells what a page costs the processor, with the asking side: that is the same however busy the machine is.
 */
export async function measurePages(
  visitor: Visitor,
  pages: AskedPages,
  print: (name: string, took: { readonly p50: number; readonly p95: number; readonly p99: number }) => void,
): Promise<void> {
  for (const [name, path] of Object.entries(pages)) {
    const before = process.cpuUsage();
    const took = await measure({ count: asked, atOnce: 1 }, async () => {
      const { status } = await visitor.ask({ method: 'get', path: path() });
      if (status !== 200) throw new Error(`${name} answered ${status}`);
    });
    const { user, system } = process.cpuUsage(before);
    const cost = ((user + system) / 1000 / asked).toFixed(0);
    print(`page: ${name} (${cost} ms of processor)`, took);
  }
}
