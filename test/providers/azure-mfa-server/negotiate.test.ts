import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NotSent, OutOfService, Unavailable } from '../../../src/core/errors.ts';
import type { MfaProvider } from '../../../src/core/provider.ts';
import { HttpClient } from '../../../src/outbound/http-client.ts';
import { azureMfaServer } from '../../../src/providers/azure-mfa-server/definition.ts';
import { ConfigurationFolder, LatchkeyProcess } from '../../latchkey-process.ts';
import { TestAuthority } from '../../peers/authority.ts';
import { NegotiatePeer } from '../../peers/negotiate.ts';
import { KerberosRealm, type KeytabAccount, type KerberosRealm as Realm } from '../../services/kerberos-realm.ts';
import { sharedSamba } from '../../services/shared-samba.ts';
import { withFiles } from '../files.ts';
import { start, testNeeds } from '../needs.ts';

const samba = await sharedSamba();
const username = 'mimservice@contoso.example';
const service = 'HTTP@localhost';

describe.skipIf(samba === undefined)('Negotiate with a domain controller', () => {
  let realm: Realm;
  let authority: TestAuthority;
  let peer: NegotiatePeer;
  let site: KeytabAccount;
  let latchkey: KeytabAccount;
  let right: { KRB5_CONFIG: string; KRB5_KTNAME: string; KRB5_CLIENT_KTNAME: string };
  const providers: MfaProvider[] = [];

  beforeAll(async () => {
    if (samba === undefined) return;
    authority = await TestAuthority.create();
    realm = await KerberosRealm.open(samba);
    site = await realm.account('HTTP/localhost');
    latchkey = await realm.account();
    right = {
      KRB5_CONFIG: await realm.configuration(),
      KRB5_KTNAME: site.keytab,
      KRB5_CLIENT_KTNAME: latchkey.keytab,
    };
    peer = await NegotiatePeer.open({ authority, username, service });
  });
  beforeEach(() => {
    realm.use(right);
    peer.mood = undefined;
    peer.seen.length = 0;
    peer.principals.length = 0;
  });
  afterAll(async () => {
    await Promise.all(providers.map((provider) => provider.close?.()));
    await peer?.close();
    await realm?.close();
  });

  async function make(auth: Record<string, string> = {}, needs = testNeeds()): Promise<MfaProvider> {
    const settings = azureMfaServer.settings.parse({
      url: peer.url,
      'ca-file': 'ca.pem',
      username,
      auth: { kind: 'negotiate', ...auth },
    });
    const made = (await azureMfaServer.create(settings, withFiles(needs, { 'ca.pem': authority.ca }))) as MfaProvider;
    providers.push(made);
    return made;
  }

  /** The fault of a call, which must have sent nothing. */
  async function faultBeforeSending(auth: Record<string, string> = {}): Promise<Error> {
    const provider = await make(auth);
    const fault = await start(provider).catch((thrown: unknown) => thrown);
    expect(fault).toBeInstanceOf(NotSent);
    expect(peer.seen).toEqual([]);
    expect(await provider.probe?.()).toMatchObject({ ok: false, detail: (fault as Error).message });
    expect(peer.seen).toEqual([]);
    return fault as Error;
  }

  /** The fault of a call whose one message the site answered so. */
  async function faultOfOneRequest(): Promise<Error> {
    const fault = await start(await make()).catch((thrown: unknown) => thrown);
    expect(peer.seen).toHaveLength(1);
    return fault as Error;
  }

  test('lets the account of the client keytab in, and the site proves that it is the service', async () => {
    const provider = await make();
    expect(await provider.probe?.()).toMatchObject({ ok: true });
    peer.inner.answerWith({ result: true, callCode: 2 });
    const started = await start(provider);
    expect(started).toEqual({ kind: 'started', state: { kind: 'call', outcome: 'passed' } });
    expect(peer.principals).toEqual([latchkey.principal, latchkey.principal]);
    expect(peer.seen.map(({ status }) => status)).toEqual([200, 200]);
    expect(peer.seen[1]?.proof).toMatch(/^Negotiate ./);
  });

  test('gives every request a connection and a token of its own, and one that comes again is not taken', async () => {
    const provider = await make();
    const before = peer.connections;
    await provider.probe?.();
    await Promise.all([provider.probe?.(), provider.probe?.()]);
    expect(peer.connections - before).toBe(3);
    const tokens = peer.seen.map(({ authorization }) => authorization);
    expect(new Set(tokens).size).toBe(3);
    const http = new HttpClient({ timeoutMs: 10_000, ca: authority.ca });
    const request = { method: 'POST', url: peer.url, headers: { Authorization: tokens[0] ?? '' }, body: '' } as const;
    expect((await http.send(request)).status).toBe(401);
    await http.close();
  });

  test('writes neither token nor ticket into the log, and names them in no fault', async () => {
    const needs = testNeeds();
    const provider = await make({}, needs);
    peer.inner.answerWith({ result: true, callCode: 2 });
    await start(provider);
    peer.mood = { kind: 'asks-for', schemes: 'Negotiate' };
    const fault = await start(provider).catch((thrown: unknown) => String(thrown));
    const told = needs.lines.join() + fault;
    expect(needs.lines).not.toEqual([]);
    expect(told).not.toMatch(/YII|[A-Za-z0-9+/]{60}/);
  });

  test('takes the account that is named, and the service that is named', async () => {
    const first = await realm.account();
    const second = await realm.account(undefined, first.keytab);
    for (const principal of [{}, { principal: second.principal }]) {
      realm.use({ ...right, KRB5_CLIENT_KTNAME: first.keytab });
      expect(await (await make({ ...principal, spn: service })).probe?.()).toMatchObject({ ok: true });
    }
    expect(peer.principals).toEqual([first.principal, second.principal]);
  });

  test('serves from a ticket cache in memory', async () => {
    realm.use({ ...right, KRB5CCNAME: 'MEMORY:latchkey-test' });
    expect(await (await make()).probe?.()).toMatchObject({ ok: true });
  });

  describe('without a ticket: nothing is sent, and the operator reads why', () => {
    test('when there is neither keytab nor cache', async () => {
      realm.use({ ...right, KRB5_CLIENT_KTNAME: realm.file('keytab') });
      const fault = await faultBeforeSending();
      expect(fault).toBeInstanceOf(OutOfService);
      expect(fault.message).toContain('there is no ticket: name a client keytab');
    });

    test('when the directory knows no such service', async () => {
      const fault = await faultBeforeSending({ spn: 'HTTP@nowhere.corp.example.test' });
      expect(fault).toBeInstanceOf(OutOfService);
      expect(fault.message).toContain('knows no service of that name');
    });

    test('when the password of the account was changed since the keytab was made', async () => {
      const outdated = await realm.account();
      await realm.outdate(outdated);
      realm.use({ ...right, KRB5_CLIENT_KTNAME: outdated.keytab });
      const fault = await faultBeforeSending();
      expect(fault).toBeInstanceOf(OutOfService);
      expect(fault.message).toContain('the client keytab does not fit');
    });

    test('when the account is disabled', async () => {
      const disabled = await realm.account();
      await realm.disable(disabled);
      realm.use({ ...right, KRB5_CLIENT_KTNAME: disabled.keytab });
      const fault = await faultBeforeSending();
      expect(fault).toBeInstanceOf(OutOfService);
      expect(fault.message).toContain('is disabled, locked or expired');
    });

    test('when no domain controller can be reached, for which nobody need act', async () => {
      realm.use({ ...right, KRB5_CONFIG: await realm.configuration('127.0.0.1:1') });
      const fault = await faultBeforeSending();
      expect(fault).not.toBeInstanceOf(OutOfService);
      expect(fault.message).toContain('no domain controller can be reached');
    });
  });

  test('that a domain controller keeps waiting for, the process goes on, and nothing is sent', async () => {
    const kdc = createServer().listen(0, '127.0.0.1');
    await once(kdc, 'listening');
    const sockets: Socket[] = [];
    kdc.on('connection', (socket) => sockets.push(socket));
    realm.use({ ...right, KRB5_CONFIG: await realm.configuration(`127.0.0.1:${(kdc.address() as AddressInfo).port}`) });
    const provider = await make({}, testNeeds({ timeoutMs: 1_000 }));
    const started = start(provider).catch((thrown: unknown) => thrown);
    await once(kdc, 'connection');
    expect(await Promise.race([started, pause(10, 'meanwhile')])).toBe('meanwhile');
    const fault = await started;
    expect(fault).toBeInstanceOf(NotSent);
    expect(fault).not.toBeInstanceOf(OutOfService);
    expect(String(fault)).toContain('no domain controller answered within 1 seconds');
    expect(peer.seen).toEqual([]);
    for (const socket of sockets) socket.destroy();
    kdc.close();
  });

  test('latchkey check says how it is, in a process of its own', async () => {
    const folder = new ConfigurationFolder({
      'public-url': 'http://127.0.0.1:3999',
      listen: { port: 3999 },
      organisation: { name: 'Contoso' },
      keys: [{ id: 'test', secret: randomBytes(32).toString('hex') }],
      store: { kind: 'sqlite', file: ':memory:' },
      directory: { kind: 'demo' },
      providers: {
        calls: {
          kind: 'azure-mfa-server',
          url: peer.url,
          'ca-file': 'ca.pem',
          username,
          countries: ['GB'],
          auth: { kind: 'negotiate' },
        },
      },
      channels: { voice: ['calls'] },
      policies: [{ name: 'everyone', members: 'everyone', chain: ['phone'] }],
    });
    writeFileSync(folder.path('ca.pem'), authority.ca);
    const check = async (variables: Record<string, string>): Promise<string> =>
      (await LatchkeyProcess.command(['check'], { configuration: folder.file, variables }).ended).stdout;
    const well = await check({ ...right, KRB5CCNAME: 'MEMORY:latchkey' });
    expect(well).toMatch(/^ok +providers\.calls: MFA Server answers, and TLS and the credentials are right/m);
    const bare = await check({ ...right, KRB5_CLIENT_KTNAME: folder.path('keytab'), KRB5CCNAME: 'MEMORY:latchkey' });
    expect(bare).toMatch(
      /^problem +providers\.calls: no Kerberos ticket for HTTP@localhost: there is no ticket: name/m,
    );
    folder.remove();
  }, 90_000);

  describe('a site that does not take the ticket gets one request, and nothing else is tried', () => {
    test('a ticket for another service', async () => {
      const other = await realm.account('HTTP/other.corp.example.test');
      const provider = await make({ spn: 'HTTP@other.corp.example.test' });
      const fault = await start(provider).catch((thrown: unknown) => thrown);
      expect(fault).toBeInstanceOf(OutOfService);
      expect(String(fault)).toContain('does not take the Kerberos ticket for HTTP@other.corp.example.test');
      expect(peer.seen.map(({ status }) => status)).toEqual([401]);
      expect(other.principal).toContain('other');
    });

    test.each([
      ['Basic realm="mfa, of the house"', 'its site asks for Basic'],
      ['NTLM', 'its site asks for NTLM'],
      ['NTLM, Basic realm="x"', 'its site asks for NTLM and Basic'],
    ])('%s only', async (schemes, said) => {
      peer.mood = { kind: 'asks-for', schemes };
      const fault = await faultOfOneRequest();
      expect(fault).toBeInstanceOf(OutOfService);
      expect(fault.message).toContain(said);
    });

    test('a redirect', async () => {
      peer.mood = { kind: 'redirects' };
      const fault = await faultOfOneRequest();
      expect(fault).toBeInstanceOf(Unavailable);
      expect(fault.message).toContain('redirect');
    });
  });

  describe('an answer is trusted', () => {
    test('never when its proof is that of another answer: the call may have been placed', async () => {
      const provider = await make();
      await provider.probe?.();
      const proof = peer.seen[0]?.proof?.replace('Negotiate ', '') ?? '';
      expect(proof).not.toBe('');
      peer.seen.length = 0;
      peer.mood = { kind: 'proves-with', token: proof };
      peer.inner.answerWith({ result: true, callCode: 2 });
      const fault = await faultOfOneRequest();
      expect(fault).toBeInstanceOf(Unavailable);
      expect(fault).not.toBeInstanceOf(NotSent);
      expect(fault.message).toContain('did not prove that it is HTTP@localhost');
    });

    test('without any proof, as TLS has proved the host already', async () => {
      peer.mood = { kind: 'proves-with', token: undefined };
      expect(await (await make()).probe?.()).toMatchObject({ ok: true });
    });
  });
});
