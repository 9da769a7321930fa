import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { type DrillWish, drill } from '../../src/commands/drill.ts';
import { loadConfiguration, readEnvironment } from '../../src/config.ts';
import type { Finding } from '../../src/core/directory.ts';
import { loadDefinitions } from '../../src/definitions.ts';
import { ConfigurationFolder } from '../latchkey-process.ts';
import { TestAuthority } from '../peers/authority.ts';
import { GatewayPeer, snsBehindGateway } from '../peers/gateway-peer.ts';
import { PhoneServicePeer } from '../peers/phone-service-peer.ts';
import { SmtpPeer } from '../peers/smtp-peer.ts';

const authority = await TestAuthority.create();
const definitions = await loadDefinitions([]);
const key = randomBytes(16).toString('hex');
const secret = randomBytes(24).toString('hex');
const number = '+442079460123';
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A configuration with a provider of each channel, each on its peer. */
async function world() {
  const gateway = await GatewayPeer.open({ authority, personality: snsBehindGateway, key });
  const phones = await PhoneServicePeer.open({ authority, secret, now: () => new Date() });
  phones.reports = false;
  const mail = await SmtpPeer.open({ authority, tls: 'implicit' });
  const folder = new ConfigurationFolder('');
  closing.push(() => folder.remove(), ...[gateway, phones, mail].map((peer) => () => peer.close()));
  folder.write({
    'public-url': 'https://password.example',
    listen: { port: 0 },
    organisation: { name: 'Contoso' },
    keys: [{ id: 'test', secret: randomBytes(32).toString('hex') }],
    store: { kind: 'sqlite', file: folder.path('latchkey.db') },
    directory: { kind: 'demo' },
    providers: {
      texts: {
        kind: 'http',
        countries: ['GB'],
        limits: { 'per-destination': 2 },
        url: `${gateway.origin}/sms`,
        'ca-file': 'ca.pem',
        headers: { 'x-api-key': key },
        body: { kind: 'json', value: { PhoneNumber: '{to}', Message: '{text}' } },
        success: { status: [200] },
      },
      calls: {
        kind: 'custom-http',
        countries: ['GB'],
        url: phones.url,
        secret,
        'ca-file': 'ca.pem',
        'number-matching': true,
        poll: true,
        'poll-seconds': 0.1,
      },
      mail: {
        kind: 'smtp',
        host: '127.0.0.1',
        port: mail.port,
        tls: 'implicit',
        'ca-file': 'ca.pem',
        from: 'a@b.example',
      },
    },
    channels: { sms: ['texts'], voice: ['calls'], email: ['mail'] },
    policies: [{ name: 'everyone', members: 'everyone', chain: ['otp-sms'] }],
  });
  const { writeFileSync } = await import('node:fs');
  writeFileSync(folder.path('ca.pem'), authority.ca);
  const environment = readEnvironment({ LATCHKEY_CONFIG: folder.file });
  const loaded = { environment, definitions, configuration: loadConfiguration(environment, definitions) };
  const run = async (
    wish: DrillWish,
    during: (finding: Finding) => void = () => undefined,
  ): Promise<readonly Finding[]> => {
    const findings: Finding[] = [];
    for await (const finding of drill(loaded, wish)) {
      findings.push(finding);
      during(finding);
    }
    expect(JSON.stringify(findings)).not.toMatch(new RegExp(`7946|${key}|${secret}`));
    return findings;
  };
  return { gateway, phones, mail, run };
}

describe('a drill', () => {
  test('sends one real text', async () => {
    const { gateway, run } = await world();
    expect(await run({ provider: 'texts', to: '+44 20 7946 0123' })).toMatchObject([{ level: 'ok' }]);
    expect(gateway.messages).toMatchObject([{ to: number, text: expect.stringMatching(/^Latchkey test: \d{6}\n/) }]);
  });

  test('sends one real mail', async () => {
    const { mail, run } = await world();
    expect(await run({ provider: 'mail', to: 'anna@contoso.example' })).toMatchObject([{ level: 'ok' }]);
    expect(mail.mails).toHaveLength(1);
  });

  test.each([
    ['the right digits', (digits: string) => `${digits}#`, 'ok'],
    ['the hash key alone', () => '#', 'problem'],
  ])('makes one real call, which is confirmed by %s', async (_what, keys, level) => {
    const { phones, run } = await world();
    const findings = await run({ provider: 'calls', to: number }, (finding) => {
      const digits = /key in (\d\d)/.exec(finding.detail)?.[1];
      if (digits !== undefined) void phones.line.ringing().then(() => phones.end({ kind: 'keys', keys: keys(digits) }));
    });
    expect(findings.map((one) => one.level)).toEqual(['ok', level]);
  });

  test('tells what the far end said, and stays within the limits that hold for everybody', async () => {
    const { gateway, run } = await world();
    await gateway.misbehave('status-500');
    expect(await run({ provider: 'texts', to: number })).toMatchObject([
      { level: 'problem', detail: expect.stringContaining('status 500') },
    ]);
    await gateway.misbehave(undefined);
    expect(await run({ provider: 'texts', to: number })).toMatchObject([{ level: 'ok' }]);
    expect(await run({ provider: 'texts', to: number })).toMatchObject([
      { level: 'problem', detail: expect.stringContaining('limit') },
    ]);
    expect(await run({ provider: 'texts', to: '+33612345678' })).toMatchObject([
      { level: 'problem', detail: expect.stringContaining('FR') },
    ]);
    expect(gateway.messages).toHaveLength(1);
  });

  test.each([
    ['a provider that is not there', { provider: 'pigeon', to: number }],
    ['a destination that is none', { provider: 'texts', to: 'anna' }],
    ['an extension', { provider: 'texts', to: `${number} ext. 7` }],
    ['a premium number', { provider: 'texts', to: '+449098790000' }],
    ['a channel that it does not serve', { provider: 'texts', to: number, channel: 'voice' }],
    ['a channel that is none', { provider: 'texts', to: number, channel: 'pigeon' }],
  ])('says what is wrong with %s, and sends nothing', async (_what, wish) => {
    const { gateway, run } = await world();
    expect(await run(wish)).toMatchObject([{ level: 'problem', remedy: expect.any(String) }]);
    expect(gateway.requests).toEqual([]);
  });
});
