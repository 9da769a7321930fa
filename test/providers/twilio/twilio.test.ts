import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NotSent, OutOfService, Unavailable } from '../../../src/core/errors.ts';
import type { Courier, MfaProvider } from '../../../src/core/provider.ts';
import { twilioMessaging, twilioVerify } from '../../../src/providers/twilio/definition.ts';
import { TestAuthority } from '../../peers/authority.ts';
import { TwilioPeer } from '../../peers/twilio-peer.ts';
import { withFiles } from '../files.ts';
import { number, start, testNeeds } from '../needs.ts';

let authority: TestAuthority;
let peer: TwilioPeer;
beforeAll(async () => {
  authority = await TestAuthority.create();
});
beforeEach(async () => {
  peer = await TwilioPeer.open({ authority });
  return () => peer.close();
});

const account = (): object => ({
  'account-sid': peer.accountSid,
  'auth-token': peer.authToken,
  'api-url': peer.origin,
  'ca-file': 'ca.pem',
});

const given = () => withFiles(testNeeds(), { 'ca.pem': authority.ca });

async function verify(changes: object = {}): Promise<MfaProvider> {
  const settings = twilioVerify.settings.parse({ ...account(), 'service-sid': peer.serviceSid, ...changes });
  return (await twilioVerify.create(settings, given())) as MfaProvider;
}

async function messaging(): Promise<Courier> {
  const settings = twilioMessaging.settings.parse({ ...account(), from: peer.number });
  return (await twilioMessaging.create(settings, given())) as Courier;
}

describe('what Twilio refuses', () => {
  test.each([
    [400, 21211, 'rejected'],
    [400, 21408, 'rejected'],
    [400, 21610, 'rejected'],
    [403, 60410, 'rejected'],
    [403, 60605, 'rejected'],
    [429, 60203, 'rejected'],
    [429, 60212, 'rejected'],
  ])('%d with %d is about the number', async (status, code, kind) => {
    const provider = await verify();
    peer.answerWith({ status, code });
    const result = await start(provider, { channel: 'sms' });
    expect(result).toMatchObject({ kind, reason: expect.stringContaining(String(code)) });
    expect(JSON.stringify(result)).not.toContain(number.slice(1));
  });

  test.each([
    [401, 20003, OutOfService],
    [403, 20005, OutOfService],
    [400, 90010, OutOfService],
    [400, 21611, OutOfService],
    [429, 20429, OutOfService],
    [400, 20001, NotSent],
    [404, 20404, NotSent],
    [400, 0, Unavailable],
    [408, 0, Unavailable],
    [500, 20500, Unavailable],
    [503, 21211, Unavailable],
  ])('%d with %d is a fault', async (status, code, fault) => {
    const provider = await verify();
    peer.answerWith({ status, code });
    const thrown = await start(provider, { channel: 'sms' }).catch((one: unknown) => one);
    expect(thrown).toBeInstanceOf(fault);
    if (fault === Unavailable) expect(thrown).not.toBeInstanceOf(NotSent);
    if (fault === NotSent) expect(thrown).not.toBeInstanceOf(OutOfService);
  });

  test('a wrong token: nobody is served, and the check says what to do', async () => {
    const provider = await verify({ 'auth-token': 'another' });
    await expect(start(provider, { channel: 'sms' })).rejects.toBeInstanceOf(OutOfService);
    expect(await provider.probe?.()).toMatchObject({ ok: false, remedy: expect.stringContaining('auth-token') });
  });
});

describe('Twilio Verify', () => {
  test('keeps the code of a pending verification, and so does Latchkey', async () => {
    const provider = await verify();
    const first = await start(provider, { channel: 'sms' });
    const code = peer.lastCode();
    const second = await start(provider, { channel: 'sms', reference: 'reference-2' });
    expect(peer.lastCode()).toBe(code);
    if (first.kind !== 'started' || second.kind !== 'started') throw new Error('not started');
    expect(await provider.check(second.state, code)).toEqual({ kind: 'passed' });
  });

  test.each(['', '   ', 'abcdef', '12', `${'9'.repeat(40)}`])(
    'a code like %j is wrong, never a pass or a fault',
    async (typed) => {
      const provider = await verify();
      const started = await start(provider, { channel: 'sms' });
      if (started.kind !== 'started') throw new Error(started.reason);
      expect(await provider.check(started.state, typed)).toEqual({ kind: 'wrong' });
    },
  );
});

describe('Twilio Messaging', () => {
  test('delivers the text as it is, whatever is in it', async () => {
    const text = 'Code 123456 & <b>"quotes"</b>\n\n@password.example #123456 😀 ١٢٣';
    const message = { channel: 'sms', to: number, text, reference: 'r', language: 'en' } as const;
    expect(await (await messaging()).deliver(message)).toEqual({ kind: 'delivered' });
    expect(peer.messages).toEqual([{ to: number, text }]);
  });

  test('needs one sender, not two and not none', () => {
    const parse = (more: object) => twilioMessaging.settings.safeParse({ ...account(), ...more }).success;
    expect(parse({})).toBe(false);
    expect(parse({ from: '+15005550006', 'messaging-service-sid': `MG${'0'.repeat(32)}` })).toBe(false);
    expect(parse({ 'messaging-service-sid': `MG${'0'.repeat(32)}` })).toBe(true);
  });
});
