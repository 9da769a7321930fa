import { randomUUID } from 'node:crypto';
import type { SendQuota, SendStore } from '../core/stores.ts';
import type { Database } from './schema.ts';

/** One row for each sending and key: counting rows needs no lock and no window that everybody shares. */
export class SqlSendStore implements SendStore {
  readonly #db: Database;

  constructor(needs: { readonly db: Database }) {
    this.#db = needs.db;
  }

  async admit(quotas: readonly SendQuota[], since: Date, now: Date): Promise<string | undefined> {
    const rows = quotas.map(({ key }) => ({ id: randomUUID(), key, at: now.getTime() }));
    if (rows.length === 0) return undefined;
    // Written before it is counted: two at once then see each other, and never both the last free place.
    await this.#db.insertInto('sends').values(rows).execute();
    const full = await this.#full(quotas, since);
    if (full === undefined) return undefined;
    const ids = rows.map((row) => row.id);
    await this.#db.deleteFrom('sends').where('id', 'in', ids).execute();
    return full;
  }

  async #full(quotas: readonly SendQuota[], since: Date): Promise<string | undefined> {
    const counted = await this.#db
      .selectFrom('sends')
      .select((row) => ['key', row.fn.countAll<number | bigint | string>().as('sent')])
      .where(
        'key',
        'in',
        quotas.map(({ key }) => key),
      )
      .where('at', '>', since.getTime())
      .groupBy('key')
      .execute();
    const sent = new Map(counted.map((row) => [row.key, Number(row.sent)]));
    return quotas.find(({ key, limit }) => (sent.get(key) ?? 0) > limit)?.key;
  }
}
