import { Router } from 'express';
import type { RequestContext } from '../core/request-context.ts';
import type { Zone } from '../core/zone.ts';

declare module 'express-serve-static-core' {
  interface Request {
    /** Which of the listeners it reached. */
    listener: Pick<RequestContext, 'zone' | 'host'>;
  }
}

/** Says where a request has come to, and from which zone: what this listener was given. Nothing of the request is asked. */
export function setUpListener({ zone, publicUrl }: { readonly zone: Zone; readonly publicUrl: URL }): Router {
  const router = Router();
  router.use((request, _response, next) => {
    request.listener = { zone, host: publicUrl.hostname };
    next();
  });
  return router;
}
