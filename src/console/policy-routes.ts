import type { Request } from 'express';
import type { GateControls } from '../core/gates/gate-controls.ts';
import type { Message } from '../core/message.ts';
import type { WeighedGate } from '../core/policies/chain-strength.ts';
import type { PolicyDesk, PolicySaved } from '../core/policies/policy-desk.ts';
import { difference } from '../core/policies/policy-difference.ts';
import type { PolicyDrafts } from '../core/policies/policy-drafts.ts';
import type { ListedPolicy } from '../core/policies/policy-field-changes.ts';
import { type NewestPolicies, newestPolicies } from '../core/policies/policy-standing.ts';
import type { PolicyStore, PolicyVersion } from '../core/policies/policy-store.ts';
import type { ReadPolicies } from '../core/policies/stored-policies.ts';
import { everyRole } from '../core/staff/staff.ts';
import { sayPolicyMessage } from '../web/policy-messages.ts';
import type { Answer } from './answer.ts';
import { type ConsoleRouter, OutOfReach, type Visit } from './console-router.ts';
import { policyRows } from './policy-view.ts';

export interface PolicyPagesNeeds {
  readonly store: PolicyStore;
  readonly desk: PolicyDesk;
  readonly drafts: PolicyDrafts;
  readonly read: ReadPolicies;
  /** Every gate that a chain may have, in the order in which they are offered. */
  readonly gates: readonly WeighedGate[];
  /** What a policy may set of each gate. */
  readonly controls: readonly GateControls[];
  /** The list of the configuration file, where that is the one in force: then nothing can be changed here. */
  readonly pinned: readonly ListedPolicy[] | undefined;
  /** Why nobody can be served by a list that can be read, such as a group that is gone; none when all is well. */
  readonly trouble: (policies: readonly ListedPolicy[]) => Promise<readonly Message[]>;
  /** Where `list=draft` is posted to try a draft on everybody. */
  readonly trial: string;
}

const nothing: NewestPolicies = { newest: undefined, why: undefined };
/** Versions on one page of their list. */
const pageSize = 25;

/** The policies in force and all that they ever were, for everybody of the staff. */
export function policyRoutes(router: ConsoleRouter, needs: PolicyPagesNeeds): void {
  const { store, pinned } = needs;

  router.route({
    method: 'get',
    path: '/policies',
    roles: everyRole,
    menu: 'policies',
    async handler({ staff, request }) {
      const { newest: latest, why } = pinned === undefined ? await newestPolicies(store) : nothing;
      const policies = pinned ?? listOf(needs, latest);
      const isEditor = pinned === undefined && why === undefined && staff.roles.includes('administrator');
      const draft = isEditor ? await needs.drafts.read(staff.id) : undefined;
      const data = {
        isPinned: pinned !== undefined,
        isEditor,
        isRolledBack: why !== undefined,
        latest,
        draft,
        trouble: policies === undefined ? [] : await needs.trouble(policies),
        rows: policies && policyRows(policies, { gates: needs.gates, t: request.translate }),
      };
      return { kind: 'page', view: 'console/policies', data };
    },
  });

  if (pinned !== undefined) return;

  router.route({
    method: 'get',
    path: '/policies/versions',
    roles: everyRole,
    async handler({ request }) {
      const before = numberOf(request.query.before);
      const found = await store.list(pageSize + 1, before);
      const shown = found.slice(0, pageSize);
      const older = found.length > pageSize ? shown.at(-1)?.version : undefined;
      return { kind: 'page', view: 'console/policy-versions', data: { versions: shown, older } };
    },
  });

  router.route({
    method: 'get',
    path: '/policies/versions/:version',
    roles: everyRole,
    handler: (visit) => versionPage(needs, visit, { note: visit.typed.note }),
  });

  router.route({
    method: 'post',
    path: '/policies/versions/:version/restore',
    page: '/policies/versions/:version',
    roles: ['administrator'],
    act: 'console.act',
    fresh: true,
    async handler(visit) {
      const { staff, request } = visit;
      const version = await versionOf(store, request);
      const basedOn = numberOf(request.body.based) ?? -1;
      const note = noteOf(request);
      if (note === '') return versionPage(needs, visit, { note, wrong: 'policy-pages.note-missing' });
      await visit.act({ reason: note, detail: { version: version.version } });
      const wish = { basedOn, by: staff.id, byName: staff.name, note, policies: version.policies, ...fromOf(visit) };
      const saved = await needs.desk.save(wish);
      return saved.kind === 'saved' ? savedAnswer(saved) : versionPage(needs, visit, { note, saved });
    },
  });
}

/** Where the audit says that a save came from. */
export function fromOf({ context }: Visit) {
  return { from: { portal: 'console', address: context.address, correlation: context.correlation } };
}

export function savedAnswer({ version }: Extract<PolicySaved, { kind: 'saved' }>): Answer {
  const values = { version: version.version };
  return { kind: 'go', to: '/policies', notice: { key: 'policy-pages.saved', values } };
}

/** Why it is changed, in the words of whoever does; at most as much as the versions page shows well. */
export function noteOf(request: Request): string {
  const { note } = request.body as { readonly note?: unknown };
  return typeof note === 'string' ? note.trim().slice(0, 500) : '';
}

export function sentencesOf(request: Request, messages: readonly Message[]): readonly string[] {
  return messages.map((message) => sayPolicyMessage(request.translate, message));
}

/** What came of a look or a save that did not end well, for a page to show. */
export function outcomeView(request: Request, outcome: Exclude<PolicySaved, { kind: 'saved' }>) {
  switch (outcome.kind) {
    case 'conflict': {
      const { newest, changes } = outcome;
      return { conflict: { ...newest, changes: sentencesOf(request, changes) } };
    }
    case 'refused':
      return { changes: sentencesOf(request, outcome.changes), findings: findingsView(request, outcome.findings) };
    case 'unreadable':
      return { unreadable: outcome.problems };
    case 'unchanged':
      return { isUnchanged: true };
    case 'rolled-back':
      return { isRolledBack: true };
  }
}

export function findingsView(
  request: Request,
  findings: Extract<PolicySaved, { kind: 'refused' }>['findings'],
): readonly { readonly level: string; readonly text: string }[] {
  return findings.map(({ level, message }) => ({ level, text: sayPolicyMessage(request.translate, message) }));
}

/** Marks around what is put into a sentence, which belong into no field. */
const isolates = /[\u2066-\u2069]/g;

/** One version: who saved it and why, what it changed, what it held, and what going back to it would change now. */
async function versionPage(
  needs: PolicyPagesNeeds,
  { staff, request }: Visit,
  about: {
    /** As it was typed; what it begins with when not told. */
    readonly note: string | undefined;
    readonly wrong?: string;
    readonly saved?: Exclude<PolicySaved, { kind: 'saved' }>;
  },
): Promise<Answer> {
  const { store, gates } = needs;
  const version = await versionOf(store, request);
  const [before] = await store.list(1, version.version);
  const [previous, latest] = await Promise.all([before && store.read(before.version), store.latest()]);
  const own = listOf(needs, version);
  const changes = own && difference(listOf(needs, previous) ?? [], own);
  const now = listOf(needs, latest);
  const isNewest = latest?.version === version.version;
  const back = own === undefined || isNewest ? undefined : difference(now ?? [], own);
  const data = {
    version,
    changes: changes && sentencesOf(request, changes),
    rows: own && policyRows(own, { gates, t: request.translate }),
    latest: latest?.version ?? 0,
    back: back && sentencesOf(request, back),
    mayRestore: staff.roles.includes('administrator') && own !== undefined && !isNewest,
    outcome: about.saved && outcomeView(request, about.saved),
    note:
      about.note ?? request.translate('policy-pages.back-note', { version: version.version }).replaceAll(isolates, ''),
  };
  const problems = about.wrong === undefined ? [] : [{ field: 'note', message: { key: about.wrong } }];
  const isWrong = about.wrong !== undefined || about.saved !== undefined;
  const seen = { detail: { version: version.version } };
  return {
    kind: 'page',
    view: 'console/policy-version',
    data,
    problems,
    about: seen,
    ...(isWrong ? { status: 422 } : {}),
  };
}

/** Undefined for none, and for one that cannot be read any more. */
function listOf({ read }: PolicyPagesNeeds, version: PolicyVersion | undefined): readonly ListedPolicy[] | undefined {
  if (version === undefined) return undefined;
  const found = read(version.policies);
  return 'policies' in found ? found.policies : undefined;
}

async function versionOf(store: PolicyStore, request: Request): Promise<PolicyVersion> {
  const number = numberOf(request.params.version);
  const version = number === undefined ? undefined : await store.read(number);
  if (version === undefined) throw new OutOfReach('there is no such version of the policies');
  return version;
}

/** A whole number as it stands in an address or a form; undefined for anything else. */
export function numberOf(text: unknown): number | undefined {
  return typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
