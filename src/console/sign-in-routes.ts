import { type Request, Router } from 'express';
import type { Account } from '../core/account.ts';
import type { ConsoleAudit } from '../core/audit/console-audit.ts';
import type { Flow } from '../core/flow/flow.ts';
import type { FlowStarter } from '../core/flow/flow-starter.ts';
import type { Role } from '../core/staff/staff.ts';
import type { StaffDesk } from '../core/staff/staff-desk.ts';
import { pathOf } from '../web/flow-page.ts';
import { type FlowNeeds, type FlowPage, flowRoutes } from '../web/flow-routes.ts';
import type { OneSession } from '../web/one-session.ts';
import type { PageOptions } from '../web/pages.ts';
import { contextOf } from '../web/requests.ts';
import { renewSession } from '../web/session.ts';
import { type SignInFormNeeds, takeSignIn } from '../web/sign-in-form.ts';
import type { StaffSessions } from './staff-sessions.ts';

export interface SignInNeeds extends Omit<FlowNeeds, 'renewAtEnd' | 'audit'>, SignInFormNeeds {
  readonly flowAudit: FlowNeeds['audit'];
  readonly starter: FlowStarter;
  readonly staffDesk: StaffDesk;
  readonly sessions: StaffSessions;
  readonly oneSession: OneSession;
  readonly audit: ConsoleAudit;
  /** Ids of gates, in the order in which they are asked for. */
  readonly secondFactor: readonly string[];
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

/** The way into the console: the directory password, then a gate that the member of staff has enrolled. */
export function signInRoutes(needs: SignInNeeds): Router {
  const { pages, hints } = needs;
  const page: PageOptions = { view: 'console/sign-in', surface: 'console', data: { typed: '', hints } };
  const router = Router({ strict: true, caseSensitive: true });

  router.get('/', (request, response) => pages.send(request, response, page));

  router.post('/', async (request, response) => {
    const tried = await takeSignIn(needs, { portal: 'console', kind: 'console', page }, { request, response });
    if (tried === undefined) return;
    const { outcome } = tried;
    const found = outcome.kind === 'signed-in' ? await needs.staffDesk.readNow(outcome.account.id) : undefined;
    if (outcome.kind === 'refused' || found === undefined) {
      if (outcome.kind === 'signed-in') await refused(request, outcome.account.id, 'no-staff');
      return tried.refuse('console.sign-in.wrong');
    }
    const { account } = outcome;
    const to = await needs.oneSession.once(request, `console ${account.id}`, () => toFactor(request, account));
    if (to !== undefined) return response.redirect(303, to);
    pages.send(request, response, {
      view: 'console/unregistered',
      surface: 'console',
      status: 403,
      data: { gates: needs.secondFactor, registration: needs.registrationUrl.href },
    });
  });

  /** Begins the second factor, and a session for it; undefined when there is none. */
  const toFactor = async (request: Request, account: Account): Promise<string | undefined> => {
    const flow = await needs.starter.console(account, needs.secondFactor, contextOf(request));
    if (flow === undefined) {
      await refused(request, account.id, 'unregistered');
      return undefined;
    }
    const { wanted } = request.session;
    await renewSession(request, flow.id);
    request.session.signingIn = account.id;
    if (wanted !== undefined) request.session.wanted = wanted;
    return pathOf(flow);
  };

  const renewAtEnd = (request: Request, flow: Flow) =>
    needs.oneSession.once(request, `end ${flow.id}`, () => atEnd(request, flow));
  const atEnd = async (request: Request, flow: Flow): Promise<string | undefined> => {
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
