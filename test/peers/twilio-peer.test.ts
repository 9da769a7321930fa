import { afterAll, expect, test } from 'vitest';
import { TestAuthority } from './authority.ts';
import { sendRaw } from './raw.ts';
import { TwilioPeer } from './twilio-peer.ts';

/** The peer refuses what Twilio's documentation says that Twilio refuses, by Twilio's own codes. */
const authority = await TestAuthority.create();
const peer = await TwilioPeer.open({ authority });
afterAll(() => peer.close());

const account = `/2010-04-01/Accounts/${peer.accountSid}`;
const text = { To: '+447946000000', From: peer.number, Body: 'x' };
const twiml = '<Response><Hangup/></Response>';
const call = { To: '+447946000000', From: peer.number, Twiml: twiml, StatusCallback: 'https://password.example/c' };

async function ask(path: string, form: object, changes: Record<string, string> = {}): Promise<readonly number[]> {
  const given = Object.entries(form).filter(([, value]) => value !== undefined) as [string, string][];
  const headers = {
    'Content-Type': 'application/x-www-form-urlencoded',
    Authorization: `Basic ${Buffer.from(`${peer.accountSid}:${peer.authToken}`).toString('base64')}`,
    ...changes,
  };
  const body = new URLSearchParams(given).toString();
  const reply = await sendRaw({ url: `${peer.origin}${path}`, ca: authority.ca, headers, body });
  return [reply.status, JSON.parse(reply.text).code ?? 0];
}

test('Twilio takes a text and a call as they are documented', async () => {
  expect(await ask(`${account}/Messages.json`, text)).toEqual([201, 0]);
  expect(await ask(`${account}/Calls.json`, call)).toEqual([201, 0]);
});

test.each([
  ['a text to no E.164 number', 'Messages', 21211, { ...text, To: '07946000000' }],
  ['a text from nobody', 'Messages', 21603, { ...text, From: undefined }],
  ['an empty text', 'Messages', 21602, { ...text, Body: '' }],
  ['a text that is too long', 'Messages', 21617, { ...text, Body: 'x'.repeat(1601) }],
  ['a call to no E.164 number', 'Calls', 21211, { ...call, To: '+07946000000' }],
  ['a call from no number', 'Calls', 21212, { ...call, From: 'Latchkey' }],
  ['a call with nothing to say', 'Calls', 21205, { ...call, Twiml: undefined }],
  ['a call with too much to say', 'Calls', 32018, { ...call, Twiml: `<Response>${' '.repeat(4000)}</Response>` }],
  ['a call with broken TwiML', 'Calls', 12100, { ...call, Twiml: '<Response><Say>a & b</Say></Response>' }],
  ['a call reported to no address', 'Calls', 21609, { ...call, StatusCallback: '/c' }],
])('Twilio refuses %s', async (_what, resource, code, form) => {
  expect(await ask(`${account}/${resource}.json`, form)).toEqual([400, code]);
});

test('Twilio refuses another content type, and credentials that are wrong or another account', async () => {
  const path = `${account}/Messages.json`;
  expect(await ask(path, text, { 'Content-Type': 'application/json' })).toEqual([400, 20422]);
  expect(await ask(path, text, { Authorization: '' })).toEqual([401, 20003]);
  expect(await ask(path.replace(peer.accountSid, `AC${'0'.repeat(32)}`), text)).toEqual([404, 20404]);
});
