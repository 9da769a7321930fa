import type { Express, Router } from 'express';
import type { Zone } from '../core/zone.ts';
import { type Brand, brandRoutes } from './brand-routes.ts';
import type { Catalogue } from './catalogue.ts';
import { setUpCsrf } from './csrf.ts';
import { notFound, setUpErrorPage } from './error-page.ts';
import { createExpress, setUpAssets } from './express-app.ts';
import { setUpHeaders } from './headers.ts';
import { type HealthNeeds, healthRoutes } from './health-routes.ts';
import { setUpIsolation } from './isolation.ts';
import { languageRoutes, setUpLanguage } from './language.ts';
import { setUpListener } from './listener.ts';
import type { Pages } from './pages.ts';
import { type RequestLogNeeds, setUpRequestLog } from './request-log.ts';
import { type FormSize, setUpBody, setUpHost, setUpMethods } from './requests.ts';
import { type SessionNeeds, setUpSession } from './session.ts';

/** What every surface is given. */
export interface SurfaceNeeds extends HealthNeeds, RequestLogNeeds {
  readonly publicUrl: URL;
  /** What everybody comes from who reaches this surface. */
  readonly zone: Zone;
  readonly trustedProxies: readonly string[];
  /** Folders of views besides Latchkey's own. */
  readonly viewFolders: readonly string[];
  readonly catalogue: Catalogue;
  readonly brand: Brand;
  readonly pages: Pages;
}

/** What one surface has of its own, beside its pages. */
export interface Surface extends SurfaceNeeds {
  readonly session: Omit<SessionNeeds, 'secure'>;
  /** Files beside Latchkey's own that anybody may have. */
  readonly assets?: Router;
  /** What no browser asks for. It has no session, no cookie and no token, and must guard itself. */
  readonly machines?: Router;
  /** How much a form may hold, where one holds more than usual. */
  readonly forms?: FormSize;
  /** Another page of faults than the portals' one. */
  readonly errorView?: string;
}

/**
 * Assembles a web surface: security first, then what a request carries, then the pages, then the error page. No other
 * place knows this order, so that no listener can be left without one of its guards.
 * @param addPages adds the pages; whatever reaches them has passed every guard
 */
export function createSurface(surface: Surface, addPages: (app: Express) => void): Express {
  const { publicUrl, catalogue, pages, session, assets, machines, forms, errorView } = surface;
  const secure = publicUrl.protocol === 'https:';
  const app = createExpress(surface);

  app.use(setUpRequestLog(surface));
  app.use(setUpListener(surface));
  app.use(setUpHeaders({ secure }));
  app.use(setUpMethods());
  app.use(healthRoutes(surface));
  // The same for every host and before it is looked at: the page that refuses a host has its style from here.
  if (assets !== undefined) app.use('/assets', assets);
  app.use('/assets', setUpAssets());
  app.use(brandRoutes(surface.brand));
  app.use(setUpHost({ publicUrl }));
  app.use(setUpLanguage({ catalogue, secure }));
  app.use(setUpIsolation());
  if (machines !== undefined) app.use(machines);
  app.use(setUpSession({ ...session, secure }));
  app.use(setUpBody(forms));
  app.use(setUpCsrf({ publicUrl }));

  app.use(languageRoutes({ catalogue, secure }));
  addPages(app);

  app.use(notFound);
  app.use(setUpErrorPage({ pages, view: errorView }));
  return app;
}
