import { z } from 'zod';
import type { ConsoleAudit } from '../core/audit/console-audit.ts';
import type { ProviderTrials, Trial } from '../core/drive/test-drive-trials.ts';
import { posted } from '../core/posted-form.ts';
import { type ConsoleRouter, OutOfReach, type Visit } from './console-router.ts';
import { drivers } from './drive-routes.ts';

export interface TrialNeeds {
  readonly trials: ProviderTrials;
  readonly audit: ConsoleAudit;
}

const path = '/drive/providers';
const beginForm = z.strictObject({ provider: z.string().max(64), channel: z.enum(['sms', 'voice']) });
const codeForm = z.strictObject({ code: z.string().max(64) });

/** One provider by itself: it sends a text to whoever asks, or calls them, and nobody else. */
export function driveProviderRoutes(router: ConsoleRouter, { trials, audit }: TrialNeeds): void {
  router.route({
    method: 'get',
    path,
    roles: drivers,
    async handler({ staff }) {
      return { kind: 'page', view: 'console/drive/providers', data: { offers: await trials.offers(staff.id) } };
    },
  });

  router.route({
    method: 'post',
    path,
    roles: drivers,
    once: true,
    async handler({ staff, request, context }) {
      const form = posted(beginForm, request.body, 'a trial is of one provider on one channel');
      const { provider, channel } = form;
      const offers = await trials.offers(staff.id);
      // Names that somebody makes up would stand in the audit, and be counted there day by day.
      if (!offers.some((one) => one.provider === provider && one.channel === channel)) {
        throw new OutOfReach('no provider of this name');
      }
      const deed = { what: path, subject: staff.id, detail: { provider, channel } };
      await audit.write('console.act', deed, { by: staff.id, request: context });
      const text = request.translate(channel === 'sms' ? 'console.drive.trial.text' : 'console.drive.trial.spoken');
      const matchingText = request.translate('console.drive.trial.spoken-matching');
      const { language, host } = context;
      const trial = await trials.begin(staff.id, { ...form, language, text, matchingText, host });
      if (trial === undefined) throw new OutOfReach('no provider that this member of staff may try');
      return { kind: 'go', to: `${path}/${trial.id}` };
    },
  });

  router.route({
    method: 'get',
    path: `${path}/:trial`,
    roles: drivers,
    async handler(visit) {
      const trial = trialOf(trials, visit);
      await trials.look(trial);
      return { kind: 'page', view: 'console/drive/trial', data: shown(trialOf(trials, visit)) };
    },
  });

  router.route({
    method: 'get',
    path: `${path}/:trial/state`,
    roles: drivers,
    quiet: true,
    async handler({ request, staff }) {
      const { trial: id } = request.params;
      const trial = trials.find(id, staff.id);
      // The page says what became of it, once.
      if (trial === undefined) return { kind: 'json', body: { state: 'changed' } };
      await trials.look(trial);
      return { kind: 'json', body: { state: stateOf(trials.find(id, staff.id) ?? trial) } };
    },
  });

  router.route({
    method: 'post',
    path: `${path}/:trial`,
    roles: drivers,
    async handler(visit) {
      const trial = trialOf(trials, visit);
      const { code } = posted(codeForm, visit.request.body, 'a trial takes one code');
      await trials.answer(trial, code);
      return { kind: 'go', to: `${path}/${trial.id}` };
    },
  });
}

function shown(trial: Trial): Readonly<Record<string, unknown>> {
  return { trial, state: stateOf(trial) };
}

/** What it waits for: its page is another one in each. */
function stateOf({ sent, verdict = 'waiting' }: Trial): 'sending' | 'waiting' | 'over' {
  if (sent === undefined) return 'sending';
  return sent.kind !== 'failed' && (verdict === 'waiting' || verdict === 'wrong') ? 'waiting' : 'over';
}

function trialOf(trials: ProviderTrials, { staff, request }: Visit): Trial {
  const trial = trials.find(request.params.trial, staff.id);
  // Trials live in the memory of one process, and somebody else's looks like one of another.
  if (trial === undefined) throw new OutOfReach('no trial of this member of staff', undefined, 'no-trial');
  return trial;
}
