import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { Unavailable } from '../core/errors.ts';

export interface SyslogServer {
  readonly host: string;
  readonly port: number;
  /** PEM of the authorities to trust; the system's when left out. */
  readonly ca?: string;
  /** PEM, for a server that wants to know its clients. */
  readonly identity?: { readonly certificate: string; readonly key: string };
  /** Milliseconds to connect with TLS, and milliseconds that may pass without any progress later. */
  readonly patienceMs: number;
}

const leastPauseMs = 20;
/** A delivery may take so many times the patience, however much moves. */
const deadlinePatiences = 6;

/**
 * Syslog over TLS (RFC 5425): TLS 1.2 or later, the server's certificate and name always verified, nothing else tried.
 *
 * Syslog has no acknowledgement, and what was written may lie in buffers for long. So each delivery is a connection of
 * its own that is closed in order: the far end closes its side only when it has read all there was, and when it did not,
 * or refused our certificate (which TLS 1.3 tells late), the close is a reset or an alert. The libraries there are keep
 * one connection and call a row sent when it is in a buffer; that is why this is our own.
 */
export class SyslogSender {
  readonly #server: SyslogServer;

  constructor(server: SyslogServer) {
    this.#server = server;
  }

  /**
   * Resolves when the server has read every frame and closed the connection in order.
   * @throws Unavailable with what went wrong; nobody knows then how much of it arrived
   */
  async deliver(frames: readonly Buffer[]): Promise<void> {
    const started = performance.now();
    const socket = await this.#connect();
    try {
      // Longer than a round trip: what the server had to say when it got our last octets is here by then.
      await this.#transfer(socket, frames, Math.max(leastPauseMs, performance.now() - started));
    } catch (fault) {
      throw this.#faultOf(fault);
    } finally {
      socket.destroy();
    }
  }

  /** Connects, with TLS, and sends nothing. Throws Unavailable when that fails. */
  async probe(): Promise<void> {
    await this.deliver([]);
  }

  async #connect(): Promise<TLSSocket> {
    const { host, port, ca, identity, patienceMs } = this.#server;
    const options: ConnectionOptions = {
      host,
      port,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca }),
      ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.key }),
    };
    const signal = AbortSignal.timeout(patienceMs);
    let socket: TLSSocket | undefined;
    try {
      socket = connect(options);
      await once(socket, 'secureConnect', { signal });
      return socket;
    } catch (fault) {
      socket?.on('error', () => undefined).destroy();
      throw this.#faultOf(signal.aborted ? new Error(`no connection within ${patienceMs} ms`) : fault);
    }
  }

  async #transfer(socket: TLSSocket, frames: readonly Buffer[], pauseMs: number): Promise<void> {
    const { patienceMs } = this.#server;
    let deadline: NodeJS.Timeout | undefined;
    const ended = new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('end', resolve);
      socket.once('close', () => reject(new Error('the connection was lost')));
      socket.setTimeout(patienceMs, () => reject(new Error(`nothing moved for ${patienceMs} ms`)));
      deadline = setTimeout(() => reject(new Error('the server takes too long')), patienceMs * deadlinePatiences);
    });
    // It is awaited below; until then a fault of it is nobody's.
    ended.catch(() => undefined).finally(() => clearTimeout(deadline));
    // A server that wants the connection to end before we do has not read what comes after.
    let finished = false;
    const early = ended.then(() => {
      if (!finished) throw new Error('the server closed the connection before it had everything');
    });
    early.catch(() => undefined);
    // Nothing is expected to come; what does is not looked at, but must be read for the end to be seen.
    socket.resume();
    for (const frame of frames) {
      if (!socket.write(frame)) await Promise.race([once(socket, 'drain'), early]);
    }
    await Promise.race([pause(pauseMs), early]);
    finished = true;
    socket.end();
    await ended;
  }

  #faultOf(fault: unknown): Unavailable {
    const { host, port } = this.#server;
    const why = fault instanceof Error ? fault.message : String(fault);
    return new Unavailable(`syslog server ${host}:${port}: ${why}`, fault);
  }
}
