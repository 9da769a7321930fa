import { Router } from 'express';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { loginStem, parseLogin } from '../core/login.ts';
import { posted } from '../core/posted-form.ts';
import type { VisitLimits } from '../core/visits/visit-limits.ts';
import { actionPages } from '../web/action-pages.ts';
import { endedPages } from '../web/ended-pages.ts';
import type { EvenTime } from '../web/even-time.ts';
import { pathOf } from '../web/flow-page.ts';
import { type FlowNeeds, flowRoutes } from '../web/flow-routes.ts';
import { loginField, loginProblem, typedAgain } from '../web/login-field.ts';
import { contextOf } from '../web/requests.ts';
import { renewSession, saveSession } from '../web/session.ts';
import { proofFields, sendHalted, visitOf } from '../web/visits.ts';
import { type ServiceState, unavailable } from './service-state.ts';

export interface ResetNeeds extends FlowNeeds {
  readonly service: Pick<ServiceState, 'available'>;
  readonly limits: VisitLimits;
  readonly clock: Clock;
  /** Every start takes as long as any other. */
  readonly startTime: EvenTime;
}

const startForm = z.strictObject({ login: loginField, ...proofFields });
const startPage = { view: 'reset/start', surface: 'reset', data: { typed: '' } } as const;

/** The reset portal: who are you, the gates, the choice, done. */
export function resetRoutes(needs: ResetNeeds): Router {
  const router = Router({ strict: true, caseSensitive: true });

  router.get('/', async (request, response) => {
    const available = await needs.service.available();
    needs.pages.send(request, response, available ? startPage : { ...startPage, ...unavailable });
  });

  router.post('/', async (request, response) => {
    const form = posted(startForm, request.body, 'the start takes exactly one login');
    const page = { ...startPage, data: { typed: typedAgain(form.login) } };
    const login = parseLogin(form.login);
    if (login === undefined) {
      return needs.pages.send(request, response, { ...page, status: 422, problems: [loginProblem(form.login)] });
    }
    const inTime = needs.startTime.begin();
    const visiting = visitOf(needs.limits, { kind: 'start', request, form });
    const admission = await visiting.admit(loginStem(login));
    const started =
      admission.kind === 'admitted' ? await needs.starter.reset(login, contextOf(request), visiting) : admission;
    if (started.kind !== 'started') {
      await inTime();
      return sendHalted(needs.pages, started, { request, response, form: page, now: needs.clock.now() });
    }
    const { flow } = started;
    await renewSession(request, flow.id);
    await saveSession(request);
    await inTime();
    response.redirect(303, pathOf(flow));
  });

  router.use(flowRoutes('reset', needs, { ...endedPages(needs), ...actionPages(needs) }));
  return router;
}
