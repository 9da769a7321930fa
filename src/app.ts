import type { Express } from 'express';
import type { Clock } from './core/clock.ts';
import type { NoticeLinks } from './core/notices/notice-links.ts';
import type { SessionStore } from './core/visits/session-store.ts';
import type { SignInGuard } from './core/visits/sign-in.ts';
import type { VisitLimits } from './core/visits/visit-limits.ts';
import { type DemoWorldView, demoRoutes } from './portals/demo-routes.ts';
import { homeRoutes } from './portals/home-routes.ts';
import { notMeRoutes } from './portals/not-me-routes.ts';
import { registrationRoutes } from './portals/registration-routes.ts';
import { resetRoutes } from './portals/reset-routes.ts';
import type { ServiceState } from './portals/service-state.ts';
import { type CallbackNeeds, callbackRoutes } from './web/callback-routes.ts';
import { EvenTime } from './web/even-time.ts';
import type { FlowNeeds } from './web/flow-routes.ts';
import type { OneSession } from './web/one-session.ts';
import { createSurface, type SurfaceNeeds } from './web/surface.ts';

/** Everything that the portals need, made by compose.ts. */
export interface Services extends SurfaceNeeds, FlowNeeds {
  readonly guard: SignInGuard;
  readonly oneSession: OneSession;
  readonly limits: VisitLimits;
  readonly service: Pick<ServiceState, 'available'>;
  /** What a provider makes of its far end's report. */
  readonly receive: CallbackNeeds['receive'];
  readonly links: NoticeLinks;
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly sessionSecrets: readonly string[];
  readonly sessionIdleMs: number;
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

/** The portals: what a far end reports, and the pages that people see. */
export function createApp(services: Services): Express {
  const { pages, publicUrl, sessions, clock, sessionSecrets: secrets, sessionIdleMs: idleMs } = services;
  const session = { purpose: 'portals', sessions, clock, secrets, idleMs } as const;
  const machines = callbackRoutes({ publicUrl, receive: services.receive });
  return createSurface({ ...services, session, machines }, (app) => {
    app.use(homeRoutes({ pages, ...(services.demo === undefined ? {} : { demo: services.demo.hints }) }));
    app.use(notMeRoutes(services));
    const { startMs, signInMs, postMs } = services.floors;
    const startTime = new EvenTime({ floorMs: startMs });
    // What is behind the gates may be slow, and it is no slower for a decoy; nobody waits for the slowest of them.
    const postTime = new EvenTime({ floorMs: postMs, remembers: false });
    app.use('/reset', resetRoutes({ ...services, startTime, postTime }));
    app.use('/registration', registrationRoutes({ ...services, signInTime: new EvenTime({ floorMs: signInMs }) }));
    if (services.demo !== undefined) app.use('/demo', demoRoutes({ pages, world: services.demo }));
  });
}
