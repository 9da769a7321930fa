import { sql, type Transaction } from 'kysely';
import { type Lockout, type LockoutRules, mostInARow } from '../core/lockout.ts';
import type { OutboxRow } from '../core/notices/outbox.ts';
import type { Sealer } from '../core/sealer.ts';
import type { FailureStore } from '../core/stores.ts';
import { putRows } from './outbox-store.ts';
import type { BarRow, Database, Tables } from './schema.ts';

/** `held_until` of a bar that only the helpdesk ends. */
const forever = Number.MAX_SAFE_INTEGER;

/**
 * Tries per subject and gate, and bars per subject. A bar is written into the rows of the tries as well: a `count` that
 * waits for its row while the bar is made then sees it there, in the same statement, and admits nobody.
 */
export class SqlFailureStore implements FailureStore {
  readonly #db: Database;
  readonly #sealer: Sealer;

  constructor(needs: { readonly db: Database; readonly sealer: Sealer }) {
    this.#db = needs.db;
    this.#sealer = needs.sealer;
  }

  async count(subject: string, gate: string, limit: number, now: Date): Promise<number | undefined> {
    if (limit < 1) return undefined;
    const last_at = now.getTime();
    const row = await this.#db
      .insertInto('failures')
      .values({ subject, gate, tries: 1, in_a_row: 1, last_at, held_until: 0 })
      .onConflict((conflict) =>
        conflict
          .columns(['subject', 'gate'])
          .doUpdateSet((stored) => ({
            tries: stored('failures.tries', '+', 1),
            in_a_row: stored('failures.in_a_row', '+', 1),
            last_at,
          }))
          .where('failures.tries', '<', limit)
          .where('failures.held_until', '<=', last_at),
      )
      .returning('tries')
      .executeTakeFirst();
    return row?.tries;
  }

  async countWithin(
    subject: string,
    of: { readonly gate: string; readonly limit: number; readonly idleSeconds: number },
    now: Date,
  ): Promise<number | undefined> {
    const { gate, limit } = of;
    if (limit < 1) return undefined;
    const last_at = now.getTime();
    const forgotten = last_at - of.idleSeconds * 1000;
    const row = await this.#db
      .insertInto('failures')
      .values({ subject, gate, tries: 1, last_at, held_until: 0 })
      .onConflict((conflict) =>
        conflict
          .columns(['subject', 'gate'])
          .doUpdateSet((stored) => ({
            tries: stored
              .case()
              .when('failures.last_at', '<=', forgotten)
              .then(stored.cast<number>(stored.val(1), 'bigint'))
              .else(stored('failures.tries', '+', 1))
              .end(),
            last_at,
          }))
          .where((stored) =>
            stored.or([stored('failures.tries', '<', limit), stored('failures.last_at', '<=', forgotten)]),
          ),
      )
      .returning('tries')
      .executeTakeFirst();
    return row?.tries;
  }

  async refund(subject: string, gate: string): Promise<void> {
    await this.#db
      .updateTable('failures')
      // Each by itself: a bar meanwhile has forgotten the one, and not the other.
      .set((row) => ({
        tries: row
          .case()
          .when('tries', '>', 0)
          .then(row('tries', '-', 1))
          .else(row.ref('tries'))
          .end(),
        in_a_row: row
          .case()
          .when('in_a_row', '>', 0)
          .then(row('in_a_row', '-', 1))
          .else(row.ref('in_a_row'))
          .end(),
      }))
      .where('subject', '=', subject)
      .where('gate', '=', gate)
      .execute();
  }

  async clear(subject: string, gate?: string): Promise<void> {
    const update = this.#db
      .updateTable('failures')
      .set((row) => ({
        tries: 0,
        in_a_row: row
          .case()
          .when('in_a_row', '<', mostInARow)
          .then(row.cast<number>(row.val(0), 'bigint'))
          .else(row.ref('in_a_row'))
          .end(),
      }))
      .where('subject', '=', subject);
    await (gate === undefined ? update : update.where('gate', '=', gate)).execute();
  }

  async inARow(subject: string, gate: string): Promise<number> {
    const row = await this.#db
      .selectFrom('failures')
      .select('in_a_row')
      .where('subject', '=', subject)
      .where('gate', '=', gate)
      .executeTakeFirst();
    return Number(row?.in_a_row ?? 0);
  }

  async bar(subject: string, rules: LockoutRules, now: Date, tell: readonly OutboxRow[] = []): Promise<Lockout> {
    return this.#db.transaction().execute(async (transaction) => {
      const raised = await raise(transaction, { subject, rules, now });
      if (raised !== undefined) await putRows(transaction, this.#sealer, tell);
      const bar = raised ?? (await standing(transaction, subject));
      await transaction
        .updateTable('failures')
        .set({ tries: 0, held_until: bar.until ?? forever })
        .where('subject', '=', subject)
        .execute();
      return lockoutOf(bar);
    });
  }

  async lockout(subject: string, now: Date): Promise<Lockout | undefined> {
    const bar = await this.#db.selectFrom('bars').selectAll().where('subject', '=', subject).executeTakeFirst();
    if (bar === undefined) return undefined;
    return bar.until === null || bar.until > now.getTime() ? lockoutOf(bar) : undefined;
  }

  async barred(subjects: readonly string[], now: Date): Promise<ReadonlySet<string>> {
    if (subjects.length === 0) return new Set();
    const rows = await this.#db
      .selectFrom('bars')
      .select('subject')
      .where('subject', 'in', subjects)
      .where((row) => row.or([row('until', 'is', null), row('until', '>', now.getTime())]))
      .execute();
    return new Set(rows.map(({ subject }) => subject));
  }

  async forgive(subject: string): Promise<void> {
    await this.#db.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('bars').where('subject', '=', subject).where('until', 'is not', null).execute();
      await transaction
        .updateTable('failures')
        .set({ held_until: 0 })
        .where('subject', '=', subject)
        .where('held_until', '<', forever)
        .execute();
    });
  }

  async unbar(subjects: string | readonly string[], tell: readonly OutboxRow[] = []): Promise<boolean> {
    const all = [subjects].flat();
    return this.#db.transaction().execute(async (transaction) => {
      const ended = await transaction.deleteFrom('bars').where('subject', 'in', all).executeTakeFirst();
      await transaction.updateTable('failures').set({ held_until: 0 }).where('subject', 'in', all).execute();
      if (ended.numDeletedRows > 0n) await putRows(transaction, this.#sealer, tell);
      return ended.numDeletedRows > 0n;
    });
  }
}

/** Bars the subject until the helpdesk ends it, whatever stood there. */
export async function barForGood(db: Transaction<Tables>, subject: string): Promise<void> {
  await db
    .insertInto('bars')
    .values({ subject, bars: 1, until: null })
    .onConflict((conflict) =>
      conflict.column('subject').doUpdateSet((stored) => ({ bars: stored('bars.bars', '+', 1), until: null })),
    )
    .execute();
  await db.updateTable('failures').set({ tries: 0, held_until: forever }).where('subject', '=', subject).execute();
}

/** Adds a bar unless one is in force; undefined when one is. */
async function raise(
  db: Transaction<Tables>,
  bar: { readonly subject: string; readonly rules: LockoutRules; readonly now: Date },
): Promise<BarRow | undefined> {
  const { subject, rules } = bar;
  const now = bar.now.getTime();
  const minutesMs = rules.minutes * 60_000;
  return db
    .insertInto('bars')
    .values({ subject, bars: 1, until: rules.barsUntilPermanent <= 1 ? null : now + minutesMs })
    .onConflict((conflict) =>
      conflict
        .column('subject')
        .doUpdateSet((stored) => ({
          bars: stored('bars.bars', '+', 1),
          until: stored
            .case()
            .when('bars.bars', '<', rules.barsUntilPermanent - 1)
            .then(sql<number>`cast(${now} as bigint) + (bars.bars + 1) * cast(${minutesMs} as bigint)`)
            .end(),
        }))
        .where('bars.until', '<=', now),
    )
    .returningAll()
    .executeTakeFirst();
}

async function standing(db: Transaction<Tables>, subject: string): Promise<BarRow> {
  return db.selectFrom('bars').selectAll().where('subject', '=', subject).executeTakeFirstOrThrow();
}

function lockoutOf(bar: BarRow): Lockout {
  return bar.until === null ? { bars: bar.bars } : { until: new Date(bar.until), bars: bar.bars };
}
