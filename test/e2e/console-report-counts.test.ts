import { expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { ReportCounter } from '../../src/core/reports/report-counter.ts';
import { dayOf } from '../../src/core/reports/report-counts.ts';
import { newPassword } from '../services/samba-administrator.ts';
import { sharedSamba } from '../services/shared-samba.ts';
import { axeFindings } from './axe.ts';
import { type ConsoleStage, consoleJourneys } from './console-journeys.ts';
import type { StagePerson } from './stage.ts';
import { choose, giveNumber, signIn, startReset, typeCode, typePassword } from './steps.ts';
import type { Visitor } from './visitor.ts';

const samba = await sharedSamba();
const timeout = 120_000;

/** Cells of a table: what a row is called, and its numbers as they are. */
type Table = readonly (readonly string[])[];

/** The table behind a plot, its headings first. Folded or not, it is all there. */
async function tableOf({ page }: Visitor, id: string): Promise<Table> {
  const heads = await page.locator(`#${id} thead th`).allTextContents();
  const rows = await page.locator(`#${id} tbody tr`).all();
  const cells = rows.map(async (row) => [
    ...(await row.locator('th').allTextContents()),
    ...(await Promise.all(
      (await row.locator('td').all()).map(async (td) => (await td.getAttribute('data-value')) ?? ''),
    )),
  ]);
  return [heads, ...(await Promise.all(cells))];
}

/** The file of a plot, by the link that stands below it. */
async function fileOf({ page }: Visitor, id: string): Promise<Table> {
  const href = (await page.locator(`#${id} .file a`).getAttribute('href')) ?? '';
  const answer = await page.context().request.get(href);
  expect([answer.status(), answer.headers()['content-type']]).toEqual([200, 'text/csv; charset=utf-8']);
  const lines = (await answer.text())
    .replace(/^\ufeff/, '')
    .trimEnd()
    .split('\r\n');
  return lines.map((line) =>
    [...line.matchAll(/"((?:[^"]|"")*)"|([^,]+)|(?<=,)(?=,|$)/g)].map((cell) => cell[1] ?? cell[2] ?? ''),
  );
}

/** Days are written to be read on the page, and to be sorted in the file. */
const dated = ([heads = [], ...rows]: Table): Table => [
  heads,
  ...rows.map(([name = '', ...numbers]) => [/^\d{4}-\d\d-\d\d$/.test(name) ? dayText(name) : name, ...numbers]),
];
const dayText = (text: string): string =>
  new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(text));

const walker = (person: StagePerson) => ({ ...person, login: person.samName });

/** What one real day has: a registration, a new password, an unlock, and somebody who never registered. */
async function aDay(stage: ConsoleStage): Promise<void> {
  const { world, administrator } = stage;
  const { portals } = world;
  const visitor = await stage.portalVisitor();

  const registering = await stage.addPerson({ unit: 'harbour' });
  await signIn(visitor, walker(registering));
  await giveNumber(visitor);
  await typeCode(visitor, await portals.code(registering.mobile));
  expect(visitor.path).toBe('/registration/done');

  const resetting = await stage.addRegistered({ unit: 'north' });
  await startReset(visitor, resetting.samName);
  await typeCode(visitor, await portals.code(resetting.mobile));
  await choose(visitor, 'reset');
  const password = newPassword();
  await typePassword(visitor, password);
  expect(visitor.path).toBe('/reset/done');
  expect(await administrator.bind(resetting, password)).toBe('bound');

  const unlocking = await stage.addRegistered({ unit: 'harbour' });
  await administrator.lock(unlocking, 5);
  await startReset(visitor, unlocking.samName);
  await typeCode(visitor, await portals.code(unlocking.mobile));
  await choose(visitor, 'unlock');
  expect((await administrator.look(unlocking)).locked).toBe(false);

  await startReset(visitor, (await stage.addPerson({ unit: 'south' })).samName);
  expect(visitor.path).toBe('/reset/otp-sms');
}

/** Counts it, and looks at everybody, as happens by itself within a minute and a day. */
async function counted({ world }: ConsoleStage): Promise<void> {
  const { stores, background } = world.portals.latchkey;
  await new ReportCounter({ ...stores, clock: systemClock, node: 'test' }).turn();
  background.coverage.wake();
  await background.coverage.idle();
}

/** With every table unfolded. Axe is a script, and nothing runs one where there is none. */
async function findingsOf({ page, hasJavaScript }: Visitor): Promise<readonly string[]> {
  if (!hasJavaScript) return [];
  for (const summary of await page.locator('main summary').all()) await summary.click();
  return axeFindings(page);
}

consoleJourneys(
  'the reports of a real day',
  samba,
  (stage) => {
    let day: Promise<void> | undefined;
    const began = new Date();
    /** Everybody is looked at once a day: both tests are about the same one. */
    const theDay = (): Promise<void> => {
      day ??= aDay(stage).then(() => counted(stage));
      return day;
    };

    test('hold what people did through the portals, in tables that are the files', { timeout }, async () => {
      const { visitor, world } = stage;
      await theDay();
      await world.signIn(visitor, await stage.addRegistered({ groups: ['administrators'] }));
      await visitor.goTo('/reports');
      const rowOf = async (id: string, name: string) => {
        const [heads = [], ...rows] = await tableOf(visitor, id);
        const found = rows.find(([own]) => own === name) ?? [];
        return Object.fromEntries(heads.map((head, at) => [head, found[at]]));
      };
      // The day on which it began may have come to its end meanwhile.
      const days = [began, new Date()].map((at) => dayText(dayOf(at)));
      const totalOf = async (id: string) => {
        const [heads = [], ...rows] = await tableOf(visitor, id);
        const own = rows.filter(([name = '']) => days.includes(name));
        const sums = heads.map((_head, at) => own.reduce((sum, row) => sum + Number(row[at]), 0));
        return Object.fromEntries(heads.map((head, at) => [head, sums[at]]));
      };
      expect(await totalOf('actions')).toMatchObject({ 'New passwords': 1, Unlocks: 1 });
      expect(await totalOf('registrations')).toMatchObject({ 'Code by text message': 1 });
      expect(await rowOf('gates', 'Code by text message')).toMatchObject({
        Passed: '2',
        Opened: '2',
        'Wrong answers': '0',
      });
      const [, ...reasons] = await tableOf(visitor, 'refusals');
      expect(reasons.map(([, times]) => times)).toEqual(['1']);
      expect(reasons[0]?.[0]).toContain('egistered');
      for (const id of ['actions', 'registrations', 'gates', 'refusals', 'providers']) {
        expect([id, dated(await fileOf(visitor, id))]).toEqual([id, await tableOf(visitor, id)]);
      }
      expect(await findingsOf(visitor)).toEqual([]);

      // Everything of that day was under the one policy that there is.
      const ofAll = await Promise.all(
        ['actions', 'registrations', 'gates', 'refusals'].map((id) => tableOf(visitor, id)),
      );
      await visitor.page.locator('[name="policy"]').selectOption({ index: 1 });
      await visitor.press('main form button');
      const ofOne = await Promise.all(
        ['actions', 'registrations', 'gates', 'refusals'].map((id) => tableOf(visitor, id)),
      );
      expect(new URL(visitor.page.url()).searchParams.get('policy')).not.toBe('');
      expect(ofOne).toEqual(ofAll);
      await visitor.page.locator('[name="policy"]').selectOption({ index: 0 });

      await visitor.page.locator('[name="gate"]').selectOption('otp-sms');
      await visitor.press('main form button');
      expect(await rowOf('gates', 'Code by text message')).toMatchObject({ Passed: '2' });
      expect((await tableOf(visitor, 'gates')).length).toBe(2);
      expect(dated(await fileOf(visitor, 'gates'))).toEqual(await tableOf(visitor, 'gates'));
    });

    test('know who is registered by unit, and those below it with it', { timeout }, async () => {
      const { visitor, world, places } = stage;
      const { north, harbour, south } = places.units;
      await theDay();
      await world.signIn(visitor, await stage.addRegistered({ groups: ['auditors'] }));
      const unitsIn = async (by: Visitor) => {
        const [heads = [], ...rows] = await tableOf(by, 'units');
        const at = [heads.indexOf('People'), heads.indexOf('Registered')];
        return rows.map((row) => [row[0], ...at.map((one) => row[one])]);
      };
      await visitor.goTo('/coverage');
      const all = await unitsIn(visitor);
      for (const row of [
        [north.path, '1', '1'],
        [harbour.path, '2', '2'],
        [south.path, '1', '0'],
      ]) {
        expect(all).toContainEqual(row);
      }
      await visitor.page.locator('[name="unit"]').selectOption(north.path);
      await visitor.press('main form button');
      expect((await unitsIn(visitor)).sort()).toEqual([
        [north.path, '1', '1'],
        [harbour.path, '2', '2'],
      ]);
      expect(await fileOf(visitor, 'units')).toEqual(await tableOf(visitor, 'units'));
      expect(dated(await fileOf(visitor, 'coverage'))).toEqual(await tableOf(visitor, 'coverage'));
      const [, total = []] = await tableOf(visitor, 'coverage');
      expect(total.slice(1, 3)).toEqual(['3', '3']);
      expect(await findingsOf(visitor)).toEqual([]);
      await visitor.page.locator('[name="unit"]').selectOption(harbour.path);
      await visitor.press('main form button');
      expect(await unitsIn(visitor)).toEqual([[harbour.path, '2', '2']]);

      const agent = await stage.anotherVisitor();
      await world.signIn(agent, await stage.addRegistered({ groups: ['north'] }));
      await agent.goTo('/coverage');
      expect((await unitsIn(agent)).sort()).toEqual([
        [north.path, '1', '1'],
        [harbour.path, '2', '2'],
      ]);
      await agent.goTo(`/coverage?unit=${encodeURIComponent(south.path)}`);
      expect(await agent.text()).not.toContain(south.path);
      await agent.goTo('/reports');
      expect(await agent.text()).not.toContain('Unlocks');
    });
  },
  { chain: ['otp-sms'] },
);
