import { describe, expect, test } from 'vitest';
import type { Connection } from '../../../src/directories/active-directory/connection.ts';
import { Deadline } from '../../../src/directories/active-directory/deadline.ts';
import { sidOctets, sidText } from '../../../src/directories/active-directory/identifiers.ts';
import { Membership } from '../../../src/directories/active-directory/membership.ts';

const domain = 'S-1-5-21-1-2-4294967295';
const group = (id: number, name: string, memberOf: readonly string[] = []) => ({
  dn: name,
  objectSid: sidOctets(`${domain}-${id}`),
  memberOf,
});

/** Answers the first search with the wanted groups, and the next with all that are nested in them. */
async function membership(wanted: ReturnType<typeof group>[], nested: ReturnType<typeof group>[]): Promise<Membership> {
  const answers = [wanted, nested];
  const connection = {
    async *pages() {
      yield answers.shift() ?? [];
    },
  } as unknown as Connection;
  const sids = wanted.map(({ objectSid }) => sidText(objectSid));
  return Membership.read({ connection, deadline: new Deadline(1000), baseDn: 'DC=x', wanted: sids });
}

const account = (memberOf: readonly string[], primaryGroupID = '513') => ({
  objectSid: sidOctets(`${domain}-9000`),
  memberOf,
  primaryGroupID,
});

describe('membership', () => {
  test('compares names of groups by what they mean, not by how they are written', async () => {
    const known = await membership([group(1, 'CN=Sales\\2C EMEA,OU=Groups,DC=x')], []);
    expect(known.of(account(['cn=Sales\\, EMEA,ou=GROUPS,dc=X']))).toEqual([`${domain}-1`]);
    expect(known.of(account(['CN=Sales,CN=EMEA,OU=Groups,DC=x']))).toEqual([]);
  });

  test('has one value or none in an entry, as a client gives them', async () => {
    const known = await membership([group(1, 'CN=A,DC=x')], []);
    expect(known.of({ ...account([]), memberOf: 'CN=A,DC=x' })).toEqual([`${domain}-1`]);
    expect(known.of({ ...account([]), memberOf: undefined })).toEqual([]);
  });

  test('takes the primary group of the account’s own domain, and what lies around it', async () => {
    const known = await membership([group(1, 'CN=A,DC=x')], [group(513, 'CN=Users,DC=x', ['CN=A,DC=x'])]);
    expect(known.of(account([], '513'))).toEqual([`${domain}-1`]);
    expect(known.of(account([], '514'))).toEqual([]);
    expect(known.of({ ...account([], '513'), objectSid: sidOctets('S-1-5-21-7-7-7-9000') })).toEqual([]);
  });

  test('does not say what it cannot see: a server sent the first part of a list', async () => {
    const known = await membership([group(1, 'CN=A,DC=x')], []);
    expect(known.of({ ...account([]), memberOf: [], 'memberOf;range=0-1499': ['CN=A,DC=x'] })).toBeUndefined();
  });

  test('knows which of the wanted groups are there', async () => {
    const known = await membership([group(1, 'CN=A,DC=x')], [group(2, 'CN=B,DC=x', ['CN=A,DC=x'])]);
    expect(known.knows(`${domain}-1`)).toBe(true);
    expect(known.knows(`${domain}-3`)).toBe(false);
  });
});

test.each(['S-1-5-32-544', 'S-1-1-0', `${domain}-512`, 'S-1-281474976710655-1'])(
  '%s is the same SID as octets',
  (sid) => {
    expect(sidText(sidOctets(sid))).toBe(sid);
  },
);
