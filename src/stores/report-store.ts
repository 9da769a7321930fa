import { type SelectQueryBuilder, sql } from 'kysely';
import type { AuditEventName } from '../core/audit/audit.ts';
import { type PolicyCount, policyKey } from '../core/reports/policy-counts.ts';
import type { DailyCount } from '../core/reports/report-counts.ts';
import type {
  Counted,
  CoverageSnapshot,
  PolicyCoverage,
  ReportSpan,
  ReportStore,
} from '../core/reports/report-store.ts';
import type { DutyName } from '../core/stores.ts';
import type { CoverageRow } from './report-schema.ts';
import type { Database, Tables } from './schema.ts';

const key = ['day', 'event', 'portal', 'gate', 'provider', 'why', 'decoy'] as const;
/** Values in one statement; SQLite takes 32,766 (SQLITE_MAX_VARIABLE_NUMBER). */
const rowsAtOnce = 500;
const mostPolicies = 1_000;

/** Daily counts and snapshots of who is registered; of everybody, and by policy in tables of their own. */
export class SqlReportStore implements ReportStore {
  readonly #db: Database;

  constructor(needs: { readonly db: Database }) {
    this.#db = needs.db;
  }

  async add(counts: readonly DailyCount[], moved: Counted): Promise<boolean> {
    return this.#db.transaction().execute(async (transaction) => {
      if (!(await move(transaction, 'count', moved))) return false;
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

  async addByPolicy(counts: readonly PolicyCount[], moved: Counted): Promise<boolean> {
    return this.#db.transaction().execute(async (transaction) => {
      if (!(await move(transaction, 'count-policies', moved))) return false;
      await putPolicies(transaction, counts);
      for (const count of counts) {
        await transaction
          .insertInto('policy_counts')
          .values({ ...count, policy: policyKey(count.policy), decoy: count.decoy ? 1 : 0 })
          .onConflict((conflict) =>
            conflict
              .columns(['policy', ...key])
              .doUpdateSet({ count: (row) => row('policy_counts.count', '+', row.ref('excluded.count')) }),
          )
          .execute();
      }
      return true;
    });
  }

  async counts(span: ReportSpan, events: readonly AuditEventName[], policy?: string): Promise<readonly DailyCount[]> {
    if (events.length === 0) return [];
    const some =
      policy === undefined
        ? this.#db.selectFrom('daily_counts')
        : this.#db.selectFrom('policy_counts as daily_counts').where('policy', '=', policyKey(policy));
    const rows = await (some as SelectQueryBuilder<Tables, 'daily_counts', object>)
      .select([...key, 'count'])
      .where('event', 'in', [...events])
      .where('day', '>=', span.from)
      .where('day', '<=', span.to)
      .orderBy('day')
      .execute();
    return rows.map((row) => ({ ...row, event: row.event as AuditEventName, decoy: row.decoy === 1 }));
  }

  async policies(): Promise<readonly string[]> {
    const rows = await this.#db
      .selectFrom('counted_policies')
      .select('name')
      .orderBy('last_day', 'desc')
      .orderBy('name')
      .limit(mostPolicies)
      .execute();
    return rows.map(({ name }) => name);
  }

  async events(): Promise<readonly AuditEventName[]> {
    const rows = await this.#db.selectFrom('daily_counts').select('event').distinct().orderBy('event').execute();
    return rows.map(({ event }) => event as AuditEventName);
  }

  async keepCoverage(
    day: string,
    snapshots: readonly CoverageSnapshot[],
    byPolicy: readonly PolicyCoverage[] = [],
  ): Promise<void> {
    const rows = snapshots.map((snapshot) => coverageRow(day, snapshot));
    const own = byPolicy.map((one) => ({ ...coverageRow(day, one), policy: policyKey(one.policy) }));
    await this.#db.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('coverage').where('day', '=', day).execute();
      await transaction.deleteFrom('policy_coverage').where('day', '=', day).execute();
      await putPolicies(transaction, byPolicy);
      for (const some of portions(rows)) await transaction.insertInto('coverage').values(some).execute();
      for (const some of portions(own)) await transaction.insertInto('policy_coverage').values(some).execute();
    });
  }

  async coverage(
    span: ReportSpan,
    within?: readonly string[],
    policy?: string,
  ): Promise<readonly Omit<CoverageSnapshot, 'unit'>[]> {
    if (within?.length === 0) return [];
    const rows = await inUnits(this.#coverage(policy), within)
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

  async coverageByUnit(
    span: ReportSpan,
    within?: readonly string[],
    policy?: string,
  ): Promise<readonly CoverageSnapshot[]> {
    if (within?.length === 0) return [];
    const last = this.#coverage(policy)
      .select((row) => row.fn.max('day').as('day'))
      .where('day', '>=', span.from)
      .where('day', '<=', span.to);
    return inUnits(this.#coverage(policy), within)
      .select(['day', 'unit', 'people', 'registered', 'ready'])
      .where('day', '=', last)
      .orderBy('unit_key')
      .execute();
  }

  /** The table of everybody, or of those under one policy, by the same names. */
  #coverage(policy: string | undefined): Coverage {
    if (policy === undefined) return this.#db.selectFrom('coverage');
    const own = this.#db.selectFrom('policy_coverage as coverage').where('policy', '=', policyKey(policy));
    return own as unknown as Coverage;
  }
}

type Coverage<Result = object> = SelectQueryBuilder<Tables, 'coverage', Result>;

/** The first of a transaction: of two nodes that count the same rows, one is told to leave it. */
async function move(db: Database, duty: DutyName, { by, from, to, now }: Counted): Promise<boolean> {
  const done = await db
    .updateTable('audit_duties')
    .set({ position: to, moved_at: now.getTime() })
    .where('name', '=', duty)
    .where('holder', '=', by)
    .where('position', '=', from)
    .executeTakeFirst();
  return done.numUpdatedRows > 0n;
}

/** Notes what policies are called that have numbers. */
async function putPolicies(
  db: Database,
  numbers: readonly { readonly policy: string; readonly day: string }[],
): Promise<void> {
  const last = new Map<string, { readonly name: string; readonly last_day: string }>();
  for (const { policy, day } of numbers) {
    const known = last.get(policyKey(policy));
    if (known === undefined || known.last_day <= day) last.set(policyKey(policy), { name: policy, last_day: day });
  }
  for (const [policy, about] of last) {
    await db
      .insertInto('counted_policies')
      .values({ policy, ...about })
      .onConflict((conflict) =>
        conflict
          .column('policy')
          .doUpdateSet(about)
          // Old rows may be counted after new ones.
          .where('counted_policies.last_day', '<=', about.last_day),
      )
      .execute();
  }
}

function coverageRow(day: string, { unit, people, registered, ready }: CoverageSnapshot): CoverageRow {
  return { day, unit, unit_key: unit.toLowerCase(), people, registered, ready };
}

function portions<Row>(rows: readonly Row[]): readonly (readonly Row[])[] {
  return Array.from({ length: Math.ceil(rows.length / rowsAtOnce) }, (_, at) =>
    rows.slice(at * rowsAtOnce, (at + 1) * rowsAtOnce),
  );
}

/** A unit is within another when its path is the same or goes on after a slash; names are compared without case. */
function inUnits<Result>(query: Coverage<Result>, within: readonly string[] | undefined): Coverage<Result> {
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
