import { describe, expect, test } from 'vitest';
import type { PasswordPolicy } from '../../../src/core/directory.ts';
import { mayForward } from '../../../src/core/visits/sign-in.ts';

const policyOf = (lockoutThreshold: number): PasswordPolicy => ({
  source: 'domain',
  minLength: 8,
  complexity: true,
  historyLength: 0,
  minAgeSeconds: 0,
  lockoutThreshold,
  lockoutWindowSeconds: 1800,
  hintsEnforced: false,
});

describe('a password is forwarded', () => {
  test.each<[threshold: number, forwarded: number]>([
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 3],
    [10, 8],
    [999, 997],
  ])('with a threshold of %i while fewer than %i were wrong', (threshold, forwarded) => {
    const tried = Array.from({ length: threshold + 2 }, (_, wrong) => mayForward(policyOf(threshold), wrong));
    expect(tried.filter(Boolean)).toHaveLength(forwarded);
    expect(tried.slice(0, forwarded).every(Boolean)).toBe(true);
  });

  test('always where the directory never locks', () => {
    expect(mayForward(policyOf(0), 1_000_000)).toBe(true);
  });

  test('never when one more wrong one would lock, or leave one try only', () => {
    for (let threshold = 2; threshold < 50; threshold += 1) {
      for (let wrong = 0; wrong < threshold; wrong += 1) {
        if (mayForward(policyOf(threshold), wrong))
          expect(threshold - (wrong + 1)).toBeGreaterThanOrEqual(2 - Number(threshold === 2));
      }
    }
  });
});
