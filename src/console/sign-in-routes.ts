import { type Request, Router } from 'express';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { ConsoleAudit } from '../core/console-audit.ts';
import { BadRequest } from '../core/errors.ts';
import type { Flow } from '../core/flow.ts';
import type { FlowStarter } from '../core/flow-starter.ts';
import { loginStem, parseLogin } from '../core/login.ts';
import type { SignInGuard } from '../core/sign-in.ts';
import type { Role } from '../core/staff.ts';
import type { StaffDesk } from '../core/staff-desk.ts';
import type { VisitLimits } from '../core/visit-limits.ts';
import type { EvenTime } from '../web/even-time.ts';
import { pathOf } from '../web/flow-page.ts';
import { type FlowNeeds, type FlowPage, flowRoutes } from '../web/flow-routes.ts';
import { contextOf } from '../web/requests.ts';
import { renewSession, saveSession } from '../web/session.ts';
import { proofFields, sendHalted, visitOf } from '../web/visits.ts';
import type { StaffSessions } from './staff-sessions.ts';

export interface SignInNeeds extends Omit<FlowNeeds, 'renewAtEnd' | 'audit'> {
  readonly flowAudit: FlowNeeds['audit'];
  readonly starter: FlowStarter;
  readonly guard: SignInGuard;
  readonly staffDesk: StaffDesk;
  readonly sessions: StaffSessions;
  readonly audit: ConsoleAudit;
  readonly limits: VisitLimits;
  readonly clock: Clock;
  /** Ids of gates, in the order in which they are asked for. */
  readonly secondFactor: readonly string[];
  /** Every sign-in that comes to nothing takes as long as any other. */
  readonly signInTime: EvenTime;
  /** Where staff register what they prove themselves with. */
  readonly registrationUrl: URL;
  /** Only in the demo. */
  readonly hints?: StaffHints | undefined;
}

/** In the demo: whom to try the console as. */
export interface StaffHints {
  readonly password: string;
  /** Address of the virtual phone. */
  readonly phones: string;
  readonly people: readonly { readonly login: string; readonly name: string; readonly role: Role }[];
}

const signInForm = z.strictObject({ login: z.string().max(1024), password: z.string().max(1024), ...proofFields });

/** The way into the console: the directory password, then a gate that the member of staff has enrolled. */
export function signInRoutes(needs: SignInNeeds): Router {
  const { pages, hints } = needs;
  const router = Router({ strict: true, caseSensitive: true });

  router.get('/', (request, response) => {
    pages.send(request, response, { view: 'console/sign-in', surface: 'console', data: { typed: '', hints } });
  });

  router.post('/', async (request, response) => {
    const form = signInForm.safeParse(request.body);
    if (!form.success) throw new BadRequest('a sign-in is exactly one login and one password');
    const data = { typed: form.data.login.slice(0, 256), hints };
    const page = { view: 'console/sign-in', surface: 'console', data } as const;
    const retry = (field: string | undefined, key: string): void => {
      const problems = [{ ...(field === undefined ? {} : { field }), message: { key } }];
      pages.send(request, response, { ...page, status: 422, problems });
    };
    const login = parseLogin(form.data.login);
    if (login === undefined) {
      return retry('login', form.data.login.trim() === '' ? 'start.login-empty' : 'start.login-shape');
    }
    if (form.data.password === '') return retry('password', 'sign-in.password-empty');
    const visiting = visitOf(needs.limits, { kind: 'console', request, form: form.data });
    const admission = await visiting.admit(loginStem(login));
    if (admission.kind !== 'admitted') {
      return sendHalted(pages, admission, { request, response, form: page, now: needs.clock.now() });
    }
    const inTime = needs.signInTime.begin();
    const at = { ...contextOf(request), portal: 'console' } as const;
    const outcome = await needs.guard.signIn(login, form.data.password, at);
    const found = outcome.kind === 'signed-in' ? await needs.staffDesk.readNow(outcome.account.id) : undefined;
    if (outcome.kind === 'refused' || found === undefined) {
      if (outcome.kind === 'signed-in') await refused(request, outcome.account.id, 'no-staff');
      await inTime();
      return retry(undefined, 'console.sign-in.wrong');
    }
    const flow = await needs.starter.console(outcome.account, needs.secondFactor, contextOf(request));
    if (flow === undefined) {
      await refused(request, outcome.account.id, 'unregistered');
      return pages.send(request, response, {
        view: 'console/unregistered',
        surface: 'console',
        status: 403,
        data: { gates: needs.secondFactor, registration: needs.registrationUrl.href },
      });
    }
    const { wanted } = request.session;
    await renewSession(request, flow.id);
    if (wanted !== undefined) request.session.wanted = wanted;
    await saveSession(request);
    response.redirect(303, pathOf(flow));
  });

  const renewAtEnd = async (request: Request, flow: Flow): Promise<string | undefined> => {
    const isAgain = request.session.staff !== undefined;
    const member = await needs.sessions.end(request, flow);
    if (member === undefined) return flow.step.kind === 'done' ? '/console' : undefined;
    const from = { by: member.id, request: contextOf(request) };
    const detail = { roles: member.roles.join(' ') };
    const event = isAgain ? 'console.confirmed' : 'console.signed-in';
    await needs.audit.write(event, { what: '/console', subject: member.id, detail }, from);
    const { wanted } = request.session;
    delete (request.session as { wanted?: string }).wanted;
    return wanted ?? '/';
  };

  const { flowAudit: audit } = needs;
  router.use(flowRoutes('console', { ...needs, audit, renewAtEnd }, { done: donePage(needs), ...endPages(needs) }));
  return router;

  function refused(request: Request, subject: string, why: string): Promise<void> {
    const from = { by: undefined, request: contextOf(request) };
    return needs.audit.write('console.refused', { what: '/console', subject, detail: { why } }, from);
  }
}

/** Shown only to whoever left before the answer that signed them in: a press of the button does it again. */
function donePage({ pages }: SignInNeeds): FlowPage {
  return {
    async show(_flow, request, response) {
      pages.send(request, response, { view: 'console/done', surface: 'console' });
    },
    take: async (flow) => flow,
  };
}

function endPages({ pages }: SignInNeeds): { readonly [page: string]: FlowPage } {
  const ended: FlowPage = {
    async show(flow, request, response) {
      const why = flow.step.kind === 'refused' ? flow.step.reason : flow.step.kind;
      pages.send(request, response, { view: 'console/ended', surface: 'console', data: { why } });
    },
  };
  return { refused: ended, expired: ended, ended };
}
