import type { Express, Request } from 'express';
import type { OneAct } from '../core/one-act.ts';
import type { SessionStore } from '../core/session-store.ts';
import { type Brand, brandRoutes } from '../web/brand-routes.ts';
import type { Catalogue } from '../web/catalogue.ts';
import { setUpCsrf } from '../web/csrf.ts';
import { notFound, setUpErrorPage } from '../web/error-page.ts';
import { createExpress, setUpAssets } from '../web/express-app.ts';
import { setUpHeaders } from '../web/headers.ts';
import { type HealthNeeds, healthRoutes } from '../web/health-routes.ts';
import { setUpIsolation } from '../web/isolation.ts';
import { languageRoutes, setUpLanguage } from '../web/language.ts';
import { setUpListener } from '../web/listener.ts';
import { type RequestLogNeeds, setUpRequestLog } from '../web/request-log.ts';
import { mostFields, setUpBody, setUpHost, setUpMethods } from '../web/requests.ts';
import { setUpSession } from '../web/session.ts';
import { type AuditCheckNeeds, auditCheckRoutes } from './audit-check-routes.ts';
import { type AuditRouteNeeds, auditRoutes } from './audit-routes.ts';
import { type BackgroundPageNeeds, backgroundRoutes } from './background-routes.ts';
import { chartRoutes } from './chart-routes.ts';
import { ConsoleRouter } from './console-router.ts';
import { driveLiveRoutes, type LiveDriveNeeds } from './drive-live-routes.ts';
import { driveProviderRoutes, type TrialNeeds } from './drive-provider-routes.ts';
import { driveRoutes } from './drive-routes.ts';
import { driveWalkRoutes } from './drive-walk-routes.ts';
import { settingFields } from './gate-setting-fields.ts';
import { type HomeNeeds, homeRoutes } from './home-routes.ts';
import { actRoutes } from './people-acts.ts';
import { callerRoutes } from './people-caller.ts';
import { type PeopleNeeds, peopleRoutes } from './people-routes.ts';
import { policyDraftRoutes } from './policy-draft-routes.ts';
import { policyReviewRoutes } from './policy-review-routes.ts';
import { type PolicyPagesNeeds, policyRoutes } from './policy-routes.ts';
import { newPress, Presses } from './presses.ts';
import { type ReportNeeds, reportRoutes } from './report-routes.ts';
import { type SessionPageNeeds, sessionRoutes } from './session-routes.ts';
import { type SignInNeeds, signInRoutes } from './sign-in-routes.ts';

/** Everything that the console needs, made by compose-console.ts. */
export interface ConsoleServices
  extends SignInNeeds,
    HomeNeeds,
    HealthNeeds,
    RequestLogNeeds,
    ReportNeeds,
    AuditRouteNeeds,
    SessionPageNeeds,
    AuditCheckNeeds {
  readonly catalogue: Catalogue;
  readonly acts: OneAct;
  readonly policyPages: PolicyPagesNeeds;
  readonly backgroundPages: BackgroundPageNeeds;
  readonly drivePages: LiveDriveNeeds & TrialNeeds;
  readonly brand: Brand;
  readonly sessionStore: SessionStore;
  readonly publicUrl: URL;
  readonly trustedProxies: readonly string[];
  readonly sessionSecrets: readonly string[];
  readonly idleMs: number;
  readonly viewFolders: readonly string[];
  readonly people: PeopleNeeds;
}

/** The console, and the router that knows who may what there. */
export interface Console {
  readonly app: Express;
  readonly router: ConsoleRouter;
  /** Ends the test drives that are open. */
  close(): Promise<void>;
}

/** Assembles the console as `createApp` does the portals: security first, then what a request carries, then the routes. */
export function createConsole(services: ConsoleServices): Console {
  const { catalogue, pages, publicUrl, log, sessions, audit } = services;
  const secure = publicUrl.protocol === 'https:';
  const app = createExpress(services);
  app.locals.member = () => undefined;
  app.locals.press = newPress;
  app.locals.idleSeconds = services.idleMs / 1000;

  app.use(setUpRequestLog({ log }));
  app.use(setUpHeaders({ secure }));
  app.use(setUpMethods());
  app.use(healthRoutes(services));
  app.use('/assets', chartRoutes());
  app.use('/assets', setUpAssets());
  app.use(brandRoutes(services.brand));
  app.use(setUpHost({ publicUrl }));
  app.use(setUpLanguage({ catalogue, secure }));
  app.use(setUpIsolation());
  app.use(setUpListener({ publicUrl, zone: 'intranet' }));
  const { sessionStore, clock, sessionSecrets: secrets, idleMs } = services;
  app.use(setUpSession({ purpose: 'console', sessions: sessionStore, clock, secrets, secure, idleMs }));
  // The form of a policy has a field for every setting of every gate, those of packages too, and long lists of names.
  app.use(setUpBody({ fields: mostFields + settingFields(services.policyPages.controls).length, octets: 512 * 1024 }));
  app.use(setUpCsrf({ publicUrl }));

  const router = new ConsoleRouter({ sessions, audit, pages, presses: new Presses(services) });
  // The navigation has them in this order: first what the helpdesk needs while somebody is on the telephone.
  homeRoutes(router, services);
  sessionRoutes(router, services);
  peopleRoutes(router, services.people);
  actRoutes(router, services.people);
  callerRoutes(router, services.people);
  policyRoutes(router, services.policyPages);
  if (services.policyPages.pinned === undefined) {
    policyDraftRoutes(router, services.policyPages);
    policyReviewRoutes(router, services.policyPages);
  }
  backgroundRoutes(router, services.backgroundPages);
  reportRoutes(router, services);
  auditRoutes(router, services);
  auditCheckRoutes(router, services);
  driveRoutes(router, services.drivePages);
  driveLiveRoutes(router, services.drivePages);
  driveProviderRoutes(router, services.drivePages);
  driveWalkRoutes(router, services.drivePages);

  app.use((request, response, next) => {
    // What every page of the console shows; the layout asks for it once the router knows who it is.
    response.locals.member = () => memberOf(router, request);
    next();
  });
  app.use(languageRoutes({ catalogue, secure }));
  app.get('/help', (request, response) => {
    const data = { registration: services.registrationUrl.href };
    pages.send(request, response, { view: 'console/help', surface: 'console', data });
  });
  app.use('/console', signInRoutes(services));
  app.use(router.handler);

  // The page that says that there is none has the way around, too.
  app.use(async (request, _response, next) => {
    const staff = await sessions.read(request).catch(() => undefined);
    if (staff !== undefined) request.staff = staff;
    next();
  });
  app.use(notFound);
  app.use(setUpErrorPage({ pages, view: 'console/error' }));
  return { app, router, close: () => services.drivePages.drives.close() };
}

/** Who has signed in, with their roles and their way around. */
function memberOf(router: ConsoleRouter, { staff }: Request) {
  return staff && { name: staff.name, roles: staff.roles, menu: router.menuOf(staff) };
}
