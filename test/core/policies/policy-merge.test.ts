import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../src/core/json.ts';
import { mergePolicies } from '../../../src/core/policies/policy-merge.ts';

/** Such as `a1 b2`: the policy a with the content 1, then b. */
const list = (text: string): Json =>
  text
    .split(' ')
    .filter((one) => one !== '')
    .map((one) => ({ name: one[0] ?? '', content: one.slice(1) }));

const written = (policies: Json): string =>
  (policies as readonly { name: string; content: string }[]).map(({ name, content }) => name + content).join(' ');

const merged = (base: string, mine: string, theirs: string): string => {
  const { policies, both } = mergePolicies(list(base), list(mine), list(theirs));
  return [written(policies), ...both].join(' | ');
};

describe('my changes upon theirs', () => {
  test.each([
    ['each another policy', 'a1 b1', 'a2 b1', 'a1 b2', 'a2 b2'],
    ['both the same in the same way', 'a1', 'a2', 'a2', 'a2'],
    ['both the same in another way', 'a1', 'a2', 'a3', 'a2 | a'],
    ['both added one', 'a1', 'n1 a1', 'a1 m1', 'n1 a1 m1'],
    ['both added one of the same name', 'a1', 'a1 n1', 'a1 n2', 'a1 n1 | n'],
    ['I added one where they took one away', 'a1 b1', 'a1 b1 n1', 'a1', 'a1 n1'],
    ['I took one away, they another', 'a1 b1 c1', 'b1 c1', 'a1 b1', 'b1'],
    ['I took one away that they changed', 'a1 b1', 'b1', 'a2 b1', 'b1 | a'],
    ['they took one away that I changed', 'a1 b1', 'a2 b1', 'b1', 'a2 b1 | a'],
    ['they moved one', 'a1 b1 c1', 'a2 b1 c1', 'c1 a1 b1', 'c1 a2 b1'],
    ['I moved one', 'a1 b1 c1', 'c1 a1 b1', 'a1 b2 c1', 'c1 a1 b2'],
    ['I moved one and they added one', 'a1 b1', 'b1 a1', 'a1 n1 b1', 'b1 a1 n1'],
  ])('%s', (_name, base, mine, theirs, expected) => {
    expect(merged(base, mine, theirs)).toBe(expected);
  });

  const any = fc
    .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.constantFrom('1', '2', '3')), {
      selector: ([name]) => name,
    })
    .map((entries) => entries.map(([name, content]) => name + content).join(' '));

  test('are mine where they changed nothing, and theirs where I did not', () => {
    fc.assert(
      fc.property(any, any, (base, changed) => {
        expect(merged(base, changed, base)).toBe(changed);
        expect(merged(base, base, changed)).toBe(changed);
        expect(merged(base, changed, changed)).toBe(changed);
      }),
    );
  });

  test('never lose what I typed, nor silently what they did', () => {
    fc.assert(
      fc.property(any, any, any, (base, mine, theirs) => {
        const { policies, both } = mergePolicies(list(base), list(mine), list(theirs));
        const result = written(policies).split(' ');
        const [was, own, other] = [base, mine, theirs].map((text) => text.split(' ').filter((one) => one !== ''));
        for (const one of own ?? []) if (!was?.includes(one)) expect(result).toContain(one);
        for (const one of other ?? []) {
          if (!was?.includes(one) && !both.includes(one[0] ?? '')) expect(result).toContain(one);
        }
        expect(new Set(result.map((one) => one[0])).size).toBe(result.length);
      }),
    );
  });
});
