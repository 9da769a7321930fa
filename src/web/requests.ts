import express, { type Request, type RequestHandler, Router } from 'express';
import { BadRequest, LatchkeyError } from '../core/errors.ts';
import type { RequestContext } from '../core/request-context.ts';

/** Octets of a form, where nothing else is said: far above the fields of most pages, far below anything that costs. */
const formOctets = 16 * 1024;
/** More than any form has by itself. */
export const mostFields = 64;

/** Answers only for the configured host: an unknown one is never echoed, linked or logged as ours (DESIGN 6.10). */
export function setUpHost(needs: { publicUrl: URL }): Router {
  const router = Router();
  router.use((request, _response, next) => {
    // A second Host, or a host in the request line, could be the one that a proxy went by (RFC 9112 3.2, 3.2.2).
    const [host, ...more] = request.headersDistinct.host ?? [];
    const plain = more.length === 0 && request.url.startsWith('/');
    if (plain && host?.toLowerCase() === needs.publicUrl.host) return next();
    next(new LatchkeyError({ status: 421, publicKey: 'misdirected', detail: 'the Host header is not the public one' }));
  });
  return router;
}

/** Headers of a request: several times what a browser and two proxies send. */
const mostHeaders = 100;

/** GET, HEAD and POST, whatever the path, and no flood of headers. */
export function setUpMethods(): Router {
  const router = Router();
  router.use((request, response, next) => {
    if (request.rawHeaders.length > 2 * mostHeaders) {
      return next(new LatchkeyError({ status: 431, publicKey: 'bad-request', detail: 'too many headers' }));
    }
    if (['GET', 'HEAD', 'POST'].includes(request.method)) return next();
    response.set('Allow', 'GET, HEAD, POST');
    next(new LatchkeyError({ status: 405, publicKey: 'bad-request', detail: `method ${request.method}` }));
  });
  return router;
}

/** How much a form may hold, where one holds more than usual. */
export interface FormSize {
  readonly fields?: number;
  readonly octets?: number;
}

/** A POST is a form: URL-encoded, small, and without a query beside it. */
export function setUpBody({ fields = mostFields, octets = formOctets }: FormSize = {}): Router {
  const router = Router();
  router.use((request, _response, next) => {
    if (request.method !== 'POST') return next();
    if (!request.is('application/x-www-form-urlencoded')) {
      return next(new LatchkeyError({ status: 415, publicKey: 'bad-request', detail: 'not a form' }));
    }
    if (request.url.includes('?')) return next(new BadRequest('a form is posted without a query'));
    next();
  });
  router.use(setUpLength({ octets }));
  router.use(express.urlencoded({ extended: false, limit: octets, parameterLimit: fields, inflate: false }));
  return router;
}

/** Refuses a body by the length that it says it has: the parser answers only when it has read the last octet of it. */
export function setUpLength(needs: { octets: number }): RequestHandler {
  return (request, _response, next) => {
    if (Number(request.get('content-length') ?? 0) <= needs.octets) return next();
    next(new LatchkeyError({ status: 413, publicKey: 'bad-request', detail: 'the body is too long' }));
  };
}

/** What the core needs to know of a request. */
export function contextOf(request: Request): RequestContext {
  // A socket that takes both families writes IPv4 addresses in IPv6's clothes.
  const address = (request.ip ?? '').replace(/^::ffff:(?=\d+\.)/, '');
  const { correlation, language, listener } = request;
  return { address, correlation, language: language.tag, ...listener };
}
