import { Router } from 'express';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { BadRequest } from '../core/errors.ts';
import { loginStem, parseLogin } from '../core/login.ts';
import type { SignInGuard, SignInOutcome } from '../core/sign-in.ts';
import type { VisitLimits } from '../core/visit-limits.ts';
import { endedPages } from '../web/ended-pages.ts';
import type { EvenTime } from '../web/even-time.ts';
import { pathOf } from '../web/flow-page.ts';
import { type FlowNeeds, type FlowPage, flowRoutes } from '../web/flow-routes.ts';
import { contextOf } from '../web/requests.ts';
import { renewSession, saveSession } from '../web/session.ts';
import { proofFields, sendHalted, visitOf } from '../web/visits.ts';
import type { ServiceState } from './service-state.ts';

export interface RegistrationNeeds extends FlowNeeds {
  readonly guard: SignInGuard;
  readonly service: Pick<ServiceState, 'available'>;
  readonly limits: VisitLimits;
  readonly clock: Clock;
  /** Every sign-in that comes to nothing takes as long as any other. */
  readonly signInTime: EvenTime;
}

const signInForm = z.strictObject({ login: z.string().max(1024), password: z.string().max(1024), ...proofFields });

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
    const admission = await visitOf(needs.limits, { kind: 'sign-in', request, form: form.data }).admit(
      loginStem(login),
    );
    if (admission.kind !== 'admitted') {
      const data = { typed: form.data.login.slice(0, 256) };
      const again = { view: 'registration/sign-in', surface: 'registration', data } as const;
      return sendHalted(needs.pages, admission, { request, response, form: again, now: needs.clock.now() });
    }
    const inTime = needs.signInTime.begin();
    const at = { ...contextOf(request), portal: 'registration' } as const;
    const outcome = await needs.guard.signIn(login, form.data.password, at);
    if (outcome.kind === 'refused') {
      await inTime();
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
      const { givenOut = [] } = flow;
      needs.pages.send(request, response, {
        view: 'registration/done',
        surface: 'registration',
        data: {
          gates: [...gates, ...givenOut],
          held,
          leftOut: flow.leftOut ?? [],
          // Of how many registered gates so many are asked for; absent where all are.
          ...(flow.mayLeaveOut === undefined ? {} : { needed: inOrder.length + givenOut.length - flow.mayLeaveOut }),
        },
      });
    },
  };
  router.use(flowRoutes('registration', needs, { ...endedPages(needs), done }));
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
