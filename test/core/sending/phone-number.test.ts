import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCode } from '../../../src/core/gates/typed-code.ts';
import {
  decoyMask,
  isDefaultCountry,
  maskNumber,
  readNumber,
  spacedNumber,
} from '../../../src/core/sending/phone-number.ts';

describe('reading a number', () => {
  test.each([
    ['+44 7400 123456', undefined, '+447400123456'],
    ['0044 7400 123456', 'US', '+447400123456'],
    ['44 7400123456', undefined, '+447400123456'],
    ['44 7400123456', 'US', '+447400123456'],
    ['1 4255550123', 'GB', '+14255550123'],
    ['49 30 123456', 'DE', '+4930123456'],
    ['07400 123456', 'GB', '+447400123456'],
    ['07400 123456', '44', '+447400123456'],
    ['07400 123456', '+44', '+447400123456'],
    ['(425) 555-0123', 'US', '+14255550123'],
    ['202 555 0123', 'US', '+12025550123'],
    ['07700 900123', 'GB', '+447700900123'],
    ['٠٧٤٠٠١٢٣٤٥٦', 'GB', '+447400123456'],
    ['۴۴ ۷۴۰۰۱۲۳۴۵۶', undefined, '+447400123456'],
    ['＋４４　７４００１２３４５６', undefined, '+447400123456'],
    ['\u202a+44 7400 123456\u202c', undefined, '+447400123456'],
  ])('%s with default %s is %s', (typed, country, e164) => {
    expect(readNumber(typed, country)).toEqual({ kind: 'number', e164 });
  });

  test.each([
    ['', 'GB', 'empty'],
    ['   ', 'GB', 'empty'],
    ['07400123456', undefined, 'no-country-code'],
    ['call me', 'GB', 'invalid'],
    ['12', 'GB', 'invalid'],
    ['+999 123456789', undefined, 'invalid'],
    ['9'.repeat(100), 'GB', 'invalid'],
    ['+44 7400 123456 ext 12', 'GB', 'extension'],
    ['0900 1234567', 'DE', 'barred'],
    ['+1 900 555 1234', 'GB', 'barred'],
  ])('%s with default %s is a problem: %s', (typed, country, name) => {
    expect(readNumber(typed, country)).toEqual({ kind: 'problem', key: `gates.number.${name}` });
  });

  test('a default country is a country or a calling code', () => {
    expect(['GB', '44', '+44', '1', '971'].map(isDefaultCountry)).toEqual([true, true, true, true, true]);
    expect(['XX', 'gb', '999', '0', ''].map(isDefaultCountry)).toEqual([false, false, false, false, false]);
  });
});

describe('masks', () => {
  test('show two digits and nothing of the length', () => {
    expect(maskNumber('+447400123456')).toBe('••56');
    expect(maskNumber('+4930123')).toBe('••23');
  });

  test('of a decoy look the same, stay the same, and differ between seeds', () => {
    expect(decoyMask('a'.repeat(64))).toBe(decoyMask('a'.repeat(64)));
    const masks = Array.from({ length: 50 }, (_, at) => decoyMask(String(at)));
    for (const mask of masks) expect(mask).toMatch(/^••\d\d$/);
    expect(new Set(masks).size).toBeGreaterThan(20);
  });
});

describe('writing a number', () => {
  test.each([
    ['+442079460001', '+44 20 7946 0001'],
    ['+12025550123', '+1 202 555 0123'],
    ['+4930123456', '+49 30 123456'],
    ['+442', '+442'],
    ['nothing', 'nothing'],
  ])('%s is %s', (e164, spaced) => {
    expect(spacedNumber(e164)).toBe(spaced);
  });

  test('whatever the default country, reads back as the same number', () => {
    const code = fc.constantFrom('1', '20', '33', '39', '44', '49', '54', '61', '81', '86', '966', '971');
    const digits = fc.stringMatching(/^[1-9]\d{5,10}$/);
    fc.assert(
      fc.property(code, digits, fc.constantFrom(undefined, 'GB', 'US', '49'), (calling, national, country) => {
        const read = readNumber(`+${calling}${national}`, country);
        fc.pre(read.kind === 'number');
        expect(readNumber(spacedNumber(read.e164), country)).toEqual(read);
      }),
    );
  });
});

describe('reading a code', () => {
  test.each([
    ['123456', '123456'],
    [' 123 456 ', '123456'],
    ['123-456', '123456'],
    ['012–345', '012345'],
    ['١٢٣٤٥٦', '123456'],
    ['۱۲۳۴۵۶', '123456'],
    ['１２３４５６', '123456'],
    ['१२३४५६', '123456'],
    ['12a456', '12a456'],
    ['', ''],
  ])('%s is %s', (typed, code) => {
    expect(readCode(typed)).toBe(code);
  });
});
