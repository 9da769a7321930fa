import { BerWriter, EqualityFilter, type Filter, FilterParser } from 'ldapts';
import { beforeAll, describe, expect, test } from 'vitest';
import { Administration } from '../../../src/directories/demo/administration.ts';
import { Elements } from '../../../src/directories/demo/ber-elements.ts';
import { Domain } from '../../../src/directories/demo/domain.ts';
import { seedDomain } from '../../../src/directories/demo/domain-seed.ts';
import type { Entry } from '../../../src/directories/demo/entry.ts';
import { decodeFilter } from '../../../src/directories/demo/filter-decoding.ts';
import { matches } from '../../../src/directories/demo/filter-matching.ts';
import { guidToText } from '../../../src/directories/demo/identifier.ts';
import { SettableClock } from './demo-client.ts';

let domain: Domain;
let person: Entry;
let inner: Entry;
let outer: Entry;

beforeAll(() => {
  domain = new Domain({ clock: new SettableClock(), dnsName: 'contoso.example', name: 'CONTOSO' });
  const administration = new Administration(domain);
  seedDomain(domain, administration);
  const unit = `OU=People,${domain.baseDn}`;
  person = administration.addPerson({
    unit,
    commonName: 'José (Pepe) *',
    samName: 'jose',
    password: 'x',
    mail: 'J@x.example',
  });
  inner = administration.addGroup(unit, 'Inner');
  outer = administration.addGroup(unit, 'Outer');
  inner.members.add(person);
  outer.members.add(inner);
});

/** Through the bytes that ldapts sends, and then as the server reads them. */
function verdict(filter: string | Filter, entry: Entry = person): boolean | undefined {
  const writer = new BerWriter();
  (typeof filter === 'string' ? FilterParser.parseString(filter) : filter).write(writer);
  return matches(domain.tree, entry, decodeFilter(new Elements(writer.buffer)));
}

describe('a filter', () => {
  test.each([
    ['(sAMAccountName=JOSE)', true],
    ['(cn=jose \\28pepe\\29 \\2a)', true],
    ['(cn=jos*pepe*)', true],
    ['(cn=*pepe*jos*)', false],
    ['(cn=jose \\28pepe\\29 \\2a*\\2a)', false],
    ['(mail=*)', true],
    ['(mobile=*)', false],
    ['(&(objectClass=user)(!(objectClass=computer)))', true],
    ['(|(cn=nobody)(mail=j@X.example))', true],
    ['(userAccountControl>=512)', true],
    ['(userAccountControl>=1000)', false],
    ['(accountExpires<=9223372036854775807)', true],
    ['(accountExpires<=9223372036854775806)', false],
    ['(userAccountControl:1.2.840.113556.1.4.803:=512)', true],
    ['(userAccountControl:1.2.840.113556.1.4.803:=514)', false],
    ['(userAccountControl:1.2.840.113556.1.4.804:=514)', true],
    ['(objectCategory=person)', true],
    ['(objectCategory=CN=Person,CN=Schema,CN=Configuration,DC=contoso,DC=example)', true],
    ['(objectCategory=group)', false],
    ['(distinguishedName=cn=JOSÉ \\28Pepe\\29 \\2a,ou=people,dc=contoso,dc=example)', true],
  ])('%s is %s', (text, expected) => {
    expect(verdict(text)).toBe(expected);
  });

  test('finds by GUID in bytes and in text', () => {
    expect(verdict(new EqualityFilter({ attribute: 'objectGUID', value: person.guid }))).toBe(true);
    expect(verdict(`(objectGUID=${guidToText(person.guid)})`)).toBe(true);
    expect(verdict(`(objectGUID=${guidToText(inner.guid)})`)).toBe(false);
  });

  test('follows membership through groups only with the in-chain rule', () => {
    expect(verdict(`(memberOf=${outer.dn})`)).toBe(false);
    expect(verdict(`(memberOf:1.2.840.113556.1.4.1941:=${outer.dn})`)).toBe(true);
    expect(
      verdict(
        `(member:1.2.840.113556.1.4.1941:=${person.dn.replace('*', '\\2a').replace('(', '\\28').replace(')', '\\29')})`,
        outer,
      ),
    ).toBe(true);
  });

  test('ends on groups that hold each other', () => {
    inner.members.add(outer);
    expect(verdict(`(memberOf:1.2.840.113556.1.4.1941:=${inner.dn})`, outer)).toBe(true);
    inner.members.delete(outer);
  });

  test('knows nothing of an attribute that the schema lacks, negated or not', () => {
    expect(verdict('(shoeSize=43)')).toBeUndefined();
    expect(verdict('(!(shoeSize=43))')).toBeUndefined();
    expect(verdict('(|(shoeSize=43)(cn=jos*))')).toBe(true);
    expect(verdict('(&(shoeSize=43)(cn=nobody))')).toBe(false);
  });

  test('never looks at passwords', () => {
    expect(verdict('(unicodePwd=*)')).toBeUndefined();
  });
});
