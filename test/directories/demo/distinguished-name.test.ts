import { describe, expect, test } from 'vitest';
import { dnKey, formatDn, parseDn } from '../../../src/directories/demo/distinguished-name.ts';

const keyOf = (text: string): string => dnKey(parseDn(text) ?? []);

describe('a distinguished name', () => {
  test('keeps commas, plus signs, quotes, backslashes and emoji through reading and writing', () => {
    const value = ' O\'Neill, Jr. + "Sons" \\ <Jürgen> 🦊; #1 ';
    const text = formatDn([
      { type: 'CN', value },
      { type: 'DC', value: 'example' },
    ]);
    expect(parseDn(text)).toEqual([
      { type: 'CN', value },
      { type: 'DC', value: 'example' },
    ]);
  });

  test('is the same name in any case, with hex escapes and with spaces around its separators', () => {
    expect(keyOf('cn=M\\c3\\bcller\\2c Jan , dc=Example')).toBe(keyOf('CN=MÜLLER\\, Jan,DC=example'));
  });

  test.each(['Anna', 'CN=', 'CN=a+SN=b,DC=x', 'CN=a"b,DC=x', 'CN=a\\', `CN=${'a'.repeat(9000)}`])(
    'is not made of %j',
    (text) => {
      expect(parseDn(text)).toBeUndefined();
    },
  );
});
