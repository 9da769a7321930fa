import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Unavailable } from '../../../src/core/errors.ts';
import { Deadline } from '../../../src/directories/active-directory/deadline.ts';
import { serverAddress } from '../../../src/directories/active-directory/server-address.ts';
import { Servers } from '../../../src/directories/active-directory/servers.ts';
import { ServiceAccountGuard } from '../../../src/directories/active-directory/service-account.ts';
import type { TlsFront } from '../../services/tls-front.ts';
import { Controllers } from './controllers.ts';

const minute = 60_000;

describe('servers that discovery names no more', () => {
  let world: Controllers;
  let now = 0;
  let named: readonly string[] = [];
  beforeEach(async () => {
    world = await Controllers.open();
    now = 0;
  });
  afterEach(() => world.close());

  function serversOf(urls: readonly string[] = []): Servers {
    const account = { name: world.demo.serviceAccount.principal, password: world.demo.serviceAccount.password };
    const trusted = [world.authority.ca];
    const servers = new Servers({
      urls,
      found: async () => named,
      address: (url) => serverAddress(url, trusted),
      guard: new ServiceAccountGuard({ account }),
      poolSize: 2,
      connectTimeoutMs: 3000,
      report: () => {},
      now: () => now,
    });
    world.also(async () => servers.close());
    return servers;
  }

  const deadline = () => new Deadline(8000);
  const place = async (servers: Servers) => servers.read(deadline(), async ({ address }) => address.url);
  const ask = (servers: Servers, front: TlsFront) => servers.on(front.url, deadline(), async () => 'asked');

  test('are read from no longer, still settle what was written there, and are closed and forgotten in the end', async () => {
    const [old, next] = [await world.front(), await world.front()];
    named = [old.url, next.url];
    const servers = serversOf();
    expect(await place(servers)).toBe(old.url);
    named = [next.url];
    expect(await place(servers)).toBe(next.url);
    now = 14 * minute;
    expect(await ask(servers, old)).toBe('asked');
    // Counted from when it was last used.
    now = 28 * minute;
    await place(servers);
    expect(servers.known).toEqual([old.url, next.url]);
    expect(old.open).toBe(1);
    now = 44 * minute;
    await place(servers);
    expect(servers.known).toEqual([next.url]);
    await expect.poll(() => old.open).toBe(0);
    await expect(ask(servers, old)).rejects.toBeInstanceOf(Unavailable);
  });

  test('do not pile up, however many names the name service makes up', async () => {
    const own = await world.front();
    const servers = serversOf([own.url]);
    for (let turn = 0; turn < 200; turn += 1) {
      named = Array.from({ length: 16 }, (_none, index) => `ldaps://dc${turn}-${index}.corp.example.test`);
      await place(servers);
      now += 5 * minute;
    }
    expect(servers.known.length).toBeLessThan(70);
  });

  test('are one with those of the configuration where they are the same', async () => {
    const own = await world.front();
    named = [own.url.toUpperCase().replace('LDAPS', 'ldaps'), own.url];
    const servers = serversOf([own.url]);
    expect((await servers.addresses(deadline())).map(({ url }) => url)).toEqual([own.url]);
  });
});

describe('a server that was down', () => {
  let world: Controllers;
  const ends: (() => void)[] = [];
  beforeEach(async () => {
    world = await Controllers.open();
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) end();
    await world.close();
  });

  /** Takes connections and never says anything. */
  async function silence(): Promise<{ readonly url: string; readonly taken: Socket[] }> {
    const taken: Socket[] = [];
    const server: Server = createServer((socket) => void taken.push(socket.on('error', () => {})));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => {
      server.close();
      for (const socket of taken) socket.destroy();
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('it has no port');
    return { url: `ldaps://127.0.0.1:${address.port}`, taken };
  }

  test('F1: is tried again by one request of many once its pause is over', async () => {
    const [silent, good] = [await silence(), await world.front()];
    const directory = world.directory([silent.url, good.url]);
    const person = world.person();
    await directory.read(person.id);
    expect(silent.taken).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 15_100));
    const began = performance.now();
    const times = await Promise.all(
      Array.from({ length: 8 }, async () => {
        await directory.read(person.id);
        return performance.now() - began;
      }),
    );
    expect(silent.taken).toHaveLength(2);
    expect(times.filter((took) => took > 1500)).toHaveLength(1);
  }, 40_000);
});
