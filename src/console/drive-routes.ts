import { z } from 'zod';
import type { ConsoleAudit } from '../core/audit/console-audit.ts';
import { callEnds } from '../core/drive/test-drive-phone.ts';
import { type CutOffDrives, type DriveRemains, type DriveTrace, traceOf } from '../core/drive/test-drive-remains.ts';
import type { DriveSubject, DriveSubjects } from '../core/drive/test-drive-subjects.ts';
import type { Drive, TestDrives } from '../core/drive/test-drives.ts';
import { BadRequest } from '../core/errors.ts';
import type { PolicySource } from '../core/policies/policies.ts';
import { posted } from '../core/posted-form.ts';
import { pageOf } from '../web/flow-page.ts';
import { saveSession } from '../web/session.ts';
import type { Answer } from './answer.ts';
import { type ConsoleRouter, OutOfReach, type Visit } from './console-router.ts';

export interface DriveNeeds {
  readonly drives: TestDrives;
  readonly cutOff: CutOffDrives;
  readonly subjects: DriveSubjects;
  /** The policies in force. */
  readonly source: PolicySource;
  readonly audit: ConsoleAudit;
}

/** An auditor only reads, and drives nobody. */
export const drivers = ['administrator', 'helpdesk'] as const;

/** From where a drive is, dry or in earnest, unless another zone is chosen: whoever is stuck is mostly outside. */
export const usualZone = 'extranet';

const dryForm = z.strictObject({
  who: z.string().max(64),
  zone: z.enum(['intranet', 'extranet']),
  /** A name; empty for the one that the account comes under. */
  policy: z.string().max(256),
  registered: z.enum(['really', 'all']),
});
const phoneForm = z.strictObject({ call: z.string().max(64), end: z.enum(callEnds) });

/** The test drive: who may be driven, a dry run's beginning, its phone, and its end. */
export function driveRoutes(router: ConsoleRouter, needs: DriveNeeds): void {
  const { drives, subjects, source, audit } = needs;

  router.route({
    method: 'get',
    path: '/drive',
    roles: drivers,
    menu: 'drive',
    async handler({ staff, request }) {
      const { policies } = await source.current();
      const open = drives.find(request.session.drive, staff.id);
      const flow = open && (await drives.flow(open));
      const walk = open !== undefined && flow !== undefined ? `${walkPath(open)}/${pageOf(flow)}` : undefined;
      const gone = open === undefined ? await goneOf(needs, staff.id, request.session.driven) : undefined;
      const people = await subjects.of(staff.id);
      const data = { people, policies: policies.map(({ name }) => name), open, walk, gone, usualZone };
      return { kind: 'page', view: 'console/drive/start', data };
    },
  });

  router.route({
    method: 'post',
    path: '/drive',
    roles: drivers,
    once: true,
    async handler(visit) {
      const { staff, request, context } = visit;
      const form = posted(dryForm, request.body, 'a dry run is of one person in one zone');
      const { who, zone, policy, registered } = form;
      const subject = await subjectNamed(needs, visit, who);
      const { policies } = await source.current();
      if (policy !== '' && !policies.some(({ name }) => name === policy)) throw new BadRequest('no such policy');
      const forced = policy === '' ? {} : { policy };
      const deed = { what: '/drive', subject: subject.account.id, detail: { drive: 'dry', zone, ...forced } };
      await audit.write('console.act', deed, { by: staff.id, request: context });
      const wish = { subject, zone, ...forced, asRegistered: registered === 'all' };
      return onTheWay(needs, visit, await drives.beginDry(staff.id, wish, context));
    },
  });

  router.route({
    method: 'post',
    path: '/drive/phone/:drive',
    page: '/drive',
    roles: drivers,
    async handler(visit) {
      if (isGone(needs, visit)) return toStart;
      const drive = driveOf(needs, visit);
      const { call, end } = posted(phoneForm, visit.request.body, 'a call of a dry run ends in one way');
      if (drive.dry === undefined) throw new BadRequest('only a dry run has a phone of its own');
      drive.dry.phone.end(call, end);
      return onTheWay(needs, visit, drive);
    },
  });

  router.route({
    method: 'post',
    path: '/drive/end/:drive',
    page: '/drive',
    roles: drivers,
    async handler(visit) {
      const { driven } = visit.request.session;
      if (driven !== undefined && isGone(needs, visit)) await needs.cutOff.end(driven, visit.context);
      else await drives.end(driveOf(needs, visit), visit.context);
      const session: { drive?: unknown; driven?: unknown } = visit.request.session;
      delete session.drive;
      delete session.driven;
      return { kind: 'go', to: '/drive', notice: { key: 'console.drive.ended' } };
    },
  });
}

/**
 * Whom the browser named, as far as this member may drive them.
 * @throws OutOfReach for anybody else, whether there or not
 */
export async function subjectNamed(
  { subjects }: Pick<DriveNeeds, 'subjects'>,
  { staff }: Visit,
  who: unknown,
): Promise<DriveSubject> {
  const subject = await subjects.named(staff.id, who);
  if (subject === undefined) throw new OutOfReach('nobody whom this member of staff may drive');
  return subject;
}

/**
 * The drive that the address names, when this browser walks it.
 * @throws OutOfReach for anybody else's, whether there or not
 */
export function driveOf({ drives }: Pick<DriveNeeds, 'drives'>, { staff, request }: Visit): Drive {
  const id = request.params.drive;
  const drive = id === request.session.drive ? drives.find(id, staff.id) : undefined;
  if (drive === undefined) throw new OutOfReach('no drive of this member of staff');
  return drive;
}

/** What became of the drive that this browser walked, for whoever may still drive that account. */
async function goneOf(
  { cutOff, subjects }: Pick<DriveNeeds, 'cutOff' | 'subjects'>,
  by: string,
  driven: DriveTrace | undefined,
): Promise<DriveRemains | undefined> {
  if (driven === undefined || (await subjects.named(by, driven.account)) === undefined) return undefined;
  return cutOff.remains(driven);
}

/** Where it is said what became of a drive that is gone. */
export const toStart = { kind: 'go', to: '/drive' } as const satisfies Answer;

/** Whether the address names the drive of this browser, and that is not open any more: its process ended, perhaps. */
export function isGone({ drives }: Pick<DriveNeeds, 'drives'>, { staff, request }: Visit): boolean {
  const { drive } = request.params;
  return request.session.driven?.id === drive && drives.find(drive, staff.id) === undefined;
}

/** To where the drive's flow stands; from now on this browser walks it. */
export async function onTheWay(
  { drives }: Pick<DriveNeeds, 'drives'>,
  { request }: Visit,
  drive: Drive,
): Promise<Answer> {
  const flow = await drives.flow(drive);
  if (request.session.drive !== drive.id) {
    request.session.drive = drive.id;
    request.session.driven = traceOf(drive);
    await saveSession(request);
  }
  return { kind: 'go', to: flow === undefined ? '/drive' : `${walkPath(drive)}/${pageOf(flow)}` };
}

function walkPath({ id }: Drive): string {
  return `/drive/walk/${id}`;
}
