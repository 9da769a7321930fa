import { randomUUID } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import type { Json } from '../core/json.ts';
import type { OutboxClaim, OutboxRow, OutboxStore, StoredRow } from '../core/notices/outbox.ts';
import type { Channel } from '../core/provider.ts';
import type { SealedPlace, Sealer } from '../core/sealer.ts';
import type { Database, OutboxTableRow, Tables } from './schema.ts';

/** Rows that are looked at for one that nobody else took meanwhile. */
const candidates = 20;

/** Writes rows in the transaction of the state that they tell of. */
export async function putRows(
  db: Kysely<Tables> | Transaction<Tables>,
  sealer: Sealer,
  rows: readonly OutboxRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const values = rows.map((row): OutboxTableRow => {
    const { id, event, reference, channel, createdAt, expiresAt, body } = row;
    return {
      id,
      event,
      reference,
      channel,
      state: 'waiting',
      created_at: createdAt.getTime(),
      expires_at: expiresAt.getTime(),
      due_at: createdAt.getTime(),
      lease: null,
      leased_until: 0,
      tries: 0,
      attempts: 0,
      body: sealer.seal(place(id), body),
    };
  });
  await db.insertInto('outbox').values(values).execute();
}

/** Messages on their way out. A lease is one conditional statement, so that two nodes never have one row at once. */
export class SqlOutboxStore implements OutboxStore {
  readonly #db: Database;
  readonly #sealer: Sealer;

  constructor(needs: { readonly db: Database; readonly sealer: Sealer }) {
    this.#db = needs.db;
    this.#sealer = needs.sealer;
  }

  async put(rows: readonly OutboxRow[]): Promise<void> {
    await putRows(this.#db, this.#sealer, rows);
  }

  async claim(wanted: {
    readonly channels: readonly Channel[];
    readonly now: Date;
    readonly leaseMs: number;
  }): Promise<OutboxClaim | undefined> {
    const now = wanted.now.getTime();
    if (wanted.channels.length === 0) return undefined;
    const due = await this.#db
      .selectFrom('outbox')
      .select('id')
      .where('state', '=', 'waiting')
      .where('channel', 'in', wanted.channels)
      .where('due_at', '<=', now)
      .where('expires_at', '>', now)
      .where('leased_until', '<=', now)
      .orderBy('due_at')
      .orderBy('id')
      .limit(candidates)
      .execute();
    for (const { id } of due) {
      const row = await this.#lease(id, now, wanted.leaseMs);
      if (row !== undefined) return this.#claimOf(row);
    }
    return undefined;
  }

  async sent(claim: OutboxClaim): Promise<boolean> {
    const result = await this.#db
      .deleteFrom('outbox')
      .where('id', '=', claim.id)
      .where('lease', '=', claim.lease)
      .executeTakeFirst();
    return result.numDeletedRows === 1n;
  }

  async postpone(claim: OutboxClaim, at: Date, blameless: boolean): Promise<boolean> {
    return this.#release(claim, { due_at: at.getTime(), ...(blameless ? { tries: 0 } : {}) });
  }

  async setAside(claim: OutboxClaim): Promise<boolean> {
    return this.#release(claim, { state: 'set-aside' });
  }

  async expire(now: Date): Promise<readonly StoredRow[]> {
    const at = now.getTime();
    const rows = await this.#db
      .deleteFrom('outbox')
      .where('state', '=', 'waiting')
      .where('expires_at', '<=', at)
      .where('leased_until', '<=', at)
      .returningAll()
      .execute();
    return rows.map((row) => this.#stored(row));
  }

  async standing(): Promise<{ readonly waiting: number; readonly setAside: number; readonly oldest?: Date }> {
    const rows = await this.#db
      .selectFrom('outbox')
      .select((row) => [
        'state',
        row.fn.countAll<number | bigint | string>().as('rows'),
        row.fn.min<number | bigint | string>('created_at').as('oldest'),
      ])
      .groupBy('state')
      .execute();
    const waiting = rows.find(({ state }) => state === 'waiting');
    return {
      waiting: Number(waiting?.rows ?? 0),
      setAside: Number(rows.find(({ state }) => state === 'set-aside')?.rows ?? 0),
      ...(waiting === undefined ? {} : { oldest: new Date(Number(waiting.oldest)) }),
    };
  }

  async #lease(id: string, now: number, leaseMs: number): Promise<OutboxTableRow | undefined> {
    return this.#db
      .updateTable('outbox')
      .set((row) => ({
        lease: randomUUID(),
        leased_until: now + leaseMs,
        tries: row('tries', '+', 1),
        attempts: row('attempts', '+', 1),
      }))
      .where('id', '=', id)
      .where('state', '=', 'waiting')
      .where('due_at', '<=', now)
      .where('leased_until', '<=', now)
      .returningAll()
      .executeTakeFirst();
  }

  async #release(
    claim: OutboxClaim,
    change: { readonly due_at?: number; readonly tries?: number; readonly state?: string },
  ): Promise<boolean> {
    const result = await this.#db
      .updateTable('outbox')
      .set({ ...change, lease: null, leased_until: 0 })
      .where('id', '=', claim.id)
      .where('lease', '=', claim.lease)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  #claimOf(row: OutboxTableRow): OutboxClaim {
    const { lease, tries, attempts } = row;
    return { ...this.#stored(row), lease: lease ?? '', tries, attempts };
  }

  #stored(row: OutboxTableRow): StoredRow {
    const { id, event, reference, channel, created_at, expires_at } = row;
    const body = this.#open(row);
    return {
      id,
      event,
      reference,
      channel: channel as Channel,
      createdAt: new Date(created_at),
      expiresAt: new Date(expires_at),
      ...(body === undefined ? {} : { body }),
    };
  }

  /** A row that does not open is the worker's to set aside: it must not stop the others. */
  #open({ id, body }: OutboxTableRow): Json | undefined {
    try {
      return this.#sealer.open(place(id), body);
    } catch {
      return undefined;
    }
  }
}

function place(row: string): SealedPlace {
  return { table: 'outbox', column: 'body', row };
}
