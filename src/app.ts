import type { Express } from 'express';
import type { Logger } from 'pino';
import type { Clock } from './core/clock.ts';
import type { NoticeLinks } from './core/notice-links.ts';
import type { Zone } from './core/policy.ts';
import type { SessionStore } from './core/session-store.ts';
import type { SignInGuard } from './core/sign-in.ts';
import type { VisitLimits } from './core/visit-limits.ts';
import { type DemoWorldView, demoRoutes } from './portals/demo-routes.ts';
import { homeRoutes } from './portals/home-routes.ts';
import { notMeRoutes } from './portals/not-me-routes.ts';
import { registrationRoutes } from './portals/registration-routes.ts';
import { resetRoutes } from './portals/reset-routes.ts';
import type { ServiceState } from './portals/service-state.ts';
import { type Brand, brandRoutes } from './web/brand-routes.ts';
import { type CallbackNeeds, callbackRoutes } from './web/callback-routes.ts';
import type { Catalogue } from './web/catalogue.ts';
import { setUpCsrf } from './web/csrf.ts';
import { notFound, setUpErrorPage } from './web/error-page.ts';
import { EvenTime } from './web/even-time.ts';
import { createExpress, setUpAssets } from './web/express-app.ts';
import type { FlowNeeds } from './web/flow-routes.ts';
import { setUpHeaders } from './web/headers.ts';
import { type HealthNeeds, healthRoutes } from './web/health-routes.ts';
import { setUpIsolation } from './web/isolation.ts';
import { languageRoutes, setUpLanguage } from './web/language.ts';
import { setUpListener } from './web/listener.ts';
import type { OneSession } from './web/one-session.ts';
import { setUpRequestLog } from './web/request-log.ts';
import { setUpBody, setUpHost, setUpMethods } from './web/requests.ts';
import { setUpSession } from './web/session.ts';

/** Everything that the portals need, made by compose.ts. */
export interface Services extends FlowNeeds, HealthNeeds {
  readonly guard: SignInGuard;
  readonly oneSession: OneSession;
  readonly limits: VisitLimits;
  readonly service: Pick<ServiceState, 'available'>;
  /** What a provider makes of its far end's report. */
  readonly receive: CallbackNeeds['receive'];
  readonly links: NoticeLinks;
  readonly catalogue: Catalogue;
  readonly brand: Brand;
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly publicUrl: URL;
  /** What everybody comes from who reaches this app. */
  readonly zone: Zone;
  readonly trustedProxies: readonly string[];
  readonly sessionSecrets: readonly string[];
  readonly sessionIdleMs: number;
  readonly viewFolders: readonly string[];
  readonly floors: Floors;
  /** Only in the demo. */
  readonly demo?: DemoWorldView;
}

/** Milliseconds that a start, a sign-in and any other post of the reset portal take at least. */
export interface Floors {
  readonly startMs: number;
  readonly signInMs: number;
  readonly postMs: number;
}

/** Assembles the portals: security first, then what a request carries, then the routers, then the error page. */
export function createApp(services: Services): Express {
  const { catalogue, pages, publicUrl, log } = services;
  const secure = publicUrl.protocol === 'https:';
  const app = createExpress(services);

  app.use(setUpRequestLog({ log }));
  app.use(setUpListener(services));
  app.use(setUpHeaders({ secure }));
  app.use(setUpMethods());
  app.use(healthRoutes(services));
  // The same for every host and before it is looked at: the page that refuses a host has its style from here.
  app.use('/assets', setUpAssets());
  app.use(brandRoutes(services.brand));
  app.use(setUpHost({ publicUrl }));
  app.use(setUpLanguage({ catalogue, secure }));
  app.use(setUpIsolation());
  app.use(callbackRoutes({ publicUrl, receive: services.receive }));
  const { sessionSecrets: secrets, sessionIdleMs: idleMs } = services;
  app.use(setUpSession({ ...services, purpose: 'portals', secrets, secure, idleMs }));
  app.use(setUpBody());
  app.use(setUpCsrf({ publicUrl }));

  app.use(languageRoutes({ catalogue, secure }));
  app.use(homeRoutes({ pages, ...(services.demo === undefined ? {} : { demo: services.demo.hints }) }));
  app.use(notMeRoutes(services));
  const { startMs, signInMs, postMs } = services.floors;
  const startTime = new EvenTime({ floorMs: startMs });
  // What is behind the gates may be slow, and it is no slower for a decoy; nobody waits for the slowest of them.
  const postTime = new EvenTime({ floorMs: postMs, remembers: false });
  app.use('/reset', resetRoutes({ ...services, startTime, postTime }));
  app.use('/registration', registrationRoutes({ ...services, signInTime: new EvenTime({ floorMs: signInMs }) }));
  if (services.demo !== undefined) app.use('/demo', demoRoutes({ pages, world: services.demo }));

  app.use(notFound);
  app.use(setUpErrorPage({ pages }));
  return app;
}
