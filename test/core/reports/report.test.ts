import { describe, expect, test } from 'vitest';
import {
  actionSeries,
  barSeries,
  gateNumbers,
  partsOf,
  providerNumbers,
  refusalNumbers,
  registrationSeries,
} from '../../../src/core/reports/report.ts';
import type { DailyCount } from '../../../src/core/reports/report-counts.ts';

function count(changes: Partial<DailyCount>): DailyCount {
  const bare = { day: '2026-03-02', portal: 'reset', gate: '', provider: '', why: '', decoy: false };
  return { ...bare, event: 'gate.wrong', count: 1, ...changes };
}

const parts = partsOf({ from: '2026-03-01', to: '2026-03-03' });

describe('the parts of a span', () => {
  test.each([
    ['2026-03-01', '2026-03-01', 'day', 1],
    ['2026-03-01', '2026-05-01', 'day', 62],
    ['2026-03-01', '2026-05-02', 'week', 9],
    ['2025-03-15', '2026-12-31', 'month', 22],
  ])('from %s to %s are by %s', (from, to, unit, length) => {
    const found = partsOf({ from, to });
    expect(found).toHaveLength(length);
    expect(new Set(found.map((part) => part.unit))).toEqual(new Set([unit]));
    expect([found[0]?.from, found.at(-1)?.to]).toEqual([from, to]);
  });

  test('follow one another without a gap, and are none when it ends before it begins', () => {
    const found = partsOf({ from: '2025-11-15', to: '2026-12-31' });
    expect(found.slice(0, 2).map(({ from, to }) => [from, to])).toEqual([
      ['2025-11-15', '2025-11-30'],
      ['2025-12-01', '2025-12-31'],
    ]);
    expect(partsOf({ from: '2026-03-02', to: '2026-03-01' })).toEqual([]);
  });
});

test('actions stand on the day that they were written, and a day without any is a 0', () => {
  const done = count({ event: 'write.done', why: 'reset' });
  const counts = [done, { ...done, count: 4 }, { ...done, day: '2026-03-03' }, { ...done, day: '2026-02-01' }];
  const failed = count({ event: 'write.refused', why: 'unlock' });
  expect(actionSeries([...counts, failed], parts)).toEqual([
    { name: 'reset', values: [0, 5, 1] },
    { name: 'unlock', values: [0, 0, 0] },
  ]);
});

test('in weeks and months, every day adds to the part that it lies in', () => {
  const done = count({ event: 'write.done', why: 'reset' });
  const counts = ['2026-01-01', '2026-01-31', '2026-02-01', '2027-03-31'].map((day) => ({ ...done, day }));
  const months = partsOf({ from: '2026-01-01', to: '2027-03-31' });
  expect(actionSeries(counts, months)[0]?.values).toEqual([2, 1, ...Array(12).fill(0), 1]);
});

test('registrations are by gate, in order of name', () => {
  const kept = (gate: string) => count({ event: 'enrolment.kept', gate, portal: 'registration' });
  expect(registrationSeries([kept('phone'), kept('otp-sms'), kept('phone')], parts)).toEqual([
    { name: 'otp-sms', values: [0, 1, 0] },
    { name: 'phone', values: [0, 2, 0] },
  ]);
});

test('bars are those of people who exist, by where they came of', () => {
  const barred = (changes: Partial<DailyCount>) => count({ event: 'account.barred', ...changes });
  const counts = [
    barred({ gate: 'phone' }),
    barred({ gate: 'phone', decoy: true }),
    barred({ portal: 'registration', why: 'other' }),
    barred({ portal: '' }),
  ];
  expect(barSeries(counts, parts).map(({ name }) => name)).toEqual(['notice', 'phone', 'sign-in']);
  expect(barSeries(counts, parts).flatMap(({ values }) => values[1])).toEqual([1, 1, 1]);
});

describe('a gate', () => {
  const at = (event: DailyCount['event'], many: number, changes: Partial<DailyCount> = {}) =>
    count({ event, gate: 'otp-sms', count: many, why: /opened|passed/.test(event) ? 'verify' : '', ...changes });

  test('was left by whom it neither let pass nor ended', () => {
    const counts = [
      at('gate.opened', 10),
      at('gate.passed', 5),
      at('gate.wrong', 9),
      at('gate.refused', 1),
      at('account.barred', 1),
      at('gate.fault', 2),
    ];
    expect(gateNumbers(counts)).toEqual([
      { gate: 'otp-sms', opened: 10, passed: 5, wrong: 9, refused: 1, barred: 1, left: 3, faults: 2 },
    ]);
  });

  test('does not count who could not pass, nor who registered', () => {
    const counts = [
      at('gate.opened', 3),
      at('gate.opened', 50, { decoy: true }),
      at('gate.wrong', 50, { decoy: true }),
      at('gate.opened', 50, { why: 'enrol' }),
      at('gate.passed', 50, { why: 'enrol' }),
      at('gate.opened', 50, { portal: 'console' }),
    ];
    expect(gateNumbers(counts)).toMatchObject([{ opened: 3, passed: 0, wrong: 0, left: 3 }]);
  });

  test('that was opened before the span and passed in it was left by nobody', () => {
    expect(gateNumbers([at('gate.passed', 2)])).toMatchObject([{ opened: 0, passed: 2, left: 0 }]);
  });

  test('that only registered is not there', () => {
    expect(gateNumbers([at('gate.passed', 2, { why: 'enrol' })])).toEqual([]);
  });
});

test('a provider is told by its name and its channel', () => {
  const sent = count({ event: 'challenge.sent', provider: 'twilio', why: 'sms', count: 7 });
  const counts = [sent, { ...sent, event: 'challenge.failed' as const, count: 2 }, { ...sent, why: 'voice' }];
  expect(providerNumbers(counts)).toEqual([
    { provider: 'twilio', channel: 'sms', sent: 7, failed: 2 },
    { provider: 'twilio', channel: 'voice', sent: 7, failed: 0 },
  ]);
});

test('reasons come with the most frequent first, and a decoy is refused once', () => {
  const counts = [
    count({ event: 'flow.started', why: 'unregistered', decoy: true, count: 5 }),
    count({ event: 'flow.started', count: 90 }),
    count({ event: 'sign-in.failed', why: 'wrong', portal: 'console', count: 90 }),
    count({ event: 'flow.refused', why: 'barred', decoy: true, count: 4 }),
    count({ event: 'flow.refused', why: 'not-you', count: 7 }),
    count({ event: 'sign-in.failed', why: 'wrong', count: 5 }),
    count({ event: 'write.refused', why: 'reset' }),
  ];
  expect(refusalNumbers(counts)).toEqual([
    { at: 'reset', why: 'not-you', count: 7 },
    { at: 'reset', why: 'unregistered', count: 5 },
    { at: 'sign-in', why: 'wrong', count: 5 },
    { at: 'write', why: 'reset', count: 1 },
  ]);
});
