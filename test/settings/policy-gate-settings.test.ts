import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkPolicies } from '../../src/commands/check-policies.ts';
import { gateSettingProblems } from '../../src/settings/gate-settings.ts';
import { policyFrom } from '../../src/settings/policy-settings.ts';
import { definitions, everyone, load, problemsOf, type Settings } from './policy-configuration.ts';

describe('the settings of gates of a policy', () => {
  const own = (gates: unknown, more: Settings = {}) => ({ ...everyone, gates, ...more });
  const questions = { ...everyone, chain: ['otp-sms', 'questions'] };

  test('stand over those of the configuration, one by one, and are kept as they were said, in one order', () => {
    const [policy] = load([own({ phone: { lifetime: 90, 'calls-per-flow': 2 }, 'otp-sms': {} })]).policies.map(
      policyFrom,
    );
    expect(policy?.gates).toEqual({ phone: { 'calls-per-flow': 2, lifetime: 90 } });
    expect(JSON.stringify(policy?.gates)).toBe('{"phone":{"calls-per-flow":2,"lifetime":90}}');
    for (const nothing of [undefined, {}, { phone: {} }]) {
      expect(policyFrom(load([own(nothing)]).policies[0] as never)).not.toHaveProperty('gates');
    }
  });

  test('are texts and lists as well, each as a whole', () => {
    const text = { ar: '{code} رمزك', en: 'Your code is {code}.' };
    const asked = ['d', 'e'].map((id) => ({ id, text: { en: id } }));
    const counts = { 'registration-shows': 2, 'registration-requires': 2, 'reset-asks': 2, 'reset-requires': 2 };
    const gates = { 'otp-sms': { text }, questions: { ...counts, questions: asked } };
    expect(policyFrom(load([{ ...questions, gates }]).policies[0] as never).gates).toEqual(gates);
  });

  test.each<[what: string, policies: readonly unknown[], problems: readonly string[]]>([
    [
      'out of range, of another kind, or none that the gate has',
      [everyone, own({ 'otp-sms': { 'code-length': 11, lifetime: 'long', digits: 8 } }, { name: 'b' })],
      [
        'policies.1.gates.otp-sms.code-length: found 11; must be at most 10',
        'policies.1.gates.otp-sms.lifetime: found "long"; must be a number',
        'policies.1.gates.otp-sms.digits: is not a setting; check its spelling and where it stands',
      ],
    ],
    [
      'of a gate that the chain does not have, or nobody knows',
      [own({ questions: { 'reset-asks': 2 }, badge: { colour: 'red' } })],
      [
        'policies.0.gates.badge: is not a setting; check its spelling and where it stands',
        'policies.0.gates.questions: found a group of settings; is of no use: the chain has no such gate',
      ],
    ],
    [
      'of a gate that the helpdesk gives codes out for',
      [own({ 'helpdesk-code': { 'code-length': 10 } }, { chain: ['phone', 'helpdesk-code'] })],
      [
        'policies.0.gates.helpdesk-code: found a group of settings; must stand in the configuration: its codes are given out for every policy alike',
      ],
    ],
    [
      'that hold at the sign-in to the console alone',
      [
        own({
          phone: { 'console-text': { en: 'a' }, 'console-matching-text': { en: 'b' } },
          'otp-sms': { 'console-text': { en: '{code}' } },
        }),
      ],
      ['phone.console-matching-text', 'phone.console-text', 'otp-sms.console-text'].map(
        (setting) =>
          `policies.0.gates.${setting}: found a group of settings; must stand in the configuration: the sign-in to the console comes under no policy`,
      ),
    ],
    [
      'that are secrets',
      [own({ phone: { 'api-token': 'abc', 'far-end': [{ password: 'abc' }] } })],
      [
        'policies.0.gates.phone.api-token: found a secret; must stand in the configuration: a list of policies is shown, and handed on in files',
        'policies.0.gates.phone.far-end.0.password: found a secret; must stand in the configuration: a list of policies is shown, and handed on in files',
      ],
    ],
    [
      'that are no settings',
      [own({ phone: 'required' }), own([], { name: 'b' }), own({ phone: { lifetime: null } }, { name: 'c' })],
      [
        'policies.0.gates.phone: found "required"; must be a group of settings',
        'policies.1.gates: found a list of 0; must be a group of settings',
      ],
    ],
    [
      'that fit by themselves and not to the rest',
      [{ ...questions, gates: { questions: { 'reset-asks': 4 } } }],
      [
        'policies.0.gates.questions.reset-asks: found 4; is 4 and must not be more than registration-requires, which is 3',
      ],
    ],
    [
      'that the rest does not fit to',
      [{ ...questions, gates: { questions: { 'registration-shows': 2 } } }],
      [
        'policies.0.gates.questions.registration-requires: found 3; is 3 and must not be more than registration-shows, which is 2',
      ],
    ],
    [
      'that no flow could carry',
      [own({ 'otp-sms': { text: { en: `{code} ${'x'.repeat(16_000)}` } } })],
      ['policies.0.gates: found a group of settings; must be at most 16000 characters in all'],
    ],
    [
      'that its providers cannot do',
      [own({ phone: { 'number-matching': 'required' } })],
      ['policies.0.gates.phone: number-matching cannot be required: the provider cannot ask for digits (mfa)'],
    ],
    [
      'that the providers which it chose cannot do',
      [own({ phone: { 'number-matching': 'required' } }, { channels: { voice: ['mfa'] } })],
      [
        'policies.0.channels.voice.0: for the gate phone, number-matching cannot be required: the provider cannot ask for digits (mfa)',
      ],
    ],
  ])('%s are refused', (_what, policies, problems) => {
    expect(problemsOf(policies)).toEqual(problems);
  });

  test('attack: a name that means something to the language means nothing as a setting', () => {
    const list = [own({ phone: JSON.parse('{"__proto__":{"lifetime":60},"constructor":1}') })];
    expect(problemsOf(list)).toEqual([
      'policies.0.gates.phone.constructor: is not a setting; check its spelling and where it stands',
    ]);
    expect(problemsOf([own(JSON.parse('{"__proto__":{"lifetime":60}}'))])).toEqual([
      'policies.0.gates.__proto__: is not a setting; check its spelling and where it stands',
    ]);
    expect(({} as { readonly lifetime?: number }).lifetime).toBeUndefined();
  });

  test('5.43: that do not go with a text of the configuration are refused without showing it: it may be a secret', () => {
    const settings = z
      .strictObject({ url: z.string(), mode: z.enum(['a', 'b']) })
      .refine(({ mode }) => mode === 'a', { path: ['url'], message: 'has no mode b' });
    const create = () => {
      throw new Error('nobody comes here');
    };
    const badge = { id: 'badge', factor: 'possession', settings, create } as const;
    const sections = { policies: load([own({})]).policies.map((one) => ({ ...one, gates: { badge: { mode: 'b' } } })) };
    const gates = { badge: { url: 'https://badges.example/?c4n4ry', mode: 'a' } };
    const world = { ...definitions, gates: [...definitions.gates, badge] };
    expect(gateSettingProblems({ ...sections, gates }, world)).toEqual([
      { setting: 'policies.0.gates.badge.url', problem: 'found a secret; has no mode b' },
    ]);
  });

  test('may ask less of its providers than the configuration, and no less than it says itself', () => {
    const calls = { kind: 'custom-http', url: 'https://calls.example', secret: '5e'.repeat(32), countries: ['GB'] };
    const settings = {
      providers: {
        matching: { ...calls, 'number-matching': true },
        plain: calls,
      },
      channels: { voice: ['matching'] },
      gates: { phone: { 'number-matching': 'required' } },
    };
    const calling = { ...everyone, chain: ['phone'], channels: { voice: ['plain'] } };
    expect(problemsOf([calling], settings)).toEqual([
      'policies.0.channels.voice.0: for the gate phone, number-matching cannot be required: the provider cannot ask for digits (plain)',
    ]);
    expect(problemsOf([{ ...calling, gates: { phone: { 'number-matching': 'off' } } }], settings)).toEqual([]);
  });

  const asked = (ids: string) => [...ids].map((id) => ({ id, text: { en: id } }));
  test.each<[what: string, own: Settings, found: number]>([
    ['more right answers', { 'registration-requires': 4, 'reset-asks': 4, 'reset-requires': 4 }, 1],
    ['as many, of other questions', { questions: asked('abce') }, 1],
    ['as many, of more questions', { questions: asked('abcde') }, 0],
    ['as many, and more only at the registration', { 'registration-requires': 4, 'reset-asks': 4 }, 0],
    ['fewer', { 'reset-requires': 2 }, 0],
  ])('that ask %s than others must register are a warning of latchkey check or none', (_what, own, found) => {
    const configured = { gates: { questions: { questions: asked('abcd'), 'registration-shows': 4 } } };
    const list = [{ ...questions, gates: { questions: own } }];
    const said = checkPolicies(load(list, configured), definitions).map(({ detail }) => detail);
    expect(said.filter((detail) => detail.includes('asks more of questions'))).toHaveLength(found);
  });

  test.each<[what: string, own: Settings, others: readonly string[]]>([
    ['fewer', { 'registration-requires': 2, 'reset-asks': 2, 'reset-requires': 2 }, ['plain']],
    ['other ones', { questions: asked('efgh') }, ['own', 'plain']],
    ['as many', { 'min-answer-length': 5 }, []],
  ])('under which people register %s make those of other policies ask more', (_what, own, others) => {
    const configured = { gates: { questions: { questions: asked('abcd'), 'registration-shows': 4 } } };
    const list = [
      { ...questions, name: 'own', gates: { questions: own } },
      { ...questions, name: 'plain' },
    ];
    const found = checkPolicies(load(list, configured), definitions);
    const asking = found.filter(({ detail }) => detail.includes('asks more of questions'));
    expect(asking.map(({ subject }) => subject.split(' ').at(-1))).toEqual(others);
  });

  test('are asked of the configuration that stands beside them: a list that fitted once may fit no more', () => {
    const list = [{ ...questions, gates: { questions: { 'reset-asks': 3 } } }];
    expect(problemsOf(list)).toEqual([]);
    const fewer = { questions: ['a', 'b'].map((id) => ({ id, text: { en: id } })) };
    const counts = { 'registration-shows': 2, 'registration-requires': 2, 'reset-asks': 2, 'reset-requires': 2 };
    expect(problemsOf(list, { gates: { questions: { ...fewer, ...counts } } })).toEqual([
      'policies.0.gates.questions.reset-asks: found 3; is 3 and must not be more than registration-requires, which is 2',
    ]);
  });
});
