import { Router } from 'express';
import type { Zone } from '../core/policy.ts';

declare module 'express-serve-static-core' {
  interface Request {
    zone: Zone;
  }
}

/** Says from where a request comes: what this listener was given. Nothing of the request is asked. */
export function setUpZone(needs: { readonly zone: Zone }): Router {
  const router = Router();
  router.use((request, _response, next) => {
    request.zone = needs.zone;
    next();
  });
  return router;
}
