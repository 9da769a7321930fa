import { setImmediate as breath } from 'node:timers/promises';
import type { SelectQueryBuilder } from 'kysely';
import type { Limit, LimitCount, LimitStore } from '../core/visits/limits.ts';
import type { Database, LimitRow, Tables } from './schema.ts';

/** Rows that are removed at once: a few milliseconds of work. */
const bite = 500;

/** One row a key: a million of them cost a few dozen megabytes, and each count is one statement on one row. */
export class SqlLimitStore implements LimitStore {
  readonly #db: Database;

  constructor(needs: { readonly db: Database }) {
    this.#db = needs.db;
  }

  async count(limits: readonly Limit[], now: Date): Promise<readonly LimitCount[]> {
    const counts: LimitCount[] = [];
    for (const limit of limits) counts.push(await this.#count(limit, now.getTime()));
    return counts;
  }

  async trim(now: Date, most: number): Promise<number> {
    const over = this.#db.selectFrom('limits').select('key').where('ends_at', '<=', now.getTime());
    let removed = await this.#remove(over, Number.MAX_SAFE_INTEGER);
    const { rows } = await this.#db
      .selectFrom('limits')
      .select((row) => row.fn.countAll<number | bigint | string>().as('rows'))
      .executeTakeFirstOrThrow();
    const fewest = this.#db.selectFrom('limits').select('key').orderBy('count').orderBy('ends_at');
    removed += await this.#remove(fewest, Number(rows) - most);
    return removed;
  }

  /** A little at a time, with a breath in between: one statement for a flood would stop the whole process on SQLite. */
  async #remove(keys: SelectQueryBuilder<Tables, 'limits', { key: string }>, most: number): Promise<number> {
    let removed = 0;
    while (removed < most) {
      const some = keys.limit(Math.min(bite, most - removed));
      const { numDeletedRows } = await this.#db.deleteFrom('limits').where('key', 'in', some).executeTakeFirstOrThrow();
      removed += Number(numDeletedRows);
      if (numDeletedRows < bite) break;
      await breath();
    }
    return removed;
  }

  async #count(limit: Limit, now: number): Promise<LimitCount> {
    const counted = await this.#add(limit, now);
    if (counted !== undefined) return counted;
    const full = await this.#db
      .selectFrom('limits')
      .select(['count', 'ends_at'])
      .where('key', '=', limit.key)
      .executeTakeFirst();
    // Trimmed away in between: it begins anew.
    return full === undefined ? this.#count(limit, now) : countOf(full, false);
  }

  /** Undefined when there are so many already that none is counted. */
  async #add({ key, windowSeconds, upTo }: Limit, now: number): Promise<LimitCount | undefined> {
    const ends_at = now + windowSeconds * 1000;
    const row = await this.#db
      .insertInto('limits')
      .values({ key, count: 1, ends_at })
      .onConflict((conflict) => {
        const update = conflict.column('key').doUpdateSet((stored) => ({
          count: stored
            .case()
            .when('limits.ends_at', '<=', now)
            .then(stored.cast<number>(stored.val(1), 'bigint'))
            .else(stored('limits.count', '+', 1))
            .end(),
          ends_at: stored
            .case()
            .when('limits.ends_at', '<=', now)
            .then(stored.cast<number>(stored.val(ends_at), 'bigint'))
            .else(stored.ref('limits.ends_at'))
            .end(),
        }));
        if (upTo === undefined) return update;
        return update.where((stored) =>
          stored.or([stored('limits.ends_at', '<=', now), stored('limits.count', '<', upTo)]),
        );
      })
      .returning(['count', 'ends_at'])
      .executeTakeFirst();
    return row && countOf(row, true);
  }
}

function countOf(row: Pick<LimitRow, 'count' | 'ends_at'>, counted: boolean): LimitCount {
  return { count: Number(row.count), endsAt: new Date(Number(row.ends_at)), counted };
}
