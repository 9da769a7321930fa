import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import type { Identity } from '../peers/authority.ts';

export interface TlsFrontNeeds {
  readonly target: { readonly port: number; readonly ca: string };
  readonly identity: Identity;
  /** An address of loopback; 127.0.0.1 when not given. */
  readonly address?: string;
  /** 0 takes a free one. */
  readonly port?: number;
  /** Changes what the server says. */
  readonly rewrite?: (octets: Buffer) => Buffer;
  /** Answers a request in the server's place; undefined leaves it to the server. */
  readonly instead?: (octets: Buffer) => Buffer | undefined;
  /** A word that the server never hears right, such as a password that it does not know. */
  readonly mishear?: string;
}

/**
 * Makes one directory server look like another: ends TLS with a certificate of its own and passes on what is said inside,
 * so that a test sees every octet that a server with this certificate would have been told.
 */
export class TlsFront {
  readonly #server: Server;
  readonly #needs: TlsFrontNeeds;
  readonly #sockets = new Set<Socket>();
  readonly #clients = new Set<Socket>();
  readonly #heard: Buffer[] = [];
  #port = 0;
  /** TCP connections that were ever made. */
  connections = 0;
  /** Connections that got through TLS. */
  secured = 0;
  hangs = false;

  static async open(needs: TlsFrontNeeds): Promise<TlsFront> {
    const front = new TlsFront(needs);
    await front.start();
    return front;
  }

  private constructor(needs: TlsFrontNeeds) {
    this.#needs = needs;
    this.#port = needs.port ?? 0;
    this.#server = createServer({ ...needs.identity }, (socket) => this.#accept(socket));
    this.#server.on('tlsClientError', () => {});
    this.#server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#clients.add(socket);
      socket.once('close', () => this.#clients.delete(socket));
      this.#watch(socket);
    });
  }

  /** Clients that are connected now. */
  get open(): number {
    return this.#clients.size;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `ldaps://${this.#needs.address ?? '127.0.0.1'}:${this.#port}`;
  }

  /** Everything that was said to it inside TLS. */
  get heard(): string {
    return Buffer.concat(this.#heard).toString('latin1');
  }

  /** Shows another certificate from now on. */
  show(identity: Identity): void {
    this.#server.setSecureContext({ ...identity });
  }

  /** On the same port as before. */
  async start(): Promise<void> {
    this.#server.listen(this.#port, this.#needs.address ?? '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(client: TLSSocket): void {
    this.secured += 1;
    const { target, rewrite = (octets) => octets, mishear = '' } = this.#needs;
    const server = connect({ host: '127.0.0.1', port: target.port, ca: target.ca });
    this.#watch(server);
    this.#watch(client);
    client.once('close', () => server.destroy());
    server.once('close', () => client.destroy());
    client.on('data', (octets: Buffer) => {
      this.#heard.push(octets);
      const own = this.#needs.instead?.(octets);
      if (own !== undefined) {
        client.write(own);
        return;
      }
      const text = octets.toString('latin1');
      const passed = mishear === '' ? text : text.replaceAll(mishear, 'x'.repeat(mishear.length));
      if (!this.hangs) server.write(Buffer.from(passed, 'latin1'));
    });
    server.on('data', (octets: Buffer) => void (this.hangs || client.write(rewrite(octets))));
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
