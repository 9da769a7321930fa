import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Unavailable } from '../../../src/core/errors.ts';
import { Connection } from '../../../src/directories/active-directory/connection.ts';
import { Deadline } from '../../../src/directories/active-directory/deadline.ts';
import { type ServerAddress, serverAddress } from '../../../src/directories/active-directory/server-address.ts';
import { ServiceAccountGuard } from '../../../src/directories/active-directory/service-account.ts';
import { SignInDesk } from '../../../src/directories/active-directory/sign-in.ts';

const account = { name: 'svc-latchkey@corp.example.test', password: `service-${crypto.randomUUID()}` };
const person = { accountId: crypto.randomUUID(), password: `person-${crypto.randomUUID()}` };

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
  vi.unstubAllEnvs();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** A TLS server with a fresh certificate that remembers whatever is said to it inside TLS. */
async function eavesdropper(names: readonly string[]) {
  const altNames = names.map((name) => (name === '127.0.0.1' ? { type: 7, ip: name } : { type: 2, value: name }));
  const made = await generate([{ name: 'commonName', value: 'eavesdropper' }], {
    extensions: [{ name: 'subjectAltName', altNames: altNames as never }],
  });
  const heard: Buffer[] = [];
  const server = createTlsServer({ key: made.private, cert: made.cert }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (octets: Buffer) => void heard.push(octets));
  });
  server.on('tlsClientError', () => {});
  return { port: await listen(server), certificate: made.cert, heard };
}

/** Both ways to a server: the pool's, and the sign-in's. Each must fail. */
async function expectNoTrust(address: ServerAddress): Promise<void> {
  await expect(
    Connection.open(address, new ServiceAccountGuard({ account }), new Deadline(1000)),
  ).rejects.toBeInstanceOf(Unavailable);
  const desk = new SignInDesk({ account });
  await expect(desk.signIn({ address, ...person }, new Deadline(1000))).rejects.toBeInstanceOf(Unavailable);
}

describe('F6, 5.31: a server that cannot be trusted', () => {
  test('is heard and not spoken to when its certificate comes from elsewhere', async () => {
    const server = await eavesdropper(['127.0.0.1']);
    const trusted = (await eavesdropper(['127.0.0.1'])).certificate;
    await expectNoTrust(serverAddress(`ldaps://127.0.0.1:${server.port}`, [trusted]));
    expect(Buffer.concat(server.heard)).toHaveLength(0);
  });

  test('is heard and not spoken to when its certificate names another host', async () => {
    const server = await eavesdropper(['dc1.corp.example.test']);
    await expectNoTrust(serverAddress(`ldaps://127.0.0.1:${server.port}`, [server.certificate]));
    expect(Buffer.concat(server.heard)).toHaveLength(0);
  });

  test('stays so whatever the environment says about verification', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const server = await eavesdropper(['127.0.0.1']);
    const trusted = (await eavesdropper(['127.0.0.1'])).certificate;
    await expectNoTrust(serverAddress(`ldaps://127.0.0.1:${server.port}`, [trusted]));
    expect(Buffer.concat(server.heard)).toHaveLength(0);
  });

  test('is spoken to when its certificate is the one that is trusted', async () => {
    const server = await eavesdropper(['127.0.0.1']);
    const address = serverAddress(`ldaps://127.0.0.1:${server.port}`, [server.certificate]);
    await expectNoTrust(address);
    const said = Buffer.concat(server.heard).toString('latin1');
    expect(said).toContain(account.password);
    expect(said).not.toContain(person.password);
  });
});

describe('a server that takes one connection and no second', () => {
  test('loses the first when a sign-in gives up', async () => {
    let taken = 0;
    let lost = 0;
    const server = createServer((socket) => {
      taken += 1;
      server.close();
      socket.resume().once('close', () => {
        lost += 1;
      });
    });
    const address = serverAddress(`ldaps://127.0.0.1:${await listen(server)}`, []);
    const desk = new SignInDesk({ account });
    await expect(desk.signIn({ address, ...person }, new Deadline(500))).rejects.toBeInstanceOf(Unavailable);
    await expect.poll(() => taken).toBeGreaterThan(0);
    await expect.poll(() => lost).toBe(taken);
  });
});

describe('5.31: StartTLS', () => {
  /** Answers the first request with these octets and remembers all that it is told. */
  async function plainServer(answer: Buffer) {
    const heard: Buffer[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (octets: Buffer) => void heard.push(octets));
      socket.once('data', () => socket.write(answer));
    });
    return { address: serverAddress(`ldap://127.0.0.1:${await listen(server)}`, []), heard };
  }

  const extendedResponse = (code: number) => Buffer.from([0x30, 12, 2, 1, 1, 0x78, 7, 10, 1, code, 4, 0, 4, 0]);

  test.each([
    ['refuses', extendedResponse(2)],
    ['accepts but does not speak TLS', Buffer.concat([extendedResponse(0), Buffer.from('hello')])],
    ['answers nonsense', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['does not answer', Buffer.alloc(0)],
  ])('that a server %s sends it no password', async (_what, answer) => {
    const { address, heard } = await plainServer(answer);
    await expectNoTrust(address);
    const said = Buffer.concat(heard).toString('latin1');
    expect(said).toContain('1.3.6.1.4.1.1466.20037');
    expect(said).not.toContain(account.password);
    expect(said).not.toContain(person.password);
  });
});
