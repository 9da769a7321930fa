import { z } from 'zod';
import type { Account } from '../core/account.ts';
import type { Problem } from '../core/message.ts';
import { posted } from '../core/posted-form.ts';
import { longestReason } from '../core/staff/act-guard.ts';
import type { Outlook } from '../core/survey/one-login.ts';
import type { Answer } from './answer.ts';
import type { ConsoleRouter, Visit } from './console-router.ts';
import { type DriveNeeds, drivers, onTheWay, subjectNamed, usualZone } from './drive-routes.ts';

export interface LiveDriveNeeds extends DriveNeeds {
  /** What the account would meet in each zone now. */
  readonly outlook: (account: Account) => Promise<Outlook>;
}

const path = '/drive/live/:who';
const liveForm = z.strictObject({
  zone: z.enum(['intranet', 'extranet']),
  reason: z.string().max(4_000),
  confirmed: z.literal('yes').optional(),
});

/** A drive in earnest: a page that says what will happen, and what begins it. Both ask for a fresh second factor. */
export function driveLiveRoutes(router: ConsoleRouter, needs: LiveDriveNeeds): void {
  const { drives, audit } = needs;

  router.route({
    method: 'get',
    path,
    roles: drivers,
    fresh: true,
    // Not the confirmation: it is of what the page says now.
    handler: (visit) => confirmPage(needs, visit, { reason: visit.typed.reason, zone: visit.typed.zone }),
  });

  router.route({
    method: 'post',
    path,
    roles: drivers,
    once: true,
    fresh: true,
    act: 'console.act',
    async handler(visit) {
      const { staff, request, context } = visit;
      const form = posted(liveForm, request.body, 'a live drive has a zone, a reason and a confirmation');
      const { zone, confirmed } = form;
      const reason = form.reason.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
      const problems = problemsOf(reason, confirmed);
      if (problems.length > 0) return confirmPage(needs, visit, { problems, reason, zone });
      const subject = await subjectNamed(needs, visit, request.params.who);
      const { id } = subject.account;
      await visit.act({ subject: id, reason, detail: { drive: 'live', zone } });
      const drive = await drives.beginLive(staff.id, { subject, zone }, context);
      if (drive === undefined) {
        const limited = [{ message: { key: 'console.drive.limited' } }];
        return { ...(await confirmPage(needs, visit, { problems: limited, reason, zone })), status: 429 };
      }
      // Once more, now that the flow has a name: whoever reads the one finds the other.
      const detail = { drive: 'live', zone, reason, flow: drive.reference };
      await audit.write('console.act', { what: path, subject: id, detail }, { by: staff.id, request: context });
      return onTheWay(needs, visit, drive);
    },
  });
}

function problemsOf(reason: string, confirmed: 'yes' | undefined): readonly Problem[] {
  const problems: Problem[] = [];
  if (reason === '') problems.push({ field: 'reason', message: { key: 'console.drive.reason-missing' } });
  if (reason.length > longestReason) {
    problems.push({
      field: 'reason',
      message: { key: 'console.drive.reason-long', values: { characters: longestReason } },
    });
  }
  if (confirmed === undefined) {
    problems.push({ field: 'confirmed', message: { key: 'console.drive.confirm-missing' } });
  }
  return problems;
}

async function confirmPage(
  needs: LiveDriveNeeds,
  visit: Visit,
  about: {
    readonly problems?: readonly Problem[];
    readonly reason?: string | undefined;
    readonly zone?: string | undefined;
  },
): Promise<Extract<Answer, { kind: 'page' }>> {
  const { problems = [], reason = '', zone = usualZone } = about;
  const { account, isSelf } = await subjectNamed(needs, visit, visit.request.params.who);
  const outlook = await needs.outlook(account);
  return {
    kind: 'page',
    view: 'console/drive/live',
    ...(problems.length === 0 ? {} : { status: 422 }),
    problems,
    data: { account, isSelf, outlook, reason, zone },
    about: { subject: account.id },
  };
}
