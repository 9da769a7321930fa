import { randomUUID } from 'node:crypto';
import type { SendQuota, SendStore } from '../core/stores.ts';
import type { Database } from './schema.ts';

/** One row for each sending and key: counting rows needs no lock and no window that everybody shares. */
export class SqlSendStore implements SendStore {
  readonly #db: Database;

  constructor(needs: { readonly db: Database }) {
    this.#db = needs.db;
  }

  async admit(quotas: readonly SendQuota[], now: Date): Promise<string | undefined> {
    const keys = [...new Set(quotas.map(({ key }) => key))];
    if (keys.length === 0) return undefined;
    const rows = keys.map((key) => ({ id: randomUUID(), key, at: now.getTime() }));
    // Written before it is counted: two at once then see each other, and never both the last free place.
    await this.#db.insertInto('sends').values(rows).execute();
    const full = await this.#full(quotas, now);
    if (full === undefined) return undefined;
    const ids = rows.map((row) => row.id);
    await this.#db.deleteFrom('sends').where('id', 'in', ids).execute();
    return full;
  }

  async #full(quotas: readonly SendQuota[], now: Date): Promise<string | undefined> {
    for (const { name, key, limit, seconds } of quotas) {
      const { sent } = await this.#db
        .selectFrom('sends')
        .select((row) => row.fn.countAll<number | bigint | string>().as('sent'))
        .where('key', '=', key)
        .where('at', '>', now.getTime() - seconds * 1000)
        .executeTakeFirstOrThrow();
      if (Number(sent) > limit) return name;
    }
    return undefined;
  }
}
