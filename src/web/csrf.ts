import { csrfSync } from 'csrf-sync';
import type { Request, RequestHandler } from 'express';
import { LatchkeyError } from '../core/errors.ts';

/** The hidden field that every form carries. */
export const csrfField = '_csrf';

const { csrfSynchronisedProtection, generateToken } = csrfSync({
  getTokenFromRequest: (request) => {
    const token: unknown = request.body?.[csrfField];
    return typeof token === 'string' ? token : undefined;
  },
});

/**
 * Refuses every POST that does not carry the session's token, or that a browser says came from another site; takes the
 * token out of the body, so that what is left is exactly the page's fields.
 */
export function setUpCsrf(needs: { publicUrl: URL }): RequestHandler {
  return (request, response, next) => {
    if (isForeign(request, needs.publicUrl)) return next(foreign('the request comes from another site'));
    csrfSynchronisedProtection(request, response, (fault?: unknown) => {
      if (fault) return next(foreign('the CSRF token is missing or not that of the session'));
      if (typeof request.body === 'object' && request.body !== null) delete request.body[csrfField];
      next();
    });
  };
}

/** The session's token, made at the first need. */
export function csrfToken(request: Request): string {
  return generateToken(request);
}

function isForeign(request: Request, publicUrl: URL): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return false;
  const site = request.get('sec-fetch-site');
  const origin = request.get('origin');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  // Forms are sent by the browser itself; no script of ours posts, so one that does is not ours (Fetch Metadata 2.2).
  if ((request.get('sec-fetch-mode') ?? 'navigate') !== 'navigate') return true;
  // A page that sends no Referer has no Origin either; the browser itself still says where the form stood.
  if (origin === 'null' && site === 'same-origin') return false;
  return origin !== undefined && origin !== publicUrl.origin;
}

function foreign(detail: string): LatchkeyError {
  return new LatchkeyError({ status: 403, publicKey: 'forbidden', detail });
}
