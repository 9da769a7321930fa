import { describe, expect, test } from 'vitest';
import { isWithin, unitPath, unitSteps } from '../../src/core/unit.ts';

describe('a unit', () => {
  test.each([
    ['People/Sales', 'People/Sales'],
    ['people/SALES', 'People/Sales'],
    ['People/Sales/EMEA', 'People/Sales'],
    ['People', ''],
    ['', ''],
  ])('%s is within %s', (unit, ancestor) => {
    expect(isWithin(unit, ancestor)).toBe(true);
  });

  test.each([
    ['People', 'People/Sales'],
    ['', 'People'],
    ['People/Salesforce', 'People/Sales'],
    ['Other/People/Sales', 'People/Sales'],
    // Names with a slash and with a backslash in them are not the names around it.
    ['People\\/Sales', 'People'],
    ['People\\\\\\/Sales', 'People\\\\'],
    ['People/Sàles', 'People/Sales'],
  ])('%s is not within %s', (unit, ancestor) => {
    expect(isWithin(unit, ancestor)).toBe(false);
  });

  test('below a name that ends in a backslash is within it', () => {
    const parent = unitPath(['People', 'A\\']);
    expect(isWithin(unitPath(['People', 'A\\', 'B']), parent)).toBe(true);
    expect(isWithin(unitPath(['People', 'A\\/B']), parent)).toBe(false);
  });

  test.each([
    [['People']],
    [['People', 'Rights, "odd" ']],
    [['A/B', 'C\\D', '\\/', '/\\']],
    [['موظفون', 'مبيعات']],
    [[]],
  ])('has the same names after it was a path: %j', (names) => {
    expect(unitSteps(unitPath(names))).toEqual(names);
  });
});
