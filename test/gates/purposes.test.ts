import { describe, expect, test } from 'vitest';
import type { Gate, GateContext, Purpose, Subject } from '../../src/core/gate.ts';
import type { ChallengeOrder } from '../../src/core/sending/challenge-order.ts';
import type { Challenges } from '../../src/core/sending/challenges.ts';
import { otpSmsGate } from '../../src/gates/otp-sms/gate.ts';
import { otpSmsSettings } from '../../src/gates/otp-sms/settings.ts';
import { phoneGate } from '../../src/gates/phone/gate.ts';
import { phoneSettings } from '../../src/gates/phone/settings.ts';
import { SettableClock } from '../settable-clock.ts';
import { ana } from './people.ts';

/** What the words of each purpose are known by, per language. */
const reasons: Readonly<Record<'en' | 'ar', Readonly<Record<Exclude<Purpose, 'caller'>, RegExp>>>> = {
  en: {
    reset: /get back into your account/,
    registration: /register(s)? this (number|telephone)/,
    change: /change what (is|you) registered/,
    console: /the console/,
  },
  ar: {
    reset: /استعادة الوصول إلى حسابك/,
    registration: /(لتسجيل هذا الرقم|يسجّل شخص ما هذا الهاتف)/,
    change: /(لتغيير ما سجّلته|تغيير ما هو مسجّل لحسابك)/,
    console: /لوحة الإدارة/,
  },
};
const purposes = ['reset', 'registration', 'change', 'console'] as const;

/** The gates before something that takes their orders, and sends nothing. */
function world(settings: Readonly<Record<string, unknown>> = {}) {
  const orders: ChallengeOrder[] = [];
  const recorder: Partial<Challenges> = {
    matchesNumbers: () => settings['number-matching'] !== 'off',
    async begin(order) {
      orders.push(order);
      return 'challenge';
    },
  };
  const needs = { challenges: recorder as Challenges, clock: new SettableClock() };
  const gates: Readonly<Record<'otp-sms' | 'phone', Gate>> = {
    'otp-sms': otpSmsGate.create(otpSmsSettings.parse({ text: settings.text }), needs),
    phone: phoneGate.create(phoneSettings.parse(settings), needs),
  };
  return { orders, gates };
}

const own: Subject = { kind: 'account', account: ana, enrolment: { number: '+447700900123' } };
const context = (changes: Partial<GateContext>): GateContext => ({
  subject: own,
  purpose: 'reset',
  memory: null,
  language: 'en',
  flowReference: 'flow-1',
  ...changes,
});

/** What is sent when somebody arrives, or has typed a number. */
async function sent(gate: Gate, of: Partial<GateContext>, { orders }: ReturnType<typeof world>) {
  const { purpose } = of;
  const step = purpose === 'registration' ? gate.enrol : gate.verify;
  const memory = await step.open(context(of));
  if (purpose === 'registration') {
    await step.answer({ act: 'next', number: '+447700900123' }, context({ ...of, memory }));
  }
  const order = orders.at(-1);
  if (order === undefined) throw new Error('nothing was sent');
  return order;
}

describe.each(['otp-sms', 'phone'] as const)('what %s says', (id) => {
  const variants = id === 'phone' ? ['off', 'where-possible'] : ['off'];

  test.each((['en', 'ar'] as const).flatMap((language) => variants.map((matching) => [language, matching] as const)))(
    'names what it is for and nothing else, in %s (number matching: %s)',
    async (language, matching) => {
      const here = world({ 'number-matching': matching });
      for (const purpose of purposes) {
        const { text } = await sent(here.gates[id], { purpose, language }, here);
        for (const other of purposes)
          expect(reasons[language][other].test(text), `${purpose}: ${text}`).toBe(purpose === other);
        if (id === 'otp-sms') expect(text).toContain('{code}');
        else expect(/key in the number|أدخل الرقم/.test(text)).toBe(matching !== 'off');
      }
    },
  );

  test('is bound to the page where the person is, and to nothing where the flow does not know it', async () => {
    const here = world();
    const { host } = await sent(here.gates[id], { host: 'inside.example' }, here);
    expect(host).toBe(id === 'otp-sms' ? 'inside.example' : undefined);
    expect((await sent(here.gates[id], {}, here)).host).toBeUndefined();
  });

  test('is the same order for a decoy, but for where it goes', async () => {
    const here = world({ 'number-matching': 'off' });
    for (const language of ['en', 'ar', 'fr']) {
      const { target, ...person } = await sent(here.gates[id], { language, host: 'inside.example' }, here);
      const decoy: Subject = { kind: 'decoy', seed: 'ab'.repeat(32) };
      const { target: nowhere, ...same } = await sent(
        here.gates[id],
        { language, host: 'inside.example', subject: decoy },
        here,
      );
      expect([target.kind, nowhere.kind]).toEqual(['enrolled', 'decoy']);
      expect(same).toEqual(person);
    }
  });

  test('tells a caller nothing: the console has a gate for them', async () => {
    const here = world();
    await expect(here.gates[id].verify.open(context({ purpose: 'caller' }))).rejects.toThrow('a caller');
    expect(here.orders).toEqual([]);
  });

  test('is that of a reset where an operator wrote a language for the reset alone', async () => {
    const here = world({ text: { en: 'Own: {code}', fr: 'Pour vous : {code}' }, 'number-matching': 'off' });
    const { text } = await sent(here.gates[id], { purpose: 'console', language: 'fr-CA' }, here);
    expect(text).toBe('Pour vous : {code}');
    expect((await sent(here.gates[id], { purpose: 'console' }, here)).text).toMatch(reasons.en.console);
    expect((await sent(here.gates[id], { purpose: 'console', language: 'de' }, here)).text).toMatch(reasons.en.console);
  });
});

test.each(['registration-text', 'change-text', 'console-text'])(
  'a text for a code without its place is refused (%s)',
  (name) => {
    expect(otpSmsSettings.safeParse({ [name]: { en: 'No place for it' } }).success).toBe(false);
    expect(otpSmsSettings.safeParse({ [name]: { en: '{code}' } }).success).toBe(true);
  },
);
