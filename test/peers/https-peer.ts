import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Identity } from './authority.ts';
import type { Misbehaviour } from './misbehaviour.ts';

export interface PeerRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body as it came, for those who mind its encoding. */
  readonly bytes: Buffer;
  /** Common name of the client certificate, when one of the authority's was shown. */
  readonly client?: string;
}

export interface PeerReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpsPeerNeeds {
  readonly identity: Identity;
  /** PEM. */
  readonly ca: string;
  /** Whether a client certificate is asked for, and whether none ends the handshake. */
  readonly clients?: 'asked' | 'required';
}

/** Far ends that speak HTTP: TLS, one request at a time read whole, and every way to behave badly. */
export abstract class HttpsPeer {
  readonly ca: string;
  readonly #server: Server;
  /** How many were made so far. */
  connections = 0;
  #port = 0;
  #how: Misbehaviour | undefined;

  constructor(needs: HttpsPeerNeeds) {
    this.ca = needs.ca;
    this.#server = createServer(
      {
        ...needs.identity,
        ca: needs.ca,
        requestCert: needs.clients !== undefined,
        rejectUnauthorized: needs.clients === 'required',
      },
      (request, response) => void this.#serve(request, response).catch(() => request.socket.destroy()),
    );
    this.#server.on('secureConnection', () => {
      this.connections += 1;
    });
  }

  /** https:// and the port. */
  get origin(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** What the far end does and says. Awaited however long it takes. */
  protected abstract answer(request: PeerRequest): Promise<PeerReply>;

  async misbehave(how: Misbehaviour | undefined): Promise<void> {
    if (how === 'refuse-connections') await this.close();
    else if (!this.#server.listening) await this.listen();
    this.#how = how;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise<unknown>((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const how = this.#how;
    const asked = await read(request);
    if (how === 'hang') return;
    if (how === 'reset') {
      await this.answer(asked);
      request.socket.destroy();
      return;
    }
    const bad = how === undefined ? undefined : badReply(how, this.origin);
    const reply = bad ?? (await this.answer(asked));
    if (!response.writable) return;
    response
      .writeHead(reply.status, { 'Content-Type': 'text/plain', ...reply.headers })
      .end(reply.body, how === 'latin1' ? 'latin1' : 'utf8');
  }
}

function badReply(how: Misbehaviour, origin: string): PeerReply | undefined {
  const xml = { 'Content-Type': 'text/xml; charset=utf-8' };
  switch (how) {
    case 'status-500':
      return { status: 500, body: 'something broke' };
    case 'status-401':
      return { status: 401, body: 'who are you?' };
    case 'status-429':
      return { status: 429, body: 'too many' };
    case 'nonsense':
      return { status: 200, headers: xml, body: '<what/> {"is": this' };
    case 'huge':
      return { status: 200, headers: xml, body: `<a>${'x'.repeat(10 * 1024 * 1024)}</a>` };
    case 'doctype':
      return { status: 200, headers: xml, body: '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>' };
    case 'latin1':
      return { status: 200, headers: { 'Content-Type': 'text/xml; charset=iso-8859-1' }, body: '<a>\u00e4</a>' };
    case 'redirect':
      return { status: 307, headers: { Location: `${origin}/elsewhere` }, body: '' };
    default:
      return undefined;
  }
}

async function read(request: IncomingMessage): Promise<PeerRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const socket = request.socket as TLSSocket;
  const name = socket.authorized ? socket.getPeerCertificate().subject?.CN : undefined;
  const headers = Object.entries(request.headers).map(([key, value]) => [key, String(value ?? '')] as const);
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: Object.fromEntries(headers),
    body: bytes.toString('utf8'),
    bytes,
    ...(typeof name === 'string' ? { client: name } : {}),
  };
}
