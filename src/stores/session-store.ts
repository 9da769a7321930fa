import type { Json } from '../core/json.ts';
import type { OutboxRow } from '../core/notices/outbox.ts';
import type { SealedPlace, Sealer } from '../core/sealer.ts';
import type { OpenSessions, OwnedSession, SessionRecord, SessionStore } from '../core/visits/session-store.ts';
import { cancelFlows } from './flow-store.ts';
import { putRows } from './outbox-store.ts';
import { type Database, idHash, type SessionRow } from './schema.ts';

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

  async write(id: string, record: SessionRecord): Promise<void> {
    const { id_hash, ...written } = this.#row(id, record);
    await this.#db
      .insertInto('sessions')
      .values({ id_hash, ...written })
      .onConflict((conflict) => conflict.column('id_hash').doUpdateSet(written))
      .execute();
  }

  async rewrite(id: string, record: SessionRecord): Promise<boolean> {
    return this.#put(idHash(id), this.#row(id, record));
  }

  /** One statement: it is there under the one id or under the other, for whoever ends it meanwhile. */
  async replace(before: string, id: string, record: SessionRecord): Promise<boolean> {
    return this.#put(idHash(before), this.#row(id, record));
  }

  async remove(id: string): Promise<void> {
    await this.#db.deleteFrom('sessions').where('id_hash', '=', idHash(id)).execute();
  }

  async of(accountId: string, now: Date): Promise<readonly OwnedSession[]> {
    const rows = await this.#db
      .selectFrom('sessions')
      .select(['id_hash', 'reference', 'data'])
      .where('account_id', '=', accountId)
      .where('reference', 'is not', null)
      .where('expires_at', '>', now.getTime())
      .execute();
    return rows.map(({ id_hash, reference, data }) => ({
      reference: reference ?? '',
      data: this.#sealer.open(place(id_hash), data),
    }));
  }

  async end(accountId: string, which: { readonly only: string } | { readonly except: string }): Promise<number> {
    const own = this.#db.deleteFrom('sessions').where('account_id', '=', accountId);
    const ended =
      'only' in which ? own.where('reference', '=', which.only) : own.where('reference', '<>', which.except);
    return Number((await ended.executeTakeFirst()).numDeletedRows);
  }

  async openOf(accountId: string, now: Date): Promise<OpenSessions> {
    const rows = await this.#db
      .selectFrom('sessions')
      .select('reference')
      .where('account_id', '=', accountId)
      .where('expires_at', '>', now.getTime())
      .execute();
    const signIns = rows.filter(({ reference }) => reference === null).length;
    return { sessions: rows.length - signIns, signIns };
  }

  async endAll(accountId: string, now: Date, tell: readonly OutboxRow[]): Promise<boolean> {
    return this.#db.transaction().execute(async (transaction) => {
      // Those that are over too: a request that began before may be about to write one again.
      const { numDeletedRows } = await transaction
        .deleteFrom('sessions')
        .where('account_id', '=', accountId)
        .executeTakeFirst();
      const flows = await cancelFlows(transaction, { accountId, portal: 'console', now });
      const isAny = numDeletedRows > 0n || flows > 0;
      if (isAny) await putRows(transaction, this.#sealer, tell);
      return isAny;
    });
  }

  async #put(id_hash: string, row: SessionRow): Promise<boolean> {
    const written = this.#db.updateTable('sessions').set(row).where('id_hash', '=', id_hash);
    return (await written.executeTakeFirst()).numUpdatedRows > 0n;
  }

  #row(id: string, { data, expires, owner }: SessionRecord): SessionRow {
    const id_hash = idHash(id);
    return {
      id_hash,
      expires_at: expires.getTime(),
      data: this.#sealer.seal(place(id_hash), data),
      account_id: owner?.accountId ?? null,
      reference: owner?.reference ?? null,
    };
  }
}

function place(row: string): SealedPlace {
  return { table: 'sessions', column: 'data', row };
}
