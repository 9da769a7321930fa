import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Flow } from '../../../src/core/flow/flow.ts';
import { GateDesk, type GateDeskNeeds } from '../../../src/core/flow/gate-desk.ts';
import type { FlowSubject } from '../../../src/core/flow-subject.ts';
import type { Gate, Step, Subject } from '../../../src/core/gate.ts';
import type { Enrolment } from '../../../src/core/stores.ts';

const now = new Date('2026-03-02T09:00:00Z');
const owner = { kind: 'account', account: { id: 'ana', name: 'ana', samName: 'ana', displayName: 'Ana' } } as const;
const decoy = { kind: 'decoy', seed: 'f'.repeat(64), reason: 'unknown' } as const;

/** A desk with one gate; `asked` is what the store was asked, and `seen` whom the gate had before it. */
function world(registered: readonly string[]) {
  const asked: string[] = [];
  const seen: Subject[] = [];
  const step: Step = {
    form: z.strictObject({}),
    open: async () => null,
    show: async ({ subject }) => {
      seen.push(subject);
      return { view: 'verify', data: {} };
    },
    answer: async () => ({ kind: 'passed' }),
  };
  const gate: Gate = { id: 'otp-sms', enrol: step, verify: step };
  const rows = (accountId: string): readonly Enrolment[] =>
    registered.includes(accountId) ? [{ accountId, gate: gate.id, data: 'kept', provedAt: now }] : [];
  const enrolments = {
    of: async (id: string) => {
      asked.push('of');
      return rows(id);
    },
    registered: async (id: string) => {
      asked.push('registered');
      return rows(id);
    },
  };
  const needs = { gates: { get: () => gate }, stores: { enrolments }, audit: {} } as unknown as GateDeskNeeds;
  const desk = new GateDesk(needs);
  const show = async (subject: FlowSubject): Promise<Subject | undefined> => {
    await desk.show(flowOf(subject), 'en');
    return seen.at(-1);
  };
  return { asked, show };
}

function flowOf(subject: FlowSubject): Flow {
  return {
    id: 'id',
    reference: 'reference',
    portal: 'reset',
    subject,
    chain: [{ gate: 'otp-sms', step: 'verify' }],
    actions: ['reset'],
    step: { kind: 'gate', at: 0 },
    memory: {},
    language: 'en',
    createdAt: now,
    expiresAt: new Date(now.getTime() + 600_000),
    version: 1,
  };
}

test.each<[who: string, subject: FlowSubject, gate: Subject]>([
  ['their owner', owner, { kind: 'account', account: owner.account, enrolment: 'kept' }],
  [
    'their owner, where others would do',
    { ...owner, seed: 'a' },
    { kind: 'account', account: owner.account, enrolment: 'kept' },
  ],
  ['nobody', { ...decoy, key: 'decoy:x' }, { kind: 'decoy', seed: decoy.seed }],
  ['somebody who is barred', { ...decoy, key: 'ana' }, { kind: 'decoy', seed: decoy.seed, like: 'kept' }],
])('5.4: a gate costs the store for %s what it costs for everybody', async (_who, subject, gate) => {
  const { asked, show } = world(['ana']);
  expect(await show(subject)).toEqual(gate);
  expect(asked).toEqual(['registered', 'of']);
});
