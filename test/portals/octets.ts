import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';

/** A connection that says octets as they are, for what no client would send. */
export class RawConnection {
  readonly socket: Socket;
  #said = '';
  #open = true;
  readonly #closed: Promise<void>;

  /** @param origin whom to connect to; nothing is said yet */
  static async to(origin: string): Promise<RawConnection> {
    const connection = new RawConnection(origin);
    await new Promise<void>((resolve) => connection.socket.once('connect', resolve));
    return connection;
  }

  private constructor(origin: string) {
    this.socket = connect(Number(new URL(origin).port), '127.0.0.1');
    this.socket.on('data', (chunk) => {
      this.#said += chunk.toString('latin1');
    });
    // Being cut off is what is waited for, in whatever way.
    this.socket.on('error', () => undefined);
    this.#closed = new Promise((resolve) => {
      this.socket.once('close', () => {
        this.#open = false;
        resolve();
      });
    });
  }

  /** What was answered so far. */
  get said(): string {
    return this.#said;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** The statuses answered so far. */
  get statuses(): readonly number[] {
    return [...this.#said.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));
  }

  say(octets: string): this {
    this.socket.write(octets, 'latin1');
    return this;
  }

  /** Waits until the server has ended it. */
  async ended(): Promise<this> {
    await this.#closed;
    return this;
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Everything that is answered to these octets, until the server ends the connection. */
export async function answerTo(origin: string, octets: string): Promise<RawConnection> {
  return (await RawConnection.to(origin)).say(octets).ended();
}

export interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** One request whose path is sent as it is written: clients for people tidy paths up first. */
export function askAsWritten(
  origin: string,
  asked: { method?: string; path: string; headers?: Readonly<Record<string, string>>; body?: string | Buffer },
): Promise<PlainAnswer> {
  const { method = 'GET', path, headers = {}, body } = asked;
  const { port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const sent = request({ host: '127.0.0.1', port, method, path, headers: { ...length, ...headers } });
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
