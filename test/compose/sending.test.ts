import { pino } from 'pino';
import { expect, test } from 'vitest';
import { reportSending } from '../../src/compose/sending.ts';
import type { AuditEvent } from '../../src/core/audit/audit.ts';
import { historyLine } from '../../src/core/audit/history.ts';
import type { Stores } from '../../src/core/stores.ts';
import { SettableClock } from '../settable-clock.ts';

const challenge = { id: 'c', channel: 'sms', gate: 'otp-sms', flowReference: 'f' } as const;

/** The row that a sending leaves in the audit. */
function rowOf(more: { readonly alarm?: boolean }): AuditEvent {
  const rows: AuditEvent[] = [];
  const audit = { append: async (row: AuditEvent) => void rows.push(row) };
  const needs = { log: pino({ level: 'silent' }), stores: { audit } as unknown as Stores, clock: new SettableClock() };
  reportSending(
    { kind: 'failed', challenge, subject: 'a', provider: 'texts', detail: 'said in the log', ...more },
    needs,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('nothing was audited');
  return row;
}

test('a sending that a limit kept back says so in the audit, and so to the helpdesk', () => {
  const row = rowOf({ alarm: true });
  expect(row.detail).toEqual({ channel: 'sms', provider: 'texts', why: 'limit' });
  expect(historyLine({ ...row, sequence: 1, hash: '' }).why).toEqual({ key: 'console.why.limit' });
});

test('what else keeps one back is in the log alone', () => {
  const row = rowOf({});
  expect(row.detail).toEqual({ channel: 'sms', provider: 'texts' });
  expect(JSON.stringify(row)).not.toContain('said in the log');
});
