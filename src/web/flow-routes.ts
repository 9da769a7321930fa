import { setTimeout as pause } from 'node:timers/promises';
import { type Request, type Response, Router } from 'express';
import type { ActionRunner } from '../core/flow/action-runner.ts';
import { type Flow, isEnded, openLink, zoneOf } from '../core/flow/flow.ts';
import type { FlowAudit } from '../core/flow/flow-audit.ts';
import type { FlowRunner } from '../core/flow/flow-runner.ts';
import type { FlowStarter } from '../core/flow/flow-starter.ts';
import type { GateDesk } from '../core/flow/gate-desk.ts';
import type { WayRunner } from '../core/flow/way-runner.ts';
import type { Portal } from '../core/portal.ts';
import { isExactly } from '../core/posted-form.ts';
import type { EvenTime } from './even-time.ts';
import { pageOf, pathOf } from './flow-page.ts';
import { createGatePage } from './gate-page.ts';
import type { Pages } from './pages.ts';
import { contextOf } from './requests.ts';
import { renewSession, saveSession } from './session.ts';

export interface FlowNeeds {
  readonly starter: FlowStarter;
  readonly desk: GateDesk;
  readonly runner: FlowRunner;
  readonly ways: WayRunner;
  readonly actions: ActionRunner;
  readonly audit: FlowAudit;
  readonly pages: Pages;
  /**
   * Every post takes as long as this, where decoys go the same way: until then what it set off outside the request, such
   * as a call, is on its way, and delays nobody's next page. Left out, each takes its own time.
   */
  readonly postTime?: EvenTime;
  /**
   * What becomes of the session when a flow has ended, and where to go on when not to the flow's last page. Left out, it
   * is renewed and holds the flow.
   */
  readonly renewAtEnd?: (request: Request, flow: Flow) => Promise<string | undefined>;
}

/** Longer than a gate takes to judge: five seconds. */
const [lookMs, mostLooks] = [100, 50];

/** As much of it as the pages of one flow need, whoever shows them. */
export type PageNeeds<Name extends 'desk' | 'runner' | 'ways' | 'actions'> = Pick<FlowNeeds, Name> & {
  readonly pages: Pick<Pages, 'send'>;
};

/** What one kind of page does beyond the gates: shown by GET, taken by POST. */
export interface FlowPage {
  show(flow: Flow, request: Request, response: Response): Promise<void>;
  /** Returns the flow as it stands after the post. */
  take?(flow: Flow, request: Request): Promise<Flow>;
}

/**
 * One GET and one POST that serve every page of a portal's flows. The URL must be the page where the flow stands; any
 * other one leads there, whatever is posted to it.
 * @param extra pages by name besides the gates', which are served here
 */
export function flowRoutes(portal: Portal, needs: FlowNeeds, extra: { readonly [page: string]: FlowPage }): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const gatePage = createGatePage(needs);
  const handlerOf = (flow: Flow): FlowPage | undefined =>
    openLink(flow) === undefined ? extra[pageOf(flow)] : gatePage;

  // Whoever posts twice in a hurry goes on from the second answer, and their old session does not lead to the new one.
  const endsElsewhere = needs.renewAtEnd !== undefined;

  router.get('/:page/state', async (request, response) => {
    const flow = await openFlow(request);
    const here = flow !== undefined && pageOf(flow) === request.params.page;
    const state = here ? await needs.desk.watch(flow, request.language.tag) : 'changed';
    response.json({ state });
  });

  router.get('/:page', async (request, response) => {
    const flow = await openFlow(request);
    if (flow === undefined) return leave(request, response);
    if (pageOf(flow) !== request.params.page) return response.redirect(303, pathOf(flow));
    const page = handlerOf(flow);
    if (page === undefined) return response.redirect(303, `/${portal}`);
    if (isEnded(flow.step)) leaveNothing(response);
    await page.show(flow, request, response);
  });

  router.post('/:page', async (request, response) => {
    const inTime = needs.postTime?.begin();
    const flow = await openFlow(request);
    if (flow === undefined) return leave(request, response);
    if (pageOf(flow) !== request.params.page && !(endsElsewhere && isEnded(flow.step))) {
      await needs.audit.write('flow.sequence-violation', flow, { request: contextOf(request) });
      return response.redirect(303, pathOf(flow));
    }
    const after = await judged(await take(flow, request));
    // A session that has reached the end can do nothing more: whoever comes next to this browser starts anew.
    // Who left before the answer keeps the old session: the new one would reach nobody, and the end would be lost.
    const onwards = isEnded(after.step) && !response.destroyed ? await renewAtEnd(request, after) : undefined;
    await saveSession(request);
    await inTime?.();
    response.redirect(303, onwards ?? pathOf(after));
  });

  return router;

  async function take(flow: Flow, request: Request): Promise<Flow> {
    if (isExactly(request.body, 'cancel', 'yes')) return needs.runner.cancel(flow, contextOf(request));
    return (await handlerOf(flow)?.take?.(flow, request)) ?? flow;
  }

  /** What another request of the same browser is judging is waited for, and its end is the end of this one. */
  async function judged(flow: Flow): Promise<Flow> {
    let seen = flow;
    for (let looks = 0; endsElsewhere && looks < mostLooks && isJudging(seen); looks += 1) {
      await pause(lookMs);
      seen = (await needs.runner.read(flow.id)) ?? seen;
    }
    return seen;
  }

  async function renewAtEnd(request: Request, flow: Flow): Promise<string | undefined> {
    if (needs.renewAtEnd !== undefined) return needs.renewAtEnd(request, flow);
    await renewSession(request, flow.id);
    return undefined;
  }

  async function openFlow(request: Request): Promise<Flow | undefined> {
    const id = request.session.flow;
    const flow = id === undefined ? undefined : await needs.runner.read(id);
    if (flow === undefined || flow.portal !== portal) return undefined;
    // Whoever began inside, under a lighter chain perhaps, does not go on from outside.
    if (zoneOf(flow) !== request.listener.zone) return undefined;
    return flow.step.kind === 'writing' ? needs.actions.resume(flow) : flow;
  }

  /** Nobody's flow: the page says that the visit is over, wherever in the flow the link pointed. */
  function leave(request: Request, response: Response): void {
    if (request.method !== 'POST' && request.params.page === 'expired') {
      leaveNothing(response);
      needs.pages.send(request, response, { view: 'portal/expired', surface: portal });
    } else {
      response.redirect(303, `/${portal}/expired`);
    }
  }
}

function isJudging({ step }: Flow): boolean {
  return step.kind === 'gate' && step.judgingSince !== undefined;
}

/**
 * At the end the browser forgets what it kept of the visit. Not the cookies: the end must bear a reload, the choice of
 * language stays, and "cookies" would reach all hosts of the organisation's domain (Clear Site Data 3.1).
 */
function leaveNothing(response: Response): void {
  response.set('Clear-Site-Data', '"cache", "storage"');
}
