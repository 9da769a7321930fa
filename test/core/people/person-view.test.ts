import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Account, AccountState } from '../../../src/core/account.ts';
import { mostInARow } from '../../../src/core/lockout.ts';
import { signInSubject } from '../../../src/core/visits/sign-in.ts';
import { number, PeopleWorld, policyOf } from './people-world.ts';

let world: PeopleWorld;
let anna: Account;
beforeEach(async () => {
  world = await PeopleWorld.open();
  world.policies = { intranet: policyOf(), extranet: policyOf() };
  anna = world.put('anna');
});
afterEach(() => world.close());

const rules = { threshold: 3, minutes: 15, barsUntilPermanent: 4 };
const minutes = (count: number): Date => new Date(world.clock.now().getTime() + count * 60_000);
const registerAll = () => world.register(anna, { 'otp-sms': { number }, questions: { answers: [] } });
const trouble = async () => (await world.views.of(anna)).trouble;

async function wearOut(gate: string): Promise<void> {
  for (let at = 0; at < mostInARow; at += 1) await world.stores.failures.count(anna.id, gate, 1000, world.clock.now());
}

describe('why a person is stuck', () => {
  test.each<[string, Partial<AccountState>, object]>([
    ['whose account is no person’s', { person: false }, { kind: 'not-a-person' }],
    ['who is disabled', { disabled: true }, { kind: 'disabled' }],
    ['whose account has expired', { expired: true }, { kind: 'account-expired' }],
    ['who has a smart card', { smartcardRequired: true }, { kind: 'smartcard-required' }],
    ['who is privileged', { privileged: true }, { kind: 'privileged' }],
    ['who is disabled and locked', { disabled: true, locked: true }, { kind: 'disabled', also: 'locked' }],
    ['who is locked', { locked: true }, { kind: 'locked' }],
    ['who must change the password', { mustChangePassword: true }, { kind: 'must-change' }],
    ['whose password has expired', { passwordExpired: true }, { kind: 'password-expired' }],
    ['with whom nothing is wrong', {}, { kind: 'none' }],
  ])('of somebody registered %s', async (_who, state, expected) => {
    await registerAll();
    anna = world.put('anna', state);
    expect(await trouble()).toEqual(expected);
  });

  test('is that no policy applies, when none does in any zone; one zone that works is enough', async () => {
    await registerAll();
    world.policies = {};
    expect(await trouble()).toEqual({ kind: 'no-policy' });
    world.policies = { intranet: policyOf() };
    expect(await trouble()).toEqual({ kind: 'none' });
    world.policies = { extranet: policyOf({ chain: ['phone'] }) };
    expect(await trouble()).toEqual({ kind: 'partly-registered', gates: ['phone'] });
  });

  test('is what they lack in one zone who can help themselves in the other, and the lock beside it', async () => {
    await registerAll();
    world.policies = { intranet: policyOf(), extranet: policyOf({ chain: ['phone', 'questions'] }) };
    expect(await trouble()).toEqual({ kind: 'unregistered-extranet', gates: ['phone'] });
    anna = world.put('anna', { locked: true });
    expect(await trouble()).toEqual({ kind: 'unregistered-extranet', gates: ['phone'], also: 'locked' });
    world.policies = { intranet: policyOf({ chain: ['phone'] }), extranet: policyOf() };
    expect(await trouble()).toMatchObject({ kind: 'unregistered-intranet' });
    world.policies = { intranet: policyOf({ chain: ['questions'] }), extranet: policyOf() };
    await wearOut('otp-sms');
    expect(await trouble()).toMatchObject({ kind: 'worn-out', gates: ['otp-sms'] });
    const codes = policyOf({ chain: ['questions', 'helpdesk-code'] });
    world.policies = { intranet: policyOf({ chain: ['questions'] }), extranet: codes };
    expect(await trouble()).toEqual({ kind: 'needs-code-extranet', also: 'locked' });
    const anyTwo = policyOf({ chain: ['questions', 'phone', 'helpdesk-code'], needed: 2 });
    world.policies = { intranet: anyTwo, extranet: policyOf({ chain: ['questions'] }) };
    expect(await trouble()).toEqual({ kind: 'needs-code-intranet', also: 'locked' });
  });

  test('is that they never registered, or not everything, and the directory’s lock beside it', async () => {
    expect(await trouble()).toEqual({ kind: 'never-registered', gates: ['otp-sms', 'questions'] });
    anna = world.put('anna', { locked: true });
    expect(await trouble()).toEqual({ kind: 'never-registered', gates: ['otp-sms', 'questions'], also: 'locked' });
    await world.register(anna, { questions: { answers: [] } });
    expect(await trouble()).toEqual({ kind: 'partly-registered', gates: ['otp-sms'], also: 'locked' });
  });

  test('is that a code of the helpdesk would make up for what is not registered, where any so many gates are enough', async () => {
    const chain = ['otp-sms', 'helpdesk-code', 'questions'];
    world.policies = { intranet: policyOf({ chain, needed: 2 }) };
    expect(await trouble()).toMatchObject({ kind: 'never-registered' });
    await world.register(anna, { questions: { answers: [] } });
    expect(await trouble()).toEqual({ kind: 'code-would-do', gates: ['otp-sms'] });
    world.policies = { intranet: policyOf({ chain }) };
    expect(await trouble()).toEqual({ kind: 'partly-registered', gates: ['otp-sms'] });
    await world.register(anna, { 'otp-sms': { number } });
    expect(await trouble()).toEqual({ kind: 'needs-code' });
  });

  test('is a bar, until when, or for good', async () => {
    await registerAll();
    await world.stores.failures.bar(anna.id, rules, world.clock.now());
    expect(await trouble()).toEqual({ kind: 'barred', until: minutes(15) });
    world.clock.pass(901);
    expect(await trouble()).toEqual({ kind: 'none' });
    await world.stores.failures.bar(anna.id, { ...rules, barsUntilPermanent: 1 }, world.clock.now());
    expect(await trouble()).toEqual({ kind: 'barred-for-good' });
  });

  test('is a bar of the sign-in alone, when nothing else is in the way', async () => {
    await registerAll();
    await world.stores.failures.bar(signInSubject(anna), rules, world.clock.now());
    expect(await trouble()).toEqual({ kind: 'sign-in-barred', until: minutes(15) });
    anna = world.put('anna', { locked: true });
    expect(await trouble()).toEqual({ kind: 'locked' });
  });

  test('is what is worn out, or held', async () => {
    await registerAll();
    await wearOut('otp-sms');
    expect(await trouble()).toEqual({ kind: 'worn-out', gates: ['otp-sms'] });
    await world.stores.enrolments.remove(anna.id, 'otp-sms');
    const hold = { id: 'h', countsFrom: minutes(60) };
    const kept = { accountId: anna.id, gate: 'otp-sms', data: { number }, provedAt: world.clock.now() };
    await world.stores.enrolments.keep(kept, { hold });
    expect(await trouble()).toEqual({ kind: 'held', until: minutes(60), gates: ['otp-sms'] });
  });

  test('is told apart where the policy lets nobody keep the password', async () => {
    await registerAll();
    anna = world.put('anna', { locked: true });
    world.policies = { intranet: policyOf({ actions: ['reset'] }) };
    expect(await trouble()).toEqual({ kind: 'locked-reset' });
  });
});

describe('the page of a person', () => {
  test('shows what is registered, masked, when it was proved and used, and nothing whole', async () => {
    await registerAll();
    const proved = world.clock.now();
    world.clock.pass(60);
    const passed = { event: 'gate.passed', subject: anna.id, gate: 'otp-sms' } as const;
    await world.stores.audit.append({ at: world.clock.now(), ...passed, detail: { step: 'verify' } });
    world.clock.pass(60);
    await world.stores.audit.append({ at: world.clock.now(), ...passed, detail: { step: 'enrol' } });
    await world.stores.failures.count(anna.id, 'otp-sms', 9, world.clock.now());
    const view = await world.views.of(anna);
    const usedAt = new Date(proved.getTime() + 60_000);
    expect(view.gates).toEqual([
      { gate: 'otp-sms', provedAt: proved, mask: '••23', usedAt, failures: 1, wornOut: false },
      { gate: 'questions', provedAt: proved, failures: 0, wornOut: false },
    ]);
    expect(JSON.stringify(view)).not.toMatch(/7700900123/);
  });

  test('names the policy of each zone, and what is missing for it', async () => {
    world.policies = { intranet: policyOf({ name: 'inside', chain: ['phone'], actions: ['unlock'] }) };
    await world.register(anna, { 'otp-sms': { number } });
    const { zones, gates } = await world.views.of(anna);
    expect(zones).toEqual([
      { zone: 'intranet', policy: 'inside', ineligible: 'unregistered', actions: ['unlock'], missing: ['phone'] },
      { zone: 'extranet', ineligible: 'no-policy', actions: [], missing: [] },
    ]);
    expect(gates.map(({ gate, provedAt }) => [gate, provedAt !== undefined])).toEqual([
      ['otp-sms', true],
      ['phone', false],
    ]);
  });

  test('says how old the password is and when it ends, by which policy', async () => {
    const setAt = minutes(-60 * 24 * 10);
    anna = world.put('anna', { passwordLastSet: setAt });
    const standing = { setAt, ageDays: 10, policy: { source: 'domain' }, lockoutThreshold: 5 };
    expect((await world.views.of(anna)).password).toEqual({ ...standing, expiresAt: minutes(60 * 24 * 32) });
    world.passwordPolicy = { ...world.passwordPolicy, source: 'fine-grained', name: 'For staff' };
    const policy = { source: 'fine-grained', name: 'For staff' };
    anna = world.put('anna', { passwordNeverExpires: true });
    expect((await world.views.of(anna)).password).toEqual({ ...standing, policy });
    const { maxAgeSeconds: _, ...endless } = world.passwordPolicy;
    world.passwordPolicy = endless;
    expect((await world.views.of(world.put('ben', { passwordLastSet: setAt }))).password).toEqual({
      ...standing,
      policy,
    });
  });

  test('shows the bars, and a history that looking at the page does not push out', async () => {
    await world.stores.failures.bar(anna.id, rules, world.clock.now());
    const at = world.clock.now();
    for (let row = 0; row < 120; row += 1) {
      await world.stores.audit.append({
        at,
        event: 'gate.wrong',
        subject: anna.id,
        gate: 'otp-sms',
        detail: { tries: row },
      });
    }
    for (let row = 0; row < 120; row += 1) {
      await world.stores.audit.append({ at, event: 'console.viewed', subject: anna.id });
    }
    const { bars, history } = await world.views.of(anna);
    expect(bars).toEqual([{ of: 'account', lockout: { until: minutes(15), bars: 1 } }]);
    expect(history).toHaveLength(100);
    expect(history[0]).toMatchObject({ gate: 'otp-sms', message: { values: { count: 119 } } });
  });
});
