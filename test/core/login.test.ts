import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loginStem, parseLogin } from '../../src/core/login.ts';

describe('a login', () => {
  test.each([
    ['anna.berg', { kind: 'bare', name: 'anna.berg' }],
    ['  anna.berg ', { kind: 'bare', name: 'anna.berg' }],
    ['CONTOSO\\anna.berg', { kind: 'down-level', domain: 'CONTOSO', name: 'anna.berg' }],
    ['anna.berg@contoso.example', { kind: 'principal', name: 'anna.berg@contoso.example' }],
    ["jürgen o'neill", { kind: 'bare', name: "jürgen o'neill" }],
    ['名前', { kind: 'bare', name: '名前' }],
    ['fox🦊', { kind: 'bare', name: 'fox🦊' }],
    ['PC-17$', { kind: 'bare', name: 'PC-17$' }],
    ['(anna)', { kind: 'bare', name: '(anna)' }],
  ])('%j is read', (typed, login) => {
    expect(parseLogin(typed)).toEqual(login);
  });

  test.each([
    '',
    '   ',
    '\\',
    'CONTOSO\\',
    '\\anna',
    'a\\b\\c',
    '@contoso.example',
    'anna@',
    'anna@-x',
    'a@b@c.example',
    'a*',
    'a|b',
    'a;b',
    'a,b',
    'a=b',
    'a+b',
    'a<b>',
    'a"b',
    'a[b]',
    'a:b',
    'a/b',
    'a?b',
    'a\0b',
    'a\nb',
    'CON TOSO\\ anna',
    'x'.repeat(257),
  ])('%j has no shape of one', (typed) => {
    expect(parseLogin(typed)).toBeUndefined();
  });

  test('is never longer than it was typed, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (typed) => {
        const login = parseLogin(typed);
        return login === undefined || (login.name.length <= typed.length && !/[*\p{Cc}]/u.test(login.name));
      }),
    );
  });
});

describe('the stem of a login', () => {
  test.each(['anna.berg', 'ANNA.Berg', 'CONTOSO\\anna.berg', 'anna.berg@contoso.example', 'ａｎｎａ．ｂｅｒｇ'])(
    'of %j is the same for every spelling',
    (typed) => {
      const login = parseLogin(typed);
      expect(login === undefined ? undefined : loginStem(login)).toBe('anna.berg');
    },
  );
});
