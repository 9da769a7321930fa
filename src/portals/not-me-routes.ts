import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { NoticeLinks } from '../core/notices/notice-links.ts';
import { posted } from '../core/posted-form.ts';
import type { Pages } from '../web/pages.ts';
import { contextOf } from '../web/requests.ts';

const root = '/not-me';
const form = z.strictObject({ act: z.enum(['bar', 'take-back']) });

/** Where a notice's link leads, below the public URL. */
export function notMePath(token: string): string {
  return `${root}/${token}`;
}

/**
 * The page behind the link in a notice. Looking at it, as mail scanners do, changes nothing; its buttons take a
 * held change back, or bar the account.
 * Its address is a secret: it goes to no other page and into no log.
 */
export function notMeRoutes(needs: { readonly pages: Pages; readonly links: NoticeLinks }): Router {
  const { pages, links } = needs;
  const router = Router({ strict: true, caseSensitive: true });
  const send = (request: Request, response: Response, view: string, data = {}): void => {
    response.set('Referrer-Policy', 'no-referrer');
    pages.send(request, response, { view, surface: '', status: view === 'portal/not-me-over' ? 404 : 200, data });
  };
  router.get(`${root}/:token`, async (request, response) => {
    const answers = await links.answers(request.params.token);
    if (answers.length === 0) return send(request, response, 'portal/not-me-over');
    send(request, response, 'portal/not-me', { held: answers.includes('take-back') });
  });
  router.post(`${root}/:token`, async (request, response) => {
    const { act } = posted(form, request.body, 'not what the page asks');
    const isDone = await links.confirm(request.params.token, act, contextOf(request));
    if (!isDone) return send(request, response, 'portal/not-me-over');
    send(request, response, act === 'bar' ? 'portal/not-me-done' : 'portal/not-me-back');
  });
  return router;
}
