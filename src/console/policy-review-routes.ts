import type { PolicySaved, PolicyWish } from '../core/policies/policy-desk.ts';
import type { PolicyDraft } from '../core/policies/policy-store.ts';
import type { Answer } from './answer.ts';
import type { ConsoleRouter, Visit } from './console-router.ts';
import { draftOf } from './policy-draft-routes.ts';
import {
  findingsView,
  fromOf,
  noteOf,
  outcomeView,
  type PolicyPagesNeeds,
  savedAnswer,
  sentencesOf,
} from './policy-routes.ts';

const administrator = ['administrator'] as const;
const page = '/policies/draft/review';

/** What a review page shows beside the draft itself. */
interface Reviewed {
  readonly note?: string;
  readonly wrong?: string;
  readonly saved?: Exclude<PolicySaved, { kind: 'saved' }>;
  /** Names of policies that both have changed, once the draft was put upon the newest version. */
  readonly both?: readonly string[];
}

/** A draft that is looked at once more, and then saved: what it changes, what speaks against it, and why it is done. */
export function policyReviewRoutes(router: ConsoleRouter, needs: PolicyPagesNeeds): void {
  router.route({
    method: 'get',
    path: page,
    roles: administrator,
    fresh: true,
    handler: (visit) => reviewPage(needs, visit, { note: visit.typed.note ?? '' }),
  });

  router.route({
    method: 'post',
    path: '/policies/draft/catch-up',
    page,
    roles: administrator,
    async handler(visit) {
      const draft = await draftOf(needs, visit);
      if (draft === undefined) return { kind: 'go', to: '/policies' };
      const note = noteOf(visit.request);
      const both = await needs.drafts.catchUp(visit.staff.id, draft);
      return reviewPage(needs, visit, both === undefined ? { note, wrong: 'policy-form.stale' } : { note, both });
    },
  });

  router.route({
    method: 'post',
    path: '/policies/draft/save',
    page,
    roles: administrator,
    act: 'console.act',
    fresh: true,
    async handler(visit) {
      const draft = await draftOf(needs, visit);
      if (draft === undefined) return { kind: 'go', to: '/policies', nothing: true };
      const note = noteOf(visit.request);
      // What is saved is what was looked at.
      if (String(draft.revision) !== visit.request.body.revision) {
        return reviewPage(needs, visit, { note, wrong: 'policy-form.stale' });
      }
      if (note === '') return reviewPage(needs, visit, { wrong: 'policy-pages.note-missing' });
      await visit.act({ reason: note, detail: { 'based-on': draft.basedOn } });
      const saved = await needs.desk.save(wishOf(visit, draft, note));
      if (saved.kind !== 'saved') return reviewPage(needs, visit, { note, saved });
      await needs.drafts.drop(visit.staff.id);
      return savedAnswer(saved);
    },
  });
}

async function reviewPage(needs: PolicyPagesNeeds, visit: Visit, about: Reviewed): Promise<Answer> {
  const draft = await draftOf(needs, visit);
  if (draft === undefined) return { kind: 'go', to: '/policies' };
  const { request } = visit;
  const { note = '', wrong, saved, both = [] } = about;
  const look = saved ?? (await needs.desk.look(wishOf(visit, draft, note)));
  const outcome =
    look.kind === 'looked'
      ? {
          changes: sentencesOf(request, look.changes),
          findings: findingsView(request, look.findings),
          isUnchanged: look.changes.length === 0,
        }
      : outcomeView(request, look);
  const field = wrong === 'policy-pages.note-missing' ? { field: 'note' } : {};
  const problems = wrong === undefined ? [] : [{ ...field, message: { key: wrong } }];
  const isWrong = wrong !== undefined || saved !== undefined;
  const data = { draft, note, outcome, both, trial: needs.trial };
  return { kind: 'page', view: 'console/policy-review', data, problems, ...(isWrong ? { status: 422 } : {}) };
}

function wishOf(visit: Visit, draft: PolicyDraft, note: string): PolicyWish {
  const { staff } = visit;
  const { basedOn, policies } = draft;
  return { basedOn, by: staff.id, byName: staff.name, note, policies, ...fromOf(visit) };
}
