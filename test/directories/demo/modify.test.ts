import { type BerWriter, type Change, Control } from 'ldapts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DemoDirectory, startDemoDirectory } from '../../../src/directories/demo/demo-directory.ts';
import type { Entry } from '../../../src/directories/demo/entry.ts';
import {
  asService,
  bindCode,
  change,
  connect,
  domainPolicyOf,
  quoted,
  refusal,
  replace,
  SettableClock,
} from './demo-client.ts';

const old = 'Old-Tree-42';
let clock: SettableClock;
let demo: DemoDirectory;
let person: Entry;

beforeEach(async () => {
  clock = new SettableClock();
  demo = await startDemoDirectory({ production: false, clock });
  demo.administration.setDomainPolicy(domainPolicyOf({ minLength: 8, historyLength: 3 }));
  person = addPerson('mia', `OU=People,${demo.baseDn}`);
});
afterEach(() => demo.close());

function addPerson(samName: string, unit: string): Entry {
  return demo.administration.addPerson({ unit, commonName: samName, samName, password: old });
}

function modify(target: Entry, changes: Change[], controls: Control[] = []): Promise<void> {
  return asService(demo, (client) => client.modify(target.dn, changes, controls));
}

const reset = (password: string): Change => replace('unicodePwd', quoted(password));

/** LDAP_SERVER_POLICY_HINTS_OID with its flag set. */
class PolicyHints extends Control {
  constructor() {
    super('1.2.840.113556.1.4.2239', { critical: true });
  }

  override writeControl(writer: BerWriter): void {
    writer.writeBuffer(Buffer.from('308400000003020101', 'hex'), 0x04);
  }
}

describe('a reset', () => {
  test('replaces the password, exactly as it is', async () => {
    for (const password of [' Grün "Tree" 42 🌳 ', 'Tab\tNul\u0000Tree42']) {
      await modify(person, [reset(password)]);
      expect(await bindCode(demo, 'CONTOSO\\mia', password)).toBe('bound');
      expect(await bindCode(demo, 'CONTOSO\\mia', password.trim())).not.toBe(
        password === password.trim() ? '' : 'bound',
      );
    }
    expect(await bindCode(demo, 'CONTOSO\\mia', old)).toBe('52e');
  });

  test('moves pwdLastSet even when the clock stands still', async () => {
    const before = person.integer('pwdLastSet');
    await modify(person, [reset('First-Tree-42')]);
    const between = person.integer('pwdLastSet');
    await modify(person, [reset('Second-Tree-42')]);
    expect(between).toBeGreaterThan(before);
    expect(person.integer('pwdLastSet')).toBeGreaterThan(between);
  });

  test.each(['Short-4', 'nocapitals-none', 'My-mia-tree-42'])(
    'to %j is refused as Windows refuses it',
    async (password) => {
      expect(await refusal(modify(person, [reset(password)]))).toMatchObject({
        code: 53,
        message: expect.stringMatching(/^0000052D: SvcErr: .* problem 5003 \(WILL_NOT_PERFORM\), data 0/),
      });
      expect(await bindCode(demo, 'CONTOSO\\mia', old)).toBe('bound');
    },
  );

  test('may bring back an old password, unless policy hints ask for the history too', async () => {
    await modify(person, [reset('Second-Tree-42')]);
    await modify(person, [reset(old)]);
    expect(await refusal(modify(person, [reset('Second-Tree-42')], [new PolicyHints()]))).toMatchObject({ code: 53 });
    await modify(person, [reset('Third-Tree-42')], [new PolicyHints()]);
  });

  test('is held to the minimum age only with policy hints', async () => {
    demo.administration.setDomainPolicy(domainPolicyOf({ minAgeSeconds: 86_400 }));
    expect(await refusal(modify(person, [reset('Second-Tree-42')], [new PolicyHints()]))).toMatchObject({ code: 53 });
    await modify(person, [reset('Second-Tree-42')]);
    clock.forward(86_401);
    await modify(person, [reset('Third-Tree-42')], [new PolicyHints()]);
  });

  test('follows the fine-grained policy of a group', async () => {
    const group = demo.administration.addGroup(`OU=People,${demo.baseDn}`, 'Finance people');
    group.members.add(person);
    demo.administration.addPasswordSettings('Long', 5, domainPolicyOf({ minLength: 20 })).appliesTo.add(group);
    expect(await refusal(modify(person, [reset('Second-Tree-42')]))).toMatchObject({ code: 53 });
    demo.administration.addPasswordSettings('Own', 90, domainPolicyOf({ minLength: 3 })).appliesTo.add(person);
    await modify(person, [reset('Tree4')]);
  });

  test('with hints that the server does not know is refused', async () => {
    const samba = await startDemoDirectory({ production: false, policyHints: false });
    const target = `CN=Anna Berg,OU=People,${samba.baseDn}`;
    const refused = await asService(samba, (client) =>
      refusal(client.modify(target, [reset('Tree-tree-42')], [new PolicyHints()])),
    );
    expect(refused.code).toBe(12);
    await samba.close();
  });

  test.each([
    ['without quotes', Buffer.from('Second-Tree-42', 'utf16le')],
    ['in UTF-8', Buffer.from('"Second-Tree-42"')],
    ['of an odd number of bytes', Buffer.concat([quoted('Second-Tree-42'), Buffer.from([0])])],
  ])('%s is refused as badly encoded', async (_, value) => {
    const refused = await refusal(modify(person, [replace('unicodePwd', value)]));
    expect(refused).toMatchObject({ code: 53, message: expect.stringContaining('0000001F') });
  });

  test('can ask for a change at the next sign-in, in one modify', async () => {
    await modify(person, [reset('Second-Tree-42'), replace('pwdLastSet', '0')]);
    expect(await bindCode(demo, 'CONTOSO\\mia', 'Second-Tree-42')).toBe('773');
    await modify(person, [replace('pwdLastSet', '-1')]);
    expect(await bindCode(demo, 'CONTOSO\\mia', 'Second-Tree-42')).toBe('bound');
  });
});

describe('a modify', () => {
  test('that fails in one part does nothing', async () => {
    demo.administration.set(person, { lockoutTime: '134000000000000000', badPwdCount: '3' });
    const before = person.content;
    expect(await refusal(modify(person, [replace('lockoutTime', '0'), reset('short')]))).toMatchObject({ code: 53 });
    expect(await refusal(modify(person, [reset('Second-Tree-42'), replace('lockoutTime', '7')]))).toMatchObject({
      code: 53,
    });
    expect(await refusal(modify(person, [reset('Second-Tree-42'), replace('mobile', '1')]))).toMatchObject({
      code: 50,
    });
    expect(person.content).toBe(before);
  });

  test.each(['1', '130000000000000000'])('cannot set pwdLastSet to %s', async (value) => {
    expect(await refusal(modify(person, [replace('pwdLastSet', value)]))).toMatchObject({ code: 53 });
  });

  test('of what was not delegated is refused', async () => {
    const service = addPerson('other', `OU=Service Accounts,${demo.baseDn}`);
    const boss = addPerson('boss', `OU=People,${demo.baseDn}`);
    const nested = demo.administration.addGroup(`OU=People,${demo.baseDn}`, 'Nested');
    nested.members.add(boss);
    demo.administration.at(`CN=Domain Admins,CN=Users,${demo.baseDn}`).members.add(nested);
    for (const target of [service, boss]) {
      const unlock = await refusal(modify(target, [replace('lockoutTime', '0')]));
      expect(unlock).toMatchObject({ code: 50, message: expect.stringContaining('00002098: SecErr') });
      const refused = await refusal(modify(target, [reset('Second-Tree-42')]));
      expect(refused).toMatchObject({ code: 50, message: expect.stringContaining('00000005: SecErr') });
    }
    expect(await refusal(modify(person, [replace('displayName', 'M')]))).toMatchObject({ code: 50 });
  });

  test('by nobody is refused, and of nothing too', async () => {
    const client = connect(demo);
    expect(await refusal(client.modify(person.dn, [reset('Second-Tree-42')]))).toMatchObject({ code: 1 });
    await client.unbind();
    const gone = await asService(demo, (bound) => refusal(bound.modify(`<GUID=${'0'.repeat(32)}>`, [reset('x')])));
    expect(gone).toMatchObject({ code: 32, message: expect.stringContaining('00002030') });
  });

  test('reaches its entry by GUID', async () => {
    const dn = `<GUID=${person.guid.toString('hex')}>`;
    await asService(demo, (client) => client.modify(dn, [reset('Second-Tree-42')]));
    expect(await bindCode(demo, 'CONTOSO\\mia', 'Second-Tree-42')).toBe('bound');
  });
});

describe('an administrator', () => {
  test('may write ordinary attributes, by the rules of LDAP', async () => {
    const client = connect(demo);
    await client.bind('CONTOSO\\grace.admin', 'Blue-Harbour-42');
    const apply = (...changes: Change[]): Promise<void> => client.modify(person.dn, changes);
    await apply(
      change('add', 'otherMobile', '1'),
      change('add', 'otherMobile', '2'),
      change('delete', 'otherMobile', '1'),
    );
    expect(person.values('otherMobile')).toEqual(['2']);
    expect(await refusal(apply(change('add', 'otherMobile', '2')))).toMatchObject({ code: 20 });
    expect(await refusal(apply(change('delete', 'otherMobile', '9')))).toMatchObject({ code: 16 });
    expect(await refusal(apply(change('add', 'mobile', '1'), change('add', 'mobile', '2')))).toMatchObject({
      code: 19,
    });
    expect(await refusal(apply(replace('userAccountControl', 'many')))).toMatchObject({ code: 21 });
    await apply(replace('userAccountControl', '514'));
    expect(await bindCode(demo, 'CONTOSO\\mia', old)).toBe('533');
    await client.unbind();
  });
});

describe('a change of the own password', () => {
  async function changeOwn(from: string, to: string): Promise<void> {
    const client = connect(demo);
    await client.bind('CONTOSO\\mia', old);
    try {
      await client.modify(person.dn, [
        change('delete', 'unicodePwd', quoted(from)),
        change('add', 'unicodePwd', quoted(to)),
      ]);
    } finally {
      await client.unbind();
    }
  }

  test('needs the old one', async () => {
    const refused = await refusal(changeOwn('wrong', 'Second-Tree-42'));
    expect(refused).toMatchObject({ code: 19, message: expect.stringContaining('00000056: AtrErr') });
    expect(person.text('badPwdCount')).toBe('1');
    await changeOwn(old, 'Second-Tree-42');
    expect(await bindCode(demo, 'CONTOSO\\mia', 'Second-Tree-42')).toBe('bound');
  });

  test('is held to history and to age', async () => {
    const again = await refusal(changeOwn(old, old));
    expect(again).toMatchObject({ code: 19, message: expect.stringContaining('0000052D: AtrErr') });
    demo.administration.setDomainPolicy(domainPolicyOf({ minAgeSeconds: 60 }));
    expect(await refusal(changeOwn(old, 'Second-Tree-42'))).toMatchObject({ code: 19 });
  });

  test('cannot be a deletion alone, nor a reset of oneself', async () => {
    const client = connect(demo);
    await client.bind('CONTOSO\\mia', old);
    const deleted = client.modify(person.dn, [change('delete', 'unicodePwd', quoted(old))]);
    expect(await refusal(deleted)).toMatchObject({ code: 53 });
    expect(await refusal(client.modify(person.dn, [reset('Second-Tree-42')]))).toMatchObject({ code: 50 });
    await client.unbind();
  });
});
