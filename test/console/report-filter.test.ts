import { describe, expect, test } from 'vitest';
import { auditFilter, sequenceIn } from '../../src/console/audit-filter.ts';
import { dayIn, queryOf, reportFilter } from '../../src/console/report-filter.ts';

const now = new Date('2026-03-29T23:30:00Z');
const usual = { from: '2026-02-28', to: '2026-03-29' };

describe('the filter of a report', () => {
  test('is the last 30 days when nothing was asked', () => {
    expect(reportFilter({}, now)).toEqual({ ...usual, problems: [] });
    expect(reportFilter({ from: '', to: ' ', gate: '', unit: '', policy: ' ' }, now)).toEqual({
      ...usual,
      problems: [],
    });
  });

  test('takes days, a gate and a unit, and ends today', () => {
    expect(reportFilter({ from: '2026-03-01', to: '2026-03-05', gate: 'otp-sms', unit: 'People/Öst' }, now)).toEqual({
      from: '2026-03-01',
      to: '2026-03-05',
      gate: 'otp-sms',
      unit: 'People/Öst',
      problems: [],
    });
    expect(reportFilter({ from: '2026-03-01', to: '2027-03-05' }, now)).toMatchObject({
      to: '2026-03-29',
      problems: [],
    });
  });

  test.each<[string, object, string]>([
    ['a year that is none of ours', { from: '275760-09-13' }, 'from'],
    ['a year before there was anything', { to: '0001-01-01' }, 'to'],
    ['a day that is none', { from: '2026-02-31' }, 'from'],
    ['a text for a day', { from: "'; drop table audit; --" }, 'from'],
    ['a negative day', { from: '-2026-03-01' }, 'from'],
    ['several days', { from: ['2026-03-01', '2026-03-02'] }, 'from'],
    ['a day in a list of its own', { to: { year: '2026' } }, 'to'],
    ['an end before the beginning', { from: '2026-03-05', to: '2026-03-01' }, 'from'],
    ['ten years', { from: '2016-03-29' }, 'from'],
    ['10,000 characters', { gate: 'x'.repeat(10_000) }, 'gate'],
    ['what is not seen', { unit: 'People\u0000' }, 'unit'],
    ['what turns text', { unit: 'People\u202e' }, 'unit'],
    ['several units', { unit: ['a', 'b'] }, 'unit'],
    ['several policies', { policy: ['a', 'b'] }, 'policy'],
    ['a policy that turns text', { policy: 'Staff\u202e' }, 'policy'],
    ['a policy of 257 characters', { policy: 'x'.repeat(257) }, 'policy'],
  ])('says so and shows a span of at most 30 days after %s', (_name, query, field) => {
    const { problems, from, to, gate, unit, policy } = reportFilter(query as Record<string, unknown>, now);
    expect(problems.map((problem) => problem.field)).toEqual([field]);
    expect([gate, unit, policy]).toEqual([undefined, undefined, undefined]);
    expect(dayIn(from) !== undefined && dayIn(to) !== undefined && from <= to).toBe(true);
    expect(Date.parse(to) - Date.parse(from)).toBeLessThan(30 * 86_400_000);
  });
});

describe('the search of the audit', () => {
  test('takes what was typed, and whole days in UTC', () => {
    const typed = { subject: ' s ', event: 'gate.wrong', flow: 'f', address: '::1', correlation: 'c' };
    expect(auditFilter({ ...typed, from: '2026-03-01', to: '2026-03-02', before: '9', page: 'x' })).toEqual({
      typed: { ...typed, subject: 's', from: '2026-03-01', to: '2026-03-02' },
      problems: [],
      search: {
        ...typed,
        subject: 's',
        from: new Date('2026-03-01T00:00:00.000Z'),
        to: new Date('2026-03-02T23:59:59.999Z'),
        before: 9,
      },
    });
    expect(auditFilter({})).toEqual({ typed: {}, problems: [], search: {} });
  });

  test.each<[string, object]>([
    ['a text that is too long', { subject: 'x'.repeat(10_000) }],
    ['two subjects', { subject: ['a', 'b'] }],
    ['a zero', { flow: '\u0000' }],
    ['a year that is none of ours', { from: '275760-09-13' }],
    ['a negative page', { before: '-1' }],
    ['a page that is no number', { after: '1e3' }],
    ['a page beyond all numbers', { before: '9'.repeat(400) }],
    ['two pages', { after: ['1', '2'] }],
  ])('says what it does not take: %s', (_name, query) => {
    const { problems, search } = auditFilter(query as Record<string, unknown>);
    expect(problems).toHaveLength(1);
    expect(search).toEqual({});
  });

  test('knows the number of a row from everything else', () => {
    expect(['1', '999999999999999'].map(sequenceIn)).toEqual([1, 999_999_999_999_999]);
    for (const strange of ['0', '01', '-1', '1.5', '1e3', ' 1', '0x1', '٣', '', undefined, ['1'], '1'.repeat(16)]) {
      expect(sequenceIn(strange), String(strange)).toBeUndefined();
    }
  });
});

test('a query string says nothing of what is not given, and lets nothing out of its value', () => {
  expect(queryOf({ a: 'x&b=1#"<', b: undefined, c: 3 })).toBe('a=x%26b%3D1%23%22%3C&c=3');
});
