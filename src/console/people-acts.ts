import { z } from 'zod';
import type { Account } from '../core/account.ts';
import { type Act, longestReason } from '../core/act-guard.ts';
import type { CodeTarget } from '../core/code-desk.ts';
import { BadRequest } from '../core/errors.ts';
import type { Acted } from '../core/helpdesk-desk.ts';
import type { Message, Problem } from '../core/message.ts';
import type { Role } from '../core/staff.ts';
import type { Answer } from './answer.ts';
import { type ConsoleRouter, OutOfReach, type Visit } from './console-router.ts';
import { hasManager, numbersOf, type PeopleNeeds, personPage, reach } from './people-routes.ts';

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
  codes(router, needs);
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
    roles: actingRoles,
    async handler(visit) {
      const account = await reach(needs, visit);
      const { reason } = read(reasonForm, visit);
      const acted = await act(actOf(visit, account, reason));
      if (acted.kind !== 'refused') return done(account, acted, name);
      const problems = [problemOf(acted, `reason-${name}`)];
      return personPage(needs, visit, { account, retry: { act: name, typed: reason, problems } });
    },
  });
}

/** Cannot be taken back: it has a page of its own, which says what is left, and asks for the second factor again. */
function removal(router: ConsoleRouter, needs: PeopleNeeds): void {
  const path = '/people/:id/remove/:gate';
  const show = async (
    visit: Visit,
    retry?: { readonly reason: string; readonly problem: Problem },
  ): Promise<Answer> => {
    const account = await reach(needs, visit);
    const person = await needs.views.of(account);
    const own = person.gates.filter(({ provedAt, heldUntil }) => provedAt !== undefined || heldUntil !== undefined);
    const gate = own.find((one) => one.gate === visit.request.params.gate);
    if (gate === undefined) throw new OutOfReach('nothing is registered for this gate', account.id);
    const left = own.filter((one) => one !== gate && !one.wornOut && one.provedAt !== undefined);
    return {
      kind: 'page',
      view: 'console/people/remove',
      ...(retry === undefined ? {} : { status: 422, problems: [retry.problem] }),
      data: { account, gate, left: left.map((one) => one.gate), typed: retry?.reason ?? '' },
      about: { subject: account.id },
    };
  };

  router.route({ method: 'get', path, roles: actingRoles, fresh: true, handler: (visit) => show(visit) });
  router.route({
    method: 'post',
    path,
    roles: actingRoles,
    fresh: true,
    async handler(visit) {
      const account = await reach(needs, visit);
      const { reason } = read(reasonForm, visit);
      const acted = await needs.desk.removeEnrolment(actOf(visit, account, reason), String(visit.request.params.gate));
      if (acted.kind !== 'refused') return done(account, acted, 'remove');
      return show(visit, { reason, problem: problemOf(acted, 'reason') });
    },
  });
}

/** Where a code may go is chosen here; what it is, nobody of the staff ever sees. */
function codes(router: ConsoleRouter, needs: PeopleNeeds): void {
  const path = '/people/:id/code';
  const show = async (
    visit: Visit,
    retry?: { readonly reason: string; readonly problem: Problem },
  ): Promise<Answer> => {
    const account = await reach(needs, visit);
    const numbers = numbersOf(await needs.views.of(account));
    return {
      kind: 'page',
      view: 'console/people/code',
      ...(retry === undefined ? {} : { status: 422, problems: [retry.problem] }),
      data: { account, numbers, manager: await hasManager(needs, account), typed: retry?.reason ?? '' },
      about: { subject: account.id },
    };
  };

  router.route({ method: 'get', path, roles: actingRoles, fresh: true, handler: (visit) => show(visit) });
  router.route({
    method: 'post',
    path,
    roles: actingRoles,
    fresh: true,
    async handler(visit) {
      const account = await reach(needs, visit);
      const { reason, to } = read(codeForm, visit);
      if (to === undefined) {
        return show(visit, { reason, problem: { field: 'to', message: { key: 'console.acts.refused.no-target' } } });
      }
      const target: CodeTarget = to === 'manager' ? { kind: 'manager' } : { kind: 'number', gate: to };
      const acted = await needs.codes.issue(actOf(visit, account, reason), target);
      if (acted.kind !== 'refused') return done(account, acted, 'code');
      return show(visit, { reason, problem: problemOf(acted, 'reason') });
    },
  });
}

/** The act that a post asks for. Whoever asks, and whom it is about, is read again before it is done. */
export function actOf({ staff, context }: Visit, account: Account, reason: string): Act {
  return { staff: staff.id, person: account.id, reason, request: context };
}

/** The fields of a form of ours, exactly. */
export function read<Form>(form: z.ZodType<Form>, { request }: Visit): Form {
  const parsed = form.safeParse(request.body);
  if (!parsed.success) throw new BadRequest('the posted fields are not exactly those of the page');
  return parsed.data;
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
