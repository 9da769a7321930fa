import { createServer } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Unavailable } from '../../src/core/errors.ts';
import { syslogFrame } from '../../src/outbound/syslog-message.ts';
import { SyslogSender, type SyslogServer } from '../../src/outbound/syslog-sender.ts';
import { TestAuthority } from '../peers/authority.ts';
import { SyslogPeer, type SyslogPeerNeeds } from '../peers/syslog-peer.ts';

const at = new Date('2026-11-24T10:00:00.123Z');
const sample = { facility: 'authpriv', severity: 6, at, host: 'node', process: '12', id: 'gate.wrong' } as const;
const frames = (count: number, text = 'row') =>
  Array.from({ length: count }, (_, index) => syslogFrame({ ...sample, text: `${text} ${index + 1}` }));

const toEnd: (() => Promise<unknown>)[] = [];
let authority: TestAuthority;

beforeAll(async () => {
  authority = await TestAuthority.create();
});
afterEach(async () => {
  for (const end of toEnd.splice(0)) await end();
});

async function peer(needs: Partial<SyslogPeerNeeds> = {}): Promise<SyslogPeer> {
  const opened = await SyslogPeer.open({ identity: await authority.server(), ...needs });
  toEnd.push(() => opened.close());
  return opened;
}

const sender = (port: number, more: Partial<SyslogServer> = {}) =>
  new SyslogSender({ host: '127.0.0.1', port, ca: authority.ca, patienceMs: 1_000, ...more });

describe('a message', () => {
  test('is RFC 5424 in a frame of RFC 5425: its octets are counted, not its characters', () => {
    const frame = syslogFrame({ ...sample, text: 'ä' }).toString();
    expect(frame).toBe('63 <86>1 2026-11-24T10:00:00.123Z node latchkey 12 gate.wrong - ä');
    expect(Buffer.byteLength(frame) - '63 '.length).toBe(63);
  });

  test('5.19: has a header of its own, whatever the names in it are', () => {
    const frame = syslogFrame({ ...sample, host: 'a b\n<9>1\u202e', process: '', id: 'x'.repeat(99), text: 't' });
    expect(frame.toString()).toContain(` ab<9>1 latchkey - ${'x'.repeat(32)} - t`);
  });
});

describe('a delivery', () => {
  test('is over when the server has read everything, in order', async () => {
    const server = await peer();
    await sender(server.port).deliver(frames(3_000, 'r'.repeat(1_000)));
    expect(server.faults).toEqual([]);
    expect(server.received.map(({ text }) => text.split(' ')[1])).toEqual(
      Array.from({ length: 3_000 }, (_, index) => String(index + 1)),
    );
    expect(server.received[0]).toMatchObject({ priority: 86, at, host: 'node', app: 'latchkey', id: 'gate.wrong' });
  });

  test('can be rehearsed without sending anything', async () => {
    const server = await peer();
    await sender(server.port).probe();
    expect(server).toMatchObject({ connections: 1, received: [], faults: [] });
  });

  test('is made with a certificate of its own where the server wants one', async () => {
    const server = await peer({ clients: authority.ca });
    const { cert, key } = await authority.client('latchkey');
    await sender(server.port, { identity: { certificate: cert, key } }).deliver(frames(2));
    expect(server.received).toHaveLength(2);
  });
});

describe('12.3.2: nothing is sent, and it is said,', () => {
  const refused = async (server: SyslogPeer, more: Partial<SyslogServer>, why: RegExp) => {
    const failed = sender(server.port, more).deliver(frames(2));
    await expect(failed).rejects.toThrow(Unavailable);
    await expect(failed).rejects.toThrow(why);
    expect(server.received).toEqual([]);
  };

  test('when the certificate is for another name', async () => {
    const server = await peer({ identity: await authority.server(['other.example.com']) });
    await refused(server, {}, /does not match|altnames/);
  });

  test('when the authority is not known', async () => {
    const stranger = await TestAuthority.create();
    await refused(await peer({ identity: await stranger.server() }), {}, /certificate/);
  });

  test('when the certificate is past its time', async () => {
    const identity = await authority.server(undefined, {
      notBeforeDate: new Date('2020-01-01'),
      notAfterDate: new Date('2021-01-01'),
    });
    await refused(await peer({ identity }), {}, /expired/);
  });

  test('when the server has no more than TLS 1.1', async () => {
    await refused(await peer({ maxVersion: 'TLSv1.1' }), {}, /protocol version|ECONNRESET|unsupported/);
  });

  test('when the server wants a certificate and we have none: with TLS 1.3 that comes late', async () => {
    await refused(await peer({ clients: authority.ca }), {}, /certificate required|ECONNRESET|EPIPE|lost|closed/);
  });

  test('when nobody speaks TLS there, and plain text is not tried', async () => {
    let heard = '';
    const plain = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .on('data', (octets) => {
          heard += octets.toString('latin1');
        });
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    toEnd.push(async () => plain.close());
    const { port } = plain.address() as { port: number };
    await expect(sender(port, { patienceMs: 300 }).deliver(frames(2))).rejects.toThrow(/within 300 ms/);
    expect(heard).not.toContain('row');
  });
});

describe('F27: it is not taken for delivered', () => {
  test('when nobody listens', async () => {
    const server = await peer();
    const { port } = server;
    await server.close();
    toEnd.length = 0;
    await expect(sender(port).deliver(frames(1))).rejects.toThrow(/ECONNREFUSED/);
  });

  test('when the server closes before it has read', async () => {
    const server = await peer();
    server.how = 'close';
    await expect(sender(server.port).deliver(frames(1))).rejects.toThrow(Unavailable);
  });

  test('when the server breaks off in the middle', async () => {
    const server = await peer();
    server.how = { breakAfter: 50_000 };
    await expect(sender(server.port).deliver(frames(500, 'r'.repeat(1_000)))).rejects.toThrow(Unavailable);
  });

  test.each([1, 20_000])('when the server reads nothing: %i rows', async (count) => {
    const server = await peer();
    server.how = 'hang';
    const failed = sender(server.port, { patienceMs: 300 }).deliver(frames(count, 'r'.repeat(1_000)));
    await expect(failed).rejects.toThrow(/nothing moved for 300 ms/);
  });
});
