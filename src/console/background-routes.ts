import { type CampaignNeeds, campaignRoutes } from './campaign-routes.ts';
import type { ConsoleRouter } from './console-router.ts';
import { type JobNeeds, jobRoutes } from './job-routes.ts';
import { type OneLoginPageNeeds, oneLoginRoutes } from './one-login-routes.ts';
import { type SimulatorNeeds, simulatorRoutes } from './simulator-routes.ts';

export interface BackgroundPageNeeds
  extends JobNeeds,
    Omit<SimulatorNeeds, keyof JobNeeds>,
    Omit<OneLoginPageNeeds, 'audit' | 'lists' | 'directory'>,
    Omit<CampaignNeeds, 'directory'> {
  readonly directory: OneLoginPageNeeds['directory'];
}

/** What looks at everybody: the simulator, one login beside it, campaigns, and the work that goes on meanwhile. */
export function backgroundRoutes(router: ConsoleRouter, needs: BackgroundPageNeeds): void {
  simulatorRoutes(router, needs);
  oneLoginRoutes(router, needs);
  campaignRoutes(router, needs);
  jobRoutes(router, needs);
}
