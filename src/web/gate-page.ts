import type { Request } from 'express';
import { canLeaveOut, type Flow, isBehindChoice, openLink } from '../core/flow/flow.ts';
import { otherWays } from '../core/flow/ways.ts';
import { isExactly, onlyField } from '../core/posted-form.ts';
import { progressOf } from './flow-page.ts';
import type { FlowNeeds, FlowPage, PageNeeds } from './flow-routes.ts';
import { contextOf } from './requests.ts';

/** The page of whichever gate is open, with the ways out of it that every gate has. */
export function createGatePage(needs: PageNeeds<'desk' | 'runner' | 'ways'>): FlowPage {
  return {
    async show(flow, request, response) {
      const link = openLink(flow);
      const page = await needs.desk.show(flow, request.language.tag);
      if (link === undefined) return;
      const enrolled = link.step === 'enrol' ? await needs.desk.enrolled(flow) : [];
      const mayKeep = enrolled.some((enrolment) => enrolment.gate === link.gate);
      needs.pages.send(request, response, {
        view: page === undefined ? 'portal/unopened' : `gates/${link.gate}/${page.view}`,
        surface: flow.portal,
        notice: flow.notice,
        problems: flow.problems,
        data: {
          ...page?.data,
          progress: progressOf(flow),
          portal: flow.portal,
          triesLeft: needs.runner.triesLeft(flow),
          mayKeep,
          mayLeaveOut: canLeaveOut(flow) && !mayKeep,
          askedIn: link.elsewhere,
          mayGoBack: isBehindChoice(flow),
          otherWays: otherWays(flow),
        },
      });
    },
    async take(flow, request) {
      return (await leave(needs, flow, request)) ?? needs.runner.answer(flow, request.body, contextOf(request));
    },
  };
}

/** Takes one of the ways that lead from the gate without passing it; undefined when none was asked for. */
async function leave({ ways }: Pick<FlowNeeds, 'ways'>, flow: Flow, request: Request): Promise<Flow | undefined> {
  const { body } = request;
  const another = onlyField(body, 'another');
  if (another !== undefined) return ways.switchGate(flow, another, contextOf(request));
  if (isExactly(body, 'back', 'yes')) return ways.back(flow);
  return isExactly(body, 'leave-out', 'yes') ? ways.leaveOut(flow, contextOf(request)) : undefined;
}
