import { Router } from 'express';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { BadRequest } from '../core/errors.ts';
import { passedLinks } from '../core/flow.ts';
import { loginStem, parseLogin } from '../core/login.ts';
import { isJudgedLater } from '../core/password-rules.ts';
import type { VisitLimits } from '../core/visit-limits.ts';
import type { EvenTime } from '../web/even-time.ts';
import { contextOf } from '../web/requests.ts';
import { renewSession, saveSession } from '../web/session.ts';
import { endedPages } from './ended-pages.ts';
import { pathOf, progressOf } from './flow-page.ts';
import { type FlowPage, type PortalNeeds, portalRoutes } from './portal-routes.ts';
import type { ServiceState } from './service-state.ts';
import { proofFields, sendHalted, visitOf } from './visits.ts';

export interface ResetNeeds extends PortalNeeds {
  readonly service: Pick<ServiceState, 'available'>;
  readonly limits: VisitLimits;
  readonly clock: Clock;
  /** Every start takes as long as any other. */
  readonly startTime: EvenTime;
}

const startForm = z.strictObject({ login: z.string().max(1024), ...proofFields });
const chooseForm = z.strictObject({ action: z.enum(['unlock', 'reset']) });
const passwordForm = z.strictObject({ password: z.string().max(1024), repeat: z.string().max(1024) });
const backForm = z.strictObject({ back: z.literal('yes') });

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

  router.use(portalRoutes('reset', needs, { ...endedPages(needs), ...actionPages(needs) }));
  return router;
}

function actionPages(needs: ResetNeeds): { readonly [page: string]: FlowPage } {
  const choose: FlowPage = {
    async show(flow, request, response) {
      const { account } = await needs.actions.situation(flow);
      const { locked, lockedSince } = account.state;
      const isEarly = flow.step.kind === 'choose' && flow.step.at !== undefined;
      const ahead = isEarly ? flow.chain.slice(passedLinks(flow).length) : [];
      needs.pages.send(request, response, {
        view: 'reset/choose',
        surface: 'reset',
        problems: flow.problems,
        data: {
          name: account.name,
          // Whoever is locked out and knows the password is done here; there is nothing to unlock for anybody else.
          actions: isEarly ? (locked ? ['unlock', 'reset'] : ['reset', 'unlock']) : flow.actions,
          locked,
          lockedSince,
          ahead: ahead.map(({ gate }) => gate),
          anyOf: flow.alternatives !== undefined,
          progress: progressOf(flow),
        },
      });
    },
    take(flow, request) {
      const form = chooseForm.safeParse(request.body);
      if (!form.success) throw new BadRequest('the choice is one of the two');
      return needs.actions.choose(flow, form.data.action, contextOf(request));
    },
  };

  const password: FlowPage = {
    async show(flow, request, response) {
      const { account, rules } = await needs.actions.situation(flow);
      needs.pages.send(request, response, {
        view: 'reset/password',
        surface: 'reset',
        problems: flow.problems,
        data: {
          name: account.name,
          samName: account.samName,
          displayName: account.displayName,
          rules: rules.map((rule) => ({
            ...rule,
            later: isJudgedLater(rule),
            text: request.translate(rule.message.key, rule.message.values),
          })),
          mayGoBack: flow.actions.length > 1,
          progress: progressOf(flow),
        },
      });
    },
    take(flow, request) {
      if (backForm.safeParse(request.body).success) return needs.actions.back(flow);
      const form = passwordForm.safeParse(request.body);
      if (!form.success) throw new BadRequest('a new password is typed exactly twice');
      return needs.actions.setPassword(flow, form.data, contextOf(request));
    },
  };

  const working: FlowPage = {
    async show(_flow, request, response) {
      needs.pages.send(request, response, { view: 'reset/working', surface: 'reset' });
    },
  };

  const done: FlowPage = {
    async show(flow, request, response) {
      const step = flow.step.kind === 'done' ? flow.step : undefined;
      const name = flow.subject.kind === 'account' ? flow.subject.account.name : '';
      needs.pages.send(request, response, {
        view: 'reset/done',
        surface: 'reset',
        data: { action: step?.action, certain: step?.certain === true, mustChange: step?.mustChange === true, name },
      });
    },
  };

  return { choose, password, working, done };
}
