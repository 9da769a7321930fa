import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { NotSent, OutOfService, Unavailable } from '../../../src/core/errors.ts';
import type { Courier, ProviderNeeds } from '../../../src/core/provider.ts';
import { courierProvider } from '../../../src/core/sending/courier-provider.ts';
import { sendingSettings } from '../../../src/core/sending/sending-rules.ts';
import { guardedLookup, isForbiddenHost } from '../../../src/outbound/addresses.ts';
import { httpGateway } from '../../../src/providers/http/definition.ts';
import { requestFor } from '../../../src/providers/http/gateway.ts';
import { resolveReferences } from '../../../src/settings/references.ts';
import { providerContract } from '../../contracts/provider-contract.ts';
import { TestAuthority } from '../../peers/authority.ts';
import {
  GatewayPeer,
  infobip,
  messagebird,
  modemBox,
  type Personality,
  snsBehindGateway,
  vonage,
  xmlGateway,
} from '../../peers/gateway-peer.ts';
import { everyMisbehaviour } from '../../peers/misbehaviour.ts';
import { withFiles } from '../files.ts';
import { number, testNeeds } from '../needs.ts';

const authority = await TestAuthority.create();
const key = randomBytes(16).toString('hex');
const document = readFileSync(path.resolve(import.meta.dirname, '../../../docs/gateways.md'), 'utf8');

/** The examples of the document, by heading, and what answers to each; `prefix` stands before the key in a header. */
const vendors: Readonly<Record<string, { personality: Personality; prefix: string }>> = {
  Vonage: { personality: vonage, prefix: '' },
  Infobip: { personality: infobip, prefix: 'App ' },
  MessageBird: { personality: messagebird, prefix: 'AccessKey ' },
  'AWS SNS behind an API Gateway': { personality: snsBehindGateway, prefix: '' },
  'A modem box': { personality: modemBox, prefix: '' },
  XML: { personality: xmlGateway, prefix: '' },
};

/** An example as the configuration loader reads it, pointed at a peer. */
async function gateway(
  heading: string,
  needs: ProviderNeeds = testNeeds(),
): Promise<{ peer: GatewayPeer; courier: Courier }> {
  const { personality, prefix } = vendors[heading] ?? { personality: vonage, prefix: '' };
  const peer = await GatewayPeer.open({ authority, personality, key });
  const source = document.split(`## ${heading}\n`)[1]?.split('```yaml\n')[1]?.split('```')[0] ?? '';
  const { kind, ...described } = resolveReferences(parse(source), {
    env: (name) => (name === 'SMS_AUTHORIZATION' ? `${prefix}${key}` : key),
    file: () => undefined,
  }).document as { kind: string; url: string };
  expect(kind).toBe('http');
  const url = new URL(described.url);
  const local = { ...described, url: `${peer.origin}${url.pathname}`, 'ca-file': 'ca.pem' };
  const { countries, ...settings } = httpGateway.settings.safeExtend(sendingSettings).parse(local);
  expect(countries).toEqual(['GB']);
  const courier = (await httpGateway.create(settings, withFiles(needs, { 'ca.pem': authority.ca }))) as Courier;
  return { peer, courier };
}

const message = { channel: 'sms', to: number, text: 'Code 1', reference: 'reference-1', language: 'en' } as const;

describe.each(Object.keys(vendors))('the example for %s', (heading) => {
  test('delivers a text as it is, whatever is in it', async () => {
    const { peer, courier } = await gateway(heading);
    const texts = ['Your code is 123456.', `"}],\\ <&> ' %00 {to} \${env:X} é 😀`, 'two\nlines & more=less'];
    for (const text of texts) expect(await courier.deliver({ ...message, text })).toEqual({ kind: 'delivered' });
    expect(peer.messages.map((one) => one.text)).toEqual(texts);
    expect(new Set(peer.messages.map((one) => one.to.replace('+', '')))).toEqual(new Set([number.slice(1)]));
    await peer.close();
  });

  test('does not take a far end that is not well for a success', async () => {
    const { peer, courier } = await gateway(heading);
    for (const reply of [
      { status: 200, body: '' },
      { status: 200, body: '{"messages":[]}' },
      { status: 500, body: 'OK' },
      { status: 200, body: '<html>Sign in to the network</html>' },
    ]) {
      // Where 200 alone is the vendor's success, the text of an answer tells nothing.
      if (heading === 'AWS SNS behind an API Gateway' && reply.status === 200) continue;
      peer.answerWith(reply);
      await expect(courier.deliver(message)).rejects.toBeInstanceOf(Unavailable);
    }
    await peer.close();
  });
});

providerContract('http, as Vonage wants it', { proves: 'code' }, async (needs) => {
  const { peer, courier } = await gateway('Vonage', needs);
  return {
    channel: 'sms',
    to: number,
    provider: courierProvider({ ...needs, courier }),
    another: () => courierProvider({ ...needs, courier }),
    secrets: [key],
    faults: everyMisbehaviour,
    misbehave: (how) => peer.misbehave(how),
    lastCode: () => peer.lastCode(),
    close: async () => {
      await courier.close?.();
      await peer.close();
    },
  };
});

describe('a gateway that says no', () => {
  test.each([
    ['6', 'rejected'],
    ['9', OutOfService],
    ['1', OutOfService],
    ['5', Unavailable],
  ])('with Vonage’s status %s', async (status, what) => {
    const { peer, courier } = await gateway('Vonage');
    peer.answerWith({ status: 200, body: JSON.stringify({ messages: [{ status }] }) });
    const result = await courier.deliver(message).catch((fault: unknown) => fault);
    if (typeof what === 'string') expect(result).toMatchObject({ kind: what });
    else expect((result as Error).constructor).toBe(what);
    expect(JSON.stringify(result)).not.toContain('7946');
    await peer.close();
  });

  test.each([
    [402, OutOfService],
    [403, OutOfService],
    [422, NotSent],
    [502, Unavailable],
  ])('with status %d', async (status, fault) => {
    const { peer, courier } = await gateway('Vonage');
    peer.answerWith({ status, body: '' });
    expect(((await courier.deliver(message).catch((one: unknown) => one)) as Error).constructor).toBe(fault);
    await peer.close();
  });
});

describe('a description', () => {
  const good = { url: 'https://sms.example/send', success: { status: [200] } };
  const parses = (changes: object): boolean => httpGateway.settings.safeParse({ ...good, ...changes }).success;

  test.each([
    ['an address without TLS', { url: 'http://sms.example/send' }],
    ['the address of a cloud’s secrets', { url: 'https://169.254.169.254/latest' }],
    ['the same in IPv6', { url: 'https://[fe80::1]/' }],
    ['the same in IPv6’s clothes', { url: 'https://[::ffff:169.254.169.254]/' }],
    ['a file', { url: 'file:///etc/passwd' }],
    ['a placeholder that does not exist', { query: { to: '{number}' } }],
    ['one deep in JSON', { body: { kind: 'json', value: { a: [{ b: '{password}' }] } } }],
    ['a header of two lines', { headers: { 'X-A': 'a\r\nX-B: b' } }],
    ['a header’s name that is none', { headers: { 'X A': 'a' } }],
    ['no condition for success', { success: {} }],
    ['an unknown setting', { retries: 3 }],
    ['a host that changes', { url: 'https://{to-digits}.sms.example/send' }],
    ['a port that changes', { url: 'https://sms.example:{to-digits}/send' }],
    ['a user that changes', { url: 'https://{to-digits}@sms.example/send' }],
    ['a text in its address', { url: 'https://sms.example/{text}' }],
    ['a certificate without its key', { 'certificate-file': 'client.pem' }],
  ])('with %s is refused', (_what, changes) => {
    expect(parses(changes)).toBe(false);
    expect(parses({})).toBe(true);
  });

  test('a name that leads to such an address is not asked', async () => {
    expect(isForbiddenHost('169.254.169.254')).toBe(true);
    expect(isForbiddenHost('[fe80::1]')).toBe(true);
    expect(isForbiddenHost('192.168.1.5')).toBe(false);
    const found = await new Promise((resolve) => guardedLookup('169.254.169.254', {}, (error) => resolve(error?.code)));
    expect(found).toBe('ENOTFOUND');
    const local = await new Promise((resolve) => guardedLookup('localhost', { all: true }, (error) => resolve(error)));
    expect(local).toBeNull();
  });

  test('tells no part of a secret that looks like a placeholder', () => {
    const { error } = httpGateway.settings.safeParse({ ...good, headers: { Authorization: 'abc{secret}def' } });
    expect(error?.message).toContain('{to-digits}');
    expect(error?.message).not.toContain('secret');
  });

  test('of an address with placeholders has them escaped', () => {
    const url = 'https://sms.example/to/{to}/{to-digits}?id={reference}';
    const settings = httpGateway.settings.parse({ ...good, url, query: { text: '{text}' } });
    const asked = requestFor({ ...message, text: 'a&b=c/../#', reference: 'a/b&c' }, settings);
    const digits = number.slice(1);
    expect(String(asked.url)).toBe(
      `https://sms.example/to/%2B${digits}/${digits}?id=a%2Fb%26c&text=a%26b%3Dc%2F..%2F%23`,
    );
  });

  test('has plain text, and headers that replace those of Latchkey', () => {
    const settings = httpGateway.settings.parse({
      ...good,
      basic: { user: 'latchkey', password: key },
      headers: { 'CONTENT-TYPE': 'text/sms', Authorization: 'Other' },
      body: { kind: 'text', text: '{to-digits}: {text}' },
    });
    expect(requestFor(message, settings)).toMatchObject({
      headers: { 'content-type': 'text/sms', authorization: 'Other' },
      body: `${number.slice(1)}: Code 1`,
    });
  });

  test('text in a header cannot end it', async () => {
    const peer = await GatewayPeer.open({ authority, personality: snsBehindGateway, key });
    const settings = httpGateway.settings.parse({
      ...good,
      url: `${peer.origin}/sms`,
      'ca-file': 'ca.pem',
      headers: { 'x-api-key': key, 'X-Text': '{text}' },
      body: { kind: 'json', value: { PhoneNumber: '{to}', Message: 'fixed' } },
    });
    const courier = (await httpGateway.create(settings, withFiles(testNeeds(), { 'ca.pem': authority.ca }))) as Courier;
    await courier.deliver({ ...message, text: 'a\r\nX-Evil: 1é' });
    expect(peer.requests.at(-1)?.headers['x-evil']).toBeUndefined();
    expect(peer.requests.at(-1)?.headers['x-text']).toBe('a%0D%0AX-Evil%3A%201%C3%A9');
    await peer.close();
  });
});
