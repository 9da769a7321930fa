import type { OutboxRow } from '../core/notices/outbox.ts';
import type { Sealer } from '../core/sealer.ts';
import type { Duty, DutyName, DutyStore } from '../core/stores.ts';
import { putRows } from './outbox-store.ts';
import type { Database } from './schema.ts';

/** Duties of one node at a time; each change is one conditional statement, so that of two nodes one is refused. */
export class SqlDutyStore implements DutyStore {
  readonly #db: Database;
  readonly #sealer: Sealer;

  constructor(needs: { readonly db: Database; readonly sealer: Sealer }) {
    this.#db = needs.db;
    this.#sealer = needs.sealer;
  }

  async read(name: DutyName): Promise<Duty> {
    const row = await this.#db
      .selectFrom('audit_duties')
      .select(['position', 'moved_at'])
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    return dutyOf(row);
  }

  async hold(name: DutyName, by: string, times: { now: Date; until: Date }): Promise<Duty | undefined> {
    const row = await this.#db
      .updateTable('audit_duties')
      .set({ holder: by, held_until: times.until.getTime() })
      .where('name', '=', name)
      .where((where) => where.or([where('holder', '=', by), where('held_until', '<=', times.now.getTime())]))
      .returning(['position', 'moved_at'])
      .executeTakeFirst();
    return row === undefined ? undefined : dutyOf(row);
  }

  async move(
    name: DutyName,
    by: string,
    { position, now, tell = [] }: { position: number; now: Date; tell?: readonly OutboxRow[] },
  ): Promise<boolean> {
    return this.#db.transaction().execute(async (transaction) => {
      const result = await transaction
        .updateTable('audit_duties')
        .set({ position, moved_at: now.getTime() })
        .where('name', '=', name)
        .where('holder', '=', by)
        .where('position', '<=', position)
        .executeTakeFirst();
      const moved = result.numUpdatedRows > 0n;
      if (moved) await putRows(transaction, this.#sealer, tell);
      return moved;
    });
  }
}

function dutyOf(row: { readonly position: number; readonly moved_at: number | null }): Duty {
  return { position: row.position, ...(row.moved_at === null ? {} : { movedAt: new Date(row.moved_at) }) };
}
