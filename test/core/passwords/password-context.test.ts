import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contextIn, contextWords, folded, leastBeside } from '../../../src/core/passwords/password-context.ts';

const zoe = {
  displayName: 'Müller-Stahl, Zoë',
  givenName: 'Zoë',
  surname: 'Müller-Stahl',
  samName: 'zoe.mueller',
  principalName: 'z.stahl@contoso.example',
};
const words = contextWords(zoe, { organisation: 'Contoso Ltd', words: ['Widgetron', 'Springfield'] });
const kindsIn = (password: string): readonly string[] => [...contextIn(password, words)].sort();

describe('words that have to do with a person', () => {
  test.each<[string, readonly string[]]>([
    ['Zoe-2026!', ['person']],
    ['ZOË12345', ['person']],
    ['Muller.1990', ['person']],
    ['zoe.mueller1', ['person']],
    ['Stahl_Zoe_99', ['person']],
    ['lhatS-99', ['person']],
    ['C0nt0s0-2026', ['organisation']],
    ['0s0tnoC!26', ['organisation']],
    ['ＣＯＮＴＯＳＯ-26', ['organisation']],
    ['W1dg3tr0n!99', ['word']],
    ['Spr!ngf!eld', ['word']],
    ['Zoe@Contoso1', ['organisation', 'person']],
    ['ZoeZoeZoeZoeZoe', ['person']],
  ])('6.2.11: %j is refused for %j', (password, kinds) => {
    expect(kindsIn(password)).toEqual(kinds);
  });

  test.each([
    'Correct-Horse-7-Battery',
    'Contoso pays for nine lamps',
    'zoe likes green harbours',
    'Stahl-und-99-Federn',
    'Kontosa-2026',
    'zContosooe12345',
    '',
    '🦊🦊🦊🦊',
  ])('6.2.11: %j is nobody’s business', (password) => {
    expect(kindsIn(password)).toEqual([]);
  });

  test('are compared folded: accents, case, width and look-alikes make no difference', () => {
    expect(folded('Ｌöwe')).toBe(folded('10w3'));
    expect(folded('İstanbul')).toBe(folded('istanbul'));
    expect(folded('ﬁnance')).toBe(folded('FINANCE'));
  });

  test('under three characters are left out, so that a short name bars nothing', () => {
    const li = { displayName: 'Li Wu', samName: 'lw', principalName: 'lw@x.yz' };
    expect(contextWords(li, { organisation: 'AB', words: [] }).map(({ text }) => text)).toEqual([
      folded('Li Wu'),
      folded('x.yz'),
    ]);
  });

  const word = fc.constantFrom('contoso', 'widgetron', 'zoe.mueller', 'springfield');
  const filler = (least: number, most: number) =>
    fc.string({ unit: fc.constantFrom('2', '6', '#', '-'), minLength: least, maxLength: most });
  const leet: Readonly<Record<string, string>> = { o: '0', i: '1', e: '3', a: '@', s: '$', t: '7' };

  test('6.1.2: any of them is found in any dress while little stands beside it', () => {
    const dress = fc.record({ upper: fc.boolean(), backwards: fc.boolean(), leet: fc.boolean() });
    fc.assert(
      fc.property(word, dress, filler(0, 3), filler(0, 4), (plain, how, before, after) => {
        let worn = how.upper ? plain.toUpperCase() : plain;
        if (how.leet) worn = [...worn].map((one) => leet[one.toLowerCase()] ?? one).join('');
        if (how.backwards) worn = [...worn].reverse().join('');
        expect(kindsIn(before + worn + after)).not.toEqual([]);
      }),
    );
  });

  test('6.1.2: none matters in a password whose rest would do alone', () => {
    fc.assert(
      fc.property(word, filler(leastBeside, 40), (plain, rest) => {
        expect(kindsIn(plain + rest)).toEqual([]);
        expect(kindsIn(rest + plain)).toEqual([]);
      }),
    );
  });

  test('are looked for in whatever somebody types, and the answer holds none of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 256 }), (typed) => {
        for (const kind of contextIn(typed, words)) expect(['person', 'organisation', 'word']).toContain(kind);
      }),
    );
  });
});
