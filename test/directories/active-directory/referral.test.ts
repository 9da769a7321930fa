import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, test } from 'vitest';
import type { Account } from '../../../src/core/account.ts';
import { LatchkeyError } from '../../../src/core/errors.ts';
import { createActiveDirectory } from '../../../src/directories/active-directory/active-directory.ts';
import { activeDirectorySettings } from '../../../src/directories/active-directory/settings.ts';
import { SettableClock } from '../../settable-clock.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => void sockets.add(socket.on('error', () => {})));
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** BER (X.690 8.1): a tag, a length and what is in it. */
function ber(tag: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const inner = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const length = inner.length < 128 ? [inner.length] : [0x82, inner.length >> 8, inner.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), inner]);
}
const success = Buffer.from([0x0a, 1, 0]);
/** LDAPResult.resultCode referral (RFC 4511 4.1.9). */
const referral = Buffer.from([0x0a, 1, 10]);
const none = ber(0x04, '');

/** The answers of RFC 4511 to one request: binds succeed, and all else is said to be found at another host. */
function answersTo(request: Buffer, elsewhere: string): readonly Buffer[] {
  const header = request[1] === 0x84 ? 6 : request[1] === 0x82 ? 4 : request[1] === 0x81 ? 3 : 2;
  const idLength = request[header + 1] ?? 0;
  const id = request.subarray(header, header + 2 + idLength);
  const operation = request[header + 2 + idLength];
  const message = (body: Buffer): Buffer => ber(0x30, id, body);
  const result = (tag: number): Buffer => message(ber(tag, referral, none, none, ber(0xa3, ber(0x04, elsewhere))));
  if (operation === 0x60) return [message(ber(0x61, success, none, none))];
  if (operation === 0x63 && (request.includes('supportedCapabilities') || request.includes('currentTime'))) {
    return [message(ber(0x64, none, ber(0x30))), message(ber(0x65, success, none, none))];
  }
  if (operation === 0x63) return [message(ber(0x73, ber(0x04, elsewhere))), result(0x65)];
  return [];
}

async function referringDirectory() {
  const met: Socket[] = [];
  const other = await listen(createServer((socket) => void met.push(socket)));
  const made = await generate([{ name: 'commonName', value: 'dc' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] as never }],
  });
  const asked: Buffer[] = [];
  const server = createTlsServer({ key: made.private, cert: made.cert }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (request: Buffer) => {
      asked.push(request);
      for (const answer of answersTo(request, `ldap://127.0.0.1:${other}/DC=corp,DC=example,DC=test`)) {
        socket.write(answer);
      }
    });
  });
  const port = await listen(server);
  const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-referral-'));
  closers.push(() => rmSync(folder, { recursive: true }));
  const caFile = path.join(folder, 'ca.pem');
  writeFileSync(caFile, made.cert);
  const directory = createActiveDirectory({
    clock: new SettableClock(),
    settings: activeDirectorySettings.parse({
      urls: [`ldaps://127.0.0.1:${port}`],
      'ca-file': caFile,
      'base-dn': 'DC=corp,DC=example,DC=test',
      domain: 'CORP',
      'bind-account': 'svc-latchkey@corp.example.test',
      'bind-password': crypto.randomUUID(),
    }),
  });
  closers.push(() => void directory.close());
  return { directory, asked, met };
}

describe('5.30: a server that refers to another host', () => {
  const person = { kind: 'bare', name: 'carla' } as const;

  test('is heard, and the other host is never met: whoever is looked for is a fault, not unknown', async () => {
    const { directory, asked, met } = await referringDirectory();
    await expect(directory.find(person)).rejects.toBeInstanceOf(LatchkeyError);
    await expect(directory.read(crypto.randomUUID())).rejects.toBeInstanceOf(LatchkeyError);
    expect(asked.length).toBeGreaterThan(2);
    expect(met).toEqual([]);
  });

  test('gets no password to hand on', async () => {
    const { directory, asked, met } = await referringDirectory();
    const password = `person-${crypto.randomUUID()}`;
    await expect(directory.authenticate({ id: crypto.randomUUID() } as Account, password)).rejects.toBeInstanceOf(
      LatchkeyError,
    );
    // It came as far as to look the person up there.
    expect(Buffer.concat(asked).includes('distinguishedName')).toBe(true);
    expect(Buffer.concat(asked).includes(password)).toBe(false);
    expect(met).toEqual([]);
  });
});
