import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { ExtendedRequest, MessageParser } from 'ldapts';
import type { Deadline } from './deadline.ts';
import { type ServerAddress, tlsOptions } from './server-address.ts';
import { ServerFailure, UntrustedServer } from './server-failure.ts';

/** RFC 4511 4.14.1 */
const startTls = '1.3.6.1.4.1.1466.20037';

/**
 * A TCP connection that is ready for a TLS handshake: for ldap:// the StartTLS exchange is done and nothing else was
 * sent. Whoever asked for it destroys it. Once a TLS socket is over it, that one must be destroyed, and this one goes with
 * it: where this one goes first, Node says the other's `close` before its last error.
 */
export async function openTransport(address: ServerAddress, deadline: Deadline): Promise<Socket> {
  const socket = connect({
    host: address.host,
    port: address.port,
    noDelay: true,
    keepAlive: true,
    ...lookupOf(address),
  });
  // A later error shows as a closed connection to whoever uses it; without a listener it would end the process.
  socket.on('error', () => {});
  try {
    await deadline.hold(once(socket, 'connect'), () => socket.destroy());
    if (address.starttls) await deadline.hold(upgrade(socket), () => socket.destroy());
    return socket;
  } catch (cause) {
    socket.destroy();
    throw new ServerFailure(`${address.url} cannot be reached: ${String(cause)}`, cause);
  }
}

/**
 * An encrypted connection whose server is verified. Nothing is given to it before: Node does not promise to hold back
 * what it was given until it has looked at the certificate.
 */
export async function openVerified(address: ServerAddress, deadline: Deadline): Promise<TLSSocket> {
  const socket = await openTransport(address, deadline);
  const secured = connectTls({ ...tlsOptions(address), socket });
  secured.on('error', () => {});
  try {
    await deadline.hold(once(secured, 'secureConnect'), () => secured.destroy());
    return secured;
  } catch (cause) {
    secured.destroy();
    const Failure = secured.authorizationError ? UntrustedServer : ServerFailure;
    throw new Failure(`${address.url} cannot be trusted or reached over TLS: ${String(cause)}`, cause);
  }
}

function lookupOf({ lookup }: ServerAddress): Pick<ServerAddress, 'lookup'> {
  return lookup === undefined ? {} : { lookup };
}

function upgrade(socket: Socket): Promise<void> {
  const request = new ExtendedRequest({ messageId: 1, oid: startTls });
  const pending = new Map([['1', { message: request }]]);
  const parser = new MessageParser();
  return new Promise((resolve, reject) => {
    parser.once('error', reject);
    parser.once('message', ({ status }) => {
      // Whatever else came unencrypted is dropped with the parser (RFC 4511 4.14.2).
      socket.removeAllListeners('data').pause();
      if (status === 0) resolve();
      else reject(new Error(`StartTLS was refused with result ${status}`));
    });
    socket.on('data', (octets: Buffer) => parser.read(octets, pending));
    socket.once('close', () => reject(new Error('closed during StartTLS')));
    socket.write(request.write());
  });
}
