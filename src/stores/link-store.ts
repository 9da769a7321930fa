import type { Json } from '../core/json.ts';
import type { LinkStore, NoticeLink } from '../core/notice-links.ts';
import type { OutboxRow } from '../core/outbox.ts';
import type { SealedPlace, Sealer } from '../core/sealer.ts';
import { barForGood } from './failure-store.ts';
import { putRows } from './outbox-store.ts';
import { type Database, idHash } from './schema.ts';

type LinkBody = Omit<NoticeLink, 'notice' | 'expiresAt'>;

/** Links of notices under the hash of their token. */
export class SqlLinkStore implements LinkStore {
  readonly #db: Database;
  readonly #sealer: Sealer;

  constructor(needs: { readonly db: Database; readonly sealer: Sealer }) {
    this.#db = needs.db;
    this.#sealer = needs.sealer;
  }

  async create(token: string, link: NoticeLink): Promise<void> {
    const { notice, expiresAt, ...rest } = link;
    const body: LinkBody = rest;
    const token_hash = idHash(token);
    await this.#db
      .insertInto('notice_links')
      .values({
        token_hash,
        notice,
        expires_at: expiresAt.getTime(),
        used_at: null,
        body: this.#sealer.seal(place(token_hash), body as unknown as Json),
      })
      .execute();
  }

  async read(token: string, now: Date): Promise<NoticeLink | undefined> {
    const row = await this.#db
      .selectFrom('notice_links')
      .selectAll()
      .where('token_hash', '=', idHash(token))
      .where('used_at', 'is', null)
      .where('expires_at', '>', now.getTime())
      .executeTakeFirst();
    if (row === undefined) return undefined;
    // The seal vouches for the shape: only `create` makes such bodies.
    const body = this.#sealer.open(place(row.token_hash), row.body) as unknown as LinkBody;
    return { ...body, notice: row.notice, expiresAt: new Date(row.expires_at) };
  }

  async use(
    token: string,
    now: Date,
    effect: { readonly barred: string | undefined; readonly tell: readonly OutboxRow[] },
  ): Promise<boolean> {
    return this.#db.transaction().execute(async (transaction) => {
      const used = await transaction
        .updateTable('notice_links')
        .set({ used_at: now.getTime() })
        .where('token_hash', '=', idHash(token))
        .where('used_at', 'is', null)
        .where('expires_at', '>', now.getTime())
        .returning('notice')
        .executeTakeFirst();
      if (used === undefined) return false;
      await transaction
        .updateTable('notice_links')
        .set({ used_at: now.getTime() })
        .where('notice', '=', used.notice)
        .where('used_at', 'is', null)
        .execute();
      if (effect.barred !== undefined) await barForGood(transaction, effect.barred);
      await putRows(transaction, this.#sealer, effect.tell);
      return true;
    });
  }
}

function place(row: string): SealedPlace {
  return { table: 'notice_links', column: 'body', row };
}
