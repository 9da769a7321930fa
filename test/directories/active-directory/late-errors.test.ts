import { once } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import tls, { type TLSSocket } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Connection } from '../../../src/directories/active-directory/connection.ts';
import { Deadline } from '../../../src/directories/active-directory/deadline.ts';
import { type ServerAddress, serverAddress } from '../../../src/directories/active-directory/server-address.ts';
import { ServiceAccountGuard } from '../../../src/directories/active-directory/service-account.ts';
import { SignInDesk } from '../../../src/directories/active-directory/sign-in.ts';
import { Controllers } from './controllers.ts';

/** Errors that a socket told nobody, each of which would have ended the process. */
const unheard: unknown[] = [];
/** The TLS sockets that were made, and the ones beneath them. */
let made: { readonly secured: TLSSocket; readonly beneath: unknown }[] = [];

beforeEach(() => {
  const emit = Socket.prototype.emit;
  vi.spyOn(Socket.prototype, 'emit').mockImplementation(function (this: Socket, name: string | symbol, ...said) {
    if (name !== 'error' || this.listenerCount('error') > 0) return Reflect.apply(emit, this, [name, ...said]);
    unheard.push(said[0]);
    return false;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  unheard.length = 0;
});

describe('a late error of a socket is heard', () => {
  let world: Controllers;
  beforeEach(async () => {
    world = await Controllers.open();
    made = [];
    const { connect } = tls;
    vi.spyOn(tls, 'connect').mockImplementation(((...given: Parameters<typeof connect>) => {
      const secured = connect(...given);
      made.push({ secured, beneath: Reflect.get(secured, '_parent') });
      return secured;
    }) as typeof connect);
    syncBuiltinESMExports();
  });
  afterEach(() => world.close());

  const addressOf = ({ url }: { readonly url: string }) => serverAddress(url, [world.authority.ca]);

  test.each([
    ['that succeeds', {}, 'signed-in'],
    ['with a wrong password', { password: 'wrong' }, 'wrong'],
    ['with a service account that is refused', { service: 'wrong' }, 'wrong'],
  ])('at the end of a sign-in %s', async (_what, change: { password?: string; service?: string }, kind) => {
    const front = await world.front();
    const { principal, password } = world.demo.serviceAccount;
    const desk = new SignInDesk({ account: { name: principal, password: change.service ?? password } });
    const person = world.person();
    const request = { accountId: person.id, password: change.password ?? person.password };
    made = [];
    expect(await desk.signIn({ address: addressOf(front), ...request }, new Deadline(8000))).toEqual({ kind });
    await writeLate(2);
  });

  test('at the end of a sign-in that gets no answer', async () => {
    const front = await world.front();
    front.hangs = true;
    const desk = new SignInDesk({ account: { name: 'svc', password: 'secret' } });
    const request = { address: addressOf(front), accountId: crypto.randomUUID(), password: 'secret' };
    await expect(desk.signIn(request, new Deadline(1500))).rejects.toThrow('did not answer in time');
    await writeLate(2);
  });

  test('after a connection of the pool has broken', async () => {
    const { principal: name, password } = world.demo.serviceAccount;
    const guard = new ServiceAccountGuard({ account: { name, password } });
    made = [];
    const connection = await Connection.open(addressOf(await world.front()), guard, new Deadline(8000));
    const beneath = made[0]?.beneath;
    if (!(beneath instanceof Socket)) throw new Error('nothing is beneath it');
    beneath.destroy();
    await writeLate(1);
    expect(connection.usable).toBe(false);
  });

  /** What a client may have to say in the turn in which its connection ends. */
  async function writeLate(expected: number): Promise<void> {
    const clients = made.filter(({ beneath }) => beneath instanceof Socket);
    expect(clients).toHaveLength(expected);
    for (const { secured } of clients) secured.write('late');
    await expect.poll(() => clients.every(({ secured }) => secured.closed)).toBe(true);
    expect(unheard).toEqual([]);
  }
});

describe('a directory that answers faster than the request counts as written', () => {
  let thread: Worker;
  let address: ServerAddress;
  beforeEach(async () => {
    thread = new Worker(new URL('demo-thread.ts', import.meta.url));
    const [{ port, ca }] = await once(thread, 'message');
    address = serverAddress(`ldaps://127.0.0.1:${port}`, [ca]);
  });
  afterEach(() => thread.terminate());

  test('refuses the service account, and the goodbye that still waits fails without ending the process', async () => {
    const busy = setInterval(() => setImmediate(standStill), 1);
    const desk = new SignInDesk({ account: { name: 'nobody@corp.example.test', password: 'wrong' } });
    const request = { address, accountId: crypto.randomUUID(), password: 'wrong' };
    try {
      for (let time = 0; time < 10; time += 1) {
        expect(await desk.signIn(request, new Deadline(8000))).toEqual({ kind: 'wrong' });
      }
      await wait(50);
    } finally {
      clearInterval(busy);
    }
    expect(unheard).toEqual([]);
  });

  /** Lets the answer arrive between a write and what Node does at its end. */
  function standStill(): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
});
