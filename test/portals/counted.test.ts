import { afterAll, beforeAll, expect, test } from 'vitest';
import { actionSeries, gateNumbers, partsOf, refusalNumbers, reportedEvents } from '../../src/core/reports/report.ts';
import { ReportCounter } from '../../src/core/reports/report-counter.ts';
import { PortalWorld, threshold } from './world.ts';

let world: PortalWorld;
const span = { from: '2026-03-02', to: '2026-03-03' };

beforeAll(async () => {
  world = await PortalWorld.open({ chain: ['otp-sms', 'questions'] });
});
afterAll(() => world.close());

test('what people do at the portals is what the reports count', async () => {
  const { stores } = world.latchkey;
  const done = await world.toChoice(await world.registered());
  await done.submit({ action: 'unlock' });
  await world.start((await world.registered()).samName);
  const stuck = await world.start((await world.registered()).samName);
  for (let times = 0; times < threshold; times += 1) await stuck.submit({ code: '000000' });
  await world.start((await world.person()).samName);
  const nobody = await world.start('nobody.at.all');
  for (let times = 0; times < threshold; times += 1) await nobody.submit({ code: '000000' });

  await new ReportCounter({ ...stores, clock: world.clock, node: 'one' }).turn();
  const counts = await stores.reports.counts(span, reportedEvents);
  const none = { refused: 0, faults: 0 };
  expect(gateNumbers(counts)).toEqual([
    { gate: 'otp-sms', opened: 3, passed: 1, wrong: threshold, barred: 1, left: 1, ...none },
    { gate: 'questions', opened: 1, passed: 1, wrong: 0, barred: 0, left: 0, ...none },
  ]);
  expect(actionSeries(counts, partsOf(span))).toEqual([
    { name: 'reset', values: [0, 0] },
    { name: 'unlock', values: [1, 0] },
  ]);
  expect(refusalNumbers(counts)).toEqual([
    { at: 'reset', why: 'barred', count: 1 },
    { at: 'reset', why: 'unknown', count: 1 },
    { at: 'reset', why: 'unregistered', count: 1 },
  ]);
});
