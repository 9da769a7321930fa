import { z } from 'zod';
import type { Account } from '../core/account.ts';
import type { Message, Problem } from '../core/message.ts';
import type { CodeTarget } from '../core/people/code-desk.ts';
import type { Acted } from '../core/people/helpdesk-desk.ts';
import { posted } from '../core/posted-form.ts';
import { type Act, longestReason } from '../core/staff/act-guard.ts';
import type { Role } from '../core/staff/staff.ts';
import type { Answer } from './answer.ts';
import { type ConsoleRoute, type ConsoleRouter, OutOfReach, type Visit } from './console-router.ts';
import { hasManager, numbersOf, openSessionsOf, type PeopleNeeds, personPage, reach } from './people-routes.ts';

/** Who acts on people; how far is judged at the moment of the act. */
export const actingRoles = ['administrator', 'helpdesk'] as const satisfies readonly [Role, ...Role[]];

/** Longer than any reason, so that what is too long is told and not refused as a form that is none of ours. */
const typed = z.string().max(4 * longestReason);
const reasonForm = z.strictObject({ reason: typed });
const codeForm = z.strictObject({ reason: typed, to: z.string().max(64).optional() });

/** What staff do to people. Each act is audited by the desk that does it, with its reason, before it is done. */
export function actRoutes(router: ConsoleRouter, needs: PeopleNeeds): void {
  const { desk } = needs;
  simpleAct(router, needs, { name: 'clear-bars', act: (act) => desk.clearBars(act) });
  simpleAct(router, needs, { name: 'end-visits', act: (act) => desk.endFlows(act) });
  simpleAct(router, needs, { name: 'ask-to-register', act: (act) => desk.askToRegister(act) });
  removal(router, needs);
  if (needs.hasCodes) codes(router, needs);
  sessionsEnd(router, needs);
}

/** One that is asked for on the person's page, and can be made good. */
function simpleAct(
  router: ConsoleRouter,
  needs: PeopleNeeds,
  { name, act }: { readonly name: string; readonly act: (act: Act) => Promise<Acted> },
): void {
  router.route({
    method: 'post',
    path: `/people/:id/${name}`,
    page: '/people/:id',
    roles: actingRoles,
    async handler(visit) {
      const account = await reach(needs, visit);
      const { reason } = posted(reasonForm, visit.request.body);
      const acted = await act(actOf(visit, account, reason));
      if (acted.kind !== 'refused') return done(account, acted, name);
      const problems = [problemOf(acted, `reason-${name}`)];
      return personPage(needs, visit, { account, retry: { act: name, typed: reason, problems } });
    },
  });
}

/** An act with a page of its own, which says what comes of it and asks for the second factor again. */
interface PageAct<Form> {
  readonly name: 'remove' | 'code' | 'end-sessions';
  readonly path: string;
  readonly view: string;
  readonly form: z.ZodType<Form>;
  /** Who may; whoever acts on people when left out. */
  readonly roles?: ConsoleRoute['roles'];
  /** See `ConsoleRoute`. */
  readonly once?: true;
  /** What its page shows beside the account. */
  data(account: Account, visit: Visit): Promise<Readonly<Record<string, unknown>>>;
  /** Does it, or says what the form lacks. */
  take(act: Act, form: Form, visit: Visit): Promise<Acted | Problem>;
}

function pageAct<Form extends { readonly reason: string; readonly to?: string | undefined }>(
  router: ConsoleRouter,
  needs: PeopleNeeds,
  { name, path, view, form, roles = actingRoles, once, data, take }: PageAct<Form>,
): void {
  const show = async (
    visit: Visit,
    account: Account,
    { reason = '', to }: Readonly<Record<string, string | undefined>> = visit.typed,
  ): Promise<Extract<Answer, { kind: 'page' }>> => ({
    kind: 'page',
    view,
    data: { account, typed: reason, chosen: to, ...(await data(account, visit)) },
    about: { subject: account.id },
  });

  router.route({
    method: 'get',
    path,
    roles,
    fresh: true,
    handler: async (visit) => show(visit, await reach(needs, visit)),
  });

  router.route({
    method: 'post',
    path,
    roles,
    fresh: true,
    ...(once === undefined ? {} : { once }),
    async handler(visit) {
      const account = await reach(needs, visit);
      const typed = posted(form, visit.request.body);
      const acted = await take(actOf(visit, account, typed.reason), typed, visit);
      if ('kind' in acted && acted.kind !== 'refused') return done(account, acted, name);
      const problem = 'kind' in acted ? problemOf(acted, 'reason') : acted;
      return { ...(await show(visit, account, { ...typed })), status: 422, problems: [problem] };
    },
  });
}

/** Cannot be taken back: the page says what is left. */
function removal(router: ConsoleRouter, needs: PeopleNeeds): void {
  pageAct(router, needs, {
    name: 'remove',
    path: '/people/:id/remove/:gate',
    view: 'console/people/remove',
    form: reasonForm,
    async data(account, { request }) {
      const person = await needs.views.of(account);
      const own = person.gates.filter(({ provedAt, heldUntil }) => provedAt !== undefined || heldUntil !== undefined);
      const gate = own.find((one) => one.gate === request.params.gate);
      if (gate === undefined) throw new OutOfReach('nothing is registered for this gate', account.id);
      const left = own.filter((one) => one !== gate && !one.wornOut && one.provedAt !== undefined);
      return { gate, left: left.map((one) => one.gate) };
    },
    take: (act, _form, { request }) => needs.desk.removeEnrolment(act, String(request.params.gate)),
  });
}

/** Where a code may go is chosen here; what it is, nobody of the staff ever sees. */
function codes(router: ConsoleRouter, needs: PeopleNeeds): void {
  pageAct(router, needs, {
    name: 'code',
    path: '/people/:id/code',
    view: 'console/people/code',
    form: codeForm,
    async data(account) {
      if (!(await needs.codes.isAskedOf(account))) {
        throw new OutOfReach('no policy of the person asks for a code', account.id);
      }
      return { numbers: numbersOf(await needs.views.of(account)), manager: await hasManager(needs, account) };
    },
    async take(act, { to }) {
      if (to === undefined) return { field: 'to', message: { key: 'console.acts.refused.no-target' } };
      const target: CodeTarget = to === 'manager' ? { kind: 'manager' } : { kind: 'number', gate: to };
      return needs.codes.issue(act, target);
    },
  });
}

/** For a stolen laptop, or a desk that somebody left. One's own sessions have a page of their own. */
function sessionsEnd(router: ConsoleRouter, needs: PeopleNeeds): void {
  pageAct(router, needs, {
    name: 'end-sessions',
    path: '/people/:id/sessions',
    view: 'console/people/sessions',
    form: reasonForm,
    roles: ['administrator'],
    once: true,
    data: async (account) => ({ open: await openSessionsOf(needs, account) }),
    take: (act) => needs.desk.endSessions(act),
  });
}

/** The act that a post asks for. Whoever asks, and whom it is about, is read again before it is done. */
export function actOf({ staff, context }: Visit, account: Account, reason: string): Act {
  return { staff: staff.id, person: account.id, reason, request: context };
}

/** What stands at the field, or on top, when an act was refused. What is out of reach looks as if it were not there. */
export function problemOf({ why }: { readonly why: string }, field: string): Problem {
  if (why === 'out-of-reach') throw new OutOfReach('the person is out of reach by now');
  const message: Message = { key: `console.acts.refused.${why}`, values: { most: longestReason } };
  return why.startsWith('reason-') ? { field, message } : { message };
}

function done(account: Account, acted: Exclude<Acted, { kind: 'refused' }>, name: string): Answer {
  return { kind: 'go', to: `/people/${account.id}`, notice: { key: `console.acts.${acted.kind}.${name}` } };
}
