import { execFile } from 'node:child_process';
import { inspect, promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { OutOfService, Unavailable } from '../../../src/core/errors.ts';
import type { Courier, MfaProvider } from '../../../src/core/provider.ts';
import { openTwilio } from '../../../src/providers/twilio/client.ts';
import { twilioMessaging, twilioVerify, twilioVoice } from '../../../src/providers/twilio/definition.ts';
import { TestAuthority } from '../../peers/authority.ts';
import { HttpsPeer, type PeerReply, type PeerRequest } from '../../peers/https-peer.ts';
import { withFiles } from '../files.ts';
import { number, requestTo, start, testNeeds } from '../needs.ts';

const sid = (prefix: string): string => `${prefix}${'0'.repeat(32)}`;
const key = { 'api-key-sid': sid('SK'), 'api-key-secret': 'key secret' };

/** A far end that says what a test wants, and remembers what it was asked. */
class Scripted extends HttpsPeer {
  readonly asked: PeerRequest[] = [];
  reply: { readonly status: number; readonly body: unknown } = { status: 200, body: {} };

  static async open(authority: TestAuthority): Promise<Scripted> {
    const peer = new Scripted({ identity: await authority.server(), ca: authority.ca });
    await peer.listen();
    return peer;
  }

  protected override async answer(request: PeerRequest): Promise<PeerReply> {
    this.asked.push(request);
    const headers = { 'Content-Type': 'application/json' };
    return { status: this.reply.status, headers, body: JSON.stringify(this.reply.body) };
  }

  get form(): Readonly<Record<string, string>> {
    return Object.fromEntries(new URLSearchParams(this.asked.at(-1)?.body));
  }
}

let authority: TestAuthority;
let peer: Scripted;
beforeAll(async () => {
  authority = await TestAuthority.create();
});
beforeEach(async () => {
  peer = await Scripted.open(authority);
  return () => peer.close();
});
afterEach(() => vi.unstubAllEnvs());

const account = (): object => ({
  'account-sid': sid('AC'),
  'auth-token': 'token',
  'api-url': peer.origin,
  'ca-file': 'ca.pem',
});
const given = () => withFiles(testNeeds(), { 'ca.pem': authority.ca });

async function verify(changes: object = {}): Promise<MfaProvider> {
  const settings = twilioVerify.settings.parse({ ...account(), 'service-sid': sid('VA'), ...changes });
  return (await twilioVerify.create(settings, given())) as MfaProvider;
}

async function messaging(changes: object = {}): Promise<Courier> {
  const settings = twilioMessaging.settings.parse({ ...account(), from: '+15005550006', ...changes });
  return (await twilioMessaging.create(settings, given())) as Courier;
}

async function voice(changes: object = {}): Promise<MfaProvider> {
  const settings = twilioVoice.settings.parse({ ...account(), from: '+15005550006', ...changes });
  return (await twilioVoice.create(settings, given())) as MfaProvider;
}

describe('credentials', () => {
  const basic = (user: string, password: string): string =>
    `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

  test('are the account and its token, or an API key where there is one', async () => {
    await (await messaging()).probe?.();
    expect(peer.asked.at(-1)?.headers.authorization).toBe(basic(sid('AC'), 'token'));
    await (await messaging(key)).probe?.();
    await (await messaging({ ...key, 'auth-token': undefined })).probe?.();
    for (const one of peer.asked.slice(1)) expect(one.headers.authorization).toBe(basic(sid('SK'), 'key secret'));
    expect(peer.asked).toHaveLength(3);
  });

  test.each([
    ['no token and no key', { 'auth-token': undefined }],
    ['an empty token', { 'auth-token': '' }],
    ['half a key', { 'api-key-sid': key['api-key-sid'] }],
    ['the other half', { 'api-key-secret': 'x' }],
    ['a SID of something else', { 'account-sid': sid('SK') }],
    ['a short SID', { 'account-sid': 'AC0' }],
    ['http', { 'api-url': 'http://127.0.0.1' }],
    ['an address with a path', { 'api-url': 'https://127.0.0.1/2010-04-01' }],
    ['an address with a query', { 'api-url': 'https://127.0.0.1/?a=b' }],
    ['an address with a password', { 'api-url': 'https://a:b@127.0.0.1/' }],
  ])('with %s are refused', (_, changes) => {
    const settings = { ...account(), from: '+15005550006', ...changes };
    expect(twilioMessaging.settings.safeParse(settings).success).toBe(false);
  });

  test('go nowhere else, whatever the environment says', async () => {
    for (const name of ['EDGE', 'REGION', 'ACCOUNT_SID', 'AUTH_TOKEN', 'LOG_LEVEL'])
      vi.stubEnv(`TWILIO_${name}`, 'other');
    const { api, close } = await openTwilio({ 'account-sid': sid('AC'), 'auth-token': 'token' }, testNeeds());
    expect([api.username, api.password, api.accountSid]).toEqual([sid('AC'), 'token', sid('AC')]);
    expect([api.edge, api.region, api.logLevel]).toEqual(['', '', '']);
    await close();
  });
});

describe('the check of an operator', () => {
  test('finds a Verify service whose codes are of another length', async () => {
    peer.reply = { status: 200, body: { sid: sid('VA'), code_length: 8 } };
    expect(await (await verify()).probe?.()).toMatchObject({ ok: false, remedy: expect.stringContaining('8') });
    expect(await (await verify({ 'code-length': 8 })).probe?.()).toMatchObject({ ok: true });
  });

  test('finds an account that is suspended', async () => {
    for (const status of ['suspended', 'closed', undefined]) {
      peer.reply = { status: 200, body: { sid: sid('AC'), status } };
      expect(await (await messaging()).probe?.()).toMatchObject({ ok: false, remedy: expect.any(String) });
      expect(await (await voice()).probe?.()).toMatchObject({ ok: false, remedy: expect.any(String) });
    }
    peer.reply = { status: 200, body: { sid: sid('AC'), status: 'active' } };
    expect(await (await messaging()).probe?.()).toMatchObject({ ok: true });
  });

  test('does not take somebody else for Twilio', async () => {
    peer.reply = { status: 200, body: { sid: `AC${'1'.repeat(32)}`, status: 'active', code_length: 6 } };
    for (const one of [await verify(), await messaging(), await voice()]) {
      expect(await one.probe?.()).toMatchObject({ ok: false });
    }
  });

  test('takes nothing for an answer that is none', async () => {
    for (const how of ['nonsense', 'huge', 'doctype', 'latin1', 'redirect', 'status-500'] as const) {
      await peer.misbehave(how);
      for (const one of [await verify(), await messaging(), await messaging(key), await voice()]) {
        expect(await one.probe?.(), how).toMatchObject({ ok: false, remedy: expect.any(String) });
      }
    }
  });

  test('with an API key asks for what every key may see', async () => {
    peer.reply = { status: 200, body: { incoming_phone_numbers: [], page: 0, page_size: 50 } };
    expect(await (await messaging(key)).probe?.()).toMatchObject({ ok: true });
    expect(peer.asked.at(-1)?.path).toMatch(/\/IncomingPhoneNumbers\.json\?.*PhoneNumber=%2B15005550006/);
    peer.reply = { status: 401, body: { status: 401, code: 20003, message: 'Authenticate' } };
    expect(await (await messaging(key)).probe?.()).toMatchObject({
      ok: false,
      detail: expect.stringContaining('20003'),
    });
  });
});

describe('Verify', () => {
  const started = { status: 201, body: { sid: sid('VE'), status: 'pending' } };

  test.each([
    ['en', 'en'],
    ['en-gb', 'en-GB'],
    ['ar-EG', 'ar'],
    ['pt-BR', 'pt-BR'],
    ['zh-Hant-HK', 'zh-HK'],
    ['de-AT', 'de'],
    ['sw', undefined],
    ['', undefined],
  ])('writes a page in %j in %j', async (language, locale) => {
    peer.reply = started;
    await start(await verify(), { channel: 'sms', language });
    expect(peer.form).toEqual({ To: number, Channel: 'sms', ...(locale === undefined ? {} : { Locale: locale }) });
  });

  test.each([
    [{ sid: sid('VE'), status: 'approved' }],
    [{ sid: sid('VE'), status: 'canceled' }],
    [{ sid: sid('SM'), status: 'pending' }],
    [{ status: 'pending' }],
    [{}],
    [[]],
  ])('has not begun when Twilio answers %o', async (body) => {
    peer.reply = { status: 201, body };
    await expect(start(await verify(), { channel: 'sms' })).rejects.toBeInstanceOf(Unavailable);
  });

  test.each([
    [200, { status: 'approved' }, 'passed'],
    [200, { status: 'pending', valid: false }, 'wrong'],
    [200, { status: 'canceled' }, 'wrong'],
    [200, { status: 'max_attempts_reached' }, 'wrong'],
    [404, { status: 404, code: 20404 }, 'wrong'],
    [429, { status: 429, code: 60202 }, 'wrong'],
    [400, { status: 400, code: 60200 }, 'wrong'],
  ])('a check answered with %d and %o is judged', async (status, body, kind) => {
    const provider = await verify();
    peer.reply = started;
    const begun = await start(provider, { channel: 'sms' });
    if (begun.kind !== 'started') throw new Error(begun.reason);
    peer.reply = { status, body };
    expect(await provider.check(begun.state, '123456')).toEqual({ kind });
    expect(peer.form).toEqual({ VerificationSid: sid('VE'), Code: '123456' });
  });

  test.each([
    [401, { status: 401, code: 20003 }, OutOfService],
    [429, { status: 429, code: 20429 }, OutOfService],
    [500, { status: 500, code: 20500 }, Unavailable],
    [200, { status: 'perhaps' }, Unavailable],
    [200, {}, Unavailable],
  ])('a check answered with %d and %o is a fault, and so is its rehearsal', async (status, body, fault) => {
    const provider = await verify();
    peer.reply = started;
    const begun = await start(provider, { channel: 'sms' });
    if (begun.kind !== 'started') throw new Error(begun.reason);
    peer.reply = { status, body };
    await expect(provider.check(begun.state, '123456')).rejects.toBeInstanceOf(fault);
    await expect(provider.rehearse?.()).rejects.toBeInstanceOf(fault);
  });

  test('an expired challenge asks nobody', async () => {
    const needs = testNeeds();
    const settings = twilioVerify.settings.parse({ ...account(), 'service-sid': sid('VA') });
    const provider = (await twilioVerify.create(settings, withFiles(needs, { 'ca.pem': authority.ca }))) as MfaProvider;
    peer.reply = started;
    const begun = await provider.start(requestTo(number, { channel: 'sms' }), async () => undefined);
    if (begun.kind !== 'started') throw new Error(begun.reason);
    needs.clock.pass(300);
    expect(await provider.check(begun.state, '123456')).toEqual({ kind: 'expired' });
    expect(peer.asked).toHaveLength(1);
  });
});

describe('what an operator reads', () => {
  test.each([
    [400, 21211],
    [400, 20001],
    [500, 20500],
    [401, 20003],
  ])('of a refusal with %d and %d is its code, and neither number nor secret', async (status, code) => {
    peer.reply = { status, body: { status, code, message: `${number} of token is not valid`, details: number } };
    const told: unknown[] = [];
    for (const one of [await verify(), await voice()]) {
      told.push(await start(one, { channel: one.channels[0] ?? 'sms' }).catch((fault: unknown) => fault));
    }
    for (const one of told) {
      const text = inspect(one, { depth: 9, showHidden: true });
      expect(text).toContain(String(code));
      expect(text).not.toContain(number.slice(1));
      expect(text).not.toContain('is not valid');
    }
  });
});

describe('the package', () => {
  test('is loaded where Twilio is configured, and nowhere else', async () => {
    const count =
      'Object.keys(createRequire(import.meta.url).cache).filter((file) => /node_modules.twilio/.test(file)).length';
    const program = `
      import { createRequire } from 'node:module';
      const { twilioVoice } = await import(${JSON.stringify(new URL('../../../src/providers/twilio/definition.ts', import.meta.url).href)});
      const before = ${count};
      const token = { 'account-sid': '${sid('AC')}', 'auth-token': 'x', from: '+15005550006' };
      await twilioVoice.create(twilioVoice.settings.parse(token), { callbackUrl: () => 'https://password.example/', timeoutMs: 1000 });
      console.log(JSON.stringify([before, ${count} > 0]));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    expect(JSON.parse(stdout)).toEqual([0, true]);
  });
});

describe('what is sent', () => {
  test('of a text is its number or its messaging service', async () => {
    peer.reply = { status: 201, body: { sid: sid('SM'), status: 'queued' } };
    const message = { channel: 'sms', to: number, text: 'x', reference: 'r', language: 'en' } as const;
    await (await messaging()).deliver(message);
    expect(peer.form).toEqual({ To: number, Body: 'x', From: '+15005550006' });
    const service = { from: undefined, 'messaging-service-sid': sid('MG') };
    await (await messaging(service)).deliver(message);
    expect(peer.form).toEqual({ To: number, Body: 'x', MessagingServiceSid: sid('MG') });
  });

  test('of a call asks for the detection of machines where that is wanted', async () => {
    peer.reply = { status: 201, body: { sid: sid('CA'), status: 'queued' } };
    await start(await voice());
    expect(peer.form).not.toHaveProperty('MachineDetection');
    await start(await voice({ 'machine-detection': true }));
    expect(peer.form).toMatchObject({ MachineDetection: 'Enable', StatusCallbackMethod: 'POST', Timeout: '25' });
  });
});
