import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../../src/core/json.ts';
import type { Callback, MfaProvider, ProviderNeeds, Received } from '../../../src/core/provider.ts';
import { twilioVoice } from '../../../src/providers/twilio/definition.ts';
import { challengeWorld } from '../../challenge-world.ts';
import { TestAuthority } from '../../peers/authority.ts';
import { TwilioPeer } from '../../peers/twilio-peer.ts';
import { withFiles } from '../files.ts';
import { number, requestTo, start, testNeeds } from '../needs.ts';
import { signed } from './signed.ts';

let authority: TestAuthority;
let peer: TwilioPeer;
beforeAll(async () => {
  authority = await TestAuthority.create();
});
beforeEach(async () => {
  peer = await TwilioPeer.open({ authority });
  return () => peer.close();
});

const turn = '1';

async function voice(changes: object = {}, needs: ProviderNeeds = testNeeds()): Promise<MfaProvider> {
  const settings = twilioVoice.settings.parse({
    'account-sid': peer.accountSid,
    'auth-token': peer.authToken,
    'api-url': peer.origin,
    'ca-file': 'ca.pem',
    from: peer.number,
    ...changes,
  });
  return (await twilioVoice.create(settings, withFiles(needs, { 'ca.pem': authority.ca }))) as MfaProvider;
}

interface Called {
  readonly provider: MfaProvider;
  readonly state: Json;
  /** What the provider makes of a report of this call. */
  readonly told: (query: Record<string, string>, parameters: Record<string, string>) => Promise<Received | undefined>;
}

async function called(changes: Parameters<typeof start>[1] = {}): Promise<Called> {
  const provider = await voice();
  const started = await start(provider, { text: 'Press <hash> & "wait"', ...changes });
  if (started.kind !== 'started') throw new Error(started.reason);
  const { state } = started;
  return {
    provider,
    state,
    told: async (query, parameters) =>
      provider.receive?.(report(query, { CallSid: String(Reflect.get(Object(state), 'call')), ...parameters }), state),
  };
}

function report(query: Record<string, string>, parameters: Record<string, string>, token = peer.authToken): Callback {
  return signed({ token, accountSid: peer.accountSid, query, parameters });
}

describe('what the call says', () => {
  test('is the text, escaped, and nothing of the digits', async () => {
    await called({ match: '42' });
    const [spoken = ''] = peer.spoken;
    expect(spoken).toContain('Press &lt;hash&gt; &amp; "wait"');
    expect(spoken).not.toContain('42');
  });

  test.each([
    ['en', 'language="en-GB"'],
    ['ar-EG', 'language="ar-XA"'],
    ['de-DE', 'language="de-DE"'],
    ['sw', undefined],
  ])('for a page in %s has %s', async (language, attribute) => {
    await called({ language });
    const [spoken = ''] = peer.spoken;
    if (attribute === undefined) expect(spoken).not.toContain('language=');
    else expect(spoken).toContain(attribute);
  });

  test('ends in thanks or in a farewell, in the language of the page', async () => {
    const { told } = await called({ match: '42', language: 'ar-EG' });
    const right = await told({ event: 'digits', turn }, { Digits: '42' });
    const wrong = await told({ event: 'digits', turn }, { Digits: '24' });
    expect(right).toMatchObject({ outcome: 'passed', reply: { contentType: 'text/xml' } });
    expect(wrong).toMatchObject({ outcome: 'wrong', reply: { contentType: 'text/xml' } });
    for (const one of [right, wrong]) {
      const body = one?.kind === 'taken' ? one.reply?.body : '';
      expect(body).toMatch(/^<\?xml.*<Say language="ar-XA">[^<]*\p{Script=Arabic}[^<]*<\/Say><Hangup\/><\/Response>$/u);
    }
  });

  test('asks again for the hash key, and then no more', async () => {
    const { told } = await called();
    const answers: string[] = [];
    for (const at of ['1', '2', '3']) {
      const one = await told({ event: 'digits', turn: at }, { Digits: '5' });
      answers.push(one?.kind === 'taken' ? `${one.outcome} ${one.reply?.body.includes('<Gather')}` : String(one?.kind));
    }
    expect(answers).toEqual(['undefined true', 'undefined true', 'unanswered false']);
  });
});

describe('a call', () => {
  test('keeps what a report needs before Twilio is asked', async () => {
    const kept: unknown[] = [];
    const provider = await voice({}, testNeeds({ timeoutMs: 500 }));
    await peer.misbehave('hang');
    await provider
      .start(requestTo(number, { text: 'x', match: '42' }), async (state) => void kept.push(state))
      .catch(() => undefined);
    expect(kept).toEqual([{ language: 'en', text: 'x', match: '42', call: '' }]);
  });

  test('can be confirmed before Twilio has said which call it is', async () => {
    const { provider } = await called();
    const early = { language: 'en', text: 'x', match: '', call: '' };
    const hash = report({ event: 'digits', turn }, { Digits: '#', CallSid: 'CA0' });
    expect(await provider.receive?.(hash, early)).toMatchObject({ kind: 'taken', outcome: 'passed' });
  });

  test('5.27, F34: is never confirmed by silence, by a machine or by what is no key; none of it counts as wrong', async () => {
    for (const match of [undefined, '42']) {
      const { told } = await called(match === undefined ? {} : { match });
      const right = match ?? '#';
      for (const parameters of [
        {},
        { Digits: '' },
        { Digits: 'hangup' },
        { Digits: `${right} ` },
        { Digits: '٤٢' },
        { Digits: right, AnsweredBy: 'machine_start' },
        { Digits: right, AnsweredBy: 'fax' },
      ]) {
        const one = await told({ event: 'digits', turn }, parameters as Record<string, string>);
        expect(one, JSON.stringify(parameters)).toMatchObject({ kind: 'taken', outcome: 'unanswered' });
      }
      expect(await told({ event: 'digits', turn }, { Digits: right, AnsweredBy: 'human' })).toMatchObject({
        outcome: 'passed',
      });
    }
  });

  test('has no outcome while it goes on, and is unanswered once it ended without keys', async () => {
    const { told } = await called();
    for (const CallStatus of ['ringing', 'in-progress', 'queued', '', 'strange']) {
      expect(await told({ event: 'status' }, { CallStatus })).toEqual({ kind: 'taken' });
    }
    for (const CallStatus of ['completed', 'busy', 'no-answer', 'failed', 'canceled']) {
      expect(await told({ event: 'status' }, { CallStatus })).toEqual({ kind: 'taken', outcome: 'unanswered' });
    }
  });

  test('is proved by keys alone: digits in the report of its end prove nothing', async () => {
    const { told } = await called();
    expect(await told({ event: 'status' }, { CallStatus: 'completed', Digits: '#' })).toEqual({
      kind: 'taken',
      outcome: 'unanswered',
    });
  });
});

describe('a report', () => {
  test('that Twilio did not sign, or that was changed on the way, is forged', async () => {
    const { provider, state } = await called();
    const parameters = { Digits: '#', CallSid: String(Reflect.get(Object(state), 'call')) };
    const good = report({ event: 'digits', turn }, parameters);
    const bad: readonly Callback[] = [
      report({ event: 'digits', turn }, parameters, 'another token'),
      { ...good, headers: {} },
      { ...good, headers: { 'x-twilio-signature': '' } },
      { ...good, headers: { 'x-twilio-signature': `${good.headers['x-twilio-signature']}, AAAA` } },
      { ...good, url: good.url.replace('turn=1', 'turn=2') },
      { ...good, url: good.url.replace('event=digits', 'event=status') },
      { ...good, url: good.url.replace('reference-1', 'reference-2') },
      { ...good, url: good.url.replace('password.example', 'another.example') },
      { ...good, body: good.body.replace('%23', '5') },
      { ...good, body: `${good.body}&Digits=%23` },
      { ...good, body: `${good.body}&__proto__=x` },
      { ...good, body: '' },
    ];
    for (const callback of bad) expect((await provider.receive?.(callback, state))?.kind, callback.body).toBe('forged');
    expect(await provider.receive?.(good, state)).toMatchObject({ kind: 'taken', outcome: 'passed' });
  });

  test('of another account is forged, of another call malformed', async () => {
    const { told } = await called();
    expect((await told({ event: 'digits', turn }, { AccountSid: 'AC0', Digits: '#' }))?.kind).toBe('forged');
    expect(await told({ event: 'digits', turn }, { CallSid: 'CA0', Digits: '#' })).toEqual({
      kind: 'malformed',
      detail: 'a report of another call',
    });
  });

  test.each([
    [{}, {}],
    [{ event: 'strange', turn }, {}],
    [{ event: 'digits' }, {}],
    [{ event: 'digits', turn: 'x' }, {}],
    [{ event: 'digits', turn: '0' }, {}],
    [{ event: 'digits', turn }, { CallSid: '' }],
  ])('at %o with %o is malformed, whoever signed it', async (query, parameters) => {
    const { told } = await called();
    const one = await told(query as Record<string, string>, { Digits: '#', ...parameters });
    expect(one).toEqual({ kind: 'malformed', detail: 'not a report of a call' });
  });

  test('about nothing that is known proves nothing, and ends the call', async () => {
    const { provider } = await called();
    const hash = report({ event: 'digits', turn }, { Digits: '#', CallSid: 'CA0' });
    for (const state of [undefined, {}, { kind: 'code' }]) {
      const one = await provider.receive?.(hash, state);
      expect(one).toMatchObject({ kind: 'taken', reply: { body: expect.stringContaining('<Hangup/>') } });
      expect(one).not.toHaveProperty('outcome');
    }
  });

  test('that comes out of order changes nothing: the first one that tells the end stands', async () => {
    const provider = await voice();
    const world = await challengeWorld({ voice: [provider] });
    const scope = { flowReference: 'flow-1', gate: 'gate-1' };
    const reference = await world.challenges.begin({
      channel: 'voice',
      target: { kind: 'proposed', to: number, accountId: 'account-1' },
      ...scope,
      attempt: '1',
      language: 'en',
      codeLength: 6,
      lifetimeSeconds: 300,
      text: 'Press the hash key.',
    });
    await world.challenges.idle();
    const body = (await world.stores.challenges.read(reference))?.body;
    const CallSid = String(Reflect.get(Object(Reflect.get(Object(body), 'state')), 'call'));
    const tell = (query: Record<string, string>, parameters: Record<string, string>) => {
      const about = { token: peer.authToken, accountSid: peer.accountSid, query, reference };
      return world.challenges.receive('far-end', signed({ ...about, parameters: { CallSid, ...parameters } }));
    };
    await tell({ event: 'status' }, { CallStatus: 'in-progress' });
    expect(await world.challenges.look(reference, scope)).toEqual({ kind: 'waiting' });
    await tell({ event: 'status' }, { CallStatus: 'completed' });
    await tell({ event: 'digits', turn }, { Digits: '#' });
    await tell({ event: 'digits', turn }, { Digits: '#' });
    expect(await world.challenges.check(reference, undefined, scope)).toEqual({ kind: 'unanswered' });
    await world.close();
  });
});

describe('an operator', () => {
  test('is told where reports go, and that they need https', async () => {
    expect(await (await voice()).probe?.()).toMatchObject({
      ok: true,
      detail: expect.stringContaining('https://password.example'),
    });
    const needs = testNeeds({ callbackUrl: (reference) => `http://localhost/callbacks/far-end/${reference}` });
    await voice({}, needs);
    expect(needs.lines.join()).toContain('https');
  });

  test('needs the token for calls, also with an API key', async () => {
    const key = { 'api-key-sid': `SK${'0'.repeat(32)}`, 'api-key-secret': 'x' };
    await expect(voice({ ...key, 'auth-token': undefined })).rejects.toThrow(/auth-token/);
    await expect(voice(key)).resolves.toBeDefined();
  });

  test('finds the call in the log, and how it ended', async () => {
    const needs = testNeeds();
    const provider = await voice({}, needs);
    const started = await start(provider);
    const state = started.kind === 'started' ? started.state : null;
    const call = String(Reflect.get(Object(state), 'call'));
    await provider.receive?.(report({ event: 'status' }, { CallStatus: 'busy', CallSid: call }), state);
    expect(needs.lines).toHaveLength(2);
    for (const line of needs.lines) expect(line).toContain(call);
    expect(needs.lines[1]).toContain('busy');
    expect(needs.lines.join()).not.toContain(number.slice(1));
  });
});
