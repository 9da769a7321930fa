import { z } from 'zod';
import type { CampaignDesk } from '../core/campaigns/campaign-desk.ts';
import type { Campaign, CampaignStore } from '../core/campaigns/campaign-store.ts';
import type { Directory } from '../core/directory.ts';
import { parseLogin } from '../core/login.ts';
import type { Problem } from '../core/message.ts';
import { posted } from '../core/posted-form.ts';
import { loginField, loginProblem, typedAgain } from '../web/login-field.ts';
import type { Answer } from './answer.ts';
import { type CampaignForm, campaignRanges, readCampaignForm, usualForm } from './campaign-form.ts';
import { type ConsoleRouter, nameIn, OutOfReach, type Visit } from './console-router.ts';

export interface CampaignNeeds {
  readonly campaigns: CampaignStore;
  readonly campaignDesk: CampaignDesk;
  readonly directory: Pick<Directory, 'find'>;
  /** Whose hours count, as people read it. */
  readonly timeZone: string;
}

const path = '/campaigns';
const readers = ['administrator', 'auditor'] as const;
const actors = ['administrator'] as const;
const mostShown = 25;
const mostOptOuts = 200;

const optOutForm = z.strictObject({ login: loginField, reason: z.string().max(500) });
const optInForm = z.strictObject({ account: z.string().max(100) });
const empty = z.strictObject({});

/** Asking people by mail to register, or to confirm: who starts it, how it stands, and the ways to end it. */
export function campaignRoutes(router: ConsoleRouter, needs: CampaignNeeds): void {
  router.route({
    method: 'get',
    path,
    roles: readers,
    menu: 'campaigns',
    handler: (visit) => overview(needs, visit),
  });

  router.route({
    method: 'get',
    path: `${path}/new`,
    roles: actors,
    fresh: true,
    handler: ({ typed }) => form(needs, { ...usualForm, ...typed }),
  });

  router.route({
    method: 'post',
    path: `${path}/new`,
    roles: actors,
    act: 'console.act',
    fresh: true,
    handler: (visit) => start(needs, visit),
  });

  router.route({
    method: 'post',
    path: `${path}/opt-out`,
    page: path,
    roles: actors,
    act: 'console.act',
    handler: (visit) => optOut(needs, visit),
  });

  router.route({
    method: 'post',
    path: `${path}/opt-in`,
    page: path,
    roles: actors,
    act: 'console.act',
    async handler({ request, act }) {
      const account = nameIn(posted(optInForm, request.body, 'one account is written to again').account);
      if (account === undefined || !(await needs.campaigns.optedOut([account])).has(account))
        throw new OutOfReach('it had not opted out');
      await act({ subject: account, reason: 'opt-in', detail: { optedOut: false } });
      await needs.campaigns.optIn(account);
      return { kind: 'go', to: path, notice: { key: 'console.campaigns.opted-in' } };
    },
  });

  router.route({
    method: 'get',
    path: `${path}/:campaign`,
    roles: readers,
    async handler({ request, staff }) {
      const campaign = await campaignNamed(needs, request.params.campaign);
      const isActor = staff.roles.includes('administrator');
      const data = { campaign, isActor, timeZone: needs.timeZone };
      return { kind: 'page', view: 'console/campaign', data, about: { detail: { campaign: campaign.id } } };
    },
  });

  router.route({
    method: 'post',
    path: `${path}/:campaign/stop`,
    page: `${path}/:campaign`,
    roles: actors,
    act: 'console.act',
    async handler({ request, act }) {
      posted(empty, request.body, 'to stop takes nothing');
      const { id } = await campaignNamed(needs, request.params.campaign);
      await act({ reason: 'stop', detail: { campaign: id } });
      await needs.campaignDesk.stop(id);
      return { kind: 'go', to: `${path}/${id}` };
    },
  });
}

async function overview(
  needs: CampaignNeeds,
  { staff }: Pick<Visit, 'staff'>,
  problem?: { readonly typed: { readonly login: string; readonly reason: string }; readonly found: Problem },
): Promise<Answer> {
  const optOuts = await needs.campaigns.optOuts(mostOptOuts + 1);
  const data = {
    campaigns: await needs.campaigns.recent(mostShown),
    optOuts: optOuts.slice(0, mostOptOuts),
    // The last one that was entered comes first, so that nobody is out of reach here.
    latest: optOuts.length > mostOptOuts ? mostOptOuts : undefined,
    isActor: staff.roles.includes('administrator'),
    typed: problem?.typed ?? { login: '', reason: '' },
  };
  const wrong = problem === undefined ? {} : { problems: [problem.found], status: 422 };
  return { kind: 'page', view: 'console/campaigns', data, ...wrong };
}

function form({ timeZone }: CampaignNeeds, typed: CampaignForm, problems: readonly Problem[] = []): Answer {
  const status = problems.length > 0 ? { status: 422 } : {};
  return {
    kind: 'page',
    view: 'console/campaign-new',
    data: { typed, timeZone, ranges: campaignRanges },
    problems,
    ...status,
  };
}

async function start(needs: CampaignNeeds, { request, staff, act }: Visit): Promise<Answer> {
  const read = readCampaignForm(request.body);
  if (read.problems.length > 0) return form(needs, read.form, read.problems);
  const { rules, problems } = await needs.campaignDesk.examine(read.rules);
  if (problems.length > 0) return form(needs, read.form, problems);
  await act({ reason: read.reason, detail: { kind: rules.kind, size: rules.size } });
  const campaign = await needs.campaignDesk.start(rules, staff);
  if (campaign === undefined)
    return form(needs, read.form, [{ field: 'kind', message: { key: 'console.campaigns.runs' } }]);
  return { kind: 'go', to: `${path}/${campaign.id}` };
}

async function optOut(needs: CampaignNeeds, visit: Visit): Promise<Answer> {
  const form = posted(optOutForm, visit.request.body, 'one account opts out');
  const typed = { login: typedAgain(form.login), reason: form.reason };
  const refuse = (found: Problem) => overview(needs, visit, { typed, found });
  const login = parseLogin(form.login);
  if (login === undefined) return refuse(loginProblem(form.login, 'another'));
  if (typed.reason.trim() === '') {
    return refuse({ field: 'reason', message: { key: 'console.campaigns.reason-empty' } });
  }
  const account = await needs.directory.find(login);
  if (account === undefined) return refuse({ field: 'login', message: { key: 'console.one-login.nobody' } });
  await visit.act({ subject: account.id, reason: typed.reason.trim(), detail: { optedOut: true } });
  await needs.campaignDesk.optOut(account, visit.staff.id);
  return { kind: 'go', to: path, notice: { key: 'console.campaigns.opted-out' } };
}

async function campaignNamed({ campaigns }: CampaignNeeds, id: unknown): Promise<Campaign> {
  const name = nameIn(id);
  const campaign = name === undefined ? undefined : await campaigns.read(name);
  if (campaign === undefined) throw new OutOfReach('there is no such campaign');
  return campaign;
}
