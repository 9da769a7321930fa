import { z } from 'zod';
import type { Account } from '../core/account.ts';
import type { Problem } from '../core/message.ts';
import type { CallerCheck } from '../core/people/caller-desk.ts';
import { posted } from '../core/posted-form.ts';
import { longestReason } from '../core/staff/act-guard.ts';
import { saveSession } from '../web/session.ts';
import type { Answer } from './answer.ts';
import type { ConsoleRouter, Visit } from './console-router.ts';
import { actingRoles, actOf, problemOf } from './people-acts.ts';
import { numbersOf, type PeopleNeeds, reach } from './people-routes.ts';

declare module 'express-session' {
  interface SessionData {
    /** Only in the console: the check of a caller that is under way, whom it is about, and why. */
    caller: { readonly flow: string; readonly person: string; readonly reason: string };
  }
}

const form = z.discriminatedUnion('act', [
  z.strictObject({
    act: z.literal('start'),
    reason: z.string().max(4 * longestReason),
    gate: z.string().max(64).optional(),
  }),
  z.strictObject({ act: z.literal('check'), code: z.string().max(64) }),
  z.strictObject({ act: z.literal('stop') }),
]);

const path = '/people/:id/caller';

/** Finding out who is on the telephone: one page that sends the text, takes the code, and says how it came out. */
export function callerRoutes(router: ConsoleRouter, needs: PeopleNeeds): void {
  router.route({
    method: 'get',
    path,
    roles: actingRoles,
    async handler(visit) {
      const account = await reach(needs, visit);
      return page(needs, { account, check: await checkOf(needs, visit, account) });
    },
  });

  router.route({
    method: 'post',
    path,
    roles: actingRoles,
    async handler(visit) {
      const account = await reach(needs, visit);
      const asked = posted(form, visit.request.body);
      if (asked.act === 'start') return start(needs, visit, { account, ...asked });
      const { caller } = visit.request.session;
      const again = { kind: 'go', to: `/people/${account.id}/caller` } as const;
      if (caller === undefined || caller.person !== account.id) {
        return { ...again, notice: { key: 'console.caller.gone' } };
      }
      const act = actOf(visit, account, caller.reason);
      const check =
        asked.act === 'check'
          ? await needs.callers.answer(act, caller.flow, asked.code)
          : await needs.callers.giveUp(act, caller.flow);
      if (check !== undefined && 'kind' in check) return page(needs, { account, problem: problemOf(check, 'code') });
      return again;
    },
  });
}

async function start(
  needs: PeopleNeeds,
  visit: Visit,
  wanted: { readonly account: Account; readonly reason: string; readonly gate?: string | undefined },
): Promise<Answer> {
  const { account, reason, gate } = wanted;
  if (gate === undefined) {
    const problem = { field: 'gate', message: { key: 'console.acts.refused.no-target' } };
    return page(needs, { account, problem, typed: reason });
  }
  const started = await needs.callers.start(actOf(visit, account, reason), gate);
  if (started.kind === 'refused') {
    return page(needs, { account, problem: problemOf(started, 'reason'), typed: reason, chosen: gate });
  }
  visit.request.session.caller = { flow: started.flow, person: account.id, reason };
  await saveSession(visit.request);
  return { kind: 'go', to: `/people/${account.id}/caller` };
}

async function checkOf(needs: PeopleNeeds, visit: Visit, account: Account): Promise<CallerCheck | undefined> {
  const { caller } = visit.request.session;
  if (caller === undefined || caller.person !== account.id) return undefined;
  return needs.callers.read(caller.flow, account.id, visit.context.language);
}

async function page(
  needs: PeopleNeeds,
  shown: {
    readonly account: Account;
    readonly check?: CallerCheck | undefined;
    readonly problem?: Problem;
    readonly typed?: string;
    readonly chosen?: string;
  },
): Promise<Answer> {
  const { account, check, problem, typed = '', chosen } = shown;
  const numbers = check?.state === 'open' ? [] : numbersOf(await needs.views.of(account));
  const problems = problem === undefined ? (check?.state === 'open' ? check.flow.problems : undefined) : [problem];
  return {
    kind: 'page',
    view: 'console/people/caller',
    ...(problem === undefined ? {} : { status: 422 }),
    ...(problems === undefined ? {} : { problems }),
    data: { account, state: check?.state, shown: check?.page?.data, numbers, typed, chosen },
    about: { subject: account.id },
  };
}
