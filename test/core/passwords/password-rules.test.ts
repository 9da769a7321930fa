import { describe, expect, test } from 'vitest';
import type { PasswordPolicy } from '../../../src/core/directory.ts';
import { passwordRules, type RuleSources } from '../../../src/core/passwords/password-rules.ts';

const policy: PasswordPolicy = {
  source: 'domain',
  minLength: 8,
  complexity: true,
  historyLength: 5,
  minAgeSeconds: 90_000,
  lockoutThreshold: 5,
  lockoutWindowSeconds: 1800,
  hintsEnforced: true,
};
const screen = { minLength: 0, organisation: 'Contoso', knowsLeaked: false };
const anna = { samName: 'anna.berg', displayName: 'Anna Berg-Strøm, Dr.' };

const unmet = (password: string, wish: Partial<PasswordPolicy> = {}): readonly string[] =>
  passwordRules({ policy: { ...policy, ...wish }, screen }, anna, password)
    .filter((rule) => rule.met === false)
    .map((rule) => rule.id);

const directorys = (sources: RuleSources): readonly string[] =>
  passwordRules(sources, anna)
    .filter((rule) => rule.from === 'directory')
    .map((rule) => rule.id);

describe('the rules of a directory', () => {
  test('are told before anything is typed, and judged of nothing', () => {
    const rules = passwordRules({ policy, screen }, anna);
    expect(rules.map((rule) => rule.id)).toEqual(['length', 'name', 'kinds', 'history', 'age', 'context', 'known']);
    expect(rules.every((rule) => rule.met === undefined)).toBe(true);
    expect(rules.find((rule) => rule.id === 'age')?.message.values).toEqual({ count: 2 });
  });

  test('speak of leaked passwords only where a list or a service knows them', () => {
    const keyWith = (knowsLeaked: boolean) =>
      passwordRules({ policy, screen: { ...screen, knowsLeaked } }, anna).find(({ id }) => id === 'known')?.message.key;
    expect([keyWith(false), keyWith(true)]).toEqual(['password.rules.common', 'password.rules.known']);
  });

  test('6.2.5: of composition are the directory’s own and none of Latchkey’s', () => {
    const lenient = { complexity: false, historyLength: 0, minAgeSeconds: 0, minLength: 0 };
    expect(directorys({ policy: { ...policy, ...lenient }, screen })).toEqual(['length']);
    expect(unmet('a', lenient)).toEqual([]);
  });

  test('name history and age only where a reset is held to them', () => {
    const rules = directorys({ policy: { ...policy, hintsEnforced: false }, screen });
    expect(rules).toEqual(['length', 'name', 'kinds']);
  });

  test.each<[string, readonly string[]]>([
    ['Abcdef1', ['length']],
    ['Abcdefg1', []],
    ['abcdefg1', ['kinds']],
    ['abcdefg!1', []],
    ['ABCdefgh', ['kinds']],
    ['密码密码密码A1', []],
    ['Anna.Berg-99', ['name']],
    ['x9-aNNa-Xy', ['name']],
    ['x9-STRØM-xY', ['name']],
    ['Dr-Who-1963', []],
    [`Aa1${'x'.repeat(253)}`, []],
    [`Aa1${'x'.repeat(254)}`, ['length']],
    ['  Aa1  x ', []],
  ])('of %j say %j', (password, ids) => {
    expect(unmet(password)).toEqual(ids);
  });

  test.each<[number, number, { count: number; from: string }]>([
    [8, 0, { count: 8, from: 'directory' }],
    [8, 8, { count: 8, from: 'directory' }],
    [8, 15, { count: 15, from: 'portal' }],
    [14, 12, { count: 14, from: 'directory' }],
    [0, 0, { count: 1, from: 'directory' }],
  ])(
    '6.2.1: of a directory’s %i and a portal’s %i the longer holds, and says whose it is',
    (minLength, own, wanted) => {
      const sources = { policy: { ...policy, minLength }, screen: { ...screen, minLength: own } };
      const [rule] = passwordRules(sources, anna, `Aa1${'x'.repeat(wanted.count - 4 < 0 ? 0 : wanted.count - 4)}`);
      expect({ count: rule?.message.values?.count, from: rule?.from }).toEqual(wanted);
      expect(rule?.met).toBe(wanted.count <= 3);
    },
  );
});
