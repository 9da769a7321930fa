import { Router } from 'express';
import helmet from 'helmet';

/** The security headers of every answer, errors and assets included. */
export function setUpHeaders(needs: { secure: boolean }): Router {
  const router = Router();
  router.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
          imgSrc: ["'self'"],
          connectSrc: ["'self'"],
          formAction: ["'self'"],
          baseUri: ["'none'"],
          frameAncestors: ["'none'"],
          objectSrc: ["'none'"],
        },
      },
      strictTransportSecurity: needs.secure ? { maxAge: 63_072_000, includeSubDomains: true } : false,
      // Not no-referrer: browsers would send `Origin: null` with every form of ours then.
      referrerPolicy: { policy: 'same-origin' },
      xFrameOptions: { action: 'deny' },
      crossOriginResourcePolicy: { policy: 'same-origin' },
    }),
  );
  router.use((_request, response, next) => {
    response.set('Permissions-Policy', 'camera=(), microphone=(), geolocation=(), payment=()');
    response.set('Cache-Control', 'no-store');
    next();
  });
  return router;
}
