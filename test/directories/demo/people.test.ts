import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { describe, expect, test } from 'vitest';
import { parseLogin } from '../../../src/core/login.ts';
import { isComplex } from '../../../src/directories/demo/password-complexity.ts';
import { demoColleagues, demoPassword, demoPeople, demoStaff } from '../../../src/directories/demo/people.ts';

const everybody = [...demoPeople, ...demoStaff, ...demoColleagues];

describe.each(everybody)('$samName', (person) => {
  test('has telephone numbers that are numbers', () => {
    for (const number of [person.mobile, person.telephone]) {
      expect(parsePhoneNumberFromString(number)?.isValid()).toBe(true);
    }
  });

  test('can be typed as a login in every form', () => {
    expect(parseLogin(`CONTOSO\\${person.samName}`)?.kind).toBe('down-level');
    expect(parseLogin(`${person.samName}@contoso.example`)?.kind).toBe('principal');
    expect(parseLogin(person.samName)?.kind).toBe('bare');
  });

  test('starts with a password that the policy would take', () => {
    expect(isComplex(demoPassword, person)).toBe(true);
    expect(demoPassword.length).toBeGreaterThanOrEqual(14);
  });
});

test('no two people share a name or a number', () => {
  for (const field of ['samName', 'mobile', 'telephone', 'mail'] as const) {
    expect(new Set(everybody.map((person) => person[field])).size).toBe(everybody.length);
  }
  expect(new Set(demoPeople.map(({ situation }) => situation)).size).toBe(demoPeople.length);
});
