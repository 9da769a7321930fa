import { z } from 'zod';
import type { PreparedWrite } from '../core/directory.ts';
import type { JournalEntry, JournalOutcome } from '../core/journal.ts';
import type { OutboxRow } from '../core/notices/outbox.ts';
import type { Sealer } from '../core/sealer.ts';
import type { JournalStore } from '../core/stores.ts';
import { putRows } from './outbox-store.ts';
import type { Database, JournalRow } from './schema.ts';

const preparedWrite = z.object({
  accountId: z.string(),
  server: z.string(),
  passwordLastSet: z.string(),
  lockoutTime: z.string(),
}) satisfies z.ZodType<PreparedWrite>;

const storedEntry = z.object({
  action: z.enum(['unlock', 'reset']),
  outcome: z.enum(['done', 'refused', 'not-done', 'unknown']).nullable(),
});

/** Writes to the directory, on disk before they are sent: synchronous=FULL on SQLite, synchronous_commit on PostgreSQL. */
export class SqlJournalStore implements JournalStore {
  readonly #db: Database;
  readonly #sealer: Sealer;

  constructor(needs: { readonly db: Database; readonly sealer: Sealer }) {
    this.#db = needs.db;
    this.#sealer = needs.sealer;
  }

  async intend(entry: JournalEntry): Promise<void> {
    await this.#db
      .insertInto('journal')
      .values({
        id: entry.id,
        action: entry.action,
        flow_reference: entry.flowReference,
        account_id: entry.write.accountId,
        prepared: JSON.stringify(entry.write),
        intended_at: entry.intendedAt.getTime(),
        outcome: entry.outcome ?? null,
        settled_at: null,
      })
      .execute();
  }

  /** The first final outcome stays: a slower node that found out less does not overwrite it. */
  async settle(id: string, outcome: JournalOutcome, now: Date, tell: readonly OutboxRow[] = []): Promise<boolean> {
    const open = outcome === 'unknown' ? null : 'unknown';
    return this.#db.transaction().execute(async (transaction) => {
      const result = await transaction
        .updateTable('journal')
        .set({ outcome, settled_at: now.getTime() })
        .where('id', '=', id)
        .where((row) => row.or([row('outcome', 'is', null), ...(open === null ? [] : [row('outcome', '=', open)])]))
        .executeTakeFirst();
      if (result.numUpdatedRows === 0n) return false;
      await putRows(transaction, this.#sealer, tell);
      return true;
    });
  }

  async read(id: string): Promise<JournalEntry | undefined> {
    const row = await this.#db.selectFrom('journal').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : entryOf(row);
  }

  async unsettled(): Promise<readonly JournalEntry[]> {
    const rows = await this.#db
      .selectFrom('journal')
      .selectAll()
      .where((row) => row.or([row('outcome', 'is', null), row('outcome', '=', 'unknown')]))
      .orderBy('intended_at')
      .orderBy('id')
      .execute();
    return rows.map(entryOf);
  }
}

function entryOf(row: JournalRow): JournalEntry {
  const { action, outcome } = storedEntry.parse(row);
  return {
    id: row.id,
    action,
    flowReference: row.flow_reference,
    write: preparedWrite.parse(JSON.parse(row.prepared)),
    intendedAt: new Date(row.intended_at),
    ...(outcome === null ? {} : { outcome }),
  };
}
