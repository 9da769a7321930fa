import type { KeyObject } from 'node:crypto';
import { type AuditCheck, checkAudit } from '../core/audit/audit-check.ts';
import type { ConsoleAudit } from '../core/audit/console-audit.ts';
import type { Job, Jobs } from '../core/background/jobs.ts';
import type { Json } from '../core/json.ts';
import type { AuditStore } from '../core/stores.ts';
import { auditReaders } from './audit-routes.ts';
import { type ConsoleRouter, nameIn, OutOfReach, type Visit } from './console-router.ts';

export interface AuditCheckNeeds {
  readonly rows: AuditStore;
  readonly audit: ConsoleAudit;
  readonly jobs: Pick<Jobs, 'start' | 'read' | 'running' | 'recent' | 'cancel'>;
  /** Public keys that the audit's head may have been signed with. */
  readonly headKeys: () => readonly KeyObject[];
}

const kind = 'audit-check';
const path = '/audit/check';
const mostShown = 10;

/** The check of the audit's chain: it walks every row, in the background, and whoever reads the audit may look on. */
export function auditCheckRoutes(router: ConsoleRouter, needs: AuditCheckNeeds): void {
  const { jobs } = needs;

  router.route({
    method: 'get',
    path,
    roles: auditReaders,
    async handler() {
      const recent = (await jobs.recent()).filter((job) => job.kind === kind);
      return { kind: 'page', view: 'console/audit/checks', data: { recent: recent.slice(0, mostShown) } };
    },
  });

  router.route({
    method: 'post',
    path,
    roles: auditReaders,
    once: true,
    async handler(visit) {
      const own = await jobs.running(kind, visit.staff.id);
      if (own !== undefined) return { kind: 'go', to: `${path}/${own.id}`, notice: { key: 'console.jobs.yours' } };
      await told(visit, needs.audit, path);
      const parts = { audit: needs.rows, keys: needs.headKeys() };
      const job = await jobs.start(kind, visit.staff, async (report, signal) => {
        return (await checkAudit(parts, report, signal)) as unknown as Json;
      });
      if (job === undefined) return { kind: 'go', to: path, notice: { key: 'console.audit.check-busy' } };
      return { kind: 'go', to: `${path}/${job.id}` };
    },
  });

  router.route({
    method: 'get',
    path: `${path}/:job`,
    roles: auditReaders,
    async handler({ request }) {
      const job = await checkNamed(jobs, request.params.job);
      const { result, ...shown } = job;
      const found = result as unknown as AuditCheck | undefined;
      return {
        kind: 'page',
        view: 'console/audit/check',
        data: { job: shown, found },
        about: { detail: { job: job.id } },
      };
    },
  });

  router.route({
    method: 'post',
    path: `${path}/:job`,
    roles: auditReaders,
    async handler(visit) {
      const job = await checkNamed(jobs, visit.request.params.job);
      await told(visit, needs.audit, `${path}/cancel`);
      await jobs.cancel(job.id);
      return { kind: 'go', to: `${path}/${job.id}` };
    },
  });
}

/** Other jobs are none of this page's. */
async function checkNamed(jobs: Pick<Jobs, 'read'>, id: unknown): Promise<Job> {
  const name = nameIn(id);
  const job = name === undefined ? undefined : await jobs.read(name);
  if (job?.kind !== kind) throw new OutOfReach('there is no such check');
  return job;
}

function told({ staff, context }: Visit, audit: ConsoleAudit, what: string): Promise<void> {
  return audit.write('console.act', { what }, { by: staff.id, request: context });
}
