import type { Transaction } from 'kysely';
import type { Flow, FlowStep } from '../core/flow/flow.ts';
import type { Json } from '../core/json.ts';
import type { OutboxRow } from '../core/notices/outbox.ts';
import type { SealedPlace, Sealer } from '../core/sealer.ts';
import type { FlowStore } from '../core/stores.ts';
import { putRows } from './outbox-store.ts';
import { type Database, type FlowRow, idHash, type Tables } from './schema.ts';

/** A flow without its secret id and with times that JSON can hold; all that is personal is in here. */
type FlowBody = Omit<Flow, 'id' | 'version' | 'createdAt' | 'expiresAt'> & {
  readonly createdAt: number;
  readonly expiresAt: number;
};

/**
 * States that another flow's success ends. `writing` is not among them: what was sent to the directory cannot be taken
 * back, and its person must still be told how it ended.
 */
const endable = ['gate', 'choose', 'password'] satisfies FlowStep['kind'][];

/** Flows under the hash of their id. The sealed body is what counts; the columns beside it are for finding rows. */
export class SqlFlowStore implements FlowStore {
  readonly #db: Database;
  readonly #sealer: Sealer;

  constructor(needs: { readonly db: Database; readonly sealer: Sealer }) {
    this.#db = needs.db;
    this.#sealer = needs.sealer;
  }

  async create(flow: Flow): Promise<void> {
    await this.#db.insertInto('flows').values(this.#row(flow)).execute();
  }

  async read(id: string): Promise<Flow | undefined> {
    const row = await this.#db.selectFrom('flows').selectAll().where('id_hash', '=', idHash(id)).executeTakeFirst();
    if (row === undefined) return undefined;
    const flow = this.#flow(id, row);
    const ended = row.state === 'cancelled' && flow.step.kind !== 'cancelled';
    return ended ? { ...flow, step: { kind: 'cancelled' }, memory: null } : flow;
  }

  async save(flow: Flow): Promise<Flow | undefined> {
    const { state, expires_at, body, version } = this.#row({ ...flow, version: flow.version + 1 });
    const result = await this.#db
      .updateTable('flows')
      .set({ state, expires_at, body, version })
      .where('id_hash', '=', idHash(flow.id))
      .where('version', '=', flow.version)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n ? { ...flow, version } : undefined;
  }

  async endOthers(accountId: string, exceptId: string, now: Date, tell: readonly OutboxRow[] = []): Promise<number> {
    return this.#db.transaction().execute(async (transaction) => {
      const ended = await cancelFlows(transaction, { accountId, exceptId, now });
      if (ended > 0) await putRows(transaction, this.#sealer, tell);
      return ended;
    });
  }

  async openOf(accountId: string, now: Date): Promise<number> {
    const { open } = await this.#db
      .selectFrom('flows')
      .select((rows) => rows.fn.countAll<number>().as('open'))
      .where('account_id', '=', accountId)
      .where('state', 'in', endable)
      .where('expires_at', '>', now.getTime())
      .executeTakeFirstOrThrow();
    return Number(open);
  }

  #row(flow: Flow): FlowRow {
    const { id, version, createdAt, expiresAt, ...rest } = flow;
    const id_hash = idHash(id);
    const body: FlowBody = { ...rest, createdAt: createdAt.getTime(), expiresAt: expiresAt.getTime() };
    return {
      id_hash,
      reference: flow.reference,
      portal: flow.portal,
      account_id: flow.subject.kind === 'account' ? flow.subject.account.id : null,
      decoy_key: flow.subject.kind === 'decoy' ? flow.subject.key : null,
      state: flow.step.kind,
      version,
      expires_at: expiresAt.getTime(),
      body: this.#sealer.seal(place(id_hash), body as unknown as Json),
    };
  }

  #flow(id: string, row: FlowRow): Flow {
    // The seal vouches for the shape: only `#row` makes such bodies.
    const body = this.#sealer.open(place(row.id_hash), row.body) as unknown as FlowBody;
    const { createdAt, expiresAt, ...rest } = body;
    return { ...rest, id, version: row.version, createdAt: new Date(createdAt), expiresAt: new Date(expiresAt) };
  }
}

/**
 * Ends the open flows of an account. One statement, which leaves the sealed bodies alone: `read` lets the column win when
 * it says cancelled.
 * @returns how many
 */
export async function cancelFlows(
  db: Database | Transaction<Tables>,
  which: { readonly accountId: string; readonly exceptId?: string; readonly portal?: string; readonly now: Date },
): Promise<number> {
  const { accountId, exceptId = '', portal, now } = which;
  const open = db
    .updateTable('flows')
    .set((row) => ({ state: 'cancelled', version: row('version', '+', 1) }))
    .where('account_id', '=', accountId)
    .where('id_hash', '<>', idHash(exceptId))
    .where('state', 'in', endable)
    .where('expires_at', '>', now.getTime());
  const ended = portal === undefined ? open : open.where('portal', '=', portal);
  return Number((await ended.executeTakeFirst()).numUpdatedRows);
}

function place(row: string): SealedPlace {
  return { table: 'flows', column: 'body', row };
}
