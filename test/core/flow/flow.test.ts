import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Flow,
  type FlowEvent,
  type FlowStand,
  type FlowStep,
  firstStep,
  isEnded,
  maxRefusals,
  nextStep,
} from '../../../src/core/flow/flow.ts';
import type { Action } from '../../../src/core/journal.ts';
import type { Link } from '../../../src/core/link.ts';

type Stand = Pick<Flow, 'step' | 'chain' | 'actions'>;

const chain: readonly Link[] = [
  { gate: 'phone', step: 'verify' },
  { gate: 'questions', step: 'verify' },
];
const both: readonly Action[] = ['unlock', 'reset'];
const at = (step: FlowStep, actions: readonly Action[] = both): Stand => ({ step, chain, actions });

const began = (action: Action): FlowEvent => ({ kind: 'write-began', journalId: 'j', action, since: 5 });
const ended = (outcome: Extract<FlowEvent, { kind: 'write-ended' }>['outcome'], refusals = 0): FlowEvent => ({
  kind: 'write-ended',
  outcome,
  refusals,
});
const writing = (action: Action): FlowStep => ({ kind: 'writing', journalId: 'j', action, since: 5 });
const gate = (n: number): FlowStep => ({ kind: 'gate', at: n });
const choose: FlowStep = { kind: 'choose' };
const password: FlowStep = { kind: 'password', refusals: 0 };
const passed: FlowEvent = { kind: 'passed' };
const choseReset: FlowEvent = { kind: 'chose-reset' };
const back: FlowEvent = { kind: 'back' };
const rejected: FlowEvent = { kind: 'password-rejected' };
const expired: FlowEvent = { kind: 'expired' };
const cancelled: FlowEvent = { kind: 'cancelled' };
const refusedEvent: FlowEvent = { kind: 'refused', reason: 'barred' };

const ends: readonly FlowStep[] = [
  { kind: 'done', certain: true },
  { kind: 'refused', reason: 'barred' },
  { kind: 'expired' },
  { kind: 'cancelled' },
];

describe('what follows what', () => {
  test.each<[string, Stand, FlowEvent, FlowStep | undefined]>([
    ['a gate leads to the next', at(gate(0)), passed, gate(1)],
    ['the last gate leads to the choice', at(gate(1)), passed, choose],
    ['the last gate of a registration is the end', at(gate(1), []), passed, { kind: 'done', certain: true }],
    ['a gate is not passed by choosing', at(gate(0)), choseReset, undefined],
    ['a gate is not passed by writing', at(gate(1)), began('reset'), undefined],
    ['a gate is not passed by the end of a write', at(gate(1)), ended('done'), undefined],
    ['a gate is not passed by going back', at(gate(1)), back, undefined],
    ['choosing a new password asks for it', at(choose), choseReset, password],
    ['choosing to unlock writes', at(choose), began('unlock'), writing('unlock')],
    ['a reset is not written before a password was asked for', at(choose), began('reset'), undefined],
    ['what is not allowed cannot be chosen', at(choose, ['unlock']), choseReset, undefined],
    ['what is not allowed cannot be written', at(choose, ['reset']), began('unlock'), undefined],
    ['what is not allowed cannot be reset', at(password, ['unlock']), began('reset'), undefined],
    ['the choice is not passed once more', at(choose), passed, undefined],
    ['a new password is written', at(password), began('reset'), writing('reset')],
    ['no unlock is written where a password was asked for', at(password), began('unlock'), undefined],
    ['one may go back to the choice', at(password), back, choose],
    [
      'a password that is not taken may be followed by another',
      at(password),
      rejected,
      { kind: 'password', refusals: 1 },
    ],
    [
      'so many of them end in the helpdesk',
      at({ kind: 'password', refusals: maxRefusals - 1 }),
      rejected,
      { kind: 'refused', reason: 'helpdesk' },
    ],
    ['nothing is rejected where no password was asked for', at(choose), rejected, undefined],
    ['nor while one is written', at(writing('reset')), rejected, undefined],
    [
      'a write that was done is the end',
      at(writing('reset')),
      ended('done'),
      { kind: 'done', action: 'reset', certain: true },
    ],
    [
      'a write that nobody knows of is the end too',
      at(writing('reset')),
      ended('unknown'),
      { kind: 'done', action: 'reset', certain: false },
    ],
    [
      'a refused password may be followed by another',
      at(writing('reset')),
      ended('refused', 1),
      { kind: 'password', refusals: 1 },
    ],
    [
      'a write that did not happen may be sent again',
      at(writing('reset')),
      ended('not-done', 2),
      { kind: 'password', refusals: 2 },
    ],
    [
      'too many refused passwords need a person',
      at(writing('reset')),
      ended('refused', maxRefusals),
      { kind: 'refused', reason: 'helpdesk' },
    ],
    ['an unlock that did not happen leads back to the choice', at(writing('unlock')), ended('not-done'), choose],
    ['nothing else is written meanwhile', at(writing('reset')), began('reset'), undefined],
    ['nothing else is chosen meanwhile', at(writing('unlock')), choseReset, undefined],
  ])('%s', (_rule, stand, event, next) => {
    expect(nextStep(stand, event)).toEqual(next);
  });

  test('what was sent to the directory cannot be called back', () => {
    for (const event of [expired, cancelled, refusedEvent])
      expect(nextStep(at(writing('reset')), event)).toBeUndefined();
  });

  test('going back does not forget refused passwords', () => {
    const back = nextStep(at({ kind: 'password', refusals: 9 }), { kind: 'back' });
    expect(back).toEqual({ kind: 'choose', refusals: 9 });
    expect(back && nextStep(at(back), choseReset)).toEqual({ kind: 'password', refusals: 9 });
  });

  test.each([gate(0), gate(1), choose, password])('from $kind a flow can end at any time', (step) => {
    expect(nextStep(at(step), expired)).toEqual({ kind: 'expired' });
    expect(nextStep(at(step), cancelled)).toEqual({ kind: 'cancelled' });
    expect(nextStep(at(step), refusedEvent)).toEqual({ kind: 'refused', reason: 'barred' });
  });

  test.each(ends)('nothing follows on $kind', (step) => {
    const events = [
      passed,
      choseReset,
      back,
      began('unlock'),
      began('reset'),
      ended('done'),
      expired,
      cancelled,
      refusedEvent,
    ];
    for (const event of events) expect(nextStep(at(step), event)).toBeUndefined();
    expect(isEnded(step)).toBe(true);
  });

  test('a flow without a gate cannot begin', () => {
    expect(() => firstStep([])).toThrow(RangeError);
    expect(firstStep(chain)).toEqual(gate(0));
  });
});

describe('a shorter way to the unlock', () => {
  const three: readonly Link[] = [...chain, { gate: 'otp-sms', step: 'verify' }];
  const short = (step: FlowStep, unlockAfter = 1, actions = both) => ({ step, chain: three, actions, unlockAfter });
  const early: FlowStep = { kind: 'choose', at: 1 };

  test.each<[string, FlowStand, FlowEvent, FlowStep | undefined]>([
    ['leads from its last gate to the choice', short(gate(0)), passed, early],
    ['unlocks there', short(early), began('unlock'), { ...writing('unlock'), at: 1 } as FlowStep],
    ['writes no reset there', short(early), began('reset'), undefined],
    ['goes on to the gate that is next', short(early), choseReset, gate(1)],
    ['is left behind by the gates after it', short(gate(1)), passed, gate(2)],
    ['may be gone back to from there', short(gate(2)), back, { kind: 'choose', at: 2 }],
    ['may not be gone back to before it', short(gate(0)), back, undefined],
    ['asks for the new password after the last gate, as was chosen', short(gate(2)), passed, password],
    ['offers both again when one goes back from there', short(password), back, choose],
    [
      'is still there after an unlock that did not happen, and no more is passed than before',
      short({ ...writing('unlock'), at: 1 } as FlowStep),
      ended('not-done'),
      early,
    ],
    ['is none where it is as long as the chain', short(gate(0), 3), passed, gate(1)],
    ['is none where nothing can be unlocked', short(gate(0), 1, ['reset']), passed, gate(1)],
    ['is none where there is nothing to go on to', short(gate(0), 1, ['unlock']), passed, gate(1)],
  ])('%s', (_rule, stand, event, next) => {
    expect(nextStep(stand, event)).toEqual(next);
  });
});

describe('a gate of a registration', () => {
  const links: readonly Link[] = ['phone', 'otp-sms', 'questions'].map((one) => ({ gate: one, step: 'enrol' }));
  const added: readonly Link[] = [
    ...links,
    { gate: 'badge', step: 'enrol', elsewhere: 'extranet' },
    { gate: 'token', step: 'enrol', elsewhere: 'extranet' },
  ];
  const afterAdded = gate(4);
  const leftOut: FlowEvent = { kind: 'left-out' };
  const registering = (more: Partial<FlowStand>): FlowStand => ({ step: gate(0), chain: links, actions: [], ...more });

  test.each<[string, FlowStand, FlowStep | undefined]>([
    ['is left out where fewer are needed', registering({ mayLeaveOut: 1 }), gate(1)],
    ['is left out at the end', registering({ mayLeaveOut: 1, step: gate(2) }), { kind: 'done', certain: true }],
    ['is not left out where all are needed', registering({}), undefined],
    [
      'is not left out where enough were',
      registering({ mayLeaveOut: 1, leftOut: ['phone'], step: gate(1) }),
      undefined,
    ],
    [
      'is not left out where it is to be passed',
      registering({ mayLeaveOut: 1, chain: [{ gate: 'phone', step: 'verify' }, ...links] }),
      undefined,
    ],
    ['is not left out of a reset', { ...at(gate(0)), mayLeaveOut: 1 }, undefined],
    ['is left out where another zone alone asks for it', registering({ chain: added, step: gate(3) }), afterAdded],
    [
      'is left out for another zone beside those of its own',
      registering({ chain: added, mayLeaveOut: 1, leftOut: ['phone'], step: gate(3) }),
      afterAdded,
    ],
    [
      'is left out of its own zone whatever was left out for another',
      registering({ chain: [...added].reverse(), mayLeaveOut: 1, leftOut: ['badge'], step: gate(2) }),
      gate(3),
    ],
    ['is not left out for another zone where there is nothing else', registering({ chain: added.slice(3) }), undefined],
  ])('%s', (_rule, stand, next) => {
    expect(nextStep(stand, leftOut)).toEqual(next);
  });
});

describe('no order of events', () => {
  const outcome = fc.constantFrom('done', 'refused', 'not-done', 'unknown') as fc.Arbitrary<
    Extract<FlowEvent, { kind: 'write-ended' }>['outcome']
  >;
  const action = fc.constantFrom<Action>('unlock', 'reset');
  const event: fc.Arbitrary<FlowEvent> = fc.oneof(
    { weight: 4, arbitrary: fc.constant(passed) },
    { weight: 2, arbitrary: fc.constant(choseReset) },
    { weight: 2, arbitrary: fc.constantFrom<FlowEvent>(back, back, { kind: 'left-out' }) },
    { weight: 3, arbitrary: action.map(began) },
    { weight: 2, arbitrary: fc.tuple(outcome, fc.nat(12)).map(([how, refusals]) => ended(how, refusals)) },
    { weight: 1, arbitrary: fc.constantFrom(expired, cancelled, refusedEvent) },
  );
  const stand = fc.record({
    gates: fc.integer({ min: 1, max: 5 }),
    unlockAfter: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
    actions: fc.subarray([...both]),
    events: fc.array(event, { maxLength: 40 }),
  });

  /** Walks and tells each step with what had been passed when it was reached. */
  function walk({
    gates,
    unlockAfter,
    actions,
    events,
  }: {
    gates: number;
    unlockAfter: number | undefined;
    actions: readonly Action[];
    events: readonly FlowEvent[];
  }) {
    const links = Array.from({ length: gates }, (_, n): Link => ({ gate: `gate-${n}`, step: 'verify' }));
    let step: FlowStep = firstStep(links);
    const seen: { step: FlowStep; passedGates: number; from: FlowStep; event: FlowEvent }[] = [];
    let passedGates = 0;
    for (const one of events) {
      const stand = { step, chain: links, actions, ...(unlockAfter === undefined ? {} : { unlockAfter }) };
      const next = nextStep(stand, one);
      if (next === undefined) continue;
      if (step.kind === 'gate' && one.kind === 'passed') passedGates += 1;
      seen.push({ step: next, passedGates, from: step, event: one });
      step = next;
    }
    return seen;
  }

  test('reaches the choice, a write or the end without every gate passed', () => {
    fc.assert(
      fc.property(stand, (given) => {
        for (const { step, passedGates } of walk(given)) {
          const beyond = ['choose', 'password', 'writing', 'done'].includes(step.kind);
          if (beyond && passedGates < enoughFor(step, given)) return false;
          // What was passed is never lost, whichever way one goes.
          if (step.kind === 'gate' && step.at !== passedGates) return false;
          if (step.kind === 'choose' && (step.at ?? given.gates) !== passedGates) return false;
        }
        return true;
      }),
      { numRuns: 2000 },
    );
  });

  /** How many gates must have been passed where a flow stands. */
  function enoughFor(step: FlowStep, given: { gates: number; unlockAfter: number | undefined }): number {
    const short = step.kind === 'choose' || (['writing', 'done'].includes(step.kind) && isUnlock(step));
    return short ? Math.min(given.unlockAfter ?? given.gates, given.gates) : given.gates;
  }

  function isUnlock(step: FlowStep): boolean {
    return (step.kind === 'writing' || step.kind === 'done') && step.action === 'unlock';
  }

  test('writes what the policy does not allow, or twice at a time', () => {
    fc.assert(
      fc.property(stand, (given) =>
        walk(given).every(({ step, from }) => {
          if (step.kind !== 'writing') return true;
          return given.actions.includes(step.action) && from.kind !== 'writing';
        }),
      ),
      { numRuns: 2000 },
    );
  });

  test('says that something was done without a write that ended so', () => {
    fc.assert(
      fc.property(stand, (given) =>
        walk(given).every(({ step, from, event: one }) => {
          if (step.kind !== 'done' || given.actions.length === 0) return true;
          if (from.kind !== 'writing' || one.kind !== 'write-ended' || step.action !== from.action) return false;
          return step.certain ? one.outcome === 'done' : one.outcome === 'unknown';
        }),
      ),
      { numRuns: 2000 },
    );
  });

  test('goes back to a gate that was passed, or on after the end', () => {
    fc.assert(
      fc.property(stand, (given) =>
        walk(given).every(({ step, from }) => {
          if (isEnded(from)) return false;
          if (step.kind !== 'gate') return true;
          if (from.kind === 'choose') return step.at === from.at;
          return from.kind === 'gate' && step.at === from.at + 1;
        }),
      ),
      { numRuns: 2000 },
    );
  });
});
