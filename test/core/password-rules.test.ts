import { describe, expect, test } from 'vitest';
import type { PasswordPolicy } from '../../src/core/directory.ts';
import { passwordRules } from '../../src/core/password-rules.ts';

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
const anna = { samName: 'anna.berg', displayName: 'Anna Berg-Strøm, Dr.' };

const unmet = (password: string, wish: Partial<PasswordPolicy> = {}): readonly string[] =>
  passwordRules({ ...policy, ...wish }, anna, password)
    .filter((rule) => rule.met === false)
    .map((rule) => rule.id);

describe('the rules of a directory', () => {
  test('are told before anything is typed, and judged of nothing', () => {
    const rules = passwordRules(policy, anna);
    expect(rules.map((rule) => rule.id)).toEqual(['length', 'name', 'kinds', 'history', 'age']);
    expect(rules.every((rule) => rule.met === undefined)).toBe(true);
    expect(rules.at(-1)?.message.values).toEqual({ count: 2 });
  });

  test('are the directory’s own and none of Latchkey’s', () => {
    const lenient = { complexity: false, historyLength: 0, minAgeSeconds: 0, minLength: 0 };
    expect(passwordRules({ ...policy, ...lenient }, anna).map((rule) => rule.id)).toEqual(['length']);
    expect(unmet('a', lenient)).toEqual([]);
  });

  test('name history and age only where a reset is held to them', () => {
    const rules = passwordRules({ ...policy, hintsEnforced: false }, anna);
    expect(rules.map((rule) => rule.id)).toEqual(['length', 'name', 'kinds']);
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
});
