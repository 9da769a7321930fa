import { expect, test } from 'vitest';
import { isComplex } from '../../../src/directories/demo/password-complexity.ts';

const anna = { samName: 'anna.berg', displayName: 'Anna Berg-Li' };

test.each([
  ['Sunshine42', 'upper, lower and digits'],
  ['sunshine-42', 'lower, digits and special'],
  ['SUNSHINE 42 ñ', 'upper, digits and lower'],
  ['sunshine42春', 'lower, digits and letters without case'],
  ['Li-Sunshine', 'a name of two letters does not count'],
])('%j is complex: %s', (password) => {
  expect(isComplex(password, anna)).toBe(true);
});

test.each([
  ['sunshine42', 'two kinds only'],
  ['Sunshine🦊', 'emoji are no kind'],
  ['Sunshine€', 'the euro sign is no special character'],
  ['xxANNA.berg42', 'holds the account name'],
  ['My-berg-42', 'holds a part of the display name'],
])('%j is not complex: %s', (password) => {
  expect(isComplex(password, anna)).toBe(false);
});

test('an account name of two letters is not looked for', () => {
  expect(isComplex('Xy-Sunshine', { samName: 'xy', displayName: '' })).toBe(true);
});
