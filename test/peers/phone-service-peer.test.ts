import { createHmac, randomBytes } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { TestAuthority } from './authority.ts';
import { PhoneServicePeer } from './phone-service-peer.ts';
import { sendRaw } from './raw.ts';

/** The peer holds Latchkey to docs/custom-provider.md. */
const authority = await TestAuthority.create();
const secret = randomBytes(24).toString('hex');
const peer = await PhoneServicePeer.open({ authority, secret, now: () => new Date() });
afterAll(() => peer.close());

const text = { request_id: 'r1', channel: 'sms', to: '+447946000000', text: 'x', language: 'en' };
const call = {
  ...text,
  request_id: 'r2',
  channel: 'voice',
  lifetime_seconds: 300,
  match: '42',
  callback_url: 'https://password.example/callbacks/own/r2',
};

async function ask(message: object, changes: Record<string, string> = {}): Promise<number> {
  const body = JSON.stringify(message);
  const time = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', secret).update([time, 'POST /latchkey/start', body].join('\n')).digest('hex');
  const signed = { 'Latchkey-Timestamp': time, 'Latchkey-Signature': signature };
  const headers = { 'Content-Type': 'application/json', ...signed, ...changes };
  return (await sendRaw({ url: `${peer.url}/start`, ca: authority.ca, headers, body })).status;
}

test('a service takes a text and a call as they are documented', async () => {
  expect([await ask(text), await ask(call)]).toEqual([200, 200]);
  expect(peer.refused).toEqual([]);
});

test.each([
  ['another channel', 400, { ...text, channel: 'email' }],
  ['no text', 400, { ...text, text: '' }],
  ['no language', 400, { ...text, language: undefined }],
  ['no request_id', 400, { ...text, request_id: undefined }],
  ['a text that is to be reported', 400, { ...text, callback_url: call.callback_url }],
  ['a text with digits to match', 400, { ...text, match: '42' }],
  ['a call that cannot be reported', 400, { ...call, callback_url: undefined }],
  ['a call without its lifetime', 400, { ...call, lifetime_seconds: undefined }],
  ['a call with other than two digits', 400, { ...call, match: '4' }],
])('a service refuses %s', async (_what, status, message) => {
  expect(await ask(message)).toBe(status);
});

test('a service refuses another content type, a signature that is none, and one of yesterday', async () => {
  expect(await ask(text, { 'Content-Type': 'text/plain' })).toBe(415);
  expect(await ask(text, { 'Latchkey-Signature': 'x' })).toBe(403);
  expect(await ask(text, { 'Latchkey-Timestamp': String(Math.floor(Date.now() / 1000) - 86_400) })).toBe(403);
});
