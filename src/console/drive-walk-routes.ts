import type { Request, Response } from 'express';
import type { DriveStep } from '../core/drive/test-drive-recorder.ts';
import { standInView } from '../core/drive/test-drive-stand-in.ts';
import type { Drive } from '../core/drive/test-drives.ts';
import { type Flow, isEnded, openLink } from '../core/flow/flow.ts';
import { isExactly } from '../core/posted-form.ts';
import { actionPages } from '../web/action-pages.ts';
import type { Translate } from '../web/catalogue.ts';
import { endedPages } from '../web/ended-pages.ts';
import { pageOf } from '../web/flow-page.ts';
import type { FlowPage } from '../web/flow-routes.ts';
import { createGatePage } from '../web/gate-page.ts';
import type { PageOptions } from '../web/pages.ts';
import { settingWords } from '../web/policy-messages.ts';
import type { Answer } from './answer.ts';
import type { ConsoleRouter, Visit } from './console-router.ts';
import { type DriveNeeds, driveOf, drivers, isGone, onTheWay, subjectNamed, toStart } from './drive-routes.ts';

const path = '/drive/walk/:drive/:page';

/** The walk: the very pages of the reset portal, each with what happened so far beside it. */
export function driveWalkRoutes(router: ConsoleRouter, needs: DriveNeeds): void {
  router.route({
    method: 'get',
    path: `${path}/state`,
    roles: drivers,
    quiet: true,
    async handler(visit) {
      if (isGone(needs, visit)) return { kind: 'json', body: { state: 'changed' } };
      const { drive, flow } = await here(needs, visit);
      const state = flow === undefined ? 'changed' : await drive.parts.desk.watch(flow, visit.request.language.tag);
      return { kind: 'json', body: { state } };
    },
  });

  router.route({
    method: 'get',
    path,
    roles: drivers,
    async handler(visit) {
      if (isGone(needs, visit)) return toStart;
      const { drive, flow } = await here(needs, visit);
      if (flow === undefined) return onTheWay(needs, visit, drive);
      return shown(needs, visit, { drive, flow });
    },
  });

  router.route({
    method: 'post',
    path,
    roles: drivers,
    async handler(visit) {
      if (isGone(needs, visit)) return toStart;
      const { drive, flow } = await here(needs, visit);
      if (flow === undefined) return onTheWay(needs, visit, drive);
      // Whoever is no test account any more is not driven on.
      if (drive.dry === undefined) await subjectNamed(needs, visit, drive.account.id);
      if (wantsOwnPassword(drive, flow, visit.request.body)) {
        const message = { key: 'console.drive.own-password' };
        return { ...(await shown(needs, visit, { drive, flow })), status: 422, problems: [{ message }] };
      }
      await take(drive, flow, visit);
      await drive.dry?.idle();
      return onTheWay(needs, visit, drive);
    },
  });
}

/** The drive that the address names, and its flow when it stands on the page that the address names. */
async function here(needs: DriveNeeds, visit: Visit): Promise<{ readonly drive: Drive; readonly flow?: Flow }> {
  const drive = driveOf(needs, visit);
  const flow = await needs.drives.flow(drive);
  return flow !== undefined && pageOf(flow) === visit.request.params.page ? { drive, flow } : { drive };
}

async function take(drive: Drive, flow: Flow, { request, context }: Visit): Promise<void> {
  if (isExactly(request.body, 'cancel', 'yes')) {
    await drive.parts.runner.cancel(flow, context);
    return;
  }
  await walkerOf(drive, flow).page?.take?.(flow, request);
}

/** In earnest a new password is set for test accounts alone: one's own is typed at the portal. */
function wantsOwnPassword({ isSelf, dry }: Drive, flow: Flow, body: unknown): boolean {
  if (isExactly(body, 'cancel', 'yes')) return false;
  return isSelf && dry === undefined && (flow.step.kind === 'password' || isExactly(body, 'action', 'reset'));
}

/** The page where the flow stands, and where what it would send is put. */
function walkerOf({ parts }: Drive, flow: Flow) {
  const sent: { page?: PageOptions } = {};
  const pages = {
    send(_request: Request, _response: Response, page: PageOptions): void {
      sent.page = page;
    },
  };
  const own = { ...parts, pages };
  const others: { readonly [page: string]: FlowPage } = { ...endedPages(own), ...actionPages(own) };
  const page = openLink(flow) === undefined ? others[pageOf(flow)] : createGatePage(own);
  return { page, sent };
}

/** A step with settings of gates as people call them. */
function inWords(step: DriveStep, t: Translate): DriveStep {
  const { key, values } = step.message;
  return values?.setting === undefined ? step : { ...step, message: { key, values: settingWords(t, values) } };
}

/** A gate that is stood in for has another page, and so has the end of a dry run: what the real one says was not done. */
function viewIn({ dry }: Drive, view: string): string {
  if (view.endsWith(`/${standInView}`)) return 'portal/stand-in';
  return dry !== undefined && view === 'reset/done' ? 'portal/dry-done' : view;
}

async function shown(
  { drives }: DriveNeeds,
  { request }: Visit,
  { drive, flow }: { readonly drive: Drive; readonly flow: Flow },
): Promise<Extract<Answer, { kind: 'page' }>> {
  const { page, sent } = walkerOf(drive, flow);
  const { res } = request;
  if (page === undefined || res === undefined) throw new Error(`there is no page ${pageOf(flow)} of a reset`);
  await page.show(flow, request, res);
  if (sent.page === undefined) throw new Error('the page showed nothing');
  const { view, status, data, problems = [], notice } = sent.page;
  const { account, isSelf, dry, zone, id } = drive;
  return {
    kind: 'page',
    view: viewIn(drive, view),
    ...(status === undefined ? {} : { status }),
    problems,
    ...(notice === undefined ? {} : { notice }),
    data: {
      ...data,
      gate: openLink(flow)?.gate,
      drive: {
        id,
        isLive: dry === undefined,
        isSelf,
        isEnded: isEnded(flow.step),
        isDecoy: flow.subject.kind === 'decoy',
        name: account.name,
        zone,
        policy: flow.policy,
        phone: dry?.phone.view,
        answers: dry?.answers,
        steps: (await drives.steps(drive)).map((step) => inWords(step, request.translate)),
      },
    },
    about: { subject: account.id, detail: { drive: dry === undefined ? 'live' : 'dry' } },
  };
}
