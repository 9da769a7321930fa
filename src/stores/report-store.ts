import { type SelectQueryBuilder, sql } from 'kysely';
import type { AuditEventName } from '../core/audit.ts';
import type { DailyCount } from '../core/report-counts.ts';
import type { CoverageSnapshot, ReportSpan, ReportStore } from '../core/report-store.ts';
import type { Database, Tables } from './schema.ts';

const key = ['day', 'event', 'portal', 'gate', 'provider', 'why', 'decoy'] as const;
/** Values in one statement; SQLite takes 32,766 (SQLITE_MAX_VARIABLE_NUMBER). */
const rowsAtOnce = 500;

/** Daily counts and snapshots of who is registered. */
export class SqlReportStore implements ReportStore {
  readonly #db: Database;

  constructor(needs: { readonly db: Database }) {
    this.#db = needs.db;
  }

  async add(
    counts: readonly DailyCount[],
    moved: { readonly by: string; readonly from: number; readonly to: number; readonly now: Date },
  ): Promise<boolean> {
    return this.#db.transaction().execute(async (transaction) => {
      const move = await transaction
        .updateTable('audit_duties')
        .set({ position: moved.to, moved_at: moved.now.getTime() })
        .where('name', '=', 'count')
        .where('holder', '=', moved.by)
        .where('position', '=', moved.from)
        .executeTakeFirst();
      if (move.numUpdatedRows === 0n) return false;
      for (const count of counts) {
        await transaction
          .insertInto('daily_counts')
          .values({ ...count, decoy: count.decoy ? 1 : 0 })
          .onConflict((conflict) =>
            conflict
              .columns([...key])
              .doUpdateSet({ count: (row) => row('daily_counts.count', '+', row.ref('excluded.count')) }),
          )
          .execute();
      }
      return true;
    });
  }

  async counts(span: ReportSpan, events: readonly AuditEventName[]): Promise<readonly DailyCount[]> {
    if (events.length === 0) return [];
    const rows = await this.#db
      .selectFrom('daily_counts')
      .selectAll()
      .where('event', 'in', [...events])
      .where('day', '>=', span.from)
      .where('day', '<=', span.to)
      .orderBy('day')
      .execute();
    return rows.map((row) => ({ ...row, event: row.event as AuditEventName, decoy: row.decoy === 1 }));
  }

  async events(): Promise<readonly AuditEventName[]> {
    const rows = await this.#db.selectFrom('daily_counts').select('event').distinct().orderBy('event').execute();
    return rows.map(({ event }) => event as AuditEventName);
  }

  async keepCoverage(day: string, snapshots: readonly CoverageSnapshot[]): Promise<void> {
    const rows = snapshots.map(({ unit, people, registered, ready }) => ({
      day,
      unit,
      unit_key: unit.toLowerCase(),
      people,
      registered,
      ready,
    }));
    await this.#db.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('coverage').where('day', '=', day).execute();
      for (let at = 0; at < rows.length; at += rowsAtOnce) {
        await transaction
          .insertInto('coverage')
          .values(rows.slice(at, at + rowsAtOnce))
          .execute();
      }
    });
  }

  async coverage(span: ReportSpan, within?: readonly string[]): Promise<readonly Omit<CoverageSnapshot, 'unit'>[]> {
    if (within?.length === 0) return [];
    const rows = await inUnits(this.#db.selectFrom('coverage'), within)
      .select((row) => [
        'day',
        row.fn.sum<number>('people').as('people'),
        row.fn.sum<number>('registered').as('registered'),
        row.fn.sum<number>('ready').as('ready'),
      ])
      .where('day', '>=', span.from)
      .where('day', '<=', span.to)
      .groupBy('day')
      .orderBy('day')
      .execute();
    // PostgreSQL adds bigints up to a numeric, which comes as text.
    return rows.map((row) => ({
      day: row.day,
      people: Number(row.people),
      registered: Number(row.registered),
      ready: Number(row.ready),
    }));
  }

  async coverageByUnit(span: ReportSpan, within?: readonly string[]): Promise<readonly CoverageSnapshot[]> {
    if (within?.length === 0) return [];
    return inUnits(this.#db.selectFrom('coverage'), within)
      .select(['day', 'unit', 'people', 'registered', 'ready'])
      .where('day', '=', (row) =>
        row
          .selectFrom('coverage as last')
          .select((last) => last.fn.max('last.day').as('day'))
          .where('last.day', '>=', span.from)
          .where('last.day', '<=', span.to),
      )
      .orderBy('unit_key')
      .execute();
  }
}

/** A unit is within another when its path is the same or goes on after a slash; names are compared without case. */
function inUnits<Result>(
  query: SelectQueryBuilder<Tables, 'coverage', Result>,
  within: readonly string[] | undefined,
): SelectQueryBuilder<Tables, 'coverage', Result> {
  if (within === undefined || within.includes('')) return query;
  return query.where((row) =>
    row.or(
      within.flatMap((unit) => {
        const path = unit.toLowerCase();
        // No LIKE: names may hold its signs, and both databases read those in ways of their own.
        const below = sql<boolean>`substr(unit_key, 1, ${[...path].length + 1}) = ${`${path}/`}`;
        return [row('unit_key', '=', path), below];
      }),
    ),
  );
}
