import express, { Router } from 'express';
import { BadRequest, LatchkeyError } from '../core/errors.ts';
import type { Callback, Received } from '../core/provider.ts';
import { setUpLength } from './requests.ts';

export interface CallbackNeeds {
  readonly publicUrl: URL;
  /** What the named provider makes of it; undefined when no such provider is reported to. */
  readonly receive: (provider: string, callback: Callback) => Promise<Received | undefined>;
}

const root = '/callbacks';
const bodyOctets = 64 * 1024;
const reference = /^[0-9A-Za-z_-]{1,64}$/;

/** Where a provider's far end reports about a challenge, below the public URL. */
export function callbackPath(provider: string, challenge: string): string {
  return `${root}/${provider}/${challenge}`;
}

/**
 * Reports of far ends: no session, no cookie, no CSRF token, for it is no browser. Its signature is all that counts, and
 * the provider checks it before anything is read.
 */
export function callbackRoutes(needs: CallbackNeeds): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const body = express.raw({ type: () => true, limit: bodyOctets, inflate: false });
  router.post(`${root}/:provider/:reference`, setUpLength({ octets: bodyOctets }), body, async (request, response) => {
    const { provider, reference: challenge } = request.params;
    if (!isName(provider) || !isName(challenge) || !reference.test(challenge)) throw new BadRequest('no such address');
    const received = await needs.receive(provider, {
      reference: challenge,
      url: new URL(request.originalUrl, needs.publicUrl).href,
      headers: headersOf(request.headers),
      body: Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '',
    });
    if (received === undefined) throw notFound();
    if (received.kind === 'malformed') throw new BadRequest(`${provider} reported nonsense: ${received.detail}`);
    if (received.kind === 'forged') {
      request.log.warn(
        { provider, security: 'callback-forged', detail: received.detail },
        'a forged report was refused',
      );
      throw new LatchkeyError({ status: 403, publicKey: 'bad-request', detail: 'a forged report' });
    }
    if (received.reply === undefined) return void response.status(204).end();
    response.type(received.reply.contentType).send(received.reply.body);
  });
  router.all(`${root}{/*rest}`, () => {
    throw notFound();
  });
  return router;
}

function notFound(): LatchkeyError {
  return new LatchkeyError({ status: 404, publicKey: 'not-found', detail: 'nothing is reported here' });
}

function isName(value: string | string[] | undefined): value is string {
  return typeof value === 'string';
}

/** A name that came several times is joined: no signature fits that. */
function headersOf(headers: NodeJS.Dict<string | string[]>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}
