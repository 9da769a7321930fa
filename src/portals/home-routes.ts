import { Router } from 'express';
import type { Pages } from '../web/pages.ts';
import type { DemoHints } from './demo-routes.ts';

/** The front door: get back into your account, or register; and where help is. */
export function homeRoutes(needs: { pages: Pages; demo?: DemoHints }): Router {
  const router = Router();
  router.get('/', (request, response) => {
    needs.pages.send(request, response, { view: 'portal/home', surface: '', data: { hints: needs.demo } });
  });
  router.get('/help', (request, response) => {
    needs.pages.send(request, response, { view: 'portal/help', surface: 'help' });
  });
  return router;
}
