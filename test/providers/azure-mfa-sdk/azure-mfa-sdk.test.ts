import { randomBytes } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { Misconfigured, NotSent, OutOfService, Unavailable } from '../../../src/core/errors.ts';
import type { Channel, MfaProvider, ProviderNeeds } from '../../../src/core/provider.ts';
import { azureMfaSdk } from '../../../src/providers/azure-mfa-sdk/definition.ts';
import { readAnswer } from '../../../src/providers/azure-mfa-sdk/message.ts';
import { openP12 } from '../../../src/providers/azure-mfa-sdk/p12.ts';
import { type ProviderWorld, providerContract } from '../../contracts/provider-contract.ts';
import { TestAuthority } from '../../peers/authority.ts';
import { everyMisbehaviour } from '../../peers/misbehaviour.ts';
import { makeP12 } from '../../peers/p12.ts';
import { PfAuthPeer } from '../../peers/pf-auth-peer.ts';
import { phoneAt } from '../../peers/phone-line.ts';
import { withFiles } from '../files.ts';
import { number, start, testNeeds } from '../needs.ts';

const authority = await TestAuthority.create();
const client = await authority.client('licence');
const password = `p12 ${randomBytes(8).toString('hex')} &`;
const licenceKey = randomBytes(12).toString('hex');
const groupKey = randomBytes(12).toString('hex');
const keys = { authority, licenceKey, groupKey };
const files: Record<string, string | Buffer> = {
  'ca.pem': authority.ca,
  'modern.p12': makeP12(client, password, 'modern'),
  'legacy.p12': makeP12(client, password, 'legacy'),
};

async function make(
  targets: readonly string[],
  changes: object = {},
  needs: ProviderNeeds = testNeeds(),
): Promise<MfaProvider> {
  const settings = azureMfaSdk.settings.parse({
    targets,
    'p12-file': 'legacy.p12',
    'p12-password': password,
    'licence-key': licenceKey,
    'group-key': groupKey,
    'ca-file': 'ca.pem',
    username: 'latchkey & <co>',
    ...changes,
  });
  return (await azureMfaSdk.create(settings, withFiles(needs, files))) as MfaProvider;
}

async function world(needs: ProviderNeeds, channel: Channel): Promise<ProviderWorld> {
  const peer = await PfAuthPeer.open(keys);
  const provider = await make([peer.url], {}, needs);
  const common = {
    channel,
    to: number,
    provider,
    another: () => make([peer.url], {}, needs),
    secrets: [licenceKey, groupKey, password],
    faults: everyMisbehaviour,
    misbehave: (how: Parameters<ProviderWorld['misbehave']>[0]) => peer.misbehave(how),
    close: async () => {
      await provider.close?.();
      await peer.close();
    },
  };
  if (channel === 'sms') return { ...common, lastCode: () => peer.lastCode() };
  return { ...common, phone: phoneAt(peer.line) };
}

providerContract('azure-mfa-sdk, calls', { proves: 'call' }, (needs) => world(needs, 'voice'));
providerContract('azure-mfa-sdk, texts', { proves: 'code' }, (needs) => world(needs, 'sms'));

describe('a p12 file', () => {
  test('in the old encryption, which Node refuses, is opened; one of today as well', async () => {
    const legacy = files['legacy.p12'] as Buffer;
    expect(() => createSecureContext({ pfx: legacy, passphrase: password })).toThrow(/unsupported/i);
    for (const name of ['legacy.p12', 'modern.p12']) {
      const identity = await openP12(files[name] as Buffer, password);
      expect(() => createSecureContext(identity)).not.toThrow();
    }
  });

  test.each(['legacy.p12', 'modern.p12'])('%s with a wrong password stops the start and says so', async (name) => {
    const wrong = make(['https://127.0.0.1:9'], { 'p12-file': name, 'p12-password': 'another' });
    await expect(wrong).rejects.toThrow(/password is wrong/);
    await expect(wrong).rejects.toBeInstanceOf(Misconfigured);
  });

  test.each([
    ['is none', Buffer.from('not a p12')],
    ['is empty', Buffer.alloc(0)],
    ['was cut', (files['modern.p12'] as Buffer).subarray(0, 200)],
  ])('that %s stops the start', async (_what, bytes) => {
    await expect(openP12(bytes, password)).rejects.toBeInstanceOf(Misconfigured);
  });

  test('whose certificate has ended stops the start and says when', async () => {
    const dates = { notBeforeDate: new Date('2020-01-01'), notAfterDate: new Date('2021-02-03') };
    const old = await authority.client('old', dates);
    await expect(openP12(makeP12(old, password, 'modern'), password)).rejects.toThrow(/2021-02-03/);
  });
});

describe('two targets', () => {
  test('the other one is asked when the first cannot be reached, and is the first from then on', async () => {
    const [one, two] = await Promise.all([PfAuthPeer.open(keys), PfAuthPeer.open(keys)]);
    const provider = await make([one.url, two.url]);
    await one.misbehave('refuse-connections');
    expect((await start(provider, { channel: 'sms' })).kind).toBe('started');
    await one.misbehave(undefined);
    await start(provider, { channel: 'sms' });
    expect([one.messages.length, two.messages.length]).toEqual([0, 2]);
    await one.close();
    await two.close();
  });

  test.each(['reset', 'hang', 'status-500', 'nonsense'] as const)(
    'the other one is not asked after %s: somebody may have been called',
    async (how) => {
      const [one, two] = await Promise.all([PfAuthPeer.open(keys), PfAuthPeer.open(keys)]);
      const provider = await make([one.url, two.url], {}, testNeeds({ timeoutMs: 800 }));
      await one.misbehave(how);
      const fault: unknown = await start(provider, { channel: 'sms' }).catch((thrown: unknown) => thrown);
      expect(fault).toBeInstanceOf(Unavailable);
      expect(fault).not.toBeInstanceOf(NotSent);
      expect(two.messages).toEqual([]);
      await one.close();
      await two.close();
    },
  );
});

describe('the service', () => {
  test('says in the log how a call ended, and never whom it reached', async () => {
    const peer = await PfAuthPeer.open(keys);
    const needs = testNeeds();
    const provider = await make([peer.url], {}, needs);
    peer.answerWith({ authenticated: 'no', callStatus: 112 });
    const started = await start(provider);
    if (started.kind !== 'started') throw new Error(started.reason);
    expect(await provider.check(started.state, undefined)).toEqual({ kind: 'refused' });
    expect(needs.lines.join()).toContain('fraud-reported');
    expect(needs.lines.join()).not.toContain('7946');
    expect(peer.refused).toEqual([]);
    await peer.close();
  });

  test.each([
    ['yes', 108],
    ['yes', 999],
    ['yes', 6],
    ['yes', 20],
    ['yes', 21],
    ['yes', 0],
    ['no', 2],
    ['no', 999],
  ] as const)('%s with status %d never passes', async (authenticated, callStatus) => {
    const peer = await PfAuthPeer.open(keys);
    const provider = await make([peer.url]);
    peer.answerWith({ authenticated, callStatus });
    const started = await start(provider).catch((fault: unknown) => fault);
    if (started instanceof Error) expect(started).toBeInstanceOf(Unavailable);
    else expect((await provider.check((started as { state: never }).state, undefined)).kind).not.toBe('passed');
    await peer.close();
  });

  test.each([
    [{ authenticated: 'no', callStatus: 109 } as const, OutOfService],
    [{ authenticated: 'no', callStatus: 120 } as const, NotSent],
    [{ errorId: 42 }, Unavailable],
  ])('%j is a fault of the house', async (preset, fault) => {
    const peer = await PfAuthPeer.open(keys);
    const provider = await make([peer.url]);
    peer.answerWith(preset);
    await expect(start(provider)).rejects.toBeInstanceOf(fault);
    await peer.close();
  });

  test('is asked by nobody without its certificate, or as another host', async () => {
    const strangers = await TestAuthority.create();
    const strict = await PfAuthPeer.open({ ...keys, authority: strangers });
    await expect(start(await make([strict.url]))).rejects.toBeInstanceOf(NotSent);
    const elsewhere = await PfAuthPeer.open({ ...keys, names: ['elsewhere.example'] });
    await expect(start(await make([elsewhere.url]))).rejects.toBeInstanceOf(NotSent);
    const foreign = makeP12(await strangers.client('x'), password, 'modern');
    files['foreign.p12'] = foreign;
    const good = await PfAuthPeer.open(keys);
    await expect(start(await make([good.url], { 'p12-file': 'foreign.p12' }))).rejects.toBeInstanceOf(Unavailable);
    expect(good.messages).toEqual([]);
    for (const peer of [strict, elsewhere, good]) await peer.close();
  });
});

test.each([
  ['no pfpMessage', '<a/>'],
  ['no response', '<pfpMessage version="1.5"/>'],
  ['another request', '<pfpMessage><response request-id="8"><status disposition="success"/></response></pfpMessage>'],
  [
    'no disposition',
    '<pfpMessage><response request-id="7"><authenticationResponse><authenticated>yes</authenticated><callStatus>2</callStatus></authenticationResponse></response></pfpMessage>',
  ],
  ['no answer', '<pfpMessage><response request-id="7"><status disposition="success"/></response></pfpMessage>'],
  [
    'a maybe',
    '<pfpMessage><response request-id="7"><status disposition="success"/><authenticationResponse><authenticated>maybe</authenticated><callStatus>2</callStatus></authenticationResponse></response></pfpMessage>',
  ],
])('an answer with %s is a fault', (_what, document) => {
  expect(() => readAnswer(document, '7')).toThrow(Unavailable);
});
