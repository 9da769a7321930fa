import { randomBytes } from 'node:crypto';
import { Router } from 'express';
import type { Logger } from 'pino';

declare module 'express-serve-static-core' {
  interface Request {
    /** Names this request in the log, in the audit and on the error page. */
    correlation: string;
    log: Logger;
  }
}

export interface RequestLogNeeds {
  readonly log: Logger;
}

/** What may be the secret of a notice's link, in whatever form its path came; the names of challenges go with it. */
const secrets = /[\w%-]{32,}/g;

/**
 * One log line a request: method, route, status and time. Never the query, the body, a cookie or a header, so that
 * nothing a person typed can end up in a log.
 */
export function setUpRequestLog(needs: RequestLogNeeds): Router {
  const router = Router();
  router.use((request, response, next) => {
    const began = performance.now();
    request.correlation = randomBytes(6).toString('hex');
    request.log = needs.log.child({ correlation: request.correlation });
    response.on('finish', () => {
      const ms = Math.round(performance.now() - began);
      const path = request.originalUrl.split('?')[0]?.replace(secrets, '…');
      request.log.info({ method: request.method, path, status: response.statusCode, ms }, 'request');
    });
    next();
  });
  return router;
}
