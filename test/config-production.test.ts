import { describe, expect, test } from 'vitest';
import { load, problemsOf } from './sample-configuration.ts';

describe('in production', () => {
  const production = { NODE_ENV: 'production' };
  const texts = { kind: 'smtp', host: 'mail.example.com', from: 'a@example.com', countries: ['GB'] };
  const real = {
    'policies.0.chain': ['otp-sms', 'questions'],
    'providers.texts': { ...texts, 'sms-address': '{to-digits}@sms.example.com' },
    'channels.sms': ['texts'],
  };
  const demoOnly = 'is for the demo only and not allowed when NODE_ENV is production';

  test('a real directory with real keys is taken', () => {
    expect(problemsOf(() => load(real, production))).toEqual([]);
  });

  test('6.4.2: a chain of questions alone is refused, unless the operator says that it is meant', () => {
    expect(problemsOf(() => load({}))).toEqual([]);
    expect(problemsOf(() => load({}, production))).toEqual([
      'policies.0.chain: needs a gate that proves possession, such as phone or otp-sms, as answers can be found out (or set knowledge-alone)',
    ]);
    expect(problemsOf(() => load({ 'policies.0.knowledge-alone': 'accept' }, production))).toEqual([]);
  });

  test('the demo directory, keys that are not kept and every virtual provider are refused, all at once', () => {
    const changes = {
      'policies.0.knowledge-alone': 'accept',
      directory: { kind: 'demo' },
      keys: 'ephemeral',
      providers: {
        texts: { kind: 'virtual-sms' },
        verify: { kind: 'virtual-verify' },
        calls: { kind: 'virtual-voice' },
        mail: { kind: 'virtual-email' },
      },
    };
    expect(problemsOf(() => load(changes))).toEqual([]);
    expect(problemsOf(() => load(changes, production))).toEqual([
      `directory.kind: ${demoOnly}`,
      `keys: ${demoOnly}`,
      `providers.texts.kind: ${demoOnly}`,
      `providers.verify.kind: ${demoOnly}`,
      `providers.calls.kind: ${demoOnly}`,
      `providers.mail.kind: ${demoOnly}`,
    ]);
  });

  /** Every setting that limits how often something may be tried, sent or asked for. */
  const limits = [
    ...['login', 'address', 'over-all'].flatMap((one) => [`limits.${one}.ask-proof`, `limits.${one}.most`]),
    ...['threshold', 'minutes', 'bars-until-permanent'].map((one) => `policies.0.lockout.${one}`),
    'policies.0.flow-minutes',
    'enrolment.fresh-minutes',
    'notices.after-failures',
    'notices.link-days',
    ...['calls-per-flow', 'seconds-between-calls', 'lifetime'].map((one) => `gates.phone.${one}`),
    ...['sends-per-flow', 'seconds-between-sends', 'tries-per-code', 'lifetime'].map((one) => `gates.otp-sms.${one}`),
    ...['per-destination', 'per-account', 'per-account-day', 'per-prefix', 'over-all'].map(
      (one) => `providers.texts.limits.${one}`,
    ),
  ];

  test.each(limits)('2.3.2: %s cannot be switched to unlimited', (setting) => {
    const texts = {
      'providers.texts': {
        kind: 'azure-mfa-server',
        url: 'https://mfa.example/PfWsSdk.asmx',
        username: 'svc',
        auth: { kind: 'basic', user: 'svc', password: 'secret' },
        countries: ['GB'],
      },
      'channels.sms': ['texts'],
      'channels.voice': ['texts'],
      'policies.0.chain': ['phone', 'otp-sms'],
    };
    expect(problemsOf(() => load(texts, production))).toEqual([]);
    const found = (value: unknown) => problemsOf(() => load({ ...texts, [setting]: value }, production));
    for (const value of [
      0,
      -1,
      1e9,
      1.5,
      Number.MAX_SAFE_INTEGER,
      Number.POSITIVE_INFINITY,
      'unlimited',
      null,
      false,
    ]) {
      const problems = found(value);
      expect(
        problems.some((problem) => problem.startsWith(`${setting}: `)),
        `${value}: ${problems}`,
      ).toBe(true);
    }
  });
});
