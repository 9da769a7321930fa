import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NotSent, OutOfService, Unavailable } from '../../../src/core/errors.ts';
import type { Callback, Courier, MfaProvider } from '../../../src/core/provider.ts';
import { twilioMessaging, twilioVerify, twilioVoice } from '../../../src/providers/twilio/definition.ts';
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
afterAll(() => undefined);

const account = (): object => ({
  'account-sid': peer.accountSid,
  'auth-token': peer.authToken,
  'api-url': peer.origin,
  'ca-file': 'ca.pem',
});

const given = () => withFiles(testNeeds(), { 'ca.pem': authority.ca });

async function voice(): Promise<MfaProvider> {
  const settings = twilioVoice.settings.parse({ ...account(), from: peer.number });
  return (await twilioVoice.create(settings, given())) as MfaProvider;
}

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
    [400, 60410, 'rejected'],
    [429, 60203, 'rejected'],
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
    [429, 20429, OutOfService],
    [400, 20001, NotSent],
    [500, 20500, Unavailable],
  ])('%d with %d is a fault', async (status, code, fault) => {
    const provider = await verify();
    peer.answerWith({ status, code });
    const thrown = await start(provider, { channel: 'sms' }).catch((one: unknown) => one);
    expect(thrown).toBeInstanceOf(fault);
    if (fault === Unavailable) expect(thrown).not.toBeInstanceOf(NotSent);
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

describe('Twilio Voice', () => {
  async function called(match?: string): Promise<{ provider: MfaProvider; state: never }> {
    const provider = await voice();
    const started = await start(provider, {
      text: 'Press <hash> & "wait"',
      ...(match === undefined ? {} : { match }),
    });
    if (started.kind !== 'started') throw new Error(started.reason);
    return { provider, state: started.state as never };
  }

  test('says the text and nothing of the digits', async () => {
    await called('42');
    const [spoken = ''] = peer.spoken;
    expect(spoken).toContain('Press &lt;hash&gt; &amp; "wait"');
    expect(spoken).not.toContain('42');
    expect(spoken).toContain('language="en-GB"');
  });

  test('keeps what a report needs before Twilio is asked', async () => {
    const kept: unknown[] = [];
    const provider = await voice();
    await peer.misbehave('hang');
    const request = {
      channel: 'voice',
      to: number,
      reference: 'r',
      language: 'en',
      codeLength: 6,
      lifetimeSeconds: 300,
    } as const;
    await provider
      .start({ ...request, text: 'x', match: '42' }, async (state) => void kept.push(state))
      .catch(() => undefined);
    expect(kept).toEqual([{ language: 'en', text: 'x', match: '42', call: '' }]);
  });

  test('asks again for the hash key, and then no more', async () => {
    const { provider, state } = await called();
    const answers: string[] = [];
    for (const turn of ['1', '2', '3', 'x', '']) {
      const told = await provider.receive?.(
        await signed({ event: 'digits', turn }, { Digits: '5', CallSid: sidOf(state) }),
        state,
      );
      answers.push(
        told?.kind === 'taken' ? `${told.outcome} ${told.reply?.body.includes('<Gather')}` : String(told?.kind),
      );
    }
    expect(answers).toEqual([
      'undefined true',
      'undefined true',
      'unanswered false',
      'unanswered false',
      'undefined true',
    ]);
  });

  const sidOf = (state: never): string => String(Reflect.get(state, 'call'));

  /** A report as Twilio signs it: its own peer does, so a stranger's hands are needed for the bad ones. */
  async function signed(
    query: Readonly<Record<string, string>>,
    parameters: Readonly<Record<string, string>>,
    token = peer.authToken,
  ): Promise<Callback> {
    const url = `https://password.example/callbacks/far-end/reference-1?${new URLSearchParams(query)}`;
    const all: Readonly<Record<string, string>> = { AccountSid: peer.accountSid, ...parameters };
    const text = Object.keys(all)
      .sort()
      .reduce((sum, name) => sum + name + all[name], url);
    const { createHmac } = await import('node:crypto');
    const signature = createHmac('sha1', token).update(text).digest('base64');
    return {
      reference: 'reference-1',
      url,
      headers: { 'x-twilio-signature': signature },
      body: String(new URLSearchParams(all)),
    };
  }

  test('takes no report that Twilio did not sign, or that was changed on the way', async () => {
    const { provider, state } = await called();
    const good = await signed({ event: 'digits', turn: '1' }, { Digits: '#', CallSid: sidOf(state) });
    const bad: readonly Callback[] = [
      await signed({ event: 'digits', turn: '1' }, { Digits: '#', CallSid: sidOf(state) }, 'another token'),
      { ...good, headers: {} },
      { ...good, headers: { 'x-twilio-signature': '' } },
      { ...good, url: good.url.replace('turn=1', 'turn=2') },
      { ...good, url: good.url.replace('reference-1', 'reference-2') },
      { ...good, body: good.body.replace('%23', '5') },
      { ...good, body: `${good.body}&Digits=%23` },
      { ...good, body: '' },
    ];
    for (const callback of bad) expect((await provider.receive?.(callback, state))?.kind).toBe('forged');
    expect(await provider.receive?.(good, state)).toMatchObject({ kind: 'taken', outcome: 'passed' });
  });

  test('takes no report of another account or another call', async () => {
    const { provider, state } = await called();
    const another = await signed({ event: 'digits' }, { AccountSid: 'AC0', Digits: '#', CallSid: sidOf(state) });
    expect((await provider.receive?.(another, state))?.kind).toBe('forged');
    const call = await signed({ event: 'digits' }, { Digits: '#', CallSid: 'CA0' });
    expect((await provider.receive?.(call, state))?.kind).toBe('malformed');
  });

  test('a signed report about nothing that is known proves nothing', async () => {
    const { provider } = await called();
    const late = await signed({ event: 'digits' }, { Digits: '#', CallSid: 'CA0' });
    expect(await provider.receive?.(late, undefined)).not.toHaveProperty('outcome');
  });

  test('a call that is still going on has no outcome', async () => {
    const { provider, state } = await called();
    for (const CallStatus of ['ringing', 'in-progress', 'queued', '', 'strange']) {
      const report = await signed({ event: 'status' }, { CallStatus, CallSid: sidOf(state) });
      expect(await provider.receive?.(report, state)).toEqual({ kind: 'taken' });
    }
    for (const CallStatus of ['completed', 'busy', 'no-answer', 'failed', 'canceled']) {
      const report = await signed({ event: 'status' }, { CallStatus, CallSid: sidOf(state) });
      expect(await provider.receive?.(report, state)).toEqual({ kind: 'taken', outcome: 'unanswered' });
    }
  });
});
