import { z } from 'zod';
import { BadRequest } from '../core/errors.ts';
import type { GateSettings } from '../core/gate.ts';
import type { Json } from '../core/json.ts';
import type { Problem } from '../core/message.ts';
import { difference } from '../core/policies/policy-difference.ts';
import type { ListedPolicy } from '../core/policies/policy-field-changes.ts';
import type { PolicyDraft } from '../core/policies/policy-store.ts';
import type { Answer } from './answer.ts';
import { type ConsoleRouter, OutOfReach, type Visit } from './console-router.ts';
import { settingSheets } from './gate-setting-fields.ts';
import {
  emptyForm,
  fieldProblems,
  formOfPolicy,
  type PolicyForm,
  placeProblems,
  policyFormSchema,
  policyOfForm,
} from './policy-form.ts';
import { numberOf, type PolicyPagesNeeds, sentencesOf } from './policy-routes.ts';
import { policyRows } from './policy-view.ts';

const administrator = ['administrator'] as const;
const draftPath = '/policies/draft';
const stale: Problem = { message: { key: 'policy-form.stale' } };

/** Which policy of the draft is meant, as its form named it: another window may have moved it. */
const entryForm = z.strictObject({
  revision: z.string(),
  name: z.string(),
  way: z.enum(['up', 'down', 'remove']),
});

/** The draft of an administrator: one list that is changed policy by policy, and holds for nobody until it is saved. */
export function policyDraftRoutes(router: ConsoleRouter, needs: PolicyPagesNeeds): void {
  const gates = needs.gates.map(({ id }) => id);
  const { controls } = needs;
  const formSchema = policyFormSchema({ gates, controls });

  router.route({
    method: 'post',
    path: '/policies/draft/begin',
    page: '/policies',
    roles: administrator,
    async handler({ staff }) {
      await needs.drafts.begin(staff.id);
      return { kind: 'go', to: draftPath };
    },
  });

  router.route({
    method: 'get',
    path: draftPath,
    roles: administrator,
    handler: (visit) => draftPage(needs, visit),
  });

  router.route({
    method: 'post',
    path: '/policies/draft/arrange',
    page: draftPath,
    roles: administrator,
    async handler(visit) {
      const form = entryForm.safeParse(visit.request.body);
      if (!form.success) throw new BadRequest('one policy is moved or removed at a time');
      const { name, way, revision } = form.data;
      const draft = await draftOf(needs, visit);
      if (draft === undefined) return { kind: 'go', to: '/policies' };
      const list = entriesOf(draft);
      const at = list.findIndex((one) => nameOf(one) === name);
      const isSeen = String(draft.revision) === revision && at !== -1;
      const kept = isSeen && (await needs.drafts.change(visit.staff.id, draft, arranged(list, at, way)));
      return kept ? { kind: 'go', to: draftPath } : draftPage(needs, visit, [stale]);
    },
  });

  router.route({
    method: 'get',
    path: '/policies/draft/policy/:at',
    roles: administrator,
    async handler(visit) {
      const draft = await draftOf(needs, visit);
      if (draft === undefined) return { kind: 'go', to: '/policies' };
      const { at } = visit.request.params;
      const policy = at === 'new' ? undefined : listed(needs, draft)?.[numberOf(at) ?? -1];
      if (policy === undefined && at !== 'new') throw new OutOfReach('there is no such policy in the draft');
      const form = policy === undefined ? emptyForm : formOfPolicy(policy, controls);
      return formPage(needs, policy?.gates, { ...form, was: policy?.name ?? '', revision: String(draft.revision) });
    },
  });

  router.route({
    method: 'post',
    path: '/policies/draft/policy/:at',
    roles: administrator,
    async handler(visit) {
      const parsed = formSchema.safeParse(visit.request.body);
      if (!parsed.success) throw new BadRequest('a policy is exactly the fields of its form');
      const draft = await draftOf(needs, visit);
      if (draft === undefined) return { kind: 'go', to: '/policies' };
      const form: PolicyForm = parsed.data;
      const list = entriesOf(draft);
      const was = form.was ?? '';
      const found = list.findIndex((one) => nameOf(one) === was);
      const at = was === '' || found === -1 ? list.length : found;
      const before = found === -1 ? undefined : settingsIn(list[found]);
      const next = list.toSpliced(at, 1, policyOfForm(form, { gates, controls }, before));
      // With what is there now, so that the next press keeps it: nothing that was typed is lost.
      const again = { ...form, was: found === -1 ? '' : was, revision: String(draft.revision) };
      const about = { form, gates: controls, t: visit.request.translate };
      const problems = [...placeProblems(form, gates), ...problemsOf(needs, next, { at, ...about })];
      if (problems.length > 0) return formPage(needs, before, again, problems);
      if (String(draft.revision) !== form.revision) return formPage(needs, before, again, [stale]);
      const kept = await needs.drafts.change(visit.staff.id, draft, normal(needs, next));
      return kept === undefined ? formPage(needs, before, again, [stale]) : { kind: 'go', to: draftPath };
    },
  });

  router.route({
    method: 'post',
    path: '/policies/draft/discard',
    page: draftPath,
    roles: administrator,
    async handler({ staff }) {
      await needs.drafts.drop(staff.id);
      return { kind: 'go', to: '/policies', notice: { key: 'policy-pages.discarded' } };
    },
  });
}

export function draftOf({ drafts }: PolicyPagesNeeds, { staff }: Visit): Promise<PolicyDraft | undefined> {
  return drafts.read(staff.id);
}

/** The draft as a list with its ways to change it, and what it changes. */
async function draftPage(needs: PolicyPagesNeeds, visit: Visit, problems: readonly Problem[] = []): Promise<Answer> {
  const draft = await draftOf(needs, visit);
  if (draft === undefined) return { kind: 'go', to: '/policies' };
  const { request } = visit;
  const latest = await needs.store.latest();
  const list = listed(needs, draft);
  const before = latest && needs.read(latest.policies);
  const old = before !== undefined && 'policies' in before ? before.policies : [];
  const data = {
    draft,
    rows: list && policyRows(list, { gates: needs.gates, t: request.translate }),
    names: entriesOf(draft).map(nameOf),
    changes: list && sentencesOf(request, difference(old, list)),
    newest: latest?.version ?? 0,
  };
  const status = problems.length > 0 ? { status: 409 } : {};
  return { kind: 'page', view: 'console/policy-draft', data, problems, ...status };
}

/** @param own what the policy says of gates in the draft: what the form cannot change of it is shown */
function formPage(
  needs: PolicyPagesNeeds,
  own: GateSettings = {},
  form: PolicyForm,
  problems: readonly Problem[] = [],
): Answer {
  const status = problems.length > 0 ? { status: 422 } : {};
  const gates = needs.gates.map(({ id }) => id);
  const channels = [...new Set(needs.gates.flatMap(({ channel }) => channel ?? []))];
  const settings = settingSheets(needs.controls, { form, own });
  return { kind: 'page', view: 'console/policy-edit', data: { form, gates, channels, settings }, problems, ...status };
}

/** The policies of a draft; undefined when its list cannot be read, as when its last policy was removed. */
function listed({ read }: PolicyPagesNeeds, draft: PolicyDraft): readonly ListedPolicy[] | undefined {
  const found = read(draft.policies);
  return 'policies' in found ? found.policies : undefined;
}

function problemsOf(
  { read }: PolicyPagesNeeds,
  list: readonly Json[],
  { at, ...about }: { readonly at: number } & Parameters<typeof fieldProblems>[2],
): readonly Problem[] {
  const found = read(list);
  return 'problems' in found ? fieldProblems(found.problems, at, about) : [];
}

/** With every default written out, as it will be saved. */
function normal({ read }: PolicyPagesNeeds, list: readonly Json[]): readonly Json[] {
  const found = read(list);
  return 'list' in found && Array.isArray(found.list) ? (found.list as readonly Json[]) : list;
}

function entriesOf({ policies }: PolicyDraft): readonly Json[] {
  return Array.isArray(policies) ? (policies as readonly Json[]) : [];
}

/** What a policy of a draft says of gates, whatever else is wrong with the list. */
function settingsIn(entry: Json | undefined): GateSettings | undefined {
  return z.looseObject({ gates: z.record(z.string(), z.record(z.string(), z.json())) }).safeParse(entry).data?.gates;
}

function nameOf(entry: Json): string {
  return typeof entry === 'object' && entry !== null && 'name' in entry ? String(entry.name) : '';
}

function arranged(list: readonly Json[], at: number, way: 'up' | 'down' | 'remove'): readonly Json[] {
  const without = list.toSpliced(at, 1);
  if (way === 'remove') return without;
  return without.toSpliced(Math.max(0, way === 'up' ? at - 1 : at + 1), 0, list[at] as Json);
}
