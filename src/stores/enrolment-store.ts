import type { OutboxRow } from '../core/outbox.ts';
import type { SealedPlace, Sealer } from '../core/sealer.ts';
import type { Enrolment, EnrolmentStore } from '../core/stores.ts';
import { putRows } from './outbox-store.ts';
import type { Database } from './schema.ts';

/** One row per account and gate. */
export class SqlEnrolmentStore implements EnrolmentStore {
  readonly #db: Database;
  readonly #sealer: Sealer;

  constructor(needs: { readonly db: Database; readonly sealer: Sealer }) {
    this.#db = needs.db;
    this.#sealer = needs.sealer;
  }

  async of(accountId: string): Promise<readonly Enrolment[]> {
    const rows = await this.#db
      .selectFrom('enrolments')
      .selectAll()
      .where('account_id', '=', accountId)
      .orderBy('gate')
      .execute();
    return rows.map(({ gate, proved_at, data }) => ({
      accountId,
      gate,
      data: this.#sealer.open(place(accountId, gate), data),
      provedAt: new Date(proved_at),
    }));
  }

  async keep({ accountId, gate, data, provedAt }: Enrolment, tell: readonly OutboxRow[] = []): Promise<void> {
    const kept = { proved_at: provedAt.getTime(), data: this.#sealer.seal(place(accountId, gate), data) };
    await this.#db.transaction().execute(async (transaction) => {
      await transaction
        .insertInto('enrolments')
        .values({ account_id: accountId, gate, ...kept })
        .onConflict((conflict) => conflict.columns(['account_id', 'gate']).doUpdateSet(kept))
        .execute();
      await putRows(transaction, this.#sealer, tell);
    });
  }

  async remove(accountId: string, gate: string): Promise<boolean> {
    const result = await this.#db
      .deleteFrom('enrolments')
      .where('account_id', '=', accountId)
      .where('gate', '=', gate)
      .executeTakeFirst();
    return result.numDeletedRows > 0n;
  }
}

function place(accountId: string, gate: string): SealedPlace {
  return { table: 'enrolments', column: 'data', row: JSON.stringify([accountId, gate]) };
}
