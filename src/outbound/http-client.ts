import { Agent, buildConnector, type Dispatcher, errors, request } from 'undici';
import { NotSent, Unavailable } from '../core/errors.ts';
import { guardedLookup, isForbiddenHost } from './addresses.ts';

/** How a far end is reached and proved. Verification cannot be switched off (DESIGN 6.11). */
export interface HttpClientNeeds {
  /** Milliseconds for a whole exchange, the connection included. */
  readonly timeoutMs: number;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string | Buffer;
  /** PEM of the client's own certificate and key. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** True keeps no connection open between two exchanges. */
  readonly closeAfterEach?: boolean;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** https: only. */
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpReply {
  readonly status: number;
  /** Names in lower case; several values of one name are joined. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded from UTF-8, without a byte order mark. */
  readonly text: string;
}

const maxReplyBytes = 1024 * 1024;
const connectMs = 5_000;

/**
 * HTTPS to a far end that is not trusted to be well: bounded time, bounded size, no redirect, UTF-8 only, and faults that
 * tell whether anything can have been sent.
 */
export class HttpClient {
  readonly #agent: Agent;
  readonly #timeoutMs: number;
  /** Faults of connecting, the handshake included: no byte of a request can have left before them. */
  readonly #beforeSending = new WeakSet<Error>();

  constructor(needs: HttpClientNeeds) {
    this.#timeoutMs = needs.timeoutMs;
    const { ca, cert, key } = needs;
    const connect = buildConnector({
      timeout: Math.min(connectMs, needs.timeoutMs),
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      lookup: guardedLookup,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
    this.#agent = new Agent({
      connect: (options, done) =>
        connect(options, (...result) => {
          if (result[0] !== null) this.#beforeSending.add(result[0]);
          done(...result);
        }),
      headersTimeout: needs.timeoutMs,
      bodyTimeout: needs.timeoutMs,
      maxResponseSize: maxReplyBytes,
      ...(needs.closeAfterEach === true ? { pipelining: 0 } : {}),
    });
  }

  /**
   * One exchange, never repeated.
   * Throws NotSent when the far end was not reached or did not prove who it is, and Unavailable when it was reached and
   * did not answer properly: too late, too much, a redirect, another encoding. Any other status is a reply.
   */
  async send(what: HttpRequest): Promise<HttpReply> {
    const url = new URL(what.url);
    if (url.protocol !== 'https:') throw new NotSent(`${url.host} is not asked without TLS`);
    if (isForbiddenHost(url.hostname)) throw new NotSent(`${url.host} is an address that is never asked`);
    try {
      const reply = await request(url, {
        method: what.method,
        headers: { ...what.headers },
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(this.#timeoutMs),
        ...(what.body === undefined ? {} : { body: what.body }),
      });
      return await read(reply, url);
    } catch (fault) {
      throw faultOf(fault, url, fault instanceof Error && this.#beforeSending.has(fault));
    }
  }

  /** Ends every connection at once. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

async function read(reply: Dispatcher.ResponseData, url: URL): Promise<HttpReply> {
  const headers = Object.fromEntries(
    Object.entries(reply.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
  const bytes = Buffer.from(await reply.body.arrayBuffer());
  if (reply.statusCode >= 300 && reply.statusCode < 400) {
    throw new Unavailable(`${url.host} answered with a redirect (${reply.statusCode}), which is not followed`);
  }
  const charset = /charset\s*=\s*"?([^";\s]+)/i.exec(headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) {
    throw new Unavailable(`${url.host} answered in ${charset.slice(0, 40)}, not in UTF-8`);
  }
  return { status: reply.statusCode, headers, text: decode(bytes, url) };
}

function decode(bytes: Buffer, url: URL): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Unavailable(`${url.host} answered in something that is not UTF-8`);
  }
}

/** Faults name the host only: paths and queries may hold numbers and keys. */
function faultOf(fault: unknown, url: URL, beforeSending: boolean): unknown {
  if (fault instanceof Unavailable) return fault;
  if (fault instanceof errors.ResponseExceededMaxSizeError) {
    return new Unavailable(`${url.host} answered with more than ${maxReplyBytes} bytes`);
  }
  const code = codeOf(fault);
  if (beforeSending && isTlsFault(code))
    return new NotSent(`${url.host} did not prove who it is, or refused the certificate (${code})`);
  if (beforeSending) return new NotSent(`${url.host} cannot be reached (${code || 'no reason given'})`);
  if (fault instanceof Error && fault.name === 'TimeoutError')
    return new Unavailable(`${url.host} did not answer in time`);
  return new Unavailable(`${url.host} ended the exchange (${code || 'no reason given'})`);
}

function codeOf(fault: unknown): string {
  const code = fault instanceof Error ? Reflect.get(fault, 'code') : undefined;
  return typeof code === 'string' ? code : '';
}

/** Codes of Node's TLS and of OpenSSL. */
function isTlsFault(code: string): boolean {
  return /^(ERR_TLS_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_SSL_|HOSTNAME_)/.test(code);
}
