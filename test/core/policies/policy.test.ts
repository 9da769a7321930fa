import { describe, expect, test } from 'vitest';
import type { Account, AccountState } from '../../../src/core/account.ts';
import { isOutgrown, laterOf, registrationChain, resetChain } from '../../../src/core/flow/chain.ts';
import type { FlowStep } from '../../../src/core/flow/flow.ts';
import { barredFromReset, barredFromUse, isRegistered, type Policy } from '../../../src/core/policies/policy.ts';
import type { Enrolment } from '../../../src/core/stores.ts';
import { untroubled } from '../../account-state.ts';
import { forEverybody } from '../../for-everybody.ts';

const policy: Policy = {
  ...forEverybody,
  chain: ['phone', 'questions'],
  actions: ['unlock', 'reset'],
  lockout: { threshold: 3, minutes: 15, barsUntilPermanent: 3 },
  flowSeconds: 1200,
  privileged: false,
  unknownLogins: 'decoy',
};

function account(state: Partial<AccountState> = {}): Account {
  return {
    id: 'b5a5d7a8-0000-4000-8000-000000000001',
    name: 'CONTOSO\\anna',
    samName: 'anna',
    displayName: 'Anna',
    state: {
      ...untroubled,
      ...state,
    },
  };
}

const enrolment = (gate: string): Enrolment => ({ accountId: account().id, gate, data: {}, provedAt: new Date(0) });
const all = [enrolment('phone'), enrolment('questions')];

describe('who may use Latchkey', () => {
  test.each<[string, Partial<AccountState>]>([
    ['not-a-person', { person: false }],
    ['privileged', { privileged: true }],
    ['disabled', { disabled: true }],
    ['account-expired', { expired: true }],
    ['smartcard-required', { smartcardRequired: true }],
  ])('5.32: nobody who is %s', (reason, state) => {
    expect(barredFromUse(account(state), policy)).toBe(reason);
    expect(barredFromReset(account(state), policy, { lockout: undefined, enrolments: all })).toBe(reason);
  });

  test.each<[string, Partial<AccountState>]>([
    ['locked', { locked: true }],
    ['to change the password', { mustChangePassword: true }],
    ['of an expired password', { passwordExpired: true }],
  ])('whoever is %s: they are whom it is for', (_what, state) => {
    expect(barredFromReset(account(state), policy, { lockout: undefined, enrolments: all })).toBeUndefined();
  });

  test('nobody who is barred, for a while or for good', () => {
    for (const lockout of [{ bars: 3 }, { bars: 1, until: new Date(1) }]) {
      expect(barredFromUse(account(), policy, lockout)).toBe('barred');
    }
  });

  test('5.32: the privileged, only where the policy names them', () => {
    expect(barredFromUse(account({ privileged: true }), { ...policy, privileged: true })).toBeUndefined();
  });

  test('nobody for a reset who lacks one gate', () => {
    expect(barredFromReset(account(), policy, { lockout: undefined, enrolments: [enrolment('phone')] })).toBe(
      'unregistered',
    );
  });
});

describe('the chain of a registration', () => {
  const enrol = policy.chain.map((gate) => ({ gate, step: 'enrol' as const }));

  const both = (enrolments: readonly Enrolment[]) => ({ registered: enrolments, counting: enrolments });

  test('enrols every gate, for somebody new', () => {
    expect(registrationChain(enrol, both([]), ['phone', 'questions'])).toEqual(enrol);
  });

  test('begins with the strongest gate that is enrolled', () => {
    const chain = registrationChain(enrol, both(all), ['phone', 'questions']);
    expect(chain).toEqual([{ gate: 'phone', step: 'verify' }, ...enrol]);
  });

  test('begins with one that no policy has any longer, where that is enrolled', () => {
    const chain = registrationChain(enrol, both([enrolment('otp-sms')]), ['phone', 'otp-sms', 'questions']);
    expect(chain).toEqual([{ gate: 'otp-sms', step: 'verify' }, ...enrol]);
  });

  test('is none where something is enrolled that nobody can pass any more', () => {
    expect(registrationChain(enrol, both([enrolment('gone')]), ['phone', 'questions'])).toBeUndefined();
  });

  test('goes by another gate where one counts no more, and is none where no other does', () => {
    const gates = ['phone', 'questions'];
    const chain = registrationChain(enrol, { registered: all, counting: [enrolment('questions')] }, gates);
    expect(chain).toEqual([{ gate: 'questions', step: 'verify' }, ...enrol]);
    expect(registrationChain(enrol, { registered: all, counting: [] }, gates)).toBeUndefined();
  });

  test('begins with a weaker one where there is no other', () => {
    const chain = registrationChain(enrol, both([enrolment('questions')]), ['phone', 'questions']);
    expect(chain?.[0]).toEqual({ gate: 'questions', step: 'verify' });
  });
});

describe('5.35: a flow that began under a policy', () => {
  const now = new Date('2026-03-02T09:00:00Z');
  const createdAt = new Date(now.getTime() - 600_000);
  const passed: FlowStep = { kind: 'choose' };
  const flow = { ...resetChain(policy, {}), step: passed, createdAt };
  const about = { action: 'reset', now } as const;

  test.each<[string, Partial<Policy>]>([
    ['the same', {}],
    ['with a gate less', { chain: ['phone'] }],
    ['with its gates in another order', { chain: ['questions', 'phone'] }],
    ['that gives more time', { flowSeconds: 3600 }],
    ['without an action that it is not about', { actions: ['reset'] }],
  ])('may end under one %s', (_what, change) => {
    expect(isOutgrown(flow, { ...policy, ...change }, about)).toBe(false);
  });

  test.each<[string, Partial<Policy>]>([
    ['with a gate more', { chain: ['phone', 'otp-sms', 'questions'] }],
    ['with another gate', { chain: ['phone', 'otp-sms'] }],
    ['that gives less time', { flowSeconds: 600 }],
    ['without its action', { actions: ['unlock'] }],
  ])('may not end under one %s', (_what, change) => {
    expect(isOutgrown(flow, { ...policy, ...change }, about)).toBe(true);
  });

  test('may not count what it enrolled as proved', () => {
    const enrolled = { ...flow, chain: policy.chain.map((gate) => ({ gate, step: 'enrol' as const })) };
    expect(isOutgrown(enrolled, policy, about)).toBe(true);
  });

  describe('with a shorter way to the unlock', () => {
    const shorter: Policy = { ...policy, chain: ['phone', 'otp-sms', 'questions'], unlockAfter: 1 };
    const having = (at: number) => ({ ...resetChain(shorter, {}), step: { kind: 'choose', at } as const, createdAt });
    const ends = (at: number, action: 'unlock' | 'reset', change: Partial<Policy> = {}) =>
      !isOutgrown(having(at), { ...shorter, ...change }, { action, now });

    test('may unlock after so many gates, and reset only after all', () => {
      expect([ends(1, 'unlock'), ends(1, 'reset'), ends(2, 'reset'), ends(3, 'reset')]).toEqual([
        true,
        false,
        false,
        true,
      ]);
    });

    test('may not unlock where the policy now asks for more, or for another gate first', () => {
      expect(ends(1, 'unlock', { unlockAfter: 2 })).toBe(false);
      expect(ends(1, 'unlock', { chain: ['questions', 'phone', 'otp-sms'] })).toBe(false);
      expect(ends(2, 'unlock', { chain: ['otp-sms', 'phone', 'questions'] })).toBe(true);
    });

    test('has proved nothing by a gate that is open', () => {
      const open = { ...having(1), step: { kind: 'gate', at: 0 } as const };
      expect(isOutgrown(open, shorter, { action: 'unlock', now })).toBe(true);
    });
  });

  describe('of any two', () => {
    const anyTwo: Policy = { ...policy, chain: ['phone', 'otp-sms', 'questions'], needed: 2 };
    const two = { ...resetChain(anyTwo, { seeming: ['otp-sms', 'questions'] }), step: passed, createdAt };

    test('may end with whichever two it passed', () => {
      expect(isOutgrown(two, anyTwo, about)).toBe(false);
      expect(isOutgrown(two, { ...anyTwo, chain: ['questions', 'phone', 'otp-sms'] }, about)).toBe(false);
    });

    test('may not end where three are needed now, or one of its two is gone', () => {
      expect(isOutgrown(two, { ...anyTwo, needed: 3 }, about)).toBe(true);
      expect(isOutgrown(two, { ...policy, chain: ['phone', 'otp-sms'], needed: 2 }, about)).toBe(true);
      expect(isOutgrown(two, { ...policy, chain: ['phone', 'otp-sms', 'questions'] }, about)).toBe(true);
    });
  });
});

describe('where any two gates are enough', () => {
  const anyTwo: Policy = { ...policy, chain: ['phone', 'otp-sms', 'questions'], needed: 2 };
  const links = (...gates: readonly string[]) => gates.map((gate) => ({ gate, step: 'verify' }));

  test('whoever has two is registered, whichever they are', () => {
    const has = (...gates: readonly string[]) => isRegistered(anyTwo, gates.map(enrolment));
    expect([has('phone'), has('phone', 'gone'), has('otp-sms', 'questions')]).toEqual([false, false, true]);
  });

  test('a reset has two of them, registered ones first and in the policy’s order', () => {
    expect(resetChain(anyTwo, {})).toEqual({ chain: links('phone', 'otp-sms'), alternatives: ['questions'] });
    expect(resetChain(anyTwo, { seeming: ['questions', 'otp-sms'] })).toEqual({
      chain: links('otp-sms', 'questions'),
      alternatives: ['phone'],
    });
  });

  test('behind the first, which anybody can see, those come first that can be passed', () => {
    const has = { seeming: ['phone', 'otp-sms'], usable: ['otp-sms', 'questions'] };
    expect(resetChain({ ...anyTwo, chain: ['otp-sms', 'phone', 'questions'] }, has)).toEqual({
      chain: links('otp-sms', 'questions'),
      alternatives: ['phone'],
    });
    expect(resetChain(anyTwo, has)).toEqual({ chain: links('phone', 'otp-sms'), alternatives: ['questions'] });
  });

  test('what can be found out comes last of what is registered, and is not the first, whatever the order', () => {
    const questionsFirst = { ...anyTwo, chain: ['questions', 'phone', 'otp-sms'] };
    const later = laterOf(questionsFirst, ['questions', 'secret']);
    expect(later).toEqual(['questions']);
    const way = { chain: links('phone', 'questions'), alternatives: ['otp-sms'], later };
    expect(resetChain(questionsFirst, { seeming: ['questions', 'phone'], later })).toEqual(way);
    expect(laterOf({ ...anyTwo, needed: 1 }, ['questions'])).toEqual([]);
    expect(laterOf(policy, ['questions'])).toEqual([]);
  });

  test('and where all are needed in order, a reset has no alternatives', () => {
    expect(resetChain(policy, { seeming: ['questions'] })).toEqual({ chain: links('phone', 'questions') });
  });
});
