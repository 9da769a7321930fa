import type { Json } from '../core/json.ts';
import type { SealedPlace, Sealer } from '../core/sealer.ts';
import type { SessionStore } from '../core/stores.ts';
import { type Database, idHash } from './schema.ts';

/** Sessions under the hash of their id. */
export class SqlSessionStore implements SessionStore {
  readonly #db: Database;
  readonly #sealer: Sealer;

  constructor(needs: { readonly db: Database; readonly sealer: Sealer }) {
    this.#db = needs.db;
    this.#sealer = needs.sealer;
  }

  async read(id: string, now: Date): Promise<Json | undefined> {
    const id_hash = idHash(id);
    const row = await this.#db
      .selectFrom('sessions')
      .select('data')
      .where('id_hash', '=', id_hash)
      .where('expires_at', '>', now.getTime())
      .executeTakeFirst();
    return row === undefined ? undefined : this.#sealer.open(place(id_hash), row.data);
  }

  async write(id: string, data: Json, expires: Date): Promise<void> {
    const { id_hash, ...written } = this.#row(id, data, expires);
    await this.#db
      .insertInto('sessions')
      .values({ id_hash, ...written })
      .onConflict((conflict) => conflict.column('id_hash').doUpdateSet(written))
      .execute();
  }

  async rewrite(id: string, data: Json, expires: Date): Promise<boolean> {
    const { id_hash, ...written } = this.#row(id, data, expires);
    const [{ numUpdatedRows } = { numUpdatedRows: 0n }] = await this.#db
      .updateTable('sessions')
      .set(written)
      .where('id_hash', '=', id_hash)
      .execute();
    return numUpdatedRows > 0n;
  }

  async remove(id: string): Promise<void> {
    await this.#db.deleteFrom('sessions').where('id_hash', '=', idHash(id)).execute();
  }

  #row(id: string, data: Json, expires: Date) {
    const id_hash = idHash(id);
    return { id_hash, expires_at: expires.getTime(), data: this.#sealer.seal(place(id_hash), data) };
  }
}

function place(row: string): SealedPlace {
  return { table: 'sessions', column: 'data', row };
}
