import { Router } from 'express';
import { LatchkeyError } from '../core/errors.ts';

/**
 * Answers other sites only when somebody follows a link from there into a window of its own: no frame, no image, no
 * script and no fetch of theirs gets anything (Fetch Metadata Request Headers; ASVS 3.5.8). Browsers without these
 * headers, and whatever is no browser, are answered.
 */
export function setUpIsolation(): Router {
  const router = Router();
  router.use((request, _response, next) => {
    const site = request.get('sec-fetch-site') ?? 'none';
    if (site === 'same-origin' || site === 'none') return next();
    const isPage = (request.get('sec-fetch-dest') ?? 'document') === 'document';
    const follows = request.get('sec-fetch-mode') === 'navigate' && isPage;
    if (follows) return next();
    next(
      new LatchkeyError({ status: 403, publicKey: 'forbidden', detail: 'another site asks for a part of its page' }),
    );
  });
  return router;
}
