import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NotSent, Unavailable } from '../../src/core/errors.ts';
import { HttpClient } from '../../src/outbound/http-client.ts';
import { escapeXml, findElement, readXml } from '../../src/outbound/xml.ts';
import { TestAuthority } from '../peers/authority.ts';
import { HttpsPeer, type PeerReply, type PeerRequest } from '../peers/https-peer.ts';
import type { Misbehaviour } from '../peers/misbehaviour.ts';

/** Says what a test told it to, and keeps what it was asked. */
class Echo extends HttpsPeer {
  readonly asked: PeerRequest[] = [];
  reply: PeerReply = { status: 200, body: 'well' };
  /** What happens once it was asked. */
  onAsked = (): unknown => undefined;

  protected async answer(request: PeerRequest): Promise<PeerReply> {
    this.asked.push(request);
    this.onAsked();
    return this.reply;
  }
}

let authority: TestAuthority;
const open: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  authority = await TestAuthority.create();
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
afterAll(() => undefined);

async function echo(names?: readonly string[], dates?: Parameters<TestAuthority['server']>[1]): Promise<Echo> {
  const peer = new Echo({ identity: await authority.server(names, dates), ca: authority.ca, clients: 'asked' });
  await peer.listen();
  open.push(peer);
  return peer;
}

function client(needs: Partial<ConstructorParameters<typeof HttpClient>[0]> = {}): HttpClient {
  const made = new HttpClient({ timeoutMs: 1_000, ca: authority.ca, ...needs });
  open.push(made);
  return made;
}

async function faultOf(asked: Promise<unknown>): Promise<Error> {
  const fault: unknown = await asked.then(
    () => new Error('it answered'),
    (one: unknown) => one,
  );
  return fault as Error;
}

/** Waits until a peer has been asked, and then breaks the line by a fault that the system else reports of connecting. */
function breakWhenAsked(peer: Echo, code: string): void {
  const connected = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    peer.onAsked = () => socket.destroy(Object.assign(new Error('broken'), { code }));
  };
  subscribe('undici:client:connected', connected);
  open.push({ close: async () => void unsubscribe('undici:client:connected', connected) });
}

/** A path and a query that no fault may repeat. */
const secretPath = '/path-canary?number=447946';

describe('what leaves the machine', () => {
  test('goes as it is, and comes back', async () => {
    const peer = await echo();
    peer.reply = { status: 418, headers: { 'X-Kind': 'teapot' }, body: 'é😀' };
    const url = `${peer.origin}${secretPath}`;
    const reply = await client().send({ method: 'POST', url, headers: { 'X-A': 'b' }, body: 'ü' });
    expect(reply).toMatchObject({ status: 418, text: 'é😀' });
    expect(reply.headers['x-kind']).toBe('teapot');
    expect(peer.asked).toMatchObject([{ method: 'POST', path: secretPath, body: 'ü' }]);
  });

  test('never goes without TLS, nor where a cloud keeps its secrets', async () => {
    for (const url of ['http://127.0.0.1/', 'ftp://127.0.0.1/', 'https://169.254.169.254/', 'https://[fe80::1]/']) {
      expect(await faultOf(client().send({ method: 'GET', url }))).toBeInstanceOf(NotSent);
    }
  });

  test('shows its certificate where it has one', async () => {
    const peer = await echo();
    await client({ ...(await authority.client('latchkey')) }).send({ method: 'GET', url: peer.origin });
    await client().send({ method: 'GET', url: peer.origin });
    expect(peer.asked.map((one) => one.client)).toEqual(['latchkey', undefined]);
  });
});

describe('a far end that does not prove who it is is told nothing', () => {
  test.each([
    ['another authority', async () => ({ peer: await echo(), needs: { ca: (await TestAuthority.create()).ca } })],
    ['the authorities of the system', async () => ({ peer: await echo(), needs: { ca: '' } })],
    ['another host', async () => ({ peer: await echo(['elsewhere.example']), needs: { ca: authority.ca } })],
    [
      'a certificate that has ended',
      async () => {
        const dates = { notBeforeDate: new Date('2020-01-01'), notAfterDate: new Date('2020-02-01') };
        return { peer: await echo(undefined, dates), needs: { ca: authority.ca } };
      },
    ],
  ])('%s', async (_what, world) => {
    const { peer, needs } = await world();
    const { ca } = needs;
    const made = new HttpClient({ timeoutMs: 1_000, ...(ca === '' ? {} : { ca }) });
    open.push(made);
    const fault = await faultOf(made.send({ method: 'POST', url: `${peer.origin}${secretPath}`, body: 'secret' }));
    expect(fault).toBeInstanceOf(NotSent);
    expect(fault.message).not.toContain('canary');
    expect(peer.asked).toEqual([]);
  });
});

describe('a far end that is not well', () => {
  test.each([
    ['refuse-connections', true],
    ['hang', false],
    ['reset', false],
    ['huge', false],
    ['latin1', false],
    ['redirect', false],
  ] as readonly (readonly [Misbehaviour, boolean])[])('%s: certainly not sent is %s', async (how, certain) => {
    const peer = await echo();
    await peer.misbehave(how);
    const fault = await faultOf(client().send({ method: 'POST', url: `${peer.origin}${secretPath}`, body: 'x' }));
    expect(fault).toBeInstanceOf(Unavailable);
    expect(fault instanceof NotSent).toBe(certain);
    expect(`${fault.message} ${fault.stack}`).not.toMatch(/canary|447946/);
  });

  test.each(['EHOSTUNREACH', 'ENETUNREACH', 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'])(
    'that was asked before the line broke (%s) may have done what it was asked',
    async (code) => {
      const peer = await echo();
      breakWhenAsked(peer, code);
      const fault = await faultOf(client().send({ method: 'POST', url: peer.origin, body: 'x' }));
      expect(fault.message).toContain(code);
      expect(fault).toBeInstanceOf(Unavailable);
      expect(fault).not.toBeInstanceOf(NotSent);
      expect(peer.asked).toHaveLength(1);
    },
  );

  test('a redirect is not followed', async () => {
    const peer = await echo();
    peer.reply = { status: 302, headers: { Location: `${peer.origin}/elsewhere` }, body: '' };
    await faultOf(client().send({ method: 'POST', url: peer.origin, body: 'x' }));
    expect(peer.asked).toHaveLength(1);
  });

  test('whose bytes are no UTF-8 is not guessed at', async () => {
    const peer = await echo();
    await peer.misbehave('latin1');
    expect((await faultOf(client().send({ method: 'GET', url: peer.origin }))).message).toContain('not in UTF-8');
  });

  test('a name that does not exist', async () => {
    expect(await faultOf(client().send({ method: 'GET', url: 'https://nowhere.invalid/' }))).toBeInstanceOf(NotSent);
  });
});

describe('XML of a far end', () => {
  test('is read with its namespaces, attributes and text as they are', () => {
    const root = readXml('<?xml version="1.0"?><a:r xmlns:a="urn:a" b="1&amp;2"><c xmlns="urn:c">007</c><d/></a:r>');
    expect(root).toMatchObject({ name: 'r', namespace: 'urn:a', attributes: { b: '1&2' } });
    expect(findElement(root, 'c')).toMatchObject({ namespace: 'urn:c', text: '007' });
    expect(findElement(root, 'none')).toBeUndefined();
  });

  test.each([
    ['a DOCTYPE', '<!DOCTYPE a><a/>'],
    ['an entity', '<!doctype a [<!ENTITY b "c">]><a>&b;</a>'],
    ['two roots', '<a/><b/>'],
    ['an open end', '<a><b></a>'],
    ['nothing', ''],
    ['text', 'Sign in to the network'],
    ['JSON', '{"a":1}'],
    ['more than anybody has to say', `<a>${'<b/>'.repeat(25_000)}</a>`],
    ['a thousand elements in each other', `${'<a>'.repeat(1_000)}${'</a>'.repeat(1_000)}`],
    ['a name that means something to JavaScript', '<__proto__/>'],
  ])('with %s is refused', (_what, document) => {
    expect(() => readXml(document)).toThrow(Unavailable);
  });

  test('entities that nobody declared stay as they stand: nothing is looked up', () => {
    expect(readXml('<a>&unknown;</a>').text).toBe('&unknown;');
  });

  test('is written so that it is read back as it was', () => {
    for (const text of [`<&>"'`, 'é😀\ttab', ']]>', '&amp;']) {
      expect(readXml(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`)).toMatchObject({
        text,
        attributes: { b: text },
      });
    }
    for (const text of ['\u0000', '\u001b', '\ud800', '\uffff']) expect(() => escapeXml(text)).toThrow(TypeError);
  });
});
