import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Identity } from './authority.ts';

/** One message, taken apart as RFC 5424 has it. */
export interface ReceivedMessage {
  readonly priority: number;
  readonly at: Date;
  readonly host: string;
  readonly app: string;
  readonly process: string;
  readonly id: string;
  readonly text: string;
}

export interface SyslogPeerNeeds {
  readonly identity: Identity;
  /** PEM. With it every client must show a certificate of this authority. */
  readonly clients?: string;
  /** 0 takes a free one. */
  readonly port?: number;
  readonly maxVersion?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
}

const message =
  /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) - ([\s\S]+)$/;

/**
 * A syslog server as RFC 5425 and RFC 5424 have it and no looser: octets are counted, headers are whole, and a stream
 * that breaks off within a message is a fault. What it received it keeps.
 */
export class SyslogPeer {
  readonly received: ReceivedMessage[] = [];
  readonly faults: string[] = [];
  /** Connections that got through TLS. */
  connections = 0;
  /** What it does with connections: reads them, closes them at once, reads nothing, or breaks off after some octets. */
  how: 'read' | 'close' | 'hang' | { readonly breakAfter: number } = 'read';
  readonly #server: Server;
  readonly #sockets = new Set<TLSSocket>();

  static async open(needs: SyslogPeerNeeds): Promise<SyslogPeer> {
    const peer = new SyslogPeer(needs);
    await new Promise<void>((resolve, reject) => {
      peer.#server.once('error', reject);
      peer.#server.listen(needs.port ?? 0, '127.0.0.1', resolve);
    });
    return peer;
  }

  private constructor({ identity, clients, maxVersion }: SyslogPeerNeeds) {
    this.#server = createServer(
      {
        ...identity,
        ...(clients === undefined ? {} : { ca: clients, requestCert: true, rejectUnauthorized: true }),
        ...(maxVersion === undefined ? {} : { maxVersion, minVersion: maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' }),
      },
      (socket) => this.#accept(socket),
    );
    this.#server.on('tlsClientError', (fault) => this.faults.push(`TLS: ${fault.message}`));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: TLSSocket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    if (this.how === 'close') return void socket.end();
    if (this.how === 'hang') return;
    this.#read(socket, typeof this.how === 'object' ? this.how.breakAfter : Number.POSITIVE_INFINITY);
  }

  #read(socket: TLSSocket, most: number): void {
    let rest = Buffer.alloc(0);
    let read = 0;
    socket.on('data', (octets: Buffer) => {
      read += octets.length;
      if (read > most) return void socket.destroy();
      rest = this.#take(Buffer.concat([rest, octets]));
    });
    socket.on('end', () => {
      if (rest.length > 0) this.faults.push(`the stream ends within a message: ${rest}`);
    });
  }

  /** Takes whole messages off the front (RFC 5425, 4.3: MSG-LEN SP SYSLOG-MSG) and returns what is left. */
  #take(octets: Buffer): Buffer<ArrayBuffer> {
    let rest = Buffer.from(octets);
    for (;;) {
      const space = rest.indexOf(' ');
      if (space < 0) return rest;
      const length = rest.toString('latin1', 0, space);
      if (!/^[1-9]\d{0,5}$/.test(length)) {
        this.faults.push(`no length: ${length}`);
        return Buffer.alloc(0);
      }
      const end = space + 1 + Number(length);
      if (rest.length < end) return rest;
      this.#keep(rest.toString('utf8', space + 1, end));
      rest = rest.subarray(end);
    }
  }

  #keep(text: string): void {
    const match = message.exec(text);
    if (match === null || /\p{Cc}/u.test(text)) {
      this.faults.push(`not RFC 5424: ${text}`);
      return;
    }
    const [, priority, at = '', host = '', app = '', process = '', id = '', body = ''] = match;
    this.received.push({ priority: Number(priority), at: new Date(at), host, app, process, id, text: body });
  }
}
