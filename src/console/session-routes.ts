import { z } from 'zod';
import type { ConsoleAudit } from '../core/audit/console-audit.ts';
import { BadRequest } from '../core/errors.ts';
import type { Message } from '../core/message.ts';
import { everyRole } from '../core/staff/staff.ts';
import type { StaffSession } from '../web/session.ts';
import type { Answer } from './answer.ts';
import type { ConsoleRouter, Visit } from './console-router.ts';
import type { OwnSessions } from './own-sessions.ts';

export interface SessionPageNeeds {
  readonly ownSessions: OwnSessions;
  readonly audit: ConsoleAudit;
}

const path = '/sessions';
const form = z.discriminatedUnion('act', [
  z.strictObject({ act: z.literal('end'), session: z.string().max(64) }),
  z.strictObject({ act: z.literal('end-others') }),
]);

/** One's own sessions of the console: where one is signed in, and ending it there (ASVS 7.5.2). */
export function sessionRoutes(router: ConsoleRouter, needs: SessionPageNeeds): void {
  const { ownSessions } = needs;

  router.route({ method: 'get', path, roles: everyRole, handler: (visit) => page(needs, visit) });

  router.route({
    method: 'post',
    path,
    roles: everyRole,
    act: 'console.session-ending',
    fresh: true,
    once: true,
    async handler(visit) {
      const { staff, act } = visit;
      const posted = form.safeParse(visit.request.body);
      if (!posted.success) throw new BadRequest('this page ends one session, or the others');
      const own = ownOf(visit);
      if (posted.data.act === 'end-others') {
        await act({ subject: staff.id, detail: { which: 'others' } });
        const count = await ownSessions.end(own, 'others');
        return { kind: 'go', to: path, notice: { key: 'console.sessions.ended-others', values: { count } } };
      }
      const { session } = posted.data;
      const isOwn = (await ownSessions.list(own)).some(({ reference }) => reference === session);
      // Somebody else's looks like one that is over, and what was typed is written nowhere.
      if (!isOwn) return gone(needs, visit);
      await act({ subject: staff.id, detail: { which: 'one', session } });
      await ownSessions.end(own, { only: session });
      return { kind: 'go', to: path, notice: { key: 'console.sessions.ended' } };
    },
  });
}

async function gone(needs: SessionPageNeeds, visit: Visit): Promise<Answer> {
  const from = { by: visit.staff.id, request: visit.context };
  await needs.audit.write('console.refused', { what: path, detail: { why: 'reach' } }, from);
  return page(needs, visit, { key: 'console.sessions.gone' });
}

async function page({ ownSessions }: SessionPageNeeds, visit: Visit, problem?: Message): Promise<Answer> {
  return {
    kind: 'page',
    view: 'console/sessions',
    ...(problem === undefined ? {} : { status: 422, problems: [{ message: problem }] }),
    data: { sessions: await ownSessions.list(ownOf(visit)) },
    about: { subject: visit.staff.id },
  };
}

/** The session that asks. */
function ownOf({ request }: Visit): StaffSession {
  const { staff } = request.session;
  if (staff === undefined) throw new Error('nobody has signed in with this session');
  return staff;
}
