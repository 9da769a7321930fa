import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../src/directories/demo/certificate.ts';
import { behindProxy, createServer, serverLimits } from '../../src/http-server.ts';
import { RawConnection } from './octets.ts';
import { PortalWorld } from './world.ts';

/** As the shipped ones, only shorter. */
const limits = { requestMs: 900, headersMs: 400, keepAliveMs: 300, silentMs: 5_000, checkMs: 50 };
const connections = 30;
const requests = 5;

let world: PortalWorld;
let head: string;

beforeAll(async () => {
  world = await PortalWorld.open({ chain: ['otp-sms'], server: { ...limits, connections, requests } });
  head = `Host: ${new URL(world.origin).host}\r\n`;
});
afterAll(() => world.close());

/** Says one octet after the other, until all is said or the server has had enough. Returns how many were said. */
async function dribble(connection: RawConnection, octets: string): Promise<number> {
  for (let at = 0; at < octets.length; at += 1) {
    if (!connection.isOpen) return at;
    connection.say(octets.charAt(at));
    await pause(40);
  }
  return octets.length;
}

describe('5.37: whoever is slow is cut off', () => {
  test('with the headers', async () => {
    const connection = await RawConnection.to(world.origin);
    connection.say('GET /help HTTP/1.1\r\n');
    const octets = `${head}X-Slow: ${'a'.repeat(500)}\r\n\r\n`;
    expect(await dribble(connection, octets)).toBeLessThan(octets.length);
    expect(connection.statuses).toEqual([408]);
  });

  test('with the body, and nothing comes of what was said', async () => {
    const from = world.log.length;
    const connection = await RawConnection.to(world.origin);
    const form = 'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\n';
    connection.say(`POST /reset HTTP/1.1\r\n${head}${form}`);
    expect(await dribble(connection, `login=anna.berg&x=${'a'.repeat(482)}`)).toBeLessThan(500);
    expect(connection.statuses.every((status) => status === 408)).toBe(true);
    expect(world.log.slice(from).some((line) => line.includes('"status":5'))).toBe(false);
  });

  test('with a body in chunks', async () => {
    const connection = await RawConnection.to(world.origin);
    const form = 'Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n';
    connection.say(`POST /reset HTTP/1.1\r\n${head}${form}`);
    const octets = '1\r\na\r\n'.repeat(100);
    expect(await dribble(connection, octets)).toBeLessThan(octets.length);
  });

  test('with the report of a far end', async () => {
    const connection = await RawConnection.to(world.origin);
    connection.say(`POST /callbacks/texts/abc HTTP/1.1\r\n${head}Content-Length: 500\r\n\r\n`);
    expect(await dribble(connection, 'a'.repeat(500))).toBeLessThan(500);
  });

  test('who says nothing at all', async () => {
    const connection = await (await RawConnection.to(world.origin)).ended();
    expect(connection.statuses.every((status) => status === 408)).toBe(true);
  });

  test('who keeps a connection for nothing', async () => {
    const connection = await RawConnection.to(world.origin);
    connection.say(`GET /help HTTP/1.1\r\n${head}\r\n`);
    await connection.ended();
    expect(connection.statuses).toEqual([200]);
    expect(connection.said).toMatch(/^connection: keep-alive/im);
  });

  test('who does not read what is answered', async () => {
    await serving({ silentMs: 200 }, async (origin, cut) => {
      const connection = await RawConnection.to(origin);
      connection.socket.pause();
      connection.say(`GET / HTTP/1.1\r\n${head}\r\n`);
      await cut;
      connection.close();
    });
  });

  test('who never ends a TLS handshake', async () => {
    const { key, certificate } = await makeCertificate('localhost');
    const tls = { key: Buffer.from(key), cert: Buffer.from(certificate) };
    const server = createServer(() => undefined, { tls, limits: { ...limits, headersMs: 200 } });
    await listening(server, async (origin) => {
      const connection = await RawConnection.to(origin);
      await connection.say('\x16\x03\x01').ended();
      expect(connection.said).toBe('');
    });
  });
});

describe('5.37: connections', () => {
  test('above the most are closed at once; those that are open are served, and all are once there is room', async () => {
    const open = await Promise.all(Array.from({ length: connections }, () => RawConnection.to(world.origin)));
    const [first] = open;
    const more = await RawConnection.to(world.origin);
    await more.ended();
    expect(more.said).toBe('');
    first?.say(`GET /help HTTP/1.1\r\n${head}Connection: close\r\n\r\n`);
    await first?.ended();
    expect(first?.statuses).toEqual([200]);
    for (const one of open) one.close();
    await pause(50);
    expect((await world.visitor().open('/help')).status).toBe(200);
  });

  test('carry so many requests and no more', async () => {
    const connection = await RawConnection.to(world.origin);
    connection.say(`GET /help HTTP/1.1\r\n${head}\r\n`.repeat(requests + 3));
    await connection.ended();
    expect(connection.statuses.slice(0, requests)).toEqual(Array(requests).fill(200));
    expect(connection.statuses.slice(requests).every((status) => status === 503)).toBe(true);
  });

  test('that are slow do not keep others from being served', async () => {
    const slow = await Promise.all(Array.from({ length: connections - 5 }, () => RawConnection.to(world.origin)));
    for (const one of slow) one.say('GET /help HTTP/1.1\r\n');
    const person = await world.registered();
    expect((await world.toChoice(person)).path).toBe('/reset/choose');
    for (const one of slow) one.close();
  });
});

describe('the server that is shipped', () => {
  test('has a limit for everything', () => {
    const server = createServer(() => undefined);
    const { headersTimeout, requestTimeout, keepAliveTimeout, timeout, maxConnections, maxRequestsPerSocket } = server;
    const all = { headersTimeout, requestTimeout, keepAliveTimeout, timeout, maxConnections, maxRequestsPerSocket };
    for (const [name, value] of Object.entries(all)) expect([name, Number(value) > 0]).toEqual([name, true]);
    expect([headersTimeout, requestTimeout]).toEqual([serverLimits.headersMs, serverLimits.requestMs]);
    expect(serverLimits.requestMs).toBeLessThanOrEqual(30_000);
  });

  test('keeps the connections of a proxy longer than the proxy does, and cuts whoever is slow all the same', () => {
    const direct = createServer(() => undefined);
    const proxied = createServer(() => undefined, { limits: behindProxy });
    expect([direct.keepAliveTimeout, proxied.keepAliveTimeout]).toEqual([5_000, 75_000]);
    expect(proxied.headersTimeout).toBe(direct.headersTimeout);
    expect(proxied.requestTimeout).toBe(direct.requestTimeout);
  });

  test('is made where this one is, and nowhere else', () => {
    const start = readFileSync(path.join(import.meta.dirname, '../../src/start.ts'), 'utf8');
    expect(start).toMatch(/import \{ behindProxy, createServer \} from '\.\/http-server\.ts';/);
    expect(start).not.toMatch(/createServer.*'node:https?'|Timeout/);
  });
});

/** A server that answers more than any buffer holds; `cut` resolves when it has given an answer up. */
async function serving(
  wish: Partial<typeof serverLimits>,
  use: (origin: string, cut: Promise<unknown>) => Promise<void>,
): Promise<void> {
  let given: (response: ServerResponse) => void = () => undefined;
  const answered = new Promise<ServerResponse>((resolve) => {
    given = resolve;
  });
  const server = createServer(
    (_request, response) => {
      given(response);
      response.write(Buffer.alloc(64 * 1024 * 1024));
    },
    { limits: wish },
  );
  await listening(server, (origin) =>
    use(
      origin,
      answered.then((response) => once(response, 'close')),
    ),
  );
}

async function listening(server: Server, use: (origin: string) => Promise<void>): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
