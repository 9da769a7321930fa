import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEvent, AuditRow } from '../../../src/core/audit/audit.ts';
import { reportedEvents } from '../../../src/core/reports/report.ts';
import { ReportCounter } from '../../../src/core/reports/report-counter.ts';
import { countKeyOf, dayAfter, daysBetween } from '../../../src/core/reports/report-counts.ts';
import type { ReportStore } from '../../../src/core/reports/report-store.ts';
import { createSealer } from '../../../src/core/sealer.ts';
import type { Stores } from '../../../src/core/stores.ts';
import { openStores } from '../../../src/stores/open-stores.ts';
import { SettableClock } from '../../settable-clock.ts';

const clock = new SettableClock(new Date('2026-03-29T12:00:00Z'));
const span = { from: '2026-01-01', to: '2026-12-31' };

function row(event: Partial<AuditEvent>): AuditRow {
  return { at: clock.now(), event: 'gate.wrong', sequence: 1, hash: '', ...event };
}

describe('a row is counted', () => {
  test('on its day in UTC', () => {
    expect(countKeyOf(row({ at: new Date('2026-03-29T23:59:59.999Z') })).day).toBe('2026-03-29');
    expect(countKeyOf(row({ at: new Date('2026-03-30T01:00:00+02:00') })).day).toBe('2026-03-29');
  });

  test.each<[AuditEvent['event'], NonNullable<AuditEvent['detail']>, string]>([
    ['flow.started', { decoy: 'unregistered' }, 'unregistered'],
    ['flow.started', { decoy: false }, ''],
    ['flow.refused', { why: 'barred' }, 'barred'],
    ['gate.passed', { step: 'enrol' }, 'enrol'],
    ['write.done', { action: 'unlock', why: 'lost' }, 'unlock'],
    ['challenge.sent', { channel: 'sms', provider: 'texts' }, 'sms'],
    ['sign-in.failed', { why: 'wrong' }, 'wrong'],
  ])('%s %o by what tells it apart', (event, detail, why) => {
    expect(countKeyOf(row({ event, detail }))).toMatchObject({ event, why });
  });

  test('as of a decoy when its flow was one, or its name is made up', () => {
    expect(countKeyOf(row({ subject: 'id', detail: { decoy: true } })).decoy).toBe(true);
    expect(countKeyOf(row({ event: 'flow.started', detail: { decoy: 'barred' } })).decoy).toBe(true);
    expect(countKeyOf(row({ subject: 'decoy:00ff' })).decoy).toBe(true);
    expect(countKeyOf(row({ event: 'flow.started', subject: 'id', detail: { decoy: false } })).decoy).toBe(false);
  });

  test('under words only: what somebody else made up does not fill the table', () => {
    const long = 'x'.repeat(65);
    for (const strange of [long, '=1+1', '<b>', 'a b', 'ä', '\u0000']) {
      const { gate, why, provider, portal } = countKeyOf(
        row({ gate: strange, portal: strange, detail: { why: strange, provider: strange } }),
      );
      expect([gate, why, provider, portal]).toEqual(['other', 'other', 'other', 'other']);
    }
    expect(countKeyOf(row({ detail: { why: 7 } })).why).toBe('other');
  });
});

test('days go on over the end of a month and of a leap year', () => {
  expect(dayAfter('2028-02-28', 1)).toBe('2028-02-29');
  expect(dayAfter('2026-01-01', -1)).toBe('2025-12-31');
  expect(daysBetween('2026-12-30', '2027-01-02')).toEqual(['2026-12-30', '2026-12-31', '2027-01-01', '2027-01-02']);
  expect(daysBetween('2026-01-02', '2026-01-01')).toEqual([]);
});

describe('the counter', () => {
  let stores: Stores;
  beforeEach(async () => {
    const sealer = createSealer({ keys: [{ id: 'one', secret: randomBytes(32) }] });
    stores = await openStores({ kind: 'sqlite', file: ':memory:', 'busy-timeout-ms': 1_000 }, { sealer, clock });
    await stores.migrate();
  });
  afterEach(() => stores.close());

  const counter = (node: string, reports: Pick<ReportStore, 'add' | 'addByPolicy'> = stores.reports) =>
    new ReportCounter({ audit: stores.audit, duties: stores.duties, reports, clock, node, pageRows: 3, mostPages: 4 });
  const append = async (count: number) => {
    for (let at = 0; at < count; at += 1) await stores.audit.append({ at: clock.now(), event: 'gate.wrong' });
  };
  const counted = async () =>
    (await stores.reports.counts(span, ['gate.wrong'])).reduce((sum, { count }) => sum + count, 0);

  test('counts what there is, page by page, and then only what is new', async () => {
    await append(10);
    await counter('one').turn();
    expect(await counted()).toBe(10);
    await append(2);
    await counter('one').turn();
    await counter('one').turn();
    expect(await counted()).toBe(12);
    expect((await stores.duties.read('count')).position).toBe(12);
  });

  test('leaves it to the node that is at it, and takes over from one that fell silent', async () => {
    await append(1);
    await counter('one').turn();
    await append(1);
    await counter('two').turn();
    expect(await counted()).toBe(1);
    clock.pass(61);
    await counter('two').turn();
    expect(await counted()).toBe(2);
  });

  test('that dies after a page, or before it was written, counts nothing twice and leaves nothing out', async () => {
    await append(9);
    let pages = 0;
    const dying: Pick<ReportStore, 'add' | 'addByPolicy'> = {
      addByPolicy: stores.reports.addByPolicy.bind(stores.reports),
      add: async (counts, moved) => {
        pages += 1;
        if (pages === 2) throw new Error('the power is gone');
        return stores.reports.add(counts, moved);
      },
    };
    await expect(counter('one', dying).turn()).rejects.toThrow('the power is gone');
    expect(await counted()).toBe(3);
    clock.pass(61);
    await Promise.all([counter('two').turn(), counter('three').turn()]);
    expect(await counted()).toBe(9);
  });

  test('stops after the page in hand', async () => {
    await append(9);
    await counter('one').turn(AbortSignal.abort());
    expect(await counted()).toBe(0);
  });

  const visit = async (flow: string, detail: NonNullable<AuditEvent['detail']>, also: Partial<AuditEvent> = {}) => {
    const row = { at: clock.now(), portal: 'reset', flow, ...also };
    await stores.audit.append({ ...row, event: 'flow.started', detail });
    return async (event: AuditEvent['event'], about: Partial<AuditEvent> = {}) =>
      void (await stores.audit.append({ ...row, event, ...about }));
  };
  const under = async (policy: string) =>
    (await stores.reports.counts(span, reportedEvents, policy)).map(({ event, why, count }) => [event, why, count]);
  const staff = { decoy: false, policy: 'Staff' };

  test('counts what happens in a visit under the policy that it began with, however far behind its start', async () => {
    const first = await visit('f1', staff);
    const second = await visit('f2', { decoy: false, policy: 'Guests' });
    await append(5);
    await first('gate.wrong', { gate: 'otp-sms' });
    await counter('one').turn();
    await first('gate.wrong', { gate: 'otp-sms' });
    await second('write.done', { detail: { action: 'unlock' } });
    await stores.audit.append({ at: clock.now(), event: 'challenge.sent', flow: 'f1', detail: { channel: 'sms' } });
    await stores.audit.append({ at: clock.now(), event: 'challenge.sent', flow: 'f0', detail: { channel: 'sms' } });
    await counter('one').turn();
    expect(await under('Staff')).toEqual([
      ['challenge.sent', 'sms', 1],
      ['gate.wrong', '', 2],
    ]);
    expect(await under('guests')).toEqual([['write.done', 'unlock', 1]]);
    expect((await stores.reports.policies()).toSorted()).toEqual(['Guests', 'Staff']);
  });

  test('counts from the first row on where only everybody was counted before, some pages in a turn', async () => {
    const { audit, duties, reports } = stores;
    const before = { add: reports.add.bind(reports), addByPolicy: async () => false };
    const walk = await visit('f1', staff);
    for (let at = 0; at < 30; at += 1) await walk('gate.wrong', { gate: 'phone' });
    await counter('one', before).turn();
    expect([(await duties.read('count')).position, (await duties.read('count-policies')).position]).toEqual([31, 0]);
    await counter('one').turn();
    expect((await duties.read('count-policies')).position).toBe(12);
    for (let turns = 0; turns < 2; turns += 1) await counter('one').turn();
    expect(await under('Staff')).toEqual([['gate.wrong', '', 30]]);
    expect(await counted()).toBe(30);
    expect((await audit.head()).sequence).toBe(31);
  });

  test('that dies counts by policy nothing twice and leaves nothing out', async () => {
    const walk = await visit('f1', staff);
    for (let at = 0; at < 8; at += 1) await walk('gate.wrong', { gate: 'phone' });
    let pages = 0;
    const dying: Pick<ReportStore, 'add' | 'addByPolicy'> = {
      add: stores.reports.add.bind(stores.reports),
      addByPolicy: async (counts, moved) => {
        pages += 1;
        if (pages === 2) throw new Error('the power is gone');
        return stores.reports.addByPolicy(counts, moved);
      },
    };
    await expect(counter('one', dying).turn()).rejects.toThrow('the power is gone');
    expect(await under('Staff')).toEqual([['gate.wrong', '', 2]]);
    clock.pass(61);
    await Promise.all([counter('two').turn(), counter('three').turn()]);
    expect(await under('Staff')).toEqual([['gate.wrong', '', 8]]);
  });

  test('leaves others time between its pages', async () => {
    await append(30);
    let between = 0;
    const timer = setInterval(() => {
      between += 1;
    }, 0);
    const busy = counter('one', {
      ...stores.reports,
      add: async (counts, moved) => {
        const until = performance.now() + 2;
        while (performance.now() < until);
        return stores.reports.add(counts, moved);
      },
      addByPolicy: async () => false,
    });
    await busy.turn();
    clearInterval(timer);
    expect(between).toBeGreaterThan(3);
  });
});
