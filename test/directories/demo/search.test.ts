import { AndFilter, Control, EqualityFilter, ExtensibleFilter } from 'ldapts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DemoDirectory, startDemoDirectory } from '../../../src/directories/demo/demo-directory.ts';
import { guidToText } from '../../../src/directories/demo/identifier.ts';
import { asService, connect, refusal } from './demo-client.ts';

let demo: DemoDirectory;
let people: string;

beforeAll(async () => {
  demo = await startDemoDirectory({ production: false });
  people = `OU=People,${demo.baseDn}`;
});
afterAll(() => demo.close());

const named = (samName: string) => new EqualityFilter({ attribute: 'sAMAccountName', value: samName });

describe('anybody', () => {
  test('may read what the server says of itself, and nothing else', async () => {
    const client = connect(demo);
    const { searchEntries } = await client.search('', { scope: 'base' });
    expect(searchEntries[0]).toMatchObject({ dn: '', defaultNamingContext: demo.baseDn, supportedLDAPVersion: '3' });
    expect(searchEntries[0]?.supportedControl).toContain('1.2.840.113556.1.4.2239');
    expect(await refusal(client.search(demo.baseDn, { scope: 'base' }))).toMatchObject({
      code: 1,
      message: expect.stringContaining('000004DC'),
    });
    await client.unbind();
  });
});

describe('the service account', () => {
  test('finds a person by name, and reads only what it names', async () => {
    const { searchEntries } = await asService(demo, (client) =>
      client.search(demo.baseDn, { filter: named('ANNA.berg'), attributes: ['mail', 'MOBILE', 'shoeSize'] }),
    );
    expect(searchEntries).toEqual([
      { dn: `CN=Anna Berg,${people}`, mail: 'anna.berg@contoso.example', mobile: '+1 202 555 0100', shoeSize: [] },
    ]);
  });

  test('gets constructed attributes when it names them, and no password ever', async () => {
    const constructed = ['msDS-User-Account-Control-Computed', 'msDS-PrincipalName', 'allowedAttributesEffective'];
    const [all, wanted] = await asService(demo, async (client) => [
      await client.search(demo.baseDn, { filter: named('carla.diaz') }),
      await client.search(demo.baseDn, { filter: named('carla.diaz'), attributes: [...constructed, 'unicodePwd'] }),
    ]);
    for (const name of [...constructed, 'unicodePwd'])
      expect(Object.keys(all?.searchEntries[0] ?? {})).not.toContain(name);
    expect(wanted?.searchEntries[0]).toMatchObject({
      'msDS-User-Account-Control-Computed': '16',
      'msDS-PrincipalName': 'CONTOSO\\carla.diaz',
      allowedAttributesEffective: ['lockoutTime', 'pwdLastSet'],
      unicodePwd: [],
    });
  });

  test('reaches an entry by GUID and by SID', async () => {
    await asService(demo, async (client) => {
      const { searchEntries } = await client.search(demo.baseDn, { filter: named('anna.berg') });
      const guid = searchEntries[0]?.objectGUID as Buffer;
      const sid = searchEntries[0]?.objectSid as Buffer;
      for (const base of [
        `<GUID=${guid.toString('hex')}>`,
        `<GUID=${guidToText(guid)}>`,
        `<SID=${sid.toString('hex')}>`,
      ]) {
        const found = await client.search(base, { scope: 'base', attributes: ['cn'] });
        expect(found.searchEntries[0]).toMatchObject({ cn: 'Anna Berg' });
      }
    });
  });

  test('sees which fine-grained policy applies, and may read it', async () => {
    await asService(demo, async (client) => {
      const attributes = ['msDS-ResultantPSO'];
      const { searchEntries } = await client.search(demo.baseDn, { filter: named('fatima.alsaid'), attributes });
      const dn = String(searchEntries[0]?.['msDS-ResultantPSO']);
      const settings = await client.search(dn, { scope: 'base', attributes: ['msDS-MinimumPasswordLength'] });
      expect(settings.searchEntries[0]).toMatchObject({ 'msDS-MinimumPasswordLength': '14' });
    });
  });

  test('knows nested members of protected groups, by filter and by token', async () => {
    await asService(demo, async (client) => {
      const inChain = new ExtensibleFilter({
        matchType: 'memberOf',
        rule: '1.2.840.113556.1.4.1941',
        value: `CN=Domain Admins,CN=Users,${demo.baseDn}`,
      });
      const { searchEntries } = await client.search(demo.baseDn, { filter: inChain, attributes: ['sAMAccountName'] });
      expect(searchEntries.map((entry) => entry.sAMAccountName)).toEqual(['grace.admin', 'Helpdesk Leads']);
      const dn = searchEntries[0]?.dn ?? '';
      const token = await client.search(dn, { scope: 'base', attributes: ['tokenGroups'] });
      const sids = token.searchEntries.flatMap((entry) => entry.tokenGroups as Buffer[]);
      const relativeIds = sids.map((sid) => sid.readUInt32LE(sid.length - 4));
      expect(relativeIds).toEqual(expect.arrayContaining([512, 513, 544]));
    });
  });

  test('searches one level, below, and all, and is told of the other naming context', async () => {
    await asService(demo, async (client) => {
      const dns = async (scope: 'base' | 'one' | 'sub' | 'children'): Promise<number> =>
        (await client.search(people, { scope, attributes: ['1.1'] })).searchEntries.length;
      expect([await dns('base'), await dns('one'), await dns('children'), await dns('sub')]).toEqual([1, 12, 22, 23]);
      const whole = await client.search(demo.baseDn, {
        filter: new EqualityFilter({ attribute: 'objectClass', value: 'crossRef' }),
      });
      expect(whole.searchEntries).toEqual([]);
      expect(whole.searchReferences).toEqual([`ldaps://contoso.example/CN=Configuration,${demo.baseDn}`]);
    });
  });

  test('gets pages, each entry once', async () => {
    const filter = new EqualityFilter({ attribute: 'objectClass', value: 'user' });
    await asService(demo, async (client) => {
      const whole = await client.search(demo.baseDn, { filter, attributes: ['cn'] });
      const paged = await client.search(demo.baseDn, { filter, attributes: ['cn'], paged: { pageSize: 3 } });
      expect(paged.searchEntries.length).toBeGreaterThan(6);
      expect(paged.searchEntries).toEqual(whole.searchEntries);
    });
  });

  test.each([
    ['a name that is none', 'nonsense', 34, '0000208F'],
    ['an entry that is not there', 'OU=Nowhere,DC=contoso,DC=example', 32, "best match of:\n\t'DC=contoso,DC=example'"],
  ])('is told about %s', async (_, base, code, text) => {
    const found = await asService(demo, (client) => refusal(client.search(base)));
    expect(found.code).toBe(code);
    expect(found.message).toContain(text);
  });

  test('is refused odd controls, constructed attributes in filters and tokens of many', async () => {
    await asService(demo, async (client) => {
      expect((await client.search(people, { sizeLimit: 2 })).searchEntries).toHaveLength(2);
      const paged = client.search(people, { sizeLimit: 3, paged: { pageSize: 2 } });
      expect((await paged).searchEntries).toHaveLength(3);
      expect(await refusal(client.search(people, {}, new Control('1.2.3.4', { critical: true })))).toMatchObject({
        code: 12,
      });
      await client.search(people, {}, new Control('1.2.3.4'));
      const filter = new AndFilter({ filters: [new EqualityFilter({ attribute: 'msDS-ResultantPSO', value: 'x' })] });
      expect(await refusal(client.search(people, { filter }))).toMatchObject({ code: 18 });
      expect(await refusal(client.search(people, { attributes: ['tokenGroups'] }))).toMatchObject({ code: 1 });
    });
  });

  test('may add, delete and rename nothing', async () => {
    await asService(demo, async (client) => {
      expect(await refusal(client.del(`CN=Anna Berg,${people}`))).toMatchObject({ code: 50 });
      expect(await refusal(client.add(`CN=New,${people}`, { objectClass: 'user' }))).toMatchObject({ code: 50 });
      expect(await refusal(client.modifyDN(`CN=Anna Berg,${people}`, `CN=Anna Hill,${people}`))).toMatchObject({
        code: 50,
      });
    });
  });

  test('can compare', async () => {
    await asService(demo, async (client) => {
      expect(await client.compare(`CN=Anna Berg,${people}`, 'givenName', 'ANNA')).toBe(true);
      expect(await client.compare(`CN=Anna Berg,${people}`, 'givenName', 'Ben')).toBe(false);
    });
  });
});

describe('people', () => {
  test('may read each other, but no fine-grained policy', async () => {
    const client = connect(demo);
    await client.bind('CONTOSO\\anna.berg', 'Blue-Harbour-42');
    const settings = new EqualityFilter({ attribute: 'objectClass', value: 'msDS-PasswordSettings' });
    expect((await client.search(demo.baseDn, { filter: settings })).searchEntries).toEqual([]);
    expect((await client.search(demo.baseDn, { filter: named('ben.okafor') })).searchEntries).toHaveLength(1);
    await client.unbind();
  });
});

describe('starting', () => {
  test('is refused in production', async () => {
    await expect(startDemoDirectory({ production: true })).rejects.toThrow('production');
  });

  test('gives the service account another password each time, and people the same identity', async () => {
    const other = await startDemoDirectory({ production: false });
    expect(other.serviceAccount.password).not.toBe(demo.serviceAccount.password);
    const [one, two] = await Promise.all(
      [demo, other].map((each) =>
        asService(each, (client) =>
          client.search(each.baseDn, { filter: named('anna.berg'), attributes: ['objectGUID'] }),
        ),
      ),
    );
    expect(one?.searchEntries).toEqual(two?.searchEntries);
    await other.close();
  });
});
