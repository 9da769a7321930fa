import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chainStrength, type WeighedGate } from '../../src/core/chain-strength.ts';

const phone: WeighedGate = { id: 'phone', factor: 'possession', channel: 'voice' };
const text: WeighedGate = { id: 'otp-sms', factor: 'possession', channel: 'sms' };
const token: WeighedGate = { id: 'token', factor: 'possession' };
const questions: WeighedGate = { id: 'questions', factor: 'knowledge' };

describe('6.3.6, 6.4.2: what a chain is worth', () => {
  test.each([
    ['a call', [phone], 1, []],
    ['a call and a text, which may reach one number', [phone, text], 1, []],
    ['a text and questions', [text, questions], 1, []],
    ['a text and a token', [text, token], 2, []],
    ['two tokens', [token, { ...token, id: 'other' }], 2, []],
    ['questions alone', [questions], 0, ['knowledge-alone']],
    ['two kinds of question', [questions, { ...questions, id: 'more' }], 0, ['knowledge-alone']],
    ['questions before a text', [questions, text], 1, ['knowledge-first']],
  ] as const)('%s', (_name, chain, methods, weaknesses) => {
    expect(chainStrength(chain)).toEqual({ methods, weaknesses });
  });

  test.each([
    ['one of a call and questions', [phone, questions], 1, 0, ['knowledge-alone']],
    ['two of a call, a text and questions', [phone, text, questions], 2, 1, []],
    ['two of a call, a text and a token', [phone, text, token], 2, 1, []],
    ['all of a call, a text and a token', [phone, text, token], 3, 2, []],
    ['three of two tokens, a text and questions', [token, { ...token, id: 'other' }, text, questions], 3, 2, []],
  ] as const)('goes by the weakest way through %s', (_name, chain, needed, methods, weaknesses) => {
    expect(chainStrength(chain, needed)).toEqual({ methods, weaknesses });
  });

  test('is no more and no less for questions at its end', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(phone, text, token), { minLength: 1, maxLength: 5 }), (chain) => {
        expect(chainStrength([...chain, questions])).toEqual(chainStrength(chain));
      }),
    );
  });
});
