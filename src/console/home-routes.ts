import type { ConsoleAudit } from '../core/audit/console-audit.ts';
import type { Directory } from '../core/directory.ts';
import type { FlowStarter } from '../core/flow/flow-starter.ts';
import { everyRole } from '../core/staff/staff.ts';
import { pathOf } from '../web/flow-page.ts';
import { isStored, renewSession, saveSession } from '../web/session.ts';
import type { ConsoleRouter } from './console-router.ts';

export interface HomeNeeds {
  readonly starter: FlowStarter;
  readonly directory: Pick<Directory, 'read'>;
  readonly audit: ConsoleAudit;
  readonly secondFactor: readonly string[];
  /** Where staff register what they prove themselves with. */
  readonly registrationUrl: URL;
}

/** What everybody has who has signed in: the start, proving oneself once more, and the way out. */
export function homeRoutes(router: ConsoleRouter, needs: HomeNeeds): void {
  router.route({
    method: 'get',
    path: '/',
    roles: everyRole,
    menu: 'home',
    handler: ({ staff }) => ({ kind: 'page', view: 'console/home', data: { units: staff.units } }),
  });

  router.route({
    method: 'get',
    path: '/confirm',
    // Whoever has just signed in has nothing to confirm.
    page: '/',
    roles: everyRole,
    handler: () => ({ kind: 'page', view: 'console/confirm' }),
  });

  router.route({
    method: 'post',
    path: '/confirm',
    page: '/',
    roles: everyRole,
    once: true,
    async handler({ staff, request, context }) {
      const account = await needs.directory.read(staff.id);
      const flow = account && (await needs.starter.console(account, needs.secondFactor, context));
      if (flow === undefined) {
        const data = { registration: needs.registrationUrl.href };
        return { kind: 'page', view: 'console/unconfirmed', status: 403, data };
      }
      request.session.flow = flow.id;
      await saveSession(request);
      return { kind: 'go', to: pathOf(flow) };
    },
  });

  router.route({
    method: 'post',
    path: '/sign-out',
    roles: everyRole,
    once: true,
    async handler({ staff, request, context }) {
      const left = { kind: 'go', to: '/console', forget: true } as const;
      // Another press was faster, and has written it down.
      if (!(await isStored(request))) return left;
      const from = { by: staff.id, request: context };
      await needs.audit.write('console.signed-out', { what: '/sign-out', subject: staff.id }, from);
      await renewSession(request);
      return left;
    },
  });
}
