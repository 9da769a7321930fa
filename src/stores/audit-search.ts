import { type SelectQueryBuilder, sql } from 'kysely';
import type { AuditSearch } from '../core/audit/audit.ts';
import type { AuditTableRow, Database, Tables } from './schema.ts';

type AuditQuery = SelectQueryBuilder<Tables, 'audit', object>;

/** What rows are found by; of two that too many rows share, the one that stands first here is shared by fewer. */
const columns = ['correlation', 'flow', 'subject', 'address', 'event'] as const;
/** A page is found in a few milliseconds among so many. */
const mostCounted = 20_000;
/** So far may the clocks of two nodes be apart. */
const skewMs = 3_600_000;

/**
 * Looks for rows, newest first. Every search walks one index whose rows lie in the order in which they are wanted, so
 * that it ends as soon as the page is full.
 */
export async function searchAudit(db: Database, wanted: AuditSearch): Promise<readonly AuditTableRow[]> {
  const { after = 0, before = Number.MAX_SAFE_INTEGER } = wanted;
  const bounds = await boundsOf(db, wanted);
  let query: AuditQuery = db
    .selectFrom('audit')
    .where('sequence', '>', Math.max(after, bounds.after))
    .where('sequence', '<', Math.min(before, bounds.before));
  query = await withColumns(db, query, wanted);
  if (wanted.from !== undefined) query = withTime(query, '>=', wanted.from);
  if (wanted.to !== undefined) query = withTime(query, '<=', wanted.to);
  // The page before the one in hand is the one next to it, which comes in the other direction.
  const isBack = wanted.after !== undefined;
  const rows = await query
    .selectAll()
    .orderBy('sequence', isBack ? 'asc' : 'desc')
    .limit(wanted.limit)
    .execute();
  return isBack ? rows.reverse() : rows;
}

/**
 * What is shared by the fewest rows is compared plainly, and so by its index. The rest is compared in a way that no index
 * serves: a database that knows nothing of its numbers would otherwise read half the table for the event's name.
 */
async function withColumns(db: Database, query: AuditQuery, wanted: AuditSearch): Promise<AuditQuery> {
  const given = columns.flatMap((name) => {
    const value = wanted[name];
    return value === undefined ? [] : [{ name, value }];
  });
  const sharing = given.length < 2 ? given.map(() => 0) : await Promise.all(given.map((one) => rowsOf(db, one)));
  const fewest = sharing.indexOf(Math.min(...sharing));
  return given.reduce((sum, { name, value }, at) => {
    if (at === fewest) return sum.where(name, '=', value);
    return sum.where(sql<boolean>`coalesce(${sql.ref(name)}, '') = ${value}`);
  }, query);
}

/** How many rows have it, but not counted further than it matters. */
async function rowsOf(
  db: Database,
  { name, value }: { readonly name: (typeof columns)[number]; readonly value: string },
): Promise<number> {
  const { count } = await db
    .selectFrom(db.selectFrom('audit').select('sequence').where(name, '=', value).limit(mostCounted).as('some'))
    .select((row) => row.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

function withTime(query: AuditQuery, operator: '>=' | '<=', at: Date): AuditQuery {
  return query.where(sql<boolean>`at + 0 ${sql.raw(operator)} ${at.getTime()}`);
}

/**
 * Between which numbers the rows of a time lie: rows are numbered in the order in which they were written, but for what
 * the clocks of the nodes differ. One look into the index of times for each end.
 */
async function boundsOf(
  db: Database,
  { from, to }: Pick<AuditSearch, 'from' | 'to'>,
): Promise<{ readonly after: number; readonly before: number }> {
  const bound = async (operator: '<' | '>', at: number, order: 'asc' | 'desc'): Promise<number | undefined> => {
    const row = await db
      .selectFrom('audit')
      .select('sequence')
      .where('at', operator, at)
      .orderBy('at', order)
      .orderBy('sequence', order)
      .limit(1)
      .executeTakeFirst();
    return row?.sequence;
  };
  const last = from === undefined ? undefined : await bound('<', from.getTime() - skewMs, 'desc');
  const first = to === undefined ? undefined : await bound('>', to.getTime() + skewMs, 'asc');
  return { after: last ?? 0, before: first ?? Number.MAX_SAFE_INTEGER };
}
