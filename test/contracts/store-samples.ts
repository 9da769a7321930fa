import { randomBytes, randomUUID } from 'node:crypto';
import type { AuditEvent } from '../../src/core/audit/audit.ts';
import type { Flow } from '../../src/core/flow/flow.ts';
import type { JournalEntry } from '../../src/core/journal.ts';
import type { OutboxRow } from '../../src/core/notices/outbox.ts';
import type { Challenge } from '../../src/core/sending/challenge.ts';

/** The moment around which the store contract happens. */
export const noon = new Date('2026-03-29T12:00:00.123Z');

export function later(minutes: number): Date {
  return new Date(noon.getTime() + minutes * 60_000);
}

/** Texts that are personal or secret; none of them may be readable in the database. */
export const canaries = {
  flowId: `canary-flow-${randomUUID()}`,
  sessionId: `canary-session-${randomUUID()}`,
  name: 'CANARY\\ana.beispiel',
  displayName: 'Ana Canary-Beispiel',
  number: '+4930901820canary',
  answer: 'canary grandmother',
  notice: 'canary.notice',
  address: 'canary@example.test',
  seed: 'canary5eed'.repeat(6),
  csrf: 'canary-csrf',
} as const;

export function sampleFlow(changes: Partial<Flow> = {}): Flow {
  return {
    id: randomBytes(32).toString('base64url'),
    reference: randomUUID(),
    portal: 'reset',
    subject: {
      kind: 'account',
      account: { id: randomUUID(), name: canaries.name, samName: 'ana', displayName: canaries.displayName },
    },
    chain: [
      { gate: 'questions', step: 'verify' },
      { gate: 'otp-sms', step: 'verify' },
    ],
    actions: ['unlock', 'reset'],
    step: { kind: 'gate', at: 1 },
    memory: { to: canaries.number, tries: [1, 2.5, -3], nested: { nothing: null, text: 'ä€😀\u0000"\\' } },
    notice: { key: canaries.notice, values: { seconds: 30 } },
    problems: [{ field: 'code', message: { key: 'gates.otp-sms.wrong' } }],
    wrong: 2,
    language: 'de-AT',
    createdAt: noon,
    expiresAt: later(30),
    version: 1,
    ...changes,
  };
}

export function sampleChallenge(changes: Partial<Challenge> = {}): Challenge {
  return {
    id: randomUUID(),
    state: 'queued',
    channel: 'sms',
    flowReference: randomUUID(),
    gate: 'otp-sms',
    createdAt: noon,
    expiresAt: later(10),
    body: { to: canaries.number },
    ...changes,
  };
}

export function sampleEntry(changes: Partial<JournalEntry> = {}): JournalEntry {
  return {
    id: randomUUID(),
    action: 'reset',
    flowReference: randomUUID(),
    write: {
      accountId: randomUUID(),
      server: 'dc1.example.test',
      passwordLastSet: '134192736000000000',
      lockoutTime: '0',
    },
    intendedAt: noon,
    ...changes,
  };
}

export function sampleRow(changes: Partial<OutboxRow> = {}): OutboxRow {
  return {
    id: randomUUID(),
    event: 'reset',
    reference: randomUUID(),
    channel: 'email',
    createdAt: noon,
    expiresAt: later(60),
    body: { to: canaries.address, at: noon.getTime() },
    ...changes,
  };
}

export function sampleEvent(changes: Partial<AuditEvent> = {}): AuditEvent {
  return {
    at: noon,
    event: 'gate.wrong',
    subject: 'subject-1',
    detail: { tries: 1, last: false, why: 'ä\u2028' },
    ...changes,
  };
}
