import type { ExpressionBuilder, Kysely, Transaction } from 'kysely';
import type { Clock } from '../core/clock.ts';
import { mostInARow } from '../core/lockout.ts';
import type { OutboxRow } from '../core/notices/outbox.ts';
import type { SealedPlace, Sealer } from '../core/sealer.ts';
import type { Enrolment, EnrolmentStore, HeldEnrolment, KeepAlso, ProvedGate } from '../core/stores.ts';
import { putRows } from './outbox-store.ts';
import type { Database, HeldEnrolmentRow, Tables } from './schema.ts';

/**
 * One row per account and gate for what counts, and one for what is held. A held one takes the other's place by its time
 * alone, whether or not anybody moves it.
 */
export class SqlEnrolmentStore implements EnrolmentStore {
  readonly #db: Database;
  readonly #sealer: Sealer;
  readonly #clock: Clock;
  #nothing: string | undefined;

  constructor(needs: { readonly db: Database; readonly sealer: Sealer; readonly clock: Clock }) {
    this.#db = needs.db;
    this.#sealer = needs.sealer;
    this.#clock = needs.clock;
  }

  async of(accountId: string, flow?: string): Promise<readonly Enrolment[]> {
    const registered = await this.registered(accountId, flow);
    const worthless = await worthlessGates(this.#db, accountId);
    return registered.filter(({ gate }) => !worthless.has(gate));
  }

  async registered(accountId: string, flow?: string): Promise<readonly Enrolment[]> {
    const rows = await this.#db
      .selectFrom('enrolments')
      .selectAll()
      .where('account_id', '=', accountId)
      .where((row) => row.or([isLive(row, this.#clock.now()), row('spent_by', '=', flow ?? '')]))
      .execute();
    const ripe = (await this.#held(accountId)).filter((row) => row.counts_from <= this.#clock.now().getTime());
    if (rows.length + ripe.length === 0) this.#openNothing();
    const kept = rows
      .filter((row) => !ripe.some(({ gate }) => gate === row.gate))
      .map(({ gate, proved_at, data, counts_until }) => ({
        accountId,
        gate,
        data: this.#sealer.open(place(accountId, gate), data),
        provedAt: new Date(proved_at),
        ...(counts_until === null ? {} : { until: new Date(counts_until) }),
      }));
    const grown = ripe.map((row) => this.#enrolment(row));
    return [...kept, ...grown].sort((a, b) => (a.gate < b.gate ? -1 : 1));
  }

  async proved(accountIds: readonly string[]): Promise<ReadonlyMap<string, readonly ProvedGate[]>> {
    if (accountIds.length === 0) return new Map();
    const columns = ['account_id', 'gate', 'proved_at'] as const;
    const kept = await this.#db
      .selectFrom('enrolments')
      .select(columns)
      .where('account_id', 'in', accountIds)
      .where((row) => isLive(row, this.#clock.now()))
      .execute();
    const ripe = await this.#db
      .selectFrom('held_enrolments')
      .select(columns)
      .where('account_id', 'in', accountIds)
      .where('counts_from', '<=', this.#clock.now().getTime())
      .execute();
    const worthless = await this.#db
      .selectFrom('failures')
      .select(['subject', 'gate'])
      .where('subject', 'in', accountIds)
      .where('in_a_row', '>=', mostInARow)
      .execute();
    const byAccount = new Map<string, Map<string, Date>>();
    // What was held and counts by now stands in the other's place.
    for (const { account_id, gate, proved_at } of [...kept, ...ripe]) {
      const gates = byAccount.get(account_id) ?? new Map<string, Date>();
      byAccount.set(account_id, gates.set(gate, new Date(proved_at)));
    }
    for (const { subject, gate } of worthless) byAccount.get(subject)?.delete(gate);
    return new Map(
      [...byAccount]
        .filter(([, gates]) => gates.size > 0)
        .map(([id, gates]) => [
          id,
          [...gates].map(([gate, provedAt]) => ({ gate, provedAt })).sort((a, b) => (a.gate < b.gate ? -1 : 1)),
        ]),
    );
  }

  async held(accountId: string): Promise<readonly HeldEnrolment[]> {
    const now = this.#clock.now().getTime();
    const rows = (await this.#held(accountId)).filter((row) => row.counts_from > now);
    return rows.map(({ gate, id, proved_at, counts_from }) => ({
      gate,
      id,
      provedAt: new Date(proved_at),
      countsFrom: new Date(counts_from),
    }));
  }

  async gatesOfSome(people: number): Promise<readonly (readonly string[])[]> {
    const now = this.#clock.now().getTime();
    const kept = this.#db.selectFrom('enrolments').select('account_id').distinct().orderBy('account_id').limit(people);
    const ripe = this.#db
      .selectFrom('held_enrolments')
      .select('account_id')
      .distinct()
      .where('counts_from', '<=', now)
      .orderBy('account_id')
      .limit(people);
    const rows = await this.#db
      .selectFrom('enrolments')
      .select(['account_id', 'gate'])
      .where('account_id', 'in', kept)
      .where((row) => isLive(row, this.#clock.now()))
      .unionAll(
        this.#db
          .selectFrom('held_enrolments')
          .select(['account_id', 'gate'])
          .where('counts_from', '<=', now)
          .where('account_id', 'in', ripe),
      )
      .execute();
    const gates = new Map<string, Set<string>>();
    for (const { account_id, gate } of rows) gates.set(account_id, (gates.get(account_id) ?? new Set()).add(gate));
    const lowest = [...gates].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, people);
    return lowest.map(([, own]) => [...own].sort());
  }

  async spend(accountId: string, gate: string, flow: string): Promise<boolean> {
    const result = await this.#db
      .updateTable('enrolments')
      .set({ spent_by: flow })
      .where('account_id', '=', accountId)
      .where('gate', '=', gate)
      .where('counts_until', '>', this.#clock.now().getTime())
      .where('spent_by', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async keep(enrolment: Enrolment, { tell = [], hold }: KeepAlso = {}): Promise<void> {
    const { accountId, gate, provedAt } = enrolment;
    const ripe = (await this.#held(accountId)).find(
      (row) => row.gate === gate && row.counts_from <= provedAt.getTime(),
    );
    await this.#db.transaction().execute(async (transaction) => {
      await transaction
        .deleteFrom('held_enrolments')
        .where('account_id', '=', accountId)
        .where('gate', '=', gate)
        .execute();
      if (hold === undefined) await this.#write(transaction, enrolment);
      else {
        if (ripe !== undefined) await this.#write(transaction, this.#enrolment(ripe));
        // What was worth nothing stays so: the failures that say it are forgotten below.
        if ((await worthlessGates(transaction, accountId)).has(gate)) await forget(transaction, { accountId, gate });
        await this.#hold(transaction, enrolment, hold);
      }
      // Registered anew: what failed before proves nothing about it.
      await transaction
        .updateTable('failures')
        .set({ ...(enrolment.until === undefined ? { tries: 0 } : {}), in_a_row: 0 })
        .where('subject', '=', accountId)
        .where('gate', '=', gate)
        .execute();
      await putRows(transaction, this.#sealer, tell);
    });
  }

  async remove(accountId: string, gate: string, tell: readonly OutboxRow[] = []): Promise<boolean> {
    return this.#db.transaction().execute(async (transaction) => {
      const results = [
        await forget(transaction, { accountId, gate }),
        await transaction
          .deleteFrom('held_enrolments')
          .where('account_id', '=', accountId)
          .where('gate', '=', gate)
          .executeTakeFirst(),
      ];
      const removed = results.some((result) => result.numDeletedRows > 0n);
      if (removed) await putRows(transaction, this.#sealer, tell);
      return removed;
    });
  }

  async #write(db: Transaction<Tables>, { accountId, gate, data, provedAt, until }: Enrolment): Promise<void> {
    const kept = {
      proved_at: provedAt.getTime(),
      data: this.#sealer.seal(place(accountId, gate), data),
      counts_until: until?.getTime() ?? null,
      spent_by: null,
    };
    await db
      .insertInto('enrolments')
      .values({ account_id: accountId, gate, ...kept })
      .onConflict((conflict) => conflict.columns(['account_id', 'gate']).doUpdateSet(kept))
      .execute();
  }

  async #hold(db: Transaction<Tables>, enrolment: Enrolment, hold: NonNullable<KeepAlso['hold']>): Promise<void> {
    const { accountId, gate, data, provedAt } = enrolment;
    const held = {
      id: hold.id,
      proved_at: provedAt.getTime(),
      counts_from: hold.countsFrom.getTime(),
      data: this.#sealer.seal(heldPlace(accountId, gate), data),
    };
    await db
      .insertInto('held_enrolments')
      .values({ account_id: accountId, gate, ...held })
      .onConflict((conflict) => conflict.columns(['account_id', 'gate']).doUpdateSet(held))
      .execute();
  }

  /** As long as two gates take to be opened: whoever has registered nothing is not answered sooner for it. */
  #openNothing(): void {
    this.#nothing ??= this.#sealer.seal(place('', ''), { number: '+12025550100' });
    for (let gate = 0; gate < 2; gate += 1) this.#sealer.open(place('', ''), this.#nothing);
  }

  #held(accountId: string): Promise<readonly HeldEnrolmentRow[]> {
    return this.#db.selectFrom('held_enrolments').selectAll().where('account_id', '=', accountId).execute();
  }

  #enrolment({ account_id, gate, data, proved_at }: HeldEnrolmentRow): Enrolment {
    return {
      accountId: account_id,
      gate,
      data: this.#sealer.open(heldPlace(account_id, gate), data),
      provedAt: new Date(proved_at),
    };
  }
}

/** Whether it counts for everybody: it has no end, or has come to none yet. */
function isLive(row: ExpressionBuilder<Tables, 'enrolments'>, now: Date) {
  const isOpen = row.and([row('counts_until', '>', now.getTime()), row('spent_by', 'is', null)]);
  return row.or([row('counts_until', 'is', null), isOpen]);
}

/** Gates at which too many failed in a row. */
async function worthlessGates(db: Kysely<Tables> | Transaction<Tables>, accountId: string): Promise<Set<string>> {
  const rows = await db
    .selectFrom('failures')
    .select('gate')
    .where('subject', '=', accountId)
    .where('in_a_row', '>=', mostInARow)
    .execute();
  return new Set(rows.map(({ gate }) => gate));
}

async function forget(db: Transaction<Tables>, what: { readonly accountId: string; readonly gate: string }) {
  const { accountId, gate } = what;
  return db.deleteFrom('enrolments').where('account_id', '=', accountId).where('gate', '=', gate).executeTakeFirst();
}

/**
 * Takes back what is held, if it is still this and does not count yet.
 * @returns whether there was anything to take back
 */
export async function takeBack(
  db: Transaction<Tables>,
  held: { readonly accountId: string; readonly gate: string; readonly id: string },
  now: Date,
): Promise<boolean> {
  const result = await db
    .deleteFrom('held_enrolments')
    .where('account_id', '=', held.accountId)
    .where('gate', '=', held.gate)
    .where('id', '=', held.id)
    .where('counts_from', '>', now.getTime())
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

function place(accountId: string, gate: string): SealedPlace {
  return { table: 'enrolments', column: 'data', row: JSON.stringify([accountId, gate]) };
}

function heldPlace(accountId: string, gate: string): SealedPlace {
  return { ...place(accountId, gate), table: 'held_enrolments' };
}
