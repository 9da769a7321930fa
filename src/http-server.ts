import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';

/** How long and how much a connection may take. */
export interface ServerLimits {
  /** Milliseconds for a whole request; also for a connection that says nothing. */
  readonly requestMs: number;
  /** Milliseconds for its headers. */
  readonly headersMs: number;
  /** Milliseconds that a connection is kept for a next request. */
  readonly keepAliveMs: number;
  /** Milliseconds in which nothing moves, such as an answer that nobody reads; longer than any work takes. */
  readonly silentMs: number;
  /** Milliseconds between two looks at what has taken too long. */
  readonly checkMs: number;
  /** Connections at a time; one more is closed at once. */
  readonly connections: number;
  /** Requests on one connection. */
  readonly requests: number;
}

export const serverLimits: ServerLimits = {
  requestMs: 30_000,
  headersMs: 10_000,
  keepAliveMs: 5_000,
  silentMs: 60_000,
  checkMs: 2_000,
  connections: 2_000,
  requests: 1_000,
};

/**
 * What is different behind a proxy: it keeps connections for other people's next requests, commonly for 60 s, and must be
 * the one that lets go first. Else it sends a request just as the connection is closed, and somebody sees a 502.
 */
export const behindProxy: Partial<ServerLimits> = { keepAliveMs: 75_000 };

/** Octets of the request line and all headers; more is a 431. */
const headerOctets = 16 * 1024;
/** Above what web/requests.ts takes: Node drops the headers beyond without a word. */
const headersRead = 1_000;

/**
 * The server that the portals are reached on, which cuts whoever is slow and refuses what two parsers could read in two
 * ways (RFC 9112 6.3, 5.2). It does not listen yet.
 * @param needs.tls PEM; without it the server speaks HTTP
 * @param needs.limits what a test has shorter
 */
export function createServer(
  listener?: RequestListener,
  needs: {
    readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | undefined;
    readonly limits?: Partial<ServerLimits>;
  } = {},
): Server {
  const limits = { ...serverLimits, ...needs.limits };
  const options = {
    requestTimeout: limits.requestMs,
    headersTimeout: limits.headersMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.checkMs,
    maxHeaderSize: headerOctets,
    requireHostHeader: true,
  };
  const server =
    needs.tls === undefined
      ? createHttpServer(options, listener)
      : createHttpsServer(
          { ...options, ...needs.tls, minVersion: 'TLSv1.2', handshakeTimeout: limits.headersMs },
          listener,
        );
  server.timeout = limits.silentMs;
  server.maxHeadersCount = headersRead;
  server.maxRequestsPerSocket = limits.requests;
  server.maxConnections = limits.connections;
  return server;
}
