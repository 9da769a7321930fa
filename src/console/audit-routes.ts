import { type AuditRow, type AuditSearch, auditGenesis, auditHash } from '../core/audit/audit.ts';
import { visible } from '../core/audit/audit-lines.ts';
import type { ConsoleAudit } from '../core/audit/console-audit.ts';
import { csvLine, csvStart } from '../core/reports/csv.ts';
import type { ReportStore } from '../core/reports/report-store.ts';
import type { AuditStore } from '../core/stores.ts';
import { type AuditFilter, auditFilter, sequenceIn } from './audit-filter.ts';
import { type ConsoleRouter, OutOfReach } from './console-router.ts';
import { queryOf } from './report-filter.ts';

export interface AuditRouteNeeds {
  readonly rows: AuditStore;
  readonly reports: ReportStore;
  readonly audit: ConsoleAudit;
}

/** The audit tells of everybody, so only those see it who see everybody. */
export const auditReaders = ['administrator', 'auditor'] as const;
const pageRows = 50;
const fileRows = 500;

/** The audit: its search, one row, and a file of what was found. */
export function auditRoutes(router: ConsoleRouter, needs: AuditRouteNeeds): void {
  router.route({
    method: 'get',
    path: '/audit',
    roles: auditReaders,
    menu: 'audit',
    async handler({ request }) {
      const filter = auditFilter(request.query);
      const { typed, problems } = filter;
      const found = await pageOf(needs.rows, filter);
      return {
        kind: 'page',
        view: 'console/audit/search',
        ...(problems.length === 0 ? {} : { status: 400 }),
        problems,
        data: { typed, ...found, query: queryOf(typed), events: await needs.reports.events(), visible },
        about: { detail: { ...typed } },
      };
    },
  });

  router.route({
    method: 'get',
    path: '/audit/rows/:sequence',
    roles: auditReaders,
    async handler({ request }) {
      const { before, row, isMore } = await around(needs.rows, sequenceIn(request.params.sequence));
      if (row === undefined) throw new OutOfReach('there is no such row');
      return {
        kind: 'page',
        view: 'console/audit/row',
        data: { row, before, isMore, fits: fitsTo(before, row), linked: linksOf(row), visible },
        about: { detail: { sequence: row.sequence } },
      };
    },
  });

  router.route({
    method: 'get',
    path: '/audit/file',
    page: '/audit',
    roles: auditReaders,
    fresh: true,
    async handler({ staff, request, context }) {
      const { typed, search, problems } = auditFilter(request.query);
      // All of it, whichever page somebody stood on.
      const { before: _before, after: _after, ...everything } = search;
      if (problems.length > 0) throw new OutOfReach('the search cannot be taken');
      const deed = { what: '/audit/file', detail: { ...typed, format: 'csv' } };
      await needs.audit.write('audit.exported', deed, { by: staff.id, request: context });
      return {
        kind: 'file',
        name: 'latchkey-audit.csv',
        type: 'text/csv; charset=utf-8',
        body: auditFile(needs.rows, everything),
      };
    },
  });
}

/** One page, and where the pages beside it begin. */
async function pageOf(audit: AuditStore, { search, problems }: AuditFilter) {
  if (problems.length > 0) return { rows: [], older: undefined, newer: undefined };
  // One more than is shown tells whether there is a page behind it.
  const isBack = search.after !== undefined;
  const found = await audit.search({ ...search, limit: pageRows + 1 });
  const isMore = found.length > pageRows;
  const rows = isBack ? found.slice(isMore ? 1 : 0) : found.slice(0, pageRows);
  const isOlder = isBack ? search.before === undefined : isMore;
  const isNewer = isBack ? isMore : search.before !== undefined;
  return {
    rows,
    older: isOlder ? rows.at(-1)?.sequence : undefined,
    newer: isNewer ? rows[0]?.sequence : undefined,
  };
}

/** A row, the one that it is chained to, and whether one follows. */
async function around(audit: AuditStore, sequence: number | undefined) {
  if (sequence === undefined) return {};
  const found = await audit.page({ after: sequence - 2, upTo: sequence + 1, limit: 3 });
  return {
    before: found.find((row) => row.sequence === sequence - 1),
    row: found.find((row) => row.sequence === sequence),
    isMore: found.some((row) => row.sequence > sequence),
  };
}

/** Whether the row's hash follows from the row before and from what it says; undefined when that row is not there. */
function fitsTo(before: AuditRow | undefined, row: AuditRow): boolean | undefined {
  if (before === undefined && row.sequence > 1) return undefined;
  return auditHash(before?.hash ?? auditGenesis, row.sequence, row) === row.hash;
}

/** Searches for what else there is of the same. */
function linksOf(row: AuditRow): Readonly<Record<string, string>> {
  const names = ['subject', 'event', 'flow', 'address', 'correlation'] as const;
  return Object.fromEntries(
    names.flatMap((name) => (row[name] === undefined ? [] : [[name, `/audit?${queryOf({ [name]: row[name] })}`]])),
  );
}

const columns = ['subject', 'portal', 'flow', 'gate', 'address', 'correlation'] as const;

/** Everything that was found, newest first, read page by page while it is sent. */
async function* auditFile(
  audit: AuditStore,
  search: Omit<AuditSearch, 'limit' | 'after' | 'before'>,
): AsyncGenerator<string> {
  yield csvStart + csvLine(['sequence', 'at', 'event', ...columns, 'detail', 'hash']);
  for (let before: number | undefined; ; ) {
    const rows = await audit.search({ ...search, ...(before === undefined ? {} : { before }), limit: fileRows });
    yield rows.map(fileLine).join('');
    before = rows.at(-1)?.sequence;
    if (before === undefined || rows.length < fileRows) return;
  }
}

function fileLine(row: AuditRow): string {
  const detail = row.detail === undefined ? undefined : JSON.stringify(row.detail);
  return csvLine([
    row.sequence,
    row.at.toISOString(),
    row.event,
    ...columns.map((name) => row[name]),
    detail,
    row.hash,
  ]);
}
