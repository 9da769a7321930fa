import type { ErrorRequestHandler, RequestHandler } from 'express';
import { LatchkeyError } from '../core/errors.ts';
import type { Pages } from './pages.ts';

/** Every path that no router took. */
export const notFound: RequestHandler = (_request, _response, next) => {
  next(new LatchkeyError({ status: 404, publicKey: 'not-found', detail: 'no such page' }));
};

/**
 * The last word on every fault: one plain page, a number to tell the helpdesk, and the detail in the log only.
 * @param needs.view another page than the portals' one
 */
export function setUpErrorPage(needs: { pages: Pages; view?: string | undefined }): ErrorRequestHandler {
  return (fault: unknown, request, response, next) => {
    if (response.headersSent) return next(fault);
    const known = asKnown(fault);
    const ours = known.status >= 500;
    request.log[ours ? 'error' : 'info']({ ...(ours ? { err: fault } : {}), detail: known.message }, 'request refused');
    if (known.status === 503) response.set('Retry-After', '30');
    needs.pages.send(request, response, {
      view: needs.view ?? 'errors/error',
      surface: '',
      status: known.status,
      forms: false,
      data: { key: known.publicKey, correlation: request.correlation },
    });
  };
}

/** Express and its parsers throw errors with a status (400, 413, …); all else is a fault of ours. */
function asKnown(fault: unknown): LatchkeyError {
  if (fault instanceof LatchkeyError) return fault;
  const status = typeof fault === 'object' && fault !== null && 'status' in fault ? Number(fault.status) : 500;
  const detail = fault instanceof Error ? fault.message : String(fault);
  return status >= 400 && status < 500
    ? new LatchkeyError({ status, publicKey: 'bad-request', detail, cause: fault })
    : new LatchkeyError({ status: 500, publicKey: 'fault', detail, cause: fault });
}
