import { z } from 'zod';
import type { Account } from '../core/account.ts';
import type { ConsoleAudit } from '../core/audit/console-audit.ts';
import type { Directory } from '../core/directory.ts';
import { parseLogin } from '../core/login.ts';
import type { Problem } from '../core/message.ts';
import type { Policy } from '../core/policies/policy.ts';
import type { PolicyMatcher } from '../core/policies/policy-matcher.ts';
import { posted } from '../core/posted-form.ts';
import { everyRole, maySee, type StaffMember } from '../core/staff/staff.ts';
import { type OneLoginNeeds, outlookOf } from '../core/survey/one-login.ts';
import { loginField, loginProblem, typedAgain } from '../web/login-field.ts';
import type { Answer } from './answer.ts';
import type { ConsoleRouter, Visit } from './console-router.ts';
import type { TriedLists } from './simulator-routes.ts';

export interface OneLoginPageNeeds {
  readonly directory: Pick<Directory, 'find'>;
  readonly stores: OneLoginNeeds['stores'];
  readonly clock: OneLoginNeeds['clock'];
  readonly zones: OneLoginNeeds['zones'];
  readonly lists: TriedLists;
  /** Decides by these policies. */
  readonly matcher: (policies: readonly Policy[]) => PolicyMatcher & OneLoginNeeds['policies'];
  readonly audit: ConsoleAudit;
}

const path = '/one-login';
const loginForm = z.strictObject({
  login: loginField,
  list: z.enum(['present', 'draft']).default('present'),
});

/** For one login: which policy matches and why, in each zone, and what that person could do today. */
export function oneLoginRoutes(router: ConsoleRouter, needs: OneLoginPageNeeds): void {
  router.route({
    method: 'get',
    path,
    roles: everyRole,
    menu: 'one-login',
    handler: async ({ staff }) => page({ typed: '', ...(await offered(needs, staff)) }),
  });

  // A post, though it changes nothing: a login does not belong into addresses and logs.
  router.route({ method: 'post', path, roles: everyRole, handler: (visit) => look(needs, visit) });
}

async function look(needs: OneLoginPageNeeds, visit: Visit): Promise<Answer> {
  const { request, staff } = visit;
  const form = posted(loginForm, request.body, 'one login is looked at');
  const shown = { typed: typedAgain(form.login), ...(await offered(needs, staff)) };
  const login = parseLogin(form.login);
  if (login === undefined) return page(shown, loginProblem(form.login, 'another'));
  const draft = form.list === 'draft' ? await ownDraft(needs, staff) : undefined;
  // Thrown away in another window, perhaps: by another list it would be the answer to another question.
  if (form.list === 'draft' && draft === undefined) {
    return page(shown, { message: { key: 'console.simulator.no-draft' } });
  }
  const account = await reachable(needs, visit, await needs.directory.find(login));
  if (account === undefined) return page(shown, { field: 'login', message: { key: 'console.one-login.nobody' } });
  const trouble = draft === undefined ? [] : await needs.lists.trouble(draft);
  if (trouble.length > 0) return page({ ...shown, isDraft: true }, ...trouble.map((message) => ({ message })));
  const policies = needs.matcher(draft ?? (await needs.lists.present()));
  const outlook = await outlookOf({ ...needs, policies }, account);
  return { ...page({ ...shown, outlook, isDraft: draft !== undefined }), about: { subject: account.id } };
}

/** Who is out of reach looks to this member like nobody, and takes as long to refuse; the audit knows better. */
async function reachable(
  { audit }: OneLoginPageNeeds,
  { staff, context }: Visit,
  account: Account | undefined,
): Promise<Account | undefined> {
  if (account !== undefined && maySee(staff, account)) return account;
  const deed = { what: path, ...(account === undefined ? {} : { subject: account.id }), detail: { why: 'reach' } };
  await audit.write('console.refused', deed, { by: staff.id, request: context });
  return undefined;
}

async function offered(needs: OneLoginPageNeeds, staff: StaffMember): Promise<{ readonly hasDraft: boolean }> {
  return { hasDraft: (await ownDraft(needs, staff)) !== undefined };
}

async function ownDraft({ lists }: OneLoginPageNeeds, staff: StaffMember): Promise<readonly Policy[] | undefined> {
  return staff.roles.includes('administrator') ? lists.draft?.(staff.id) : undefined;
}

function page(
  data: Readonly<Record<string, unknown>>,
  ...problems: readonly Problem[]
): Extract<Answer, { kind: 'page' }> {
  return {
    kind: 'page',
    view: 'console/one-login',
    ...(problems.length === 0 ? {} : { status: 422, problems }),
    data: { outlook: undefined, isDraft: false, ...data },
  };
}
