import { describe, expect, test } from 'vitest';
import { Misconfigured } from '../../../src/core/errors.ts';
import { nameKey, pathOf, stepsOf, unitOf } from '../../../src/directories/active-directory/distinguished-name.ts';

const base = 'DC=corp, dc=example,DC=com';

describe('the unit of an account', () => {
  test.each([
    ['CN=Anna,OU=Sales,OU=People,DC=corp,DC=example,DC=com', 'People/Sales'],
    ['CN=Anna,DC=corp,DC=example,DC=com', ''],
    ['CN=Berg\\, Anna,OU=Sales\\, EMEA \\+ APAC,DC=corp,DC=example,DC=com', 'Sales, EMEA + APAC'],
    ['CN=a\\,OU\\=b,OU=Rights\\, \\"odd\\"\\ ,DC=corp,DC=example,DC=com', 'Rights, "odd" '],
    ['CN=a,OU=R/D,OU=\\#1 \\\\ \\<x\\>\\;,DC=corp,DC=example,DC=com', '#1 \\\\ <x>;/R\\/D'],
    ['CN=a,OU=M\\C3\\BCller\\2C \\F0\\9F\\94\\91,DC=corp,DC=example,DC=com', 'Müller, 🔑'],
    ['CN=a\\0ACNF:1,OU=مبيعات,OU=موظفون,DC=corp,DC=example,DC=com', 'موظفون/مبيعات'],
    ['CN=a,OU=Ends in \\\\,OU=b,DC=corp,DC=example,DC=com', 'b/Ends in \\\\'],
  ])('at %s', (dn, unit) => {
    expect(unitOf(dn, base)).toBe(unit);
  });

  test('is a path that the unit itself has too', () => {
    expect(pathOf('OU=R/D,OU=People,DC=corp,DC=example,DC=com', base)).toBe('People/R\\/D');
    expect(pathOf('DC=corp,DC=example,DC=com', base)).toBe('');
  });
});

test('names that are the same but for case and escapes have one key, others another', () => {
  const key = nameKey('CN=Sales\\, EMEA,OU=Groups,DC=corp');
  expect(nameKey('cn=sales\\2C emea,ou=GROUPS,dc=CORP')).toBe(key);
  expect(nameKey('CN=Sales,CN=EMEA,OU=Groups,DC=corp')).not.toBe(key);
  expect(nameKey('CN=Sales\\,OU\\=Groups,DC=corp')).not.toBe(nameKey('CN=Sales,OU=Groups,DC=corp'));
});

test('what is no name is refused', () => {
  expect(() => stepsOf('nonsense')).toThrow(Misconfigured);
  expect(stepsOf('')).toEqual([]);
});
