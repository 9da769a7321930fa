import fc from 'fast-check';
import { BerWriter } from 'ldapts';
import { describe, expect, test } from 'vitest';
import { dateOfFileTime, secondsOfInterval } from '../../../src/directories/active-directory/file-time.ts';
import { guidDn, guidOctets, guidText, sidText } from '../../../src/directories/active-directory/identifiers.ts';
import { isEmptyPassword, passwordOctets } from '../../../src/directories/active-directory/password-octets.ts';
import { policyHintsControl, policyHintsOffered } from '../../../src/directories/active-directory/policy-hints.ts';
import { isProtectedAccount, isProtectedGroup } from '../../../src/directories/active-directory/protected-groups.ts';

describe('the octets of a password', () => {
  test.each([
    ['aB1', '22006100420031002200'],
    ['é', '2200e9002200'],
    ['e\u0301', '2200650001032200'],
    ['🔑', '22003dd811dd2200'],
    ['"', '220022002200'],
    [' x ', '2200200078002000 2200'.replace(' ', '')],
  ])('of %j are UTF-16LE between quotes, unchanged', (password, hex) => {
    expect(passwordOctets(password).toString('hex')).toBe(hex);
  });

  test('begin and end with a quote, whatever lies between', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (password) => {
        expect(passwordOctets(password).toString('utf16le')).toBe(`"${password}"`);
      }),
    );
  });

  test('are empty for nothing, and for what ends at once', () => {
    expect(['', '\0', '\0x'].map(isEmptyPassword)).toEqual([true, true, true]);
    expect([' ', '0', 'x\0'].map(isEmptyPassword)).toEqual([false, false, false]);
  });
});

describe('identifiers', () => {
  test('are written as Windows writes them', () => {
    const octets = Buffer.from('897fbfd53b4b504bb8e5d956aec5de50', 'hex');
    expect(guidText(octets)).toBe('d5bf7f89-4b3b-4b50-b8e5-d956aec5de50');
    expect(guidOctets('d5bf7f89-4b3b-4b50-b8e5-d956aec5de50')).toEqual(octets);
    expect(sidText(Buffer.from('01020000000000052000000020020000', 'hex'))).toBe('S-1-5-32-544');
  });

  test('survive both ways', () => {
    fc.assert(
      fc.property(fc.uuid(), (text) => {
        expect(guidText(guidOctets(text) ?? Buffer.alloc(16))).toBe(text);
      }),
    );
  });

  test('that are none never become a DN', () => {
    for (const text of ['', 'x', '<SID=S-1-1-0>', `${crypto.randomUUID()}>,DC=x`, crypto.randomUUID().toUpperCase()]) {
      expect(guidOctets(text), text).toBeUndefined();
      expect(() => guidDn(text), text).toThrow(TypeError);
    }
  });
});

describe('times', () => {
  test('keep all their digits', () => {
    expect(dateOfFileTime(134_397_743_899_028_690n)?.toISOString()).toBe('2026-11-21T22:39:49.902Z');
  });

  test('that mean never are no moments', () => {
    expect(dateOfFileTime(0n)).toBeUndefined();
    expect(dateOfFileTime(9_223_372_036_854_775_807n)).toBeUndefined();
  });

  test('count seconds, and none where there is no limit', () => {
    expect(secondsOfInterval(-18_000_000_000n)).toBe(1800);
    expect(secondsOfInterval(0n)).toBeUndefined();
    expect(secondsOfInterval(-9_223_372_036_854_775_808n)).toBeUndefined();
  });
});

describe('policy hints', () => {
  test('are used in the newer form where both are offered', () => {
    expect(policyHintsOffered(['1.2.3', '1.2.840.113556.1.4.2066', '1.2.840.113556.1.4.2239'])).toMatch(/2239$/);
    expect(policyHintsOffered(['1.2.840.113556.1.4.2066'])).toMatch(/2066$/);
    expect(policyHintsOffered(['1.2.840.113556.1.4.319'])).toBeUndefined();
  });

  test('are sent critical, with the value that MS-ADTS names', () => {
    const writer = new BerWriter();
    policyHintsControl('1.2.840.113556.1.4.2239').write(writer);
    const identifier = Buffer.from('1.2.840.113556.1.4.2239').toString('hex');
    expect(writer.buffer.toString('hex')).toMatch(new RegExp(`0417${identifier}0101ff04053003020101$`));
  });
});

describe('protected groups', () => {
  test('are known by well-known identifiers, in any domain', () => {
    const domain = 'S-1-5-21-1-2-3';
    for (const rid of [512, 516, 518, 519, 521, 526, 527]) expect(isProtectedGroup(`${domain}-${rid}`)).toBe(true);
    for (const rid of [544, 548, 549, 550, 551, 552]) expect(isProtectedGroup(`S-1-5-32-${rid}`)).toBe(true);
    for (const sid of [`${domain}-513`, `${domain}-1512`, 'S-1-5-32-545', 'S-1-1-0', 'S-1-5-21-1-2-512']) {
      expect(isProtectedGroup(sid), sid).toBe(false);
    }
  });

  test('are not needed for the two accounts that are always protected', () => {
    expect(['500', '502', '1500'].map((rid) => isProtectedAccount(`S-1-5-21-1-2-3-${rid}`))).toEqual([
      true,
      true,
      false,
    ]);
  });
});
