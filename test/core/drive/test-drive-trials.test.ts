import { afterEach, beforeEach, expect, test } from 'vitest';
import { ProviderTrials } from '../../../src/core/drive/test-drive-trials.ts';
import { enrolledDestinations } from '../../../src/core/gates/enrolled-number.ts';
import { Challenges } from '../../../src/core/sending/challenges.ts';
import { courierProvider } from '../../../src/core/sending/courier-provider.ts';
import { virtualSms } from '../../../src/providers/demo/virtual-sms.ts';
import { type ChallengeWorld, challengeWorld, routeTo } from '../../challenge-world.ts';

const by = '3f6ad0c2-0000-4000-8000-000000000001';
const number = '+447700900123';
const limits = { perDestination: 2, perAccount: 5, perAccountAndDay: 5, perPrefix: 50, overAll: 50 };

let world: ChallengeWorld;
let trials: ProviderTrials;
let challenges: Challenges;
beforeEach(async () => {
  world = await challengeWorld();
  const { clock, sealer, stores, phones } = world;
  const provider = courierProvider({ courier: virtualSms(phones, 'texts'), clock, sealer });
  const rules = { deniedPrefixes: [], countries: ['GB'], limits };
  challenges = new Challenges({
    store: stores.challenges,
    sends: stores.sends,
    routes: { sms: [routeTo(provider, { clock, rules })] },
    destinations: enrolledDestinations(stores.enrolments),
    clock,
    mac: (purpose, text) => sealer.mac(purpose, text),
    ringSeconds: 30,
    report: (report) => trials.report(report),
  });
  trials = new ProviderTrials({
    routes: [{ provider: 'texts', channel: 'sms', codeLength: 6, matchesNumbers: false, challenges }],
    enrolments: stores.enrolments,
    gateOf: () => 'otp-sms',
    nowMs: () => clock.now().getTime(),
  });
});
afterEach(() => world.close());

const wish = {
  provider: 'texts',
  channel: 'sms',
  language: 'en',
  text: '{code} is a test',
  matchingText: 'never texted',
  host: 'console.example',
} as const;

async function begin() {
  const trial = await trials.begin(by, wish);
  if (trial === undefined) throw new Error('nothing was begun');
  await challenges.idle();
  return trial;
}

const register = (of: string) =>
  world.stores.enrolments.keep({ accountId: of, gate: 'otp-sms', data: { number }, provedAt: world.clock.now() });

test('whoever has registered no number is offered none, and nothing is sent', async () => {
  expect(await trials.offers(by)).toEqual([{ provider: 'texts', channel: 'sms' }]);
  expect(await trials.begin(by, wish)).toBeUndefined();
  await register('somebody-else');
  expect(await trials.begin(by, wish)).toBeUndefined();
  expect(world.phones.numbers()).toEqual([]);
});

test('sends are counted with all others, and what the limit does not take is said', async () => {
  await register(by);
  for (const kind of ['sent', 'sent', 'failed']) {
    const trial = await begin();
    expect(trials.find(trial.id, by)?.sent?.kind).toBe(kind);
  }
  expect(world.phones.phone(number).texts).toHaveLength(2);
});

test('a number where the provider may not send gets nothing', async () => {
  const data = { number: '+12025550123' };
  await world.stores.enrolments.keep({ accountId: by, gate: 'otp-sms', data, provedAt: world.clock.now() });
  const trial = await begin();
  expect(trials.find(trial.id, by)?.sent).toMatchObject({ kind: 'failed' });
});

test('five codes are judged, then none, not even the right one', async () => {
  await register(by);
  const trial = await begin();
  const code = /\d{6}/.exec(world.phones.phone(number).texts[0]?.text ?? '')?.[0] ?? '';
  const wrong = code === '000000' ? '111111' : '000000';
  for (let tries = 0; tries < 5; tries += 1) await trials.answer(trial, wrong);
  await trials.answer(trial, code);
  expect(trials.find(trial.id, by)?.verdict).toBe('wrong');
});

test('the right code is right once, and tells how long it took; nobody else finds the trial', async () => {
  await register(by);
  const trial = await begin();
  const code = /\d{6}/.exec(world.phones.phone(number).texts[0]?.text ?? '')?.[0] ?? '';
  world.clock.pass(3);
  await trials.answer(trial, ` ${code.slice(0, 3)} ${code.slice(3)} `);
  expect(trials.find(trial.id, by)).toMatchObject({ verdict: 'passed', verdictAfter: 3000, number: '••23' });
  await trials.answer(trial, code);
  expect(trials.find(trial.id, by)?.verdict).toBe('passed');
  expect(trials.find(trial.id, 'another')).toBeUndefined();
  expect(JSON.stringify(trials.find(trial.id, by))).not.toContain(code);
});
