import type { Insertable, Kysely, Selectable, Transaction } from 'kysely';
import type { Job, JobEnd, JobFailure, JobProgress, JobStore } from '../core/background/jobs.ts';
import type { Json } from '../core/json.ts';
import type { SealedPlace, Sealer } from '../core/sealer.ts';
import type { Database, JobRow, Tables } from './schema.ts';

/** Every column but the result, which may be large. */
const brief = [
  'id',
  'kind',
  'started_by',
  'started_at',
  'state',
  'done',
  'total',
  'cancel_wanted',
  'ended_at',
  'failure',
  'data',
] as const;

/** One row a job. A running one has a slot, of which there are only so many: a unique index keeps all nodes to that. */
export class SqlJobStore implements JobStore {
  readonly #db: Database;
  readonly #sealer: Sealer;

  constructor(needs: { readonly db: Database; readonly sealer: Sealer }) {
    this.#db = needs.db;
    this.#sealer = needs.sealer;
  }

  async create(job: Job, limits: { readonly most: number; readonly deadSince: Date }): Promise<boolean> {
    await fail(this.#db, limits.deadSince, job.startedAt);
    // Serializable on PostgreSQL, so that of two of one person who take different slots at once one is tried again.
    return this.#db
      .transaction()
      .setIsolationLevel('serializable')
      .execute(async (transaction) => {
        if ((await running(transaction, job.kind, job.by)) !== undefined) return false;
        for (let slot = 1; slot <= limits.most; slot += 1) {
          const result = await transaction
            .insertInto('jobs')
            .values({ ...this.#row(job), slot })
            .onConflict((conflict) => conflict.column('slot').doNothing())
            .executeTakeFirst();
          if (result.numInsertedOrUpdatedRows === 1n) return true;
        }
        return false;
      });
  }

  async beat(id: string, progress: JobProgress, now: Date): Promise<'go-on' | 'cancel' | 'lost'> {
    const row = await this.#db
      .updateTable('jobs')
      .set({ done: progress.done, total: progress.of ?? null, beat_at: now.getTime() })
      .where('id', '=', id)
      .where('state', '=', 'running')
      .returning('cancel_wanted')
      .executeTakeFirst();
    if (row === undefined) return 'lost';
    return row.cancel_wanted === 0 ? 'go-on' : 'cancel';
  }

  async end(id: string, end: JobEnd, now: Date): Promise<boolean> {
    const result = await this.#db
      .updateTable('jobs')
      .set({
        state: end.state,
        slot: null,
        ended_at: now.getTime(),
        failure: end.state === 'failed' ? end.failure : null,
        body: end.state === 'done' ? this.#sealer.seal(place(id, 'body'), end.result) : null,
      })
      .where('id', '=', id)
      .where('state', '=', 'running')
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async cancel(id: string): Promise<boolean> {
    const result = await this.#db
      .updateTable('jobs')
      .set({ cancel_wanted: 1 })
      .where('id', '=', id)
      .where('state', '=', 'running')
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async read(id: string): Promise<Job | undefined> {
    const row = await this.#db
      .selectFrom('jobs')
      .select([...brief, 'body'])
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const { body } = row;
    return { ...this.#job(row), ...(body === null ? {} : { result: this.#sealer.open(place(id, 'body'), body) }) };
  }

  async running(kind: string, by: string): Promise<Job | undefined> {
    const row = await running(this.#db, kind, by);
    return row && this.#job(row);
  }

  async recent(limit: number): Promise<readonly Job[]> {
    const rows = await this.#db
      .selectFrom('jobs')
      .select(brief)
      .orderBy('started_at', 'desc')
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map((row) => this.#job(row));
  }

  async fail(deadSince: Date, now: Date): Promise<number> {
    return fail(this.#db, deadSince, now);
  }

  #row(job: Job): Insertable<JobRow> {
    const { id, kind, by, byName, startedAt, progress, state } = job;
    return {
      id,
      kind,
      started_by: by,
      started_at: startedAt.getTime(),
      beat_at: startedAt.getTime(),
      state,
      slot: null,
      done: progress.done,
      total: progress.of ?? null,
      cancel_wanted: 0,
      ended_at: null,
      failure: null,
      data: this.#sealer.seal(place(id, 'data'), { byName }),
      body: null,
    };
  }

  #job(row: Pick<Selectable<JobRow>, (typeof brief)[number]>): Job {
    const { id, kind, started_by, started_at, state, done, total, cancel_wanted, ended_at, failure, data } = row;
    // The seal vouches for the shape.
    const { byName } = this.#sealer.open(place(id, 'data'), data) as { readonly byName: Json };
    return {
      id,
      kind,
      by: started_by,
      byName: String(byName),
      startedAt: new Date(started_at),
      progress: { done, ...(total === null ? {} : { of: total }) },
      state: state as Job['state'],
      ending: state === 'running' && cancel_wanted !== 0,
      ...(ended_at === null ? {} : { endedAt: new Date(ended_at) }),
      ...(failure === null ? {} : { failure: failure as JobFailure }),
    };
  }
}

function running(db: Kysely<Tables> | Transaction<Tables>, kind: string, by: string) {
  return db
    .selectFrom('jobs')
    .select(brief)
    .where('state', '=', 'running')
    .where('kind', '=', kind)
    .where('started_by', '=', by)
    .executeTakeFirst();
}

async function fail(db: Kysely<Tables> | Transaction<Tables>, deadSince: Date, now: Date): Promise<number> {
  const result = await db
    .updateTable('jobs')
    .set({ state: 'failed', slot: null, failure: 'died', ended_at: now.getTime() })
    .where('state', '=', 'running')
    .where('beat_at', '<=', deadSince.getTime())
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

function place(row: string, column: 'data' | 'body'): SealedPlace {
  return { table: 'jobs', column, row };
}
