import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Flow, FlowStep } from '../../../src/core/flow/flow.ts';
import { arriving, isTaken, leaving, otherWays, switched, usedGates } from '../../../src/core/flow/ways.ts';
import type { Link } from '../../../src/core/link.ts';

const links = (...gates: readonly string[]): readonly Link[] => gates.map((gate) => ({ gate, step: 'verify' }));
const gate = (at: number): FlowStep => ({ kind: 'gate', at });
const now = new Date('2026-03-02T09:00:00Z');

type Some = Pick<Flow, 'step' | 'chain' | 'alternatives' | 'memory' | 'left'>;
const flowAt = (step: FlowStep, more: Partial<Some> = {}): Flow =>
  ({ chain: links('phone', 'otp-sms'), alternatives: ['questions'], memory: 'phone', step, ...more }) as Flow;

describe('the other ways from a gate', () => {
  test('are all of the set that were not passed, in an order that tells nothing', () => {
    expect(otherWays(flowAt(gate(0)))).toEqual(['otp-sms', 'questions']);
    expect(otherWays(flowAt(gate(0), { chain: links('phone', 'questions'), alternatives: ['otp-sms'] }))).toEqual([
      'otp-sms',
      'questions',
    ]);
    expect(otherWays(flowAt(gate(1)))).toEqual(['questions']);
  });

  test('are not what can be found out before something is proved', () => {
    const later = ['questions'];
    expect(otherWays({ ...flowAt(gate(0)), later })).toEqual(['otp-sms']);
    expect(() => switched({ ...flowAt(gate(0)), later }, 'questions', [])).toThrow(RangeError);
    expect(otherWays({ ...flowAt(gate(1)), later })).toEqual(['questions']);
  });

  test('are none in a chain in order, at a gate that is enrolled, and where no gate is open', () => {
    const { alternatives: _, ...inOrder } = flowAt(gate(0));
    expect(otherWays(inOrder)).toEqual([]);
    expect(otherWays(flowAt(gate(0), { chain: [{ gate: 'phone', step: 'enrol' }] }))).toEqual([]);
    for (const step of [
      { kind: 'choose', at: 1 },
      { kind: 'password', refusals: 0 },
    ] as const) {
      expect(otherWays(flowAt(step))).toEqual([]);
    }
  });
});

describe('a gate that is taken in another’s place', () => {
  test('stands where that stood, which can be taken again', () => {
    const after = switched(flowAt(gate(0)), 'questions', []);
    expect(after).toEqual({ chain: links('questions', 'otp-sms'), alternatives: ['phone'] });
  });

  test('leads on to a gate that can be used, not back to the one that was left', () => {
    const flow = flowAt(gate(0));
    expect(switched(flow, 'otp-sms', ['phone', 'otp-sms', 'questions'])).toEqual({
      chain: links('otp-sms', 'questions'),
      alternatives: ['phone'],
    });
    expect(switched(flow, 'otp-sms', ['phone', 'otp-sms'])).toEqual({
      chain: links('otp-sms', 'phone'),
      alternatives: ['questions'],
    });
  });

  test('is never one that was passed, is open, or is not of the set', () => {
    for (const to of ['phone', 'otp-sms', 'elsewhere', '']) {
      expect(() => switched(flowAt(gate(1)), to, [])).toThrow(RangeError);
    }
  });

  test('leaves the set, the length of the chain and what was passed as they are, however often', () => {
    const set = ['a', 'b', 'c', 'd', 'e'];
    const turns = fc.array(fc.record({ to: fc.constantFrom(...set), pass: fc.boolean() }), { maxLength: 30 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), turns, fc.subarray(set), (needed, taken, usable) => {
        let flow = flowAt(gate(0), { chain: links(...set.slice(0, needed)), alternatives: set.slice(needed) });
        for (const { to, pass } of taken) {
          const at = flow.step.kind === 'gate' ? flow.step.at : 0;
          if (pass && at + 1 < needed) flow = { ...flow, step: gate(at + 1) };
          else if (otherWays(flow).includes(to)) flow = { ...flow, ...switched(flow, to, usable) };
          const all = [...flow.chain.map((link) => link.gate), ...(flow.alternatives ?? [])];
          expect([...all].sort()).toEqual(set);
          expect(flow.chain).toHaveLength(needed);
        }
      }),
    );
  });

  test('never changes a gate that was passed', () => {
    const flow = flowAt(gate(1), { chain: links('a', 'b', 'c'), alternatives: ['d'] });
    for (const to of otherWays(flow)) expect(switched(flow, to, []).chain[0]).toEqual(links('a')[0]);
  });
});

describe('what a gate remembers', () => {
  test('is found again, and forgotten nowhere on the way', () => {
    const left = leaving(flowAt(gate(0)));
    const there = arriving({ ...left, ...switched(left, 'questions', []) }, gate(0), now);
    expect(there).toMatchObject({ memory: null, step: { openingSince: now.getTime() }, left: { phone: 'phone' } });
    const open = { ...there, memory: 'questions', step: gate(0) };
    const back = arriving({ ...leaving(open), ...switched(open, 'phone', []) }, gate(0), now);
    expect(back).toMatchObject({ memory: 'phone', step: gate(0), left: { questions: 'questions' } });
    expect(back.left).not.toHaveProperty('phone');
  });

  test('is nothing when it was never opened: then it is opened when somebody comes back', () => {
    expect(leaving(flowAt(gate(0), { memory: null })).left).toBeUndefined();
  });

  test('is gone from the flow where no gate is open', () => {
    expect(arriving(flowAt(gate(0)), { kind: 'choose' }, now)).toMatchObject({
      memory: null,
      step: { kind: 'choose' },
    });
  });
});

test('a gate is taken while it is opened or judged, and not for ever', () => {
  const since = (marks: { openingSince?: number; judgingSince?: number }) =>
    isTaken({ step: { kind: 'gate', at: 0, ...marks } }, now);
  expect(since({})).toBe(false);
  expect(since({ judgingSince: now.getTime() - 29_000 })).toBe(true);
  expect(since({ openingSince: now.getTime() - 29_000 })).toBe(true);
  expect(since({ openingSince: now.getTime() - 30_000, judgingSince: now.getTime() - 31_000 })).toBe(false);
});

test('used are the gates that somebody stood at, left ones too, and not those that lie ahead', () => {
  expect(usedGates(flowAt(gate(0)))).toEqual(['phone']);
  expect(usedGates(flowAt(gate(1), { left: { questions: 1 } }))).toEqual(['phone', 'otp-sms', 'questions']);
  expect(usedGates(flowAt({ kind: 'choose', at: 1 }))).toEqual(['phone']);
  expect(usedGates(flowAt({ kind: 'writing', journalId: 'j', action: 'unlock', since: 0, at: 1 }))).toEqual(['phone']);
  expect(usedGates(flowAt({ kind: 'password', refusals: 0 }))).toEqual(['phone', 'otp-sms']);
});
