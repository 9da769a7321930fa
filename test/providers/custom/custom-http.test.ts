import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { OutOfService, Unavailable } from '../../../src/core/errors.ts';
import type { Callback, Channel, MfaProvider, ProviderNeeds } from '../../../src/core/provider.ts';
import { customHttp } from '../../../src/providers/custom/definition.ts';
import { isSigned, sign } from '../../../src/providers/custom/signature.ts';
import { CallbackDoor } from '../../contracts/callback-door.ts';
import { type ProviderWorld, providerContract } from '../../contracts/provider-contract.ts';
import { TestAuthority } from '../../peers/authority.ts';
import { everyMisbehaviour } from '../../peers/misbehaviour.ts';
import { PhoneServicePeer } from '../../peers/phone-service-peer.ts';
import { withFiles } from '../files.ts';
import { number, start, testNeeds } from '../needs.ts';

const authority = await TestAuthority.create();
const document = readFileSync(path.resolve(import.meta.dirname, '../../../docs/custom-provider.md'), 'utf8');
const secret = randomBytes(24).toString('hex');

async function make(url: string, needs: ProviderNeeds, changes: object = {}): Promise<MfaProvider> {
  const settings = customHttp.settings.parse({ url, secret, 'ca-file': 'ca.pem', 'number-matching': true, ...changes });
  return (await customHttp.create(settings, withFiles(needs, { 'ca.pem': authority.ca }))) as MfaProvider;
}

async function world(needs: ProviderNeeds, channel: Channel, poll = false): Promise<ProviderWorld> {
  const peer = await PhoneServicePeer.open({ authority, secret, now: () => needs.clock.now() });
  peer.reports = !poll;
  const asking = { poll, 'poll-seconds': 0.1 };
  const provider = await make(peer.url, needs, { ...asking, 'number-matching': channel === 'voice' });
  const common = {
    channel,
    to: number,
    provider,
    another: () => make(peer.url, needs),
    secrets: [secret],
    faults: everyMisbehaviour,
    misbehave: (how: Parameters<ProviderWorld['misbehave']>[0]) => peer.misbehave(how),
    close: async () => {
      await provider.close?.();
      await peer.close();
    },
  };
  if (channel === 'sms') return { ...common, lastCode: () => peer.lastCode() };
  return {
    ...common,
    phone: {
      ringing: () => peer.line.ringing(),
      press: (keys) => peer.end({ kind: 'keys', keys }),
      hangUp: () => peer.end({ kind: 'hung-up' }),
      refuse: () => peer.end({ kind: 'refused' }),
      voicemail: () => peer.end({ kind: 'voicemail' }),
    },
    ...(poll ? {} : { reports: reportsOf(peer, needs) }),
  };
}

function reportsOf(peer: PhoneServicePeer, needs: ProviderNeeds): NonNullable<ProviderWorld['reports']> {
  return {
    repeat: () => peer.repeat(),
    forge: async (reference) => void (await peer.forge(needs.callbackUrl(reference), reference)),
  };
}

providerContract('custom-http, calls', { proves: 'call', matching: true, reports: true }, (needs) =>
  world(needs, 'voice'),
);
providerContract('custom-http, calls that are asked about', { proves: 'call', matching: true }, (needs) =>
  world(needs, 'voice', true),
);
providerContract('custom-http, texts', { proves: 'code' }, (needs) => world(needs, 'sms'));

describe('a service of one’s own', () => {
  test('whose answer is not signed is not believed', async () => {
    const needs = testNeeds();
    const peer = await PhoneServicePeer.open({ authority, secret, now: () => needs.clock.now() });
    const provider = await make(peer.url, needs);
    peer.signs = false;
    await expect(start(provider)).rejects.toBeInstanceOf(Unavailable);
    expect(await provider.probe?.()).toMatchObject({ ok: false });
    await peer.close();
  });

  test('that knows another secret serves nobody', async () => {
    const needs = testNeeds();
    const peer = await PhoneServicePeer.open({ authority, secret: 'x'.repeat(40), now: () => needs.clock.now() });
    await expect(start(await make(peer.url, needs))).rejects.toBeInstanceOf(OutOfService);
    await peer.close();
  });

  test('whose clock is wrong is not understood, and does not understand', async () => {
    const needs = testNeeds();
    const peer = await PhoneServicePeer.open({
      authority,
      secret,
      now: () => new Date(needs.clock.now().getTime() + 400_000),
    });
    await expect(start(await make(peer.url, needs))).rejects.toBeInstanceOf(Unavailable);
    await peer.close();
  });

  test('is not asked when a page is looked at: a decoy’s page would differ', async () => {
    const needs = testNeeds();
    const provider = await make('https://127.0.0.1:9', needs);
    expect(await provider.check({ call: 'r1' }, undefined)).toEqual({ kind: 'waiting' });
  });

  test('whose call does not end in its time proves nothing', async () => {
    const needs = testNeeds({ timeoutMs: 600 });
    const peer = await PhoneServicePeer.open({ authority, secret, now: () => needs.clock.now() });
    const provider = await make(peer.url, needs, { poll: true, 'poll-seconds': 0.1 });
    const started = await start(provider);
    if (started.kind !== 'started') throw new Error(started.reason);
    expect(await provider.check(started.state, undefined)).toEqual({ kind: 'unanswered' });
    await peer.close();
  });

  test('that breaks while it is asked is a fault', async () => {
    const needs = testNeeds();
    const peer = await PhoneServicePeer.open({ authority, secret, now: () => needs.clock.now() });
    const provider = await make(peer.url, needs, { poll: true, 'poll-seconds': 0.1 });
    const started = start(provider).catch((one: unknown) => one);
    await peer.line.ringing();
    await peer.misbehave('nonsense');
    expect(await started).toBeInstanceOf(Unavailable);
    expect(needs.lines).toHaveLength(2);
    await peer.misbehave(undefined);
    await peer.close();
  });

  test.each(['https://169.254.169.254/phones', 'http://phones.example', 'https://phones.example/?a=b'])(
    'is not at %s',
    (url) => expect(customHttp.settings.safeParse({ url, secret }).success).toBe(false),
  );
});

describe('a report', () => {
  const needs = testNeeds();
  const url = 'https://password.example/callbacks/far-end/r1?a=b';
  const body = '{"request_id":"r1","status":"success"}';
  const report = (changes: Partial<Callback> = {}, at = needs.clock.now()): Callback => ({
    reference: 'r1',
    url,
    body,
    headers: { ...sign(secret, { subject: 'POST /callbacks/far-end/r1?a=b', body, now: at }) },
    ...changes,
  });

  test('that is signed, fresh and about this call is taken', async () => {
    const provider = await make('https://127.0.0.1:9', needs);
    expect(await provider.receive?.(report(), { call: 'r1' })).toEqual({ kind: 'taken', outcome: 'passed' });
    expect(await provider.receive?.(report(), undefined)).toEqual({ kind: 'taken' });
  });

  test.each([
    ['without headers', report({ headers: {} })],
    ['with another body', report({ body: body.replace('success', 'refused') })],
    ['for another address', report({ url: url.replace('r1', 'r2') })],
    ['with another query', report({ url: url.replace('a=b', 'a=c') })],
    ['that is old', report({}, new Date(needs.clock.now().getTime() - 301_000))],
    ['from the future', report({}, new Date(needs.clock.now().getTime() + 302_000))],
  ])('%s is forged', async (_what, callback) => {
    const provider = await make('https://127.0.0.1:9', needs);
    expect((await provider.receive?.(callback, { call: 'r1' }))?.kind).toBe('forged');
  });

  test.each([
    '',
    '[]',
    '{"request_id":"r1","status":"yes"}',
    '{"request_id":"r2","status":"success"}',
    '{"status":"success"}',
  ])('that says %j is malformed, though signed', async (text) => {
    const provider = await make('https://127.0.0.1:9', needs);
    const headers = {
      ...sign(secret, { subject: 'POST /callbacks/far-end/r1?a=b', body: text, now: needs.clock.now() }),
    };
    expect((await provider.receive?.(report({ body: text, headers }), { call: 'r1' }))?.kind).toBe('malformed');
  });
});

describe('docs/custom-provider.md', () => {
  test('has an example whose signature is right', () => {
    const given = /the signature is `([0-9a-f]{64})`/.exec(document)?.[1] ?? '';
    const message = { subject: 'POST /latchkey/start', body: '{"request_id":"r1"}', now: new Date(1_767_225_600_000) };
    const headers = { 'latchkey-timestamp': '1767225600', 'latchkey-signature': given };
    expect(isSigned('an example secret, never to be used', headers, message)).toBe(true);
    expect(isSigned('another', headers, message)).toBe(false);
  });

  test('has a service that runs as it stands there, and works', { timeout: 20_000 }, async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-service-'));
    const source = document.split('## A service in fifty lines')[1]?.split('```js\n')[1]?.split('```')[0] ?? '';
    const identity = await authority.server();
    writeFileSync(path.join(folder, 'service.mjs'), source);
    writeFileSync(path.join(folder, 'cert.pem'), identity.cert);
    writeFileSync(path.join(folder, 'key.pem'), identity.key);
    const env = {
      PHONES_SECRET: secret,
      TLS_CERT: path.join(folder, 'cert.pem'),
      TLS_KEY: path.join(folder, 'key.pem'),
      PORT: '0',
    };
    const service = spawn(process.execPath, [path.join(folder, 'service.mjs')], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const door = await CallbackDoor.open();
    try {
      const port = await listening(service);
      const callbackUrl = (reference: string) => door.url('far-end', reference);
      const needs = { ...testNeeds(), callbackUrl, clock: { now: () => new Date() } };
      const provider = await make(`https://127.0.0.1:${port}/latchkey`, needs);
      expect(await provider.probe?.()).toMatchObject({ ok: true });
      const call = await start(provider);
      if (call.kind !== 'started') throw new Error(call.reason);
      const report = new Promise((resolve) => {
        door.receive = async (_to, callback) => {
          const received = await provider.receive?.(callback, call.state);
          resolve(received);
          return received;
        };
      });
      expect(await report).toEqual({ kind: 'taken', outcome: 'passed' });
      const asking = await make(`https://127.0.0.1:${port}/latchkey`, needs, { poll: true, 'poll-seconds': 0.1 });
      const asked = await start(asking, { reference: 'reference-2' });
      expect(asked).toMatchObject({ state: { outcome: 'passed' } });
      await asking.close?.();
      expect((await start(provider, { channel: 'sms', reference: 'text-1' })).kind).toBe('started');
      await provider.close?.();
    } finally {
      service.kill();
      await door.close();
      rmSync(folder, { recursive: true });
    }
  });
});

function listening(service: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    service.stdout?.on('data', (data: Buffer) => resolve(/\d+/.exec(data.toString())?.[0] ?? ''));
    service.on('exit', () => reject(new Error('the service ended')));
  });
}
