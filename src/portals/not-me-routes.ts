import { type Request, type Response, Router } from 'express';
import { BadRequest } from '../core/errors.ts';
import type { NoticeLinks } from '../core/notice-links.ts';
import { isExactly } from '../core/posted-form.ts';
import type { Pages } from '../web/pages.ts';
import { contextOf } from '../web/requests.ts';

const root = '/not-me';

/** Where a notice's link leads, below the public URL. */
export function notMePath(token: string): string {
  return `${root}/${token}`;
}

/**
 * The page behind the link in a notice. Looking at it, as mail scanners do, changes nothing; its button bars the account.
 * Its address is a secret: it goes to no other page and into no log.
 */
export function notMeRoutes(needs: { readonly pages: Pages; readonly links: NoticeLinks }): Router {
  const { pages, links } = needs;
  const router = Router({ strict: true, caseSensitive: true });
  const send = (request: Request, response: Response, view: string, status = 200): void => {
    response.set('Referrer-Policy', 'no-referrer');
    pages.send(request, response, { view, surface: '', status });
  };
  router.get(`${root}/:token`, async (request, response) => {
    if (await links.isOpen(request.params.token)) send(request, response, 'portal/not-me');
    else send(request, response, 'portal/not-me-over', 404);
  });
  router.post(`${root}/:token`, async (request, response) => {
    if (!isExactly(request.body, 'act', 'bar')) throw new BadRequest('not what the page asks');
    if (await links.confirm(request.params.token, contextOf(request))) send(request, response, 'portal/not-me-done');
    else send(request, response, 'portal/not-me-over', 404);
  });
  return router;
}
