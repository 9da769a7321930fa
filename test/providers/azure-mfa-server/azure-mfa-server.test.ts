import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NotSent, OutOfService, Unavailable } from '../../../src/core/errors.ts';
import type { MfaProvider } from '../../../src/core/provider.ts';
import { callVerdict } from '../../../src/outbound/phonefactor-results.ts';
import { azureMfaServer } from '../../../src/providers/azure-mfa-server/definition.ts';
import { booleanResult, codeIn, readMessage, writeMessage } from '../../../src/providers/azure-mfa-server/soap.ts';
import { TestAuthority } from '../../peers/authority.ts';
import { MfaServerPeer } from '../../peers/mfa-server-peer.ts';
import { withFiles } from '../files.ts';
import { number, start, testNeeds } from '../needs.ts';

const basic = { user: 'CONTOSO\\latchkey', password: 'made for one test & <only>' };
const username = 'mimservice@contoso.example';
let authority: TestAuthority;
let peer: MfaServerPeer;
beforeAll(async () => {
  authority = await TestAuthority.create();
  peer = await MfaServerPeer.open({ authority, username, basic });
});
afterAll(() => peer.close());

async function make(changes: Record<string, unknown> = {}, needs = testNeeds()): Promise<MfaProvider> {
  const settings = azureMfaServer.settings.parse({
    url: peer.url,
    'ca-file': 'ca.pem',
    username,
    auth: { kind: 'basic', ...basic },
    ...changes,
  });
  return (await azureMfaServer.create(settings, withFiles(needs, { 'ca.pem': authority.ca }))) as MfaProvider;
}

describe('what MFA Server says of a call', () => {
  test.each([
    [true, 2, undefined, { kind: 'passed' }],
    [true, 1, undefined, { kind: 'passed' }],
    [false, 108, undefined, { kind: 'unanswered' }],
    [false, 13, undefined, { kind: 'unanswered' }],
    [false, 132, undefined, { kind: 'refused' }],
    [false, 112, undefined, { kind: 'refused' }],
    [false, 4, 1001, { kind: 'unanswered' }],
  ])('result %s with code %d and error %s', async (result, callCode, errorCode, outcome) => {
    const provider = await make();
    peer.answerWith({ result, callCode, ...(errorCode === undefined ? {} : { errorCode }) });
    const started = await start(provider);
    if (started.kind !== 'started') throw new Error(started.reason);
    expect(await provider.check(started.state, undefined)).toEqual(outcome);
  });

  test.each([
    ['yes with a code of failure', { result: true, callCode: 108 }],
    ['yes with a code that is not in the table', { result: true, callCode: 999 }],
    ['yes with a pending code', { result: true, callCode: 22 }],
    ['yes with no code', { result: true, callCode: 0 }],
    ['yes that the server remembers of somebody else', { result: true, callCode: 6 }],
    ['yes to a text, where a call was asked for', { result: true, callCode: 20 }],
    ['yes of another way to prove oneself', { result: true, callCode: 21 }],
    ['no with a code of success', { result: false, callCode: 2 }],
    ['no with a code that is not in the table', { result: false, callCode: 999 }],
    ['yes with an error', { result: true, callCode: 2, errorCode: 125 }],
  ])('%s never passes', async (_what, preset) => {
    const provider = await make();
    peer.answerWith(preset);
    const started = await start(provider).catch((fault: unknown) => fault);
    if (started instanceof Error) return void expect(started).toBeInstanceOf(Unavailable);
    const { state } = started as { state: never };
    expect((await provider.check(state, undefined)).kind).not.toBe('passed');
  });

  test.each([
    [6, OutOfService],
    [14, OutOfService],
    [109, OutOfService],
    [126, OutOfService],
    [117, NotSent],
  ])('code %d is a fault of the house', async (callCode, fault) => {
    const provider = await make();
    peer.answerWith({ result: false, callCode });
    await expect(start(provider)).rejects.toBeInstanceOf(fault);
  });

  test.each([100, 103, 107, 111])('code %d rejects the number', async (callCode) => {
    const provider = await make();
    peer.answerWith({ result: false, callCode });
    expect(await start(provider)).toMatchObject({ kind: 'rejected' });
  });

  test('is in the log with its code and without the number; fraud is loud', async () => {
    const needs = testNeeds();
    const provider = await make({}, needs);
    peer.answerWith({ result: false, callCode: 132 });
    await start(provider);
    expect(needs.lines.join()).toContain('"callResult":132');
    expect(needs.lines.join()).toContain('fraud-reported');
    expect(needs.lines.join()).not.toContain('7946');
  });

  test('every code that is documented has a meaning, and no other number has any', () => {
    const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
    const documented = [...range(1, 6), ...range(10, 14), ...range(16, 25), ...range(100, 144)];
    expect(range(-5, 300).filter((code) => callVerdict(code) !== 'unknown')).toEqual(documented);
  });
});

describe('what MFA Server says of a text', () => {
  test('that timed out is not that nobody answered', async () => {
    peer.answerWith({ result: false, callCode: 0, errorCode: 1001 });
    const fault: unknown = await start(await make(), { channel: 'sms' }).catch((thrown: unknown) => thrown);
    expect(fault).toBeInstanceOf(Unavailable);
    expect(fault).not.toBeInstanceOf(NotSent);
  });

  test('that is fraud is loud', async () => {
    const needs = testNeeds();
    peer.answerWith({ result: false, callCode: 132 });
    await expect(start(await make({}, needs), { channel: 'sms' })).rejects.toBeInstanceOf(Unavailable);
    expect(needs.lines.join()).toContain('fraud-reported');
  });

  test('whose code it cannot judge, for it lost the user, is held against nobody', async () => {
    const started = await start(await make(), { channel: 'sms' });
    if (started.kind !== 'started') throw new Error(started.reason);
    const lost = await make({ username: 'nobody@contoso.example' });
    await expect(lost.check(started.state, peer.lastCode())).rejects.toBeInstanceOf(OutOfService);
    await expect(lost.rehearse?.()).rejects.toBeInstanceOf(OutOfService);
  });
});

describe('MFA Server is not reached', () => {
  test('with a wrong password: nobody is served', async () => {
    const provider = await make({ auth: { kind: 'basic', ...basic, password: 'another' } });
    await expect(start(provider)).rejects.toBeInstanceOf(OutOfService);
    expect(await provider.probe?.()).toMatchObject({ ok: false });
  });

  test('under a user that it does not know: nobody is served', async () => {
    await expect(start(await make({ username: 'nobody@contoso.example' }))).rejects.toBeInstanceOf(OutOfService);
  });

  test('with a certificate for another host, or of another authority: nothing is sent', async () => {
    const other = await MfaServerPeer.open({ authority, username, basic, names: ['elsewhere.example'] });
    await expect(start(await make({ url: other.url }))).rejects.toBeInstanceOf(NotSent);
    expect(other.refused).toEqual([]);
    await other.close();
    const strange = await TestAuthority.create();
    const peerOfStrangers = await MfaServerPeer.open({ authority: strange, username, basic });
    await expect(start(await make({ url: peerOfStrangers.url }))).rejects.toBeInstanceOf(NotSent);
    await peerOfStrangers.close();
  });

  test('without the certificate that it wants', async () => {
    const strict = await MfaServerPeer.open({ authority, username });
    await expect(start(await make({ url: strict.url }))).rejects.toBeInstanceOf(Unavailable);
    await strict.close();
  });

  test('where texts are not taken: nobody is served by text', async () => {
    const old = await MfaServerPeer.open({ authority, username, basic, sms: false });
    await expect(start(await make({ url: old.url }), { channel: 'sms' })).rejects.toBeInstanceOf(OutOfService);
    await old.close();
  });

  test('without TLS: the setting is refused', () => {
    const settings = { url: peer.url.replace('https', 'http'), username, auth: { kind: 'basic', ...basic } };
    expect(azureMfaServer.settings.safeParse(settings).success).toBe(false);
  });
});

describe('the messages', () => {
  test('carry any text as a value', () => {
    const { body } = writeMessage('TestSecurity', [['a', `<&>"'é😀\n`]]);
    expect(body).toContain('<a>&lt;&amp;&gt;&quot;&apos;é😀\n</a>');
    expect(() => writeMessage('TestSecurity', [['a', '\u0000']])).toThrow(TypeError);
  });

  const envelope = (inner: string): string =>
    `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${inner}</s:Body></s:Envelope>`;

  test.each([
    ['a fault', envelope('<s:Fault/>')],
    ['another operation', envelope('<PfAuthUser_4Response xmlns="http://www.phonefactor.com/PfWsSdk"/>')],
    ['another namespace', envelope('<PfAuthUser_5Response xmlns="urn:x"/>')],
    ['an empty body', envelope('')],
    ['SOAP 1.2', '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><a/></s:Body></s:Envelope>'],
    ['two roots', '<a/><b/>'],
  ])('of %s are refused', (_what, document) => {
    expect(() => readMessage(document, 'PfAuthUser_5')).toThrow(Unavailable);
  });

  test('without a plain yes or no, or with a code that is none, are refused', () => {
    const message = (inner: string) =>
      readMessage(
        envelope(`<PfAuthUser_5Response xmlns="http://www.phonefactor.com/PfWsSdk">${inner}</PfAuthUser_5Response>`),
        'PfAuthUser_5',
      );
    for (const result of ['', 'yes', 'True', '2']) {
      const told = message(`<PfAuthUser_5Result>${result}</PfAuthUser_5Result>`);
      expect(() => booleanResult(told, 'PfAuthUser_5')).toThrow(Unavailable);
    }
    expect(() => codeIn(message('<callResult><Code>two</Code></callResult>'), 'callResult')).toThrow(Unavailable);
    expect(codeIn(message('<error/>'), 'error')).toBeUndefined();
  });

  test('ask for the number in two parts', async () => {
    const provider = await make();
    const sent = await start(provider, { channel: 'sms' });
    expect(sent.kind).toBe('started');
    expect(peer.messages.at(-1)?.to).toBe(number);
    expect(peer.refused.filter((why) => why !== 'credentials')).toEqual([]);
  });
});
