import { setTimeout as pause } from 'node:timers/promises';
import { Router } from 'express';
import { z } from 'zod';
import { BadRequest } from '../core/errors.ts';
import { parseLogin } from '../core/login.ts';
import type { SignInGuard, SignInOutcome } from '../core/sign-in.ts';
import { contextOf } from '../web/requests.ts';
import { renewSession, saveSession } from '../web/session.ts';
import { endedPages } from './ended-pages.ts';
import { pathOf } from './flow-page.ts';
import { type FlowPage, type PortalNeeds, portalRoutes } from './portal-routes.ts';
import type { ServiceState } from './service-state.ts';

export interface RegistrationNeeds extends PortalNeeds {
  readonly guard: SignInGuard;
  readonly service: Pick<ServiceState, 'available'>;
  /** Milliseconds that every sign-in takes at least, so that its time says nothing of the login. */
  readonly signInFloorMs: number;
}

const signInForm = z.strictObject({ login: z.string().max(1024), password: z.string().max(1024) });

/** The registration portal: sign in with the directory password, one enrolment a gate, what you can do now. */
export function registrationRoutes(needs: RegistrationNeeds): Router {
  const router = Router({ strict: true, caseSensitive: true });

  router.get('/', async (request, response) => {
    const available = await needs.service.available();
    needs.pages.send(request, response, {
      view: available ? 'registration/sign-in' : 'portal/unavailable',
      surface: 'registration',
      status: available ? 200 : 503,
      data: { typed: '' },
    });
  });

  router.post('/', async (request, response) => {
    const form = signInForm.safeParse(request.body);
    if (!form.success) throw new BadRequest('a sign-in is exactly one login and one password');
    const retry = (field: string | undefined, key: string): void =>
      needs.pages.send(request, response, {
        view: 'registration/sign-in',
        surface: 'registration',
        status: 422,
        problems: [{ ...(field === undefined ? {} : { field }), message: { key } }],
        data: { typed: form.data.login.slice(0, 256) },
      });
    const login = parseLogin(form.data.login);
    if (login === undefined) {
      return retry('login', form.data.login.trim() === '' ? 'start.login-empty' : 'start.login-shape');
    }
    if (form.data.password === '') return retry('password', 'sign-in.password-empty');
    const floor = pause(needs.signInFloorMs);
    const outcome = await needs.guard.signIn(login, form.data.password, contextOf(request));
    if (outcome.kind === 'refused') {
      await floor;
      return retry(undefined, signInProblem(outcome));
    }
    const flow = await needs.starter.registration(outcome.account, contextOf(request));
    await renewSession(request, flow.id);
    await saveSession(request);
    response.redirect(303, pathOf(flow));
  });

  const done: FlowPage = {
    async show(flow, request, response) {
      const enrolled = await needs.desk.enrolled(flow);
      const inOrder = flow.chain.filter((link) => link.step === 'enrol').map((link) => link.gate);
      const gates = inOrder.filter((gate) => enrolled.some((enrolment) => enrolment.gate === gate));
      const held = await needs.desk.held(flow);
      needs.pages.send(request, response, {
        view: 'registration/done',
        surface: 'registration',
        data: { gates, held },
      });
    },
  };
  router.use(portalRoutes('registration', needs, { ...endedPages(needs), done }));
  return router;
}

/** Whoever proved the password may know why it is of no use now; everybody else gets one and the same sentence. */
function signInProblem(outcome: Extract<SignInOutcome, { kind: 'refused' }>): string {
  switch (outcome.why) {
    case 'password-expired':
    case 'must-change':
      return 'sign-in.must-change';
    case 'account-expired':
    case 'outside-hours':
    case 'wrong-workstation':
      return 'sign-in.not-now';
    default:
      return 'sign-in.wrong';
  }
}
