import type { Json } from '../core/json.ts';
import type { SealedPlace, Sealer } from '../core/sealer.ts';
import type { PressStore, TakenPress } from '../core/visits/press-store.ts';
import type { Database } from './schema.ts';

/** A form that was sent, under a hash of all that it was: `body` once something came of it. */
export interface PressRow {
  readonly press: string;
  readonly taken_by: string;
  readonly until: number;
  readonly body: string | null;
}

/** One row a press; each change is one conditional statement, so that of several nodes one has it. */
export class SqlPressStore implements PressStore {
  readonly #db: Database;
  readonly #sealer: Sealer;

  constructor(needs: { readonly db: Database; readonly sealer: Sealer }) {
    this.#db = needs.db;
    this.#sealer = needs.sealer;
  }

  async take(press: string, by: string, times: { now: Date; until: Date }): Promise<TakenPress | undefined> {
    const taken = { taken_by: by, until: times.until.getTime(), body: null };
    const row = await this.#db
      .insertInto('presses')
      .values({ press, ...taken })
      .onConflict((conflict) =>
        conflict.column('press').doUpdateSet(taken).where('presses.until', '<=', times.now.getTime()),
      )
      .returning('taken_by')
      .executeTakeFirst();
    if (row !== undefined) return undefined;
    // Given back in between: it is anybody's again.
    return (await this.read(press)) ?? this.take(press, by, times);
  }

  async read(press: string): Promise<TakenPress | undefined> {
    const row = await this.#db
      .selectFrom('presses')
      .select(['taken_by', 'body'])
      .where('press', '=', press)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const { taken_by: by, body } = row;
    return { by, ...(body === null ? {} : { outcome: this.#sealer.open(place(press), body) }) };
  }

  async settle(press: string, by: string, outcome: Json, until: Date): Promise<boolean> {
    const result = await this.#db
      .updateTable('presses')
      .set({ until: until.getTime(), body: this.#sealer.seal(place(press), outcome) })
      .where('press', '=', press)
      .where('taken_by', '=', by)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async release(press: string, by: string): Promise<void> {
    await this.#db.deleteFrom('presses').where('press', '=', press).where('taken_by', '=', by).execute();
  }

  async takeOver(press: string, from: string, by: string): Promise<boolean> {
    const result = await this.#db
      .updateTable('presses')
      .set({ taken_by: by })
      .where('press', '=', press)
      .where('taken_by', '=', from)
      .where('body', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }
}

function place(row: string): SealedPlace {
  return { table: 'presses', column: 'body', row };
}
