import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DemoDirectory, startDemoDirectory } from '../../../src/directories/demo/demo-directory.ts';
import type { Entry } from '../../../src/directories/demo/entry.ts';
import {
  asService,
  bindCode,
  connect,
  domainPolicyOf,
  quoted,
  refusal,
  replace,
  SettableClock,
} from './demo-client.ts';

const right = 'grün "Tree", 42 🌳';
let clock: SettableClock;
let demo: DemoDirectory;
let person: Entry;

beforeEach(async () => {
  clock = new SettableClock();
  demo = await startDemoDirectory({ production: false, clock });
  demo.administration.setDomainPolicy(
    domainPolicyOf({ lockoutThreshold: 3, lockoutSeconds: 900, lockoutWindowSeconds: 600 }),
  );
  const unit = `OU=People,${demo.baseDn}`;
  const principalName = 'mia@mail.example';
  person = demo.administration.addPerson({ unit, commonName: 'Mia', samName: 'mia', password: right, principalName });
});
afterEach(() => demo.close());

const tryBind = (password: string): Promise<string> => bindCode(demo, 'CONTOSO\\mia', password);

async function fail(times: number): Promise<string[]> {
  const codes: string[] = [];
  for (let time = 0; time < times; time += 1) codes.push(await tryBind(`wrong ${time}`));
  return codes;
}

describe('a bind', () => {
  test('takes a DN, a GUID, both forms of the domain, a stored and an implicit principal name', async () => {
    const guid = `<GUID=${person.guid.toString('hex')}>`;
    const names = [person.dn, guid, 'contoso\\MIA', 'contoso.example\\mia', 'MIA@mail.example', 'mia@CONTOSO.example'];
    for (const name of names) expect(await bindCode(demo, name, right)).toBe('bound');
  });

  test('does not take a bare name, another domain or a group', async () => {
    const names = ['mia', 'FABRIKAM\\mia', 'mia@fabrikam.example', `CN=Domain Admins,CN=Users,${demo.baseDn}`];
    for (const name of names) expect(await bindCode(demo, name, right)).toBe('525');
  });

  test('with an empty password makes nobody of the connection', async () => {
    const client = connect(demo);
    await client.bind('CONTOSO\\mia', '');
    expect(await client.exop('1.3.6.1.4.1.4203.1.11.3')).toMatchObject({ value: '' });
    expect(await refusal(client.search(demo.baseDn))).toMatchObject({ code: 1 });
    await client.unbind();
    expect(person.text('badPwdCount')).toBe('0');
  });

  test('that fails takes away who the connection was', async () => {
    await asService(demo, async (client) => {
      await refusal(client.bind('CONTOSO\\mia', 'wrong'));
      expect(await refusal(client.search(demo.baseDn))).toMatchObject({ code: 1 });
    });
  });

  test('without the certificate authority is not possible', async () => {
    await expect(bindCode({ ...demo, ca: '' }, 'CONTOSO\\mia', right)).resolves.toContain('self-signed');
  });
});

describe('a lock', () => {
  test('comes with the third wrong password, and is told even to who knows the right one', async () => {
    expect(await fail(4)).toEqual(['52e', '52e', '52e', '775']);
    expect(await tryBind(right)).toBe('775');
    expect(person.text('badPwdCount')).toBe('3');
  });

  test('ends with its duration, and wrong passwords count anew', async () => {
    await fail(3);
    clock.forward(899);
    expect(await tryBind(right)).toBe('775');
    clock.forward(1);
    expect(await fail(2)).toEqual(['52e', '52e']);
    expect(await tryBind(right)).toBe('bound');
    expect([person.text('badPwdCount'), person.text('lockoutTime')]).toEqual(['0', '0']);
  });

  test('comes again after it has ended by itself', async () => {
    await fail(3);
    clock.forward(900);
    expect(await fail(4)).toEqual(['52e', '52e', '52e', '775']);
  });

  test('does not come when the observation window ends between wrong passwords', async () => {
    await fail(2);
    clock.forward(600);
    await fail(2);
    expect(await tryBind(right)).toBe('bound');
  });

  test('never ends by itself when the policy says so', async () => {
    demo.administration.setDomainPolicy(domainPolicyOf({ lockoutThreshold: 3 }));
    await fail(3);
    clock.forward(10 * 365 * 86_400);
    expect(await tryBind(right)).toBe('775');
  });

  test('does not exist when the threshold is 0', async () => {
    demo.administration.setDomainPolicy(domainPolicyOf({ lockoutThreshold: 0 }));
    expect(await fail(8)).not.toContain('775');
  });

  test('comes sooner under a fine-grained policy', async () => {
    const strict = demo.administration.addPasswordSettings('Strict', 1, domainPolicyOf({ lockoutThreshold: 1 }));
    strict.appliesTo.add(person);
    expect(await fail(2)).toEqual(['52e', '775']);
  });

  test('is not caused by the password before the current one', async () => {
    demo.administration.setPassword(person, 'Another-Tree-42');
    for (let time = 0; time < 5; time += 1) expect(await tryBind(right)).toBe('52e');
    expect(await tryBind('Another-Tree-42')).toBe('bound');
  });

  test('ends when the service account writes 0 to lockoutTime', async () => {
    await fail(3);
    await asService(demo, (client) => client.modify(person.dn, [replace('lockoutTime', '0')]));
    expect(person.text('badPwdCount')).toBe('0');
    expect(await tryBind(right)).toBe('bound');
  });

  test('stays when a password is reset', async () => {
    await fail(3);
    await asService(demo, (client) => client.modify(person.dn, [replace('unicodePwd', quoted('Another-Tree-42'))]));
    expect(await tryBind('Another-Tree-42')).toBe('775');
  });
});

describe('a state of the account', () => {
  const past = '130000000000000000';
  test.each([
    ['533', 'disabled', { userAccountControl: '514' }],
    ['701', 'expired', { accountExpires: past }],
    ['773', 'having to change its password', { pwdLastSet: '0' }],
    ['532', 'of an old password', { pwdLastSet: past }],
    ['531', 'bound to other workstations', { userWorkstations: 'pc1,pc2' }],
    ['533', 'disabled and expired', { userAccountControl: '514', accountExpires: past, pwdLastSet: '0' }],
    ['bound', 'of a password that never expires', { userAccountControl: '66048', pwdLastSet: '0' }],
    ['bound', 'bound to the domain controller too', { userWorkstations: 'pc1,dc1' }],
  ] as const)('answers %s when it is %s, and 52e when the password is wrong', async (code, _, attributes) => {
    demo.administration.setDomainPolicy(domainPolicyOf({ maxAgeSeconds: 86_400 }));
    demo.administration.set(person, attributes);
    expect(await tryBind(right)).toBe(code);
    expect(await tryBind('wrong')).toBe('52e');
    expect(person.text('badPwdCount')).toBe('1');
  });

  test('answers 530 outside the permitted hours', async () => {
    const monday10 = Buffer.alloc(21);
    monday10[(24 + 10) >> 3] = 1 << ((24 + 10) & 7); // the clock stands at Monday, ten o'clock
    demo.administration.set(person, { logonHours: monday10 });
    expect(await tryBind(right)).toBe('bound');
    clock.forward(3600);
    expect(await tryBind(right)).toBe('530');
  });
});
