import type { Duty, DutyName, DutyStore } from '../core/stores.ts';
import type { Database } from './schema.ts';

/** Duties of one node at a time; each change is one statement, so that of two nodes one is refused. */
export class SqlDutyStore implements DutyStore {
  readonly #db: Database;

  constructor(needs: { readonly db: Database }) {
    this.#db = needs.db;
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

  async move(name: DutyName, by: string, to: { position: number; now: Date }): Promise<boolean> {
    const result = await this.#db
      .updateTable('audit_duties')
      .set({ position: to.position, moved_at: to.now.getTime() })
      .where('name', '=', name)
      .where('holder', '=', by)
      .where('position', '<=', to.position)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }
}

function dutyOf(row: { readonly position: number; readonly moved_at: number | null }): Duty {
  return { position: row.position, ...(row.moved_at === null ? {} : { movedAt: new Date(row.moved_at) }) };
}
