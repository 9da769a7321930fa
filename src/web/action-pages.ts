import { z } from 'zod';
import { passedLinks } from '../core/flow/flow.ts';
import { isJudgedLater } from '../core/passwords/password-rules.ts';
import { isExactly, posted } from '../core/posted-form.ts';
import { progressOf } from './flow-page.ts';
import type { FlowPage, PageNeeds } from './flow-routes.ts';
import { contextOf } from './requests.ts';

const chooseForm = z.strictObject({ action: z.enum(['unlock', 'reset']) });
const passwordForm = z.strictObject({ password: z.string().max(1024), repeat: z.string().max(1024) });

/** What comes after the gates of a reset: the choice, the new password, and how it ended. */
export function actionPages(needs: PageNeeds<'actions'>): { readonly [page: string]: FlowPage } {
  const choose: FlowPage = {
    async show(flow, request, response) {
      const { account } = await needs.actions.situation(flow);
      const { locked, lockedSince } = account.state;
      const isEarly = flow.step.kind === 'choose' && flow.step.at !== undefined;
      const ahead = isEarly ? flow.chain.slice(passedLinks(flow).length) : [];
      needs.pages.send(request, response, {
        view: 'reset/choose',
        surface: 'reset',
        problems: flow.problems,
        data: {
          name: account.name,
          // Whoever is locked out and knows the password is done here; there is nothing to unlock for anybody else.
          actions: isEarly ? (locked ? ['unlock', 'reset'] : ['reset', 'unlock']) : flow.actions,
          locked,
          lockedSince,
          ahead: ahead.map(({ gate }) => gate),
          anyOf: flow.alternatives !== undefined,
          progress: progressOf(flow),
        },
      });
    },
    take(flow, request) {
      const { action } = posted(chooseForm, request.body, 'the choice is one of the two');
      return needs.actions.choose(flow, action, contextOf(request));
    },
  };

  const password: FlowPage = {
    async show(flow, request, response) {
      const { account, rules } = await needs.actions.situation(flow);
      needs.pages.send(request, response, {
        view: 'reset/password',
        surface: 'reset',
        problems: flow.problems,
        data: {
          name: account.name,
          samName: account.samName,
          displayName: account.displayName,
          rules: rules.map((rule) => ({
            ...rule,
            later: isJudgedLater(rule),
            text: request.translate(rule.message.key, rule.message.values),
          })),
          mayGoBack: flow.actions.length > 1,
          progress: progressOf(flow),
        },
      });
    },
    take(flow, request) {
      if (isExactly(request.body, 'back', 'yes')) return needs.actions.back(flow);
      const typed = posted(passwordForm, request.body, 'a new password is typed exactly twice');
      return needs.actions.setPassword(flow, typed, contextOf(request));
    },
  };

  const working: FlowPage = {
    async show(_flow, request, response) {
      needs.pages.send(request, response, { view: 'reset/working', surface: 'reset' });
    },
  };

  const done: FlowPage = {
    async show(flow, request, response) {
      const step = flow.step.kind === 'done' ? flow.step : undefined;
      const name = flow.subject.kind === 'account' ? flow.subject.account.name : '';
      needs.pages.send(request, response, {
        view: 'reset/done',
        surface: 'reset',
        data: { action: step?.action, certain: step?.certain === true, mustChange: step?.mustChange === true, name },
      });
    },
  };

  return { choose, password, working, done };
}
