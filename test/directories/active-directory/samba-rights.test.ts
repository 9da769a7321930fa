import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Directory, Finding, PreparedWrite } from '../../../src/core/directory.ts';
import { Misconfigured } from '../../../src/core/errors.ts';
import type { WorldPerson } from '../../contracts/directory-world.ts';
import type { SambaDetails } from '../../services/samba.ts';
import { newPassword, SambaAdministrator, unique } from '../../services/samba-administrator.ts';
import { sharedSamba } from '../../services/shared-samba.ts';
import { openOnSamba } from './samba-world.ts';

const resetPassword = '00299570-246d-11d0-a768-00aa006e0529';
const lockoutTime = '28630ebf-41d5-11d1-a9c1-0000f80367c1';
const memberOf = 'bf967991-0de6-11d0-a285-00aa003049e2';
const unexpire = 'ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501';
const user = 'bf967aba-0de6-11d0-a285-00aa003049e2';

const shared = await sharedSamba();

describe.skipIf(!shared)('rights in Samba AD', () => {
  const samba = shared as SambaDetails;
  const opened: Directory[] = [];
  let administrator: SambaAdministrator;

  beforeAll(async () => {
    administrator = await SambaAdministrator.connect(samba);
  });
  afterAll(async () => {
    for (const directory of opened) await directory.close();
    await administrator?.close();
  });

  interface Place {
    readonly unit: string;
    readonly directory: Directory;
    readonly person: WorldPerson;
  }

  /** An organisational unit with one person, and a service account of its own with exactly these rights there. */
  async function place(rights: (sid: string) => string, more: Record<string, unknown> = {}): Promise<Place> {
    const unit = await administrator.addUnit(unique('Rights, "odd" '));
    const account = await administrator.addServiceAccount();
    const person = await administrator.addPerson({}, unit);
    const aces = rights(account.sid);
    if (aces !== '') await administrator.allow(unit, aces);
    return { unit, person, directory: open(account, unit, more) };
  }

  function open(account: WorldPerson, unit: string, more: Record<string, unknown> = {}): Directory {
    const credentials = { 'bind-account': account.principalName, 'bind-password': account.password };
    const wish = { urls: [samba.url], operationTimeoutMs: 8000 };
    const directory = openOnSamba(samba, wish, { ...credentials, 'people-base': unit, ...more });
    opened.push(directory);
    return directory;
  }

  async function prepare({ directory, person }: Place): Promise<PreparedWrite> {
    const account = await directory.read(person.id);
    if (!account) throw new Error('the person cannot be read');
    return directory.prepareWrite(account);
  }

  const mayReset = (sid: string) => `(OA;CIIO;CR;${resetPassword};${user};${sid})`;
  const mayUnlock = (sid: string) => `(OA;CIIO;RPWP;${lockoutTime};${user};${sid})`;

  function find(findings: readonly Finding[], subject: string): Finding | undefined {
    return findings.find((finding) => finding.subject.includes(subject));
  }

  test('F9: without any, an unlock and a reset are faults of the set-up that name the right, and change nothing', async () => {
    const here = await place(() => '');
    const write = await prepare(here);
    await expect(here.directory.unlock(write)).rejects.toThrow(/may not write lockoutTime/);
    await expect(here.directory.unlock(write)).rejects.toBeInstanceOf(Misconfigured);
    await expect(here.directory.resetPassword(write, newPassword())).rejects.toBeInstanceOf(Misconfigured);
    expect(await administrator.bind(here.person, here.person.password)).toBe('bound');
  });

  test('without lockoutTime, the password of somebody who is not locked can be reset', async () => {
    const here = await place(mayReset);
    const password = newPassword();
    expect(await here.directory.resetPassword(await prepare(here), password)).toEqual({ kind: 'done' });
    expect(await administrator.bind(here.person, password)).toBe('bound');
  });

  test('without lockoutTime, the password of somebody who is locked stays as it is', async () => {
    const here = await place(mayReset);
    await administrator.lock(here.person, 5);
    const write = await prepare(here);
    await expect(here.directory.resetPassword(write, newPassword())).rejects.toBeInstanceOf(Misconfigured);
    expect(await administrator.look(here.person)).toMatchObject({
      passwordLastSet: write.passwordLastSet,
      locked: true,
    });
  });

  test('without Unexpire Password, the check warns that new passwords may have to be changed', async () => {
    const account = await administrator.addServiceAccount();
    await administrator.allow(samba.baseDn, `(OD;;CR;${unexpire};;${account.sid})`);
    expect(find(await open(account, samba.peopleBase).check(), 'Unexpire')).toMatchObject({
      level: 'warning',
      remedy: expect.stringMatching(/^dsacls "DC=.*" \/G ".*:CA;Unexpire Password"$/),
    });
  });

  test('to read fine-grained policies missing, the policy is a fault and not the wrong answer', async () => {
    const here = await place((sid) => mayReset(sid) + mayUnlock(sid));
    const account = await here.directory.read(here.person.id);
    if (!account) throw new Error('the person cannot be read');
    expect(await here.directory.passwordPolicy(account)).toMatchObject({ source: 'domain' });
    await administrator.applyFineGrainedPolicy(here.person, {
      minLength: 12,
      complexity: true,
      historyLength: 0,
      minAgeSeconds: 0,
      lockoutThreshold: 3,
      lockoutSeconds: 60,
      lockoutWindowSeconds: 60,
    });
    await expect(here.directory.passwordPolicy(account)).rejects.toBeInstanceOf(Misconfigured);
    expect(find(await here.directory.check(), 'fine-grained')).toMatchObject({
      level: 'warning',
      remedy: expect.stringContaining('dsacls "CN=Password Settings Container'),
    });
  });

  test('without sight of memberOf, a walk fails and names the right, and shows nobody without groups', async () => {
    const { directory, person, unit } = await place((sid) => `(OD;CIIO;RP;${memberOf};${user};${sid})`);
    const group = await administrator.addGroup();
    await administrator.addMember(`<GUID=${group.id}>`, person.id);
    await administrator.addCrowd(3, unit);
    const wanted = await directory.findGroup(group.samName);
    if (!wanted) throw new Error('the group cannot be found');
    const { signal } = new AbortController();
    const walk = Array.fromAsync(directory.walkPeople({ groups: [wanted], signal }));
    await expect(walk).rejects.toThrow(/cannot read memberOf/);
    await expect(walk).rejects.toBeInstanceOf(Misconfigured);
    expect((await directory.read(person.id))?.state.groups).toContain(wanted.id);
  });

  test('F9: are found by the check, and each missing one comes with its dsacls line', async () => {
    const bare = await place(() => '');
    const before = await bare.directory.check();
    expect(find(before, 'lockoutTime')).toMatchObject({
      level: 'problem',
      remedy: expect.stringMatching(/^dsacls "OU=.*" \/I:S \/G ".*:RPWP;lockoutTime;user"$/),
    });
    expect(find(before, 'Reset Password')).toMatchObject({
      level: 'problem',
      remedy: expect.stringMatching(/^dsacls "OU=.*" \/I:S \/G ".*:CA;Reset Password;user"$/),
    });

    const whole = await place((sid) => mayReset(sid) + mayUnlock(sid));
    const after = await whole.directory.check();
    expect(find(after, 'lockoutTime')).toMatchObject({ level: 'ok' });
    expect(find(after, 'Reset Password')).toMatchObject({ level: 'ok' });
    expect(find(after, 'Unexpire Password')).toMatchObject({ level: 'ok' });
    expect(find(after, 'privilege')).toMatchObject({ level: 'ok' });
    expect(after.filter(({ level }) => level === 'problem')).toEqual([]);
  });

  test('of a domain administrator are too many', async () => {
    const account = { samName: '', id: '', principalName: samba.administrator, password: samba.administratorPassword };
    const findings = await open(account, samba.peopleBase).check();
    expect(find(findings, 'privilege')).toMatchObject({ level: 'warning' });
  });

  test('people outside the people base do not exist', async () => {
    const here = await place(() => '');
    const outsider = await administrator.addPerson();
    expect(await here.directory.read(outsider.id)).toBeUndefined();
    expect(await here.directory.find({ kind: 'bare', name: outsider.samName })).toBeUndefined();
  });

  test('a group named in the settings makes its nested members privileged', async () => {
    const name = unique('vip');
    const group = `CN=${name},OU=Services,${samba.baseDn}`;
    await administrator.add(group, { objectClass: 'group', sAMAccountName: name });
    const here = await place(() => '', { 'privileged-groups': [name] });
    expect((await here.directory.read(here.person.id))?.state.privileged).toBe(false);
    await administrator.addMember(group, here.person.id);
    expect((await here.directory.read(here.person.id))?.state.privileged).toBe(true);
  });

  test('a group named in the settings that does not exist is a fault: nobody is taken for harmless', async () => {
    const here = await place(() => '', { 'privileged-groups': ['no-such-group'] });
    await expect(here.directory.read(here.person.id)).rejects.toBeInstanceOf(Misconfigured);
    expect(find(await here.directory.check(), 'privileged-groups')).toMatchObject({ level: 'problem' });
  });
});

describe.skipIf(!shared)('F8: the service account in Samba AD', () => {
  const samba = shared as SambaDetails;
  const wish = { urls: [samba?.url], operationTimeoutMs: 8000 };

  test('that is refused is a fault, tried once and not again at once, so that it does not get locked', async () => {
    const administrator = await SambaAdministrator.connect(samba);
    const account = await administrator.addServiceAccount();
    const more = { 'bind-account': account.principalName, 'bind-password': 'wrong' };
    const directory = openOnSamba(samba, wish, more);
    for (let tries = 0; tries < 10; tries += 1) {
      await expect(directory.find({ kind: 'bare', name: 'x' })).rejects.toBeInstanceOf(Misconfigured);
    }
    expect((await administrator.look(account)).badPasswordCount).toBe(1);
    expect(await directory.health()).toMatchObject({ ok: false });
    await directory.close();
    await administrator.close();
  });

  test('that is refused while somebody signs in is not held against them', async () => {
    const administrator = await SambaAdministrator.connect(samba);
    const account = await administrator.addServiceAccount();
    const person = await administrator.addPerson();
    const more = { 'bind-account': account.principalName, 'bind-password': account.password };
    const directory = openOnSamba(samba, wish, more);
    const found = await directory.read(person.id);
    if (!found) throw new Error('the person cannot be read');
    await administrator.set(account.id, { userAccountControl: String(0x202) });
    await expect(directory.authenticate(found, person.password)).rejects.toBeInstanceOf(Misconfigured);
    await directory.close();
    await administrator.close();
  });
});

describe.skipIf(!shared)('StartTLS to Samba AD', () => {
  const samba = shared as SambaDetails;

  test('finds, signs in and resets', async () => {
    const administrator = await SambaAdministrator.connect(samba);
    const person = await administrator.addPerson();
    const wish = { urls: [samba.startTlsUrl], operationTimeoutMs: 8000 };
    const directory = openOnSamba(samba, wish, { starttls: true });
    const account = await directory.find({ kind: 'bare', name: person.samName });
    if (!account) throw new Error('the person cannot be found');
    expect(await directory.authenticate(account, person.password)).toEqual({ kind: 'signed-in' });
    expect(await directory.authenticate(account, 'wrong')).toEqual({ kind: 'wrong' });
    const password = newPassword();
    const write = await directory.prepareWrite(account);
    expect(await directory.resetPassword(write, password)).toEqual({ kind: 'done' });
    expect(await administrator.bind(person, password)).toBe('bound');
    await directory.close();
    await administrator.close();
  });
});
