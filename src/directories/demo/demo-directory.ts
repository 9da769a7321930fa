import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { type Clock, systemClock } from '../../core/clock.ts';
import { Misconfigured } from '../../core/errors.ts';
import { Administration } from './administration.ts';
import { makeCertificate } from './certificate.ts';
import { serveConnection } from './connection.ts';
import { Domain } from './domain.ts';
import { seedDomain, seedServiceAccount } from './domain-seed.ts';
import { Operations } from './operations.ts';
import { demoDnsDomain, demoDomain } from './people.ts';
import { seedPeople } from './people-seed.ts';

export interface DemoDirectoryOptions {
  /** True refuses to start: everybody knows the demo's passwords. */
  readonly production: boolean;
  readonly clock?: Clock;
  /** A free one by default. */
  readonly port?: number;
  /** Whether the policy hints control is known; true by default, as on Windows. */
  readonly policyHints?: boolean;
  /** Told of faults of the server itself; the connection that met one is closed. */
  readonly onFault?: (fault: unknown) => void;
}

/** A running demo directory. What is in it lasts until it ends. */
export interface DemoDirectory {
  /** ldaps://127.0.0.1:port */
  readonly url: string;
  readonly port: number;
  /** The certificate to trust, as PEM. */
  readonly ca: string;
  readonly baseDn: string;
  /** NetBIOS name. */
  readonly domain: string;
  readonly dnsDomain: string;
  readonly serviceAccount: { readonly principal: string; readonly password: string };
  /** Changes the domain past all rights and rules. */
  readonly administration: Administration;
  close(): Promise<void>;
}

const host = '127.0.0.1';
/** Open connections at a time; one more is closed at once. */
export const maxConnections = 200;
const handshakeMilliseconds = 10_000;

/**
 * Starts a domain controller of a small domain on loopback, over TLS, that answers LDAP as Active Directory does.
 * @throws Misconfigured in production
 */
export async function startDemoDirectory(options: DemoDirectoryOptions): Promise<DemoDirectory> {
  if (options.production) throw new Misconfigured('the demo directory does not start in production');
  const domain = new Domain({ clock: options.clock ?? systemClock, dnsName: demoDnsDomain, name: demoDomain });
  const administration = new Administration(domain);
  const password = `${randomBytes(24).toString('base64url')}aA1!`;
  seedDomain(domain, administration);
  seedServiceAccount(domain, administration, password);
  seedPeople(domain, administration);
  const listening = await listen(domain, options);
  return {
    ...listening,
    baseDn: domain.baseDn,
    domain: domain.name,
    dnsDomain: domain.dnsName,
    serviceAccount: { principal: `svc-latchkey@${domain.dnsName}`, password },
    administration,
  };
}

async function listen(
  domain: Domain,
  { port = 0, policyHints = true, onFault = () => undefined }: DemoDirectoryOptions,
): Promise<Pick<DemoDirectory, 'url' | 'port' | 'ca' | 'close'>> {
  const { key, certificate } = await makeCertificate(domain.hostName);
  const server = createServer({
    key,
    cert: certificate,
    minVersion: 'TLSv1.2',
    handshakeTimeout: handshakeMilliseconds,
  });
  server.maxConnections = maxConnections;
  server.on('secureConnection', (socket) => {
    serveConnection({ socket, operations: new Operations({ domain, policyHints }), onFault });
  });
  const close = closer(server);
  server.listen(port, host);
  await once(server, 'listening');
  server.on('error', onFault);
  const { port: actual } = server.address() as AddressInfo;
  return { url: `ldaps://${host}:${actual}`, port: actual, ca: certificate, close };
}

/** Ends connections too: clients keep theirs open for as long as they like. */
function closer(server: Server): () => Promise<void> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  };
}
