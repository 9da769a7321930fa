import { Router } from 'express';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { BadRequest } from '../core/errors.ts';
import { loginStem, parseLogin } from '../core/login.ts';
import type { VisitLimits } from '../core/visit-limits.ts';
import { actionPages } from '../web/action-pages.ts';
import { endedPages } from '../web/ended-pages.ts';
import type { EvenTime } from '../web/even-time.ts';
import { pathOf } from '../web/flow-page.ts';
import { type FlowNeeds, flowRoutes } from '../web/flow-routes.ts';
import { contextOf } from '../web/requests.ts';
import { renewSession, saveSession } from '../web/session.ts';
import { proofFields, sendHalted, visitOf } from '../web/visits.ts';
import type { ServiceState } from './service-state.ts';

export interface ResetNeeds extends FlowNeeds {
  readonly service: Pick<ServiceState, 'available'>;
  readonly limits: VisitLimits;
  readonly clock: Clock;
  /** Every start takes as long as any other. */
  readonly startTime: EvenTime;
}

const startForm = z.strictObject({ login: z.string().max(1024), ...proofFields });

/** The reset portal: who are you, the gates, the choice, done. */
export function resetRoutes(needs: ResetNeeds): Router {
  const router = Router({ strict: true, caseSensitive: true });

  router.get('/', async (request, response) => {
    const available = await needs.service.available();
    needs.pages.send(request, response, {
      view: available ? 'reset/start' : 'portal/unavailable',
      surface: 'reset',
      status: available ? 200 : 503,
      data: { typed: '' },
    });
  });

  router.post('/', async (request, response) => {
    const form = startForm.safeParse(request.body);
    if (!form.success) throw new BadRequest('the start takes exactly one login');
    const login = parseLogin(form.data.login);
    if (login === undefined) {
      const key = form.data.login.trim() === '' ? 'start.login-empty' : 'start.login-shape';
      const problems = [{ field: 'login', message: { key } }];
      needs.pages.send(request, response, {
        view: 'reset/start',
        surface: 'reset',
        status: 422,
        problems,
        data: { typed: form.data.login.slice(0, 256) },
      });
      return;
    }
    const inTime = needs.startTime.begin();
    const visiting = visitOf(needs.limits, { kind: 'start', request, form: form.data });
    const admission = await visiting.admit(loginStem(login));
    const started =
      admission.kind === 'admitted' ? await needs.starter.reset(login, contextOf(request), visiting) : admission;
    if (started.kind !== 'started') {
      await inTime();
      const data = { typed: form.data.login.slice(0, 256) };
      const again = { view: 'reset/start', surface: 'reset', data } as const;
      return sendHalted(needs.pages, started, { request, response, form: again, now: needs.clock.now() });
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
