import { describe, expect, test } from 'vitest';
import type { Account, AccountState } from '../../src/core/account.ts';
import {
  barredFromReset,
  barredFromUse,
  isOutgrown,
  type Policy,
  registrationChain,
  resetChain,
} from '../../src/core/policy.ts';
import type { Enrolment } from '../../src/core/stores.ts';
import { untroubled } from '../account-state.ts';
import { forEverybody } from '../for-everybody.ts';

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
  const enrol = policy.chain.map((gate) => ({ gate, step: 'enrol' }));

  const both = (enrolments: readonly Enrolment[]) => ({ registered: enrolments, counting: enrolments });

  test('enrols every gate, for somebody new', () => {
    expect(registrationChain(policy, both([]), ['phone', 'questions'])).toEqual(enrol);
  });

  test('begins with the strongest gate that is enrolled', () => {
    const chain = registrationChain(policy, both(all), ['phone', 'questions']);
    expect(chain).toEqual([{ gate: 'phone', step: 'verify' }, ...enrol]);
  });

  test('begins with one that the chain no longer has, where that is enrolled', () => {
    const chain = registrationChain(policy, both([enrolment('otp-sms')]), ['phone', 'otp-sms', 'questions']);
    expect(chain).toEqual([{ gate: 'otp-sms', step: 'verify' }, ...enrol]);
  });

  test('is none where something is enrolled that nobody can pass any more', () => {
    expect(registrationChain(policy, both([enrolment('gone')]), ['phone', 'questions'])).toBeUndefined();
  });

  test('goes by another gate where one counts no more, and is none where no other does', () => {
    const gates = ['phone', 'questions'];
    const chain = registrationChain(policy, { registered: all, counting: [enrolment('questions')] }, gates);
    expect(chain).toEqual([{ gate: 'questions', step: 'verify' }, ...enrol]);
    expect(registrationChain(policy, { registered: all, counting: [] }, gates)).toBeUndefined();
  });

  test('begins with a weaker one where there is no other', () => {
    const chain = registrationChain(policy, both([enrolment('questions')]), ['phone', 'questions']);
    expect(chain?.[0]).toEqual({ gate: 'questions', step: 'verify' });
  });
});

describe('5.35: a flow that began under a policy', () => {
  const now = new Date('2026-03-02T09:00:00Z');
  const flow = { chain: resetChain(policy), createdAt: new Date(now.getTime() - 600_000) };
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
});
