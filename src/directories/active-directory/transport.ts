import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ExtendedRequest, MessageParser } from 'ldapts';
import { Unavailable } from '../../core/errors.ts';
import type { Deadline } from './deadline.ts';
import type { ServerAddress } from './server-address.ts';

/** RFC 4511 4.14.1 */
const startTls = '1.3.6.1.4.1.1466.20037';

/** No connection was made: nothing was sent, so another server may be tried. */
export class CannotConnect extends Unavailable {}

/**
 * A TCP connection that is ready for a TLS handshake: for ldap:// the StartTLS exchange is done and nothing else was
 * sent. Whoever asked for it destroys it; destroying it ends all that runs over it.
 */
export async function openTransport(address: ServerAddress, deadline: Deadline): Promise<Socket> {
  const socket = connect({ host: address.host, port: address.port, noDelay: true, keepAlive: true });
  // A later error shows as a closed connection to whoever uses it; without a listener it would end the process.
  socket.on('error', () => {});
  try {
    await deadline.hold(once(socket, 'connect'), () => socket.destroy());
    if (address.starttls) await deadline.hold(upgrade(socket), () => socket.destroy());
    return socket;
  } catch (cause) {
    socket.destroy();
    throw new CannotConnect(`${address.url} cannot be reached: ${String(cause)}`, cause);
  }
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
