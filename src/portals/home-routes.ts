import { Router } from 'express';
import { inLanguage } from '../core/localised-text.ts';
import type { Pages } from '../web/pages.ts';
import type { DemoHints } from './demo-routes.ts';

/** The front door: get back into your account, or register; and where help is. */
export function homeRoutes(needs: { pages: Pages; demo?: DemoHints }): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.get('/', (request, response) => {
    const { language } = request;
    const hints = needs.demo && {
      ...needs.demo,
      answers: needs.demo.answers.map((one) => ({ ...one, question: inLanguage(one.question, language.tag) })),
    };
    needs.pages.send(request, response, { view: 'portal/home', surface: '', data: { hints } });
  });
  router.get('/help', (request, response) => {
    needs.pages.send(request, response, { view: 'portal/help', surface: 'help' });
  });
  return router;
}
