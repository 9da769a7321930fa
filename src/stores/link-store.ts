import type { Transaction } from 'kysely';
import type { Json } from '../core/json.ts';
import type { LinkEffect, LinkStore, NoticeLink } from '../core/notices/notice-links.ts';
import type { SealedPlace, Sealer } from '../core/sealer.ts';
import { takeBack } from './enrolment-store.ts';
import { barForGood } from './failure-store.ts';
import { putRows } from './outbox-store.ts';
import { type Database, idHash, type Tables } from './schema.ts';

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

  async use(token: string, now: Date, effect: LinkEffect): Promise<boolean> {
    try {
      return await this.#db.transaction().execute((transaction) => this.#use(transaction, { token, now, effect }));
    } catch (error) {
      if (error instanceof NothingToTakeBack) return false;
      throw error;
    }
  }

  async #use(
    db: Transaction<Tables>,
    { token, now, effect }: { readonly token: string; readonly now: Date; readonly effect: LinkEffect },
  ): Promise<boolean> {
    const { barred, takenBack, tell } = effect;
    const used_at = now.getTime();
    // First, so that of several at once the others wait here and then find it used.
    const used = await db
      .updateTable('notice_links')
      .set({ used_at })
      .where('token_hash', '=', idHash(token))
      .where('used_at', 'is', null)
      .where('expires_at', '>', now.getTime())
      .returning('notice')
      .executeTakeFirst();
    if (used === undefined) return false;
    await db
      .updateTable('notice_links')
      .set({ used_at })
      .where('notice', '=', used.notice)
      .where('used_at', 'is', null)
      .execute();
    const isBack = takenBack !== undefined && (await takeBack(db, takenBack, now));
    if (barred === undefined && !isBack) throw new NothingToTakeBack();
    if (barred !== undefined) await barForGood(db, barred);
    await putRows(db, this.#sealer, tell);
    return true;
  }
}

/** Rolls the transaction back: what counts already is not taken back, and the link stays good for barring. */
class NothingToTakeBack extends Error {}

function place(row: string): SealedPlace {
  return { table: 'notice_links', column: 'body', row };
}
