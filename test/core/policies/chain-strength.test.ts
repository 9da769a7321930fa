import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChainWeakness, chainStrength, type WeighedGate } from '../../../src/core/policies/chain-strength.ts';

const phone: WeighedGate = { id: 'phone', factor: 'possession', channel: 'voice' };
const text: WeighedGate = { id: 'otp-sms', factor: 'possession', channel: 'sms' };
const token: WeighedGate = { id: 'token', factor: 'possession' };
const questions: WeighedGate = { id: 'questions', factor: 'knowledge' };

const mail: WeighedGate = { id: 'otp-mail', factor: 'possession', channel: 'email' };
const code: WeighedGate = { id: 'helpdesk-code', factor: 'possession', issued: true };
const phoneOnly = 'no-alternative-to-the-phone';

describe('6.3.6, 6.4.2: what a chain is worth', () => {
  test.each([
    ['a call', [phone], 1, [phoneOnly]],
    ['a call and a text, which may reach one number', [phone, text], 1, ['one-destination', phoneOnly]],
    ['a text and questions', [text, questions], 1, [phoneOnly]],
    ['a text and a token', [text, token], 2, [phoneOnly]],
    ['two tokens', [token, { ...token, id: 'other' }], 2, []],
    ['a mail and a token', [mail, token], 2, []],
    ['two mails to one mailbox', [mail, { ...mail, id: 'link-mail' }], 1, ['one-destination']],
    ['questions alone', [questions], 0, ['knowledge-alone']],
    ['two kinds of question', [questions, { ...questions, id: 'more' }], 0, ['knowledge-alone']],
    ['a code of the helpdesk', [code], 1, ['by-helpdesk']],
    [
      'a text, and a code of the helpdesk to the same number',
      [text, code],
      1,
      ['one-destination', 'by-helpdesk', phoneOnly],
    ],
    ['a call, a text and a code', [phone, text, code], 1, ['one-destination', 'by-helpdesk', phoneOnly]],
    ['a token and a code of the helpdesk', [token, code], 2, ['by-helpdesk']],
    ['a mail and a code of the helpdesk', [mail, code], 2, ['by-helpdesk']],
    ['questions and a code of the helpdesk', [questions, code], 1, ['knowledge-first', 'by-helpdesk']],
    ['questions before a text', [questions, text], 1, ['knowledge-first', phoneOnly]],
  ] as const)('%s', (_name, chain, methods, weaknesses) => {
    expect(chainStrength(chain)).toEqual({ methods, unlockMethods: methods, weaknesses });
  });

  test('is no more and no less for questions at its end', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(phone, text, token, code), { minLength: 1, maxLength: 5 }), (chain) => {
        expect(chainStrength([...chain, questions])).toEqual(chainStrength(chain));
      }),
    );
  });
});

describe('6.3.6, 6.4.2: what any so many of a set are worth', () => {
  test.each([
    ['a call or a text', [phone, text], 1, 1, [phoneOnly]],
    ['two of a call, a text and questions', [phone, text, questions], 2, 1, ['one-destination', phoneOnly]],
    ['two of a text, a token and questions', [text, token, questions], 2, 1, []],
    ['two of a text, a mail and a token', [text, mail, token], 2, 2, []],
    ['one of a token and questions', [token, questions], 1, 0, ['knowledge-alone']],
    ['one of a call and questions', [phone, questions], 1, 0, ['knowledge-alone']],
    ['two of a call, a text and a token', [phone, text, token], 2, 1, ['one-destination', phoneOnly]],
    ['all of a call, a text and a token', [phone, text, token], 3, 2, ['one-destination', phoneOnly]],
    ['a text or a code of the helpdesk, which may go to the manager', [text, code], 1, 1, ['by-helpdesk']],
    ['two of a text, a token and a code', [text, token, code], 2, 1, ['one-destination', 'by-helpdesk']],
    ['two of a call, a text and a code', [phone, text, code], 2, 1, ['one-destination', 'by-helpdesk', phoneOnly]],
    ['three of four', [phone, text, token, questions], 3, 1, ['one-destination', phoneOnly]],
    ['three of four without a pair', [phone, mail, token, questions], 3, 2, []],
    ['questions named first, which are never the first', [questions, text, token], 2, 1, []],
  ] as const)('%s', (_name, chain, needed, methods, weaknesses) => {
    expect(chainStrength(chain, { needed })).toMatchObject({ methods, weaknesses });
  });

  test('is what its weakest way is worth, and a pair counts where any way has it', () => {
    const gate = fc.constantFrom(phone, text, token, mail, code, questions, { ...questions, id: 'more' });
    const set = fc.uniqueArray(gate, { minLength: 1, maxLength: 6, selector: ({ id }) => id });
    fc.assert(
      fc.property(set, fc.nat(5), (gates, at) => {
        const needed = 1 + (at % gates.length);
        const ways = subsets(gates).filter((way) => way.length === needed);
        const strengths = ways.map((way) => chainStrength(way));
        const found = chainStrength(gates, { needed });
        expect(found.methods).toBe(Math.min(...strengths.map(({ methods }) => methods)));
        if (found.methods === 0) return;
        const has = (weakness: ChainWeakness) => strengths.filter(({ weaknesses }) => weaknesses.includes(weakness));
        expect(found.weaknesses.includes('one-destination')).toBe(has('one-destination').length > 0);
        expect(found.weaknesses.includes(phoneOnly)).toBe(has(phoneOnly).length === ways.length);
      }),
    );
  });
});

describe('what a shorter way to the unlock is worth', () => {
  test('is what its first gates are worth, in order', () => {
    expect(chainStrength([token, text], { unlockAfter: 1 })).toMatchObject({ methods: 2, unlockMethods: 1 });
    expect(chainStrength([questions, text], { unlockAfter: 1 })).toMatchObject({
      methods: 1,
      unlockMethods: 0,
      weaknesses: ['unlock-by-knowledge', 'knowledge-first', phoneOnly],
    });
  });

  test('is of a set what its weakest gates are worth, one of which is no question', () => {
    const weigh = (...gates: readonly WeighedGate[]) => chainStrength(gates, { needed: 2, unlockAfter: 1 });
    expect(weigh(mail, token, questions)).toMatchObject({ methods: 1, unlockMethods: 1, weaknesses: [] });
    expect(weigh(mail, questions, { ...questions, id: 'more' })).toMatchObject({ methods: 0 });
  });
});

function subsets<T>(all: readonly T[]): readonly (readonly T[])[] {
  const [first, ...rest] = all;
  if (first === undefined) return [[]];
  return subsets(rest).flatMap((set) => [set, [first, ...set]]);
}
