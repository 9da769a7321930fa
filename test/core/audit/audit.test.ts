import { describe, expect, test } from 'vitest';
import { type AuditEvent, auditGenesis, auditHash } from '../../../src/core/audit/audit.ts';

const event: AuditEvent = {
  at: new Date('2026-03-02T09:00:00Z'),
  event: 'gate.passed',
  subject: 'a',
  portal: 'reset',
  flow: 'f',
  gate: 'phone',
  address: '203.0.113.7',
  correlation: 'c',
  detail: { step: 'verify', tries: 1 },
};
const hash = auditHash(auditGenesis, 1, event);

describe('the hash of an audit row', () => {
  test('does not depend on the order of fields', () => {
    const turned: AuditEvent = { ...event, detail: { tries: 1, step: 'verify' } };
    expect(auditHash(auditGenesis, 1, turned)).toBe(hash);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each<[string, Partial<AuditEvent>]>([
    ['time', { at: new Date('2026-03-02T09:00:01Z') }],
    ['event', { event: 'gate.wrong' }],
    ['subject', { subject: 'b' }],
    ['portal', { portal: 'registration' }],
    ['flow', { flow: 'g' }],
    ['gate', { gate: 'questions' }],
    ['address', { address: '203.0.113.8' }],
    ['correlation', { correlation: 'd' }],
    ['detail', { detail: { step: 'verify', tries: 2 } }],
    ['kind of a detail', { detail: { step: 'verify', tries: '1' } }],
  ])('changes with the %s', (_field, change) => {
    expect(auditHash(auditGenesis, 1, { ...event, ...change })).not.toBe(hash);
  });

  test('changes with the place and with the row before', () => {
    expect(auditHash(auditGenesis, 2, event)).not.toBe(hash);
    expect(auditHash('1'.repeat(64), 1, event)).not.toBe(hash);
  });

  test('does not take one field for another', () => {
    const { gate: _gate, flow: _flow, ...rest } = event;
    expect(auditHash(auditGenesis, 1, { ...rest, gate: 'x' })).not.toBe(
      auditHash(auditGenesis, 1, { ...rest, flow: 'x' }),
    );
  });
});
