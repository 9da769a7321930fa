import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

/**
 * Stands on loopback in front of one server and misbehaves on demand: hangs, loses answers, cuts connections. It passes
 * octets on without looking at them, so TLS goes through.
 */
export class TcpProxy {
  readonly #target: ProxyTarget;
  readonly #server: Server = createServer((client) => this.#accept(client));
  readonly #sockets = new Set<Socket>();
  #forwards: 'both' | 'requests' | 'nothing' = 'both';
  #held: (() => unknown)[] | undefined;
  #port = 0;
  #open = 0;
  /** The most client connections that were open at the same time. */
  peak = 0;

  static async open(target: ProxyTarget): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await proxy.start();
    return proxy;
  }

  private constructor(target: ProxyTarget) {
    this.#target = target;
  }

  get url(): string {
    return `ldaps://127.0.0.1:${this.#port}`;
  }

  /** Client connections that are open now. */
  get connections(): number {
    return this.#open;
  }

  /** Accepts and never answers, for connections old and new. */
  hang(): void {
    this.#forwards = 'nothing';
  }

  /** Passes requests on and swallows what comes back. */
  loseAnswers(): void {
    this.#forwards = 'requests';
  }

  /** Passes requests on and keeps what comes back until `release`. */
  holdAnswers(): void {
    this.#held ??= [];
  }

  release(): void {
    for (const pass of this.#held?.splice(0) ?? []) pass();
    this.#held = undefined;
  }

  /** Passes everything on again, on new connections. */
  heal(): void {
    this.#forwards = 'both';
  }

  /** Breaks every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Refuses connections from now on, and breaks those that are open. */
  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** On the same port as before. */
  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #accept(client: Socket): void {
    this.#open += 1;
    this.peak = Math.max(this.peak, this.#open);
    const server = connect(this.#target.port, this.#target.host);
    this.#watch(client, server);
    this.#watch(server, client);
    client.once('close', () => {
      this.#open -= 1;
    });
    client.on('data', (octets) => void (this.#forwards !== 'nothing' && server.write(octets)));
    server.on('data', (octets) => {
      if (this.#forwards !== 'both') return;
      if (this.#held === undefined) client.write(octets);
      else this.#held.push(() => client.write(octets));
    });
  }

  #watch(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#sockets.delete(socket);
      other.destroy();
    });
  }
}
