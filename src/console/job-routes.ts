import type { ConsoleAudit } from '../core/audit/console-audit.ts';
import type { Job, Jobs } from '../core/background/jobs.ts';
import type { Role } from '../core/staff/staff.ts';
import { type ConsoleRouter, nameIn, OutOfReach, type Visit } from './console-router.ts';

export interface JobNeeds {
  readonly jobs: Pick<Jobs, 'start' | 'read' | 'running' | 'recent' | 'cancel'>;
  readonly audit: ConsoleAudit;
}

/** Results name people of every unit. */
export const jobReaders = ['administrator', 'auditor'] as const satisfies readonly [Role, ...Role[]];

/** Where the result of a job is shown, by its kind; a job of another kind has pages of its own. */
const results: Readonly<Record<string, string>> = { simulation: '/simulator', 'audit-check': '/audit/check' };

/** Long work of every kind: how far it has come, and the way to end it. */
export function jobRoutes(router: ConsoleRouter, { jobs, audit }: JobNeeds): void {
  router.route({
    method: 'get',
    path: '/jobs',
    roles: jobReaders,
    menu: 'jobs',
    async handler() {
      return { kind: 'page', view: 'console/jobs', data: { jobs: await jobs.recent(), results } };
    },
  });

  router.route({
    method: 'get',
    path: '/jobs/:job',
    roles: jobReaders,
    async handler({ request, staff }) {
      const { result: _large, ...job } = await jobNamed(jobs, request.params.job);
      const isActor = staff.roles.includes('administrator');
      const data = { job, isActor, result: results[job.kind] };
      return { kind: 'page', view: 'console/job', data, about: { detail: { job: job.id } } };
    },
  });

  router.route({
    method: 'get',
    path: '/jobs/:job/state',
    roles: jobReaders,
    quiet: true,
    async handler({ request }) {
      const { state, ending, progress } = await jobNamed(jobs, request.params.job);
      return {
        kind: 'json',
        body: { state: ending ? 'ending' : state, ...progress, text: sayProgress(request, progress.done) },
      };
    },
  });

  router.route({
    method: 'post',
    path: '/jobs/:job/cancel',
    page: '/jobs/:job',
    roles: ['administrator'],
    async handler({ request, staff, context }) {
      const job = await jobNamed(jobs, request.params.job);
      const deed = { what: '/jobs/:job/cancel', detail: { job: job.id, kind: job.kind } };
      await audit.write('console.act', deed, { by: staff.id, request: context });
      await jobs.cancel(job.id);
      return { kind: 'go', to: `/jobs/${job.id}` };
    },
  });
}

export async function jobNamed(jobs: Pick<Jobs, 'read'>, id: unknown): Promise<Job> {
  const name = nameIn(id);
  const job = name === undefined ? undefined : await jobs.read(name);
  if (job === undefined) throw new OutOfReach('there is no such job');
  return job;
}

/** Also written by the page itself; both say the same. */
function sayProgress({ translate, language }: Visit['request'], done: number): string {
  return translate('console.jobs.progress', { done: new Intl.NumberFormat(language.tag).format(done) });
}
