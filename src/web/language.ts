import { Router } from 'express';
import { z } from 'zod';
import { posted } from '../core/posted-form.ts';
import type { Catalogue, Language, Translate } from './catalogue.ts';

declare module 'express-serve-static-core' {
  interface Request {
    language: Language;
    translate: Translate;
  }
}

const cookieName = 'latchkey-language';

/** A path of ours and nothing else: no host, no scheme, no second slash, no query. */
const ownPath = /^\/(?:[a-z][a-z0-9-]*(?:\/[A-Za-z0-9_-]+)*)?$/;

/** Finds out in which language to answer: what the person chose, else what the browser prefers. */
export function setUpLanguage(needs: { catalogue: Catalogue; secure: boolean }): Router {
  const { catalogue, secure } = needs;
  const router = Router();
  router.use((request, _response, next) => {
    const chosen = catalogue.languages.find((language) => language.tag === readCookie(request.headers.cookie));
    request.language = chosen ?? catalogue.choose(request.acceptsLanguages());
    request.translate = catalogue.in(request.language.tag);
    next();
  });
  return router;

  function readCookie(header: string | undefined): string | undefined {
    const pair = header?.split(/;\s*/).find((part) => part.startsWith(`${cookieOf(secure)}=`));
    return pair?.slice(cookieOf(secure).length + 1);
  }
}

/** POST /language: keeps the choice in a cookie of its own and goes back. */
export function languageRoutes(needs: { catalogue: Catalogue; secure: boolean }): Router {
  const form = z.strictObject({
    language: z.enum(needs.catalogue.languages.map((language) => language.tag) as [string, ...string[]]),
    back: z.string().max(200).regex(ownPath),
  });
  const router = Router({ strict: true, caseSensitive: true });
  router.post('/language', (request, response) => {
    const { language, back } = posted(form, request.body, 'not a language that is offered');
    response.cookie(cookieOf(needs.secure), language, {
      httpOnly: true,
      sameSite: 'lax',
      secure: needs.secure,
      path: '/',
      maxAge: 365 * 86_400_000,
    });
    response.redirect(303, back);
  });
  return router;
}

function cookieOf(secure: boolean): string {
  return secure ? `__Host-${cookieName}` : cookieName;
}
