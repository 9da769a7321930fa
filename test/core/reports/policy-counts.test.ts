import { describe, expect, test } from 'vitest';
import type { AuditEvent, AuditRow } from '../../../src/core/audit/audit.ts';
import { countByPolicy, policyKey, policyOf } from '../../../src/core/reports/policy-counts.ts';

function row(event: Partial<AuditEvent>): AuditRow {
  const bare = { at: new Date('2026-03-29T12:00:00Z'), portal: 'reset', flow: 'f1' };
  return { ...bare, event: 'flow.started', sequence: 1, hash: '', ...event };
}

const hostile = [
  '=1+1',
  '<script>',
  "'; drop table audit; --",
  '\u0000',
  '__proto__',
  'x'.repeat(200),
  '汉'.repeat(200),
];

describe('the key of a policy', () => {
  test('is the same for names that one list cannot have both, and for no others', () => {
    expect(policyKey('STAFF')).toBe(policyKey('staff'));
    expect(policyKey('Ｓｔａｆｆ')).toBe(policyKey('Staff'));
    expect(new Set(['staff', 'Staff ', 'staff2', ...hostile].map(policyKey)).size).toBe(3 + hostile.length);
  });

  test('is as short for every name', () => {
    for (const name of hostile) expect(policyKey(name)).toMatch(/^[\w-]{16}$/);
  });
});

describe('a visit', () => {
  test.each([false, 'disabled', 'account-expired', 'smartcard-required', 'barred', 'unregistered'])(
    'that began with decoy %o came under the policy that it showed',
    (decoy) => expect(policyOf(row({ detail: { decoy, policy: 'Staff' } }))).toBe('Staff'),
  );

  test.each(['unknown', 'no-policy', 'not-a-person', 'privileged', 'something-new', true])(
    'that began with decoy %o was shown somebody else’s policy',
    (decoy) => expect(policyOf(row({ detail: { decoy, policy: 'Staff' } }))).toBeUndefined(),
  );

  test('of staff, or of a caller who is checked, comes under none; nor does a row that is no start', () => {
    const detail = { decoy: false, policy: 'console' };
    expect(policyOf(row({ portal: 'console', detail }))).toBeUndefined();
    expect(policyOf(row({ portal: 'caller', detail }))).toBeUndefined();
    expect(policyOf(row({ event: 'gate.wrong', detail }))).toBeUndefined();
    for (const policy of ['', 7, true]) expect(policyOf(row({ detail: { decoy: false, policy } }))).toBeUndefined();
    expect(policyOf(row({}))).toBeUndefined();
  });

  test('is counted under its policy and no other, each of which is what it is called', () => {
    const policies = new Map(hostile.map((name, at) => [`f${at}`, name]));
    const rows = hostile.map((_, at) => row({ event: 'gate.wrong', gate: 'phone', flow: `f${at}` }));
    const others = [
      row({ event: 'gate.wrong', flow: 'elsewhere' }),
      row({ event: 'sign-in.failed', flow: undefined as never }),
    ];
    const counts = countByPolicy([...rows, ...rows, ...others], policies);
    expect(counts.map(({ policy, count }) => [policy, count])).toEqual(hostile.map((name) => [name, 2]));
  });

  test('that could not pass is counted once, by why: no gate is worse for those who could not', () => {
    const policies = new Map([['f1', 'Staff']]);
    const decoy = { detail: { decoy: true } };
    const counts = countByPolicy(
      [
        row({ detail: { decoy: 'unregistered', policy: 'Staff' } }),
        row({ ...decoy, event: 'gate.wrong', gate: 'phone' }),
        row({ ...decoy, event: 'account.barred', gate: 'phone' }),
        row({ event: 'flow.refused', detail: { decoy: true, why: 'barred' } }),
      ],
      policies,
    );
    expect(counts).toMatchObject([{ event: 'flow.started', why: 'unregistered', count: 1 }]);
  });

  test('leaves no numbers that no report shows', () => {
    const policies = new Map([['f1', 'Staff']]);
    const start = row({ detail: { decoy: false, policy: 'Staff' } });
    expect(countByPolicy([start, row({ event: 'gate.switched' }), row({ event: 'notice.sent' })], policies)).toEqual(
      [],
    );
  });
});
