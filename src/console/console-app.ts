import type { Express, Request } from 'express';
import type { OneAct } from '../core/visits/one-act.ts';
import type { SessionStore } from '../core/visits/session-store.ts';
import { mostFields } from '../web/requests.ts';
import { createSurface, type Surface, type SurfaceNeeds } from '../web/surface.ts';
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

/** Everything that the console needs, made by compose/console.ts. */
export interface ConsoleServices
  extends Omit<SurfaceNeeds, 'zone'>,
    SignInNeeds,
    HomeNeeds,
    ReportNeeds,
    AuditRouteNeeds,
    SessionPageNeeds,
    AuditCheckNeeds {
  readonly acts: OneAct;
  readonly policyPages: PolicyPagesNeeds;
  readonly backgroundPages: BackgroundPageNeeds;
  readonly drivePages: LiveDriveNeeds & TrialNeeds;
  readonly sessionStore: SessionStore;
  readonly sessionSecrets: readonly string[];
  readonly idleMs: number;
  readonly people: PeopleNeeds;
}

/** The console, and the router that knows who may what there. */
export interface Console {
  readonly app: Express;
  readonly router: ConsoleRouter;
  /** Ends the test drives that are open. */
  close(): Promise<void>;
}

/** The console: its way in, and the pages that its router guards by role. */
export function createConsole(services: ConsoleServices): Console {
  const { pages, sessions, audit, clock, sessionStore, sessionSecrets: secrets, idleMs } = services;
  const router = new ConsoleRouter({ sessions, audit, pages, presses: new Presses(services) });
  addRoutes(router, services);
  const surface: Surface = {
    ...services,
    zone: 'intranet',
    session: { purpose: 'console', sessions: sessionStore, clock, secrets, idleMs },
    assets: chartRoutes(),
    // The form of a policy has a field for every setting of every gate, those of packages too, and long lists of names.
    forms: { fields: mostFields + settingFields(services.policyPages.controls).length, octets: 512 * 1024 },
    errorView: 'console/error',
  };
  const app = createSurface(surface, (app) => {
    app.locals.member = () => undefined;
    app.locals.press = newPress;
    app.locals.idleSeconds = idleMs / 1000;
    app.use((request, response, next) => {
      // What every page of the console shows; the layout asks for it once the router knows who it is.
      response.locals.member = () => memberOf(router, request);
      next();
    });
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
  });
  return { app, router, close: () => services.drivePages.drives.close() };
}

/** The navigation has them in this order: first what the helpdesk needs while somebody is on the telephone. */
function addRoutes(router: ConsoleRouter, services: ConsoleServices): void {
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
}

/** Who has signed in, with their roles and their way around. */
function memberOf(router: ConsoleRouter, { staff }: Request) {
  return staff && { name: staff.name, roles: staff.roles, menu: router.menuOf(staff) };
}
