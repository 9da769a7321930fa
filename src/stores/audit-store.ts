import {
  type AuditBreak,
  type AuditEvent,
  type AuditEventName,
  type AuditPage,
  type AuditRow,
  type AuditSearch,
  type AuditWitness,
  auditGenesis,
  auditHash,
} from '../core/audit/audit.ts';
import type { Sealer } from '../core/sealer.ts';
import type { AuditStore } from '../core/stores.ts';
import { chain, requireHead } from './audit-chain.ts';
import { openHead } from './audit-head.ts';
import { auditRowOf, readableRowOf } from './audit-rows.ts';
import { searchAudit } from './audit-search.ts';
import type { AuditTableRow, Database } from './schema.ts';

const pageSize = 500;

/** The audit chain. Rows are only ever added; the head row says where it ends and is sealed, see audit-head.ts. */
export class SqlAuditStore implements AuditStore {
  readonly #db: Database;
  readonly #sealer: Sealer;

  constructor(needs: { readonly db: Database; readonly sealer: Sealer }) {
    this.#db = needs.db;
    this.#sealer = needs.sealer;
  }

  /** Throws Misconfigured when the head was changed from outside: to go on would make that look right. */
  async append(event: AuditEvent): Promise<AuditRow> {
    return this.#db.transaction().execute((transaction) => chain(transaction, this.#sealer, { event }));
  }

  async verify(witness?: AuditWitness): Promise<AuditBreak | undefined> {
    const head = await this.#head();
    if (head === undefined) return { sequence: 0, reason: 'the head of the chain is gone' };
    let previous = { sequence: 0, hash: auditGenesis };
    for await (const row of this.#rowsUpTo(head.sequence)) {
      const reason = misfit(previous, row) ?? witness?.objection(row);
      if (reason !== undefined) return { sequence: Math.min(row.sequence, previous.sequence + 1), reason };
      previous = row;
    }
    const broken = this.#endBreak(previous, head);
    const missing = broken === undefined ? witness?.missing(previous.sequence) : undefined;
    return missing === undefined ? broken : { sequence: previous.sequence + 1, reason: missing };
  }

  async about(
    subject: string,
    limit: number,
    { only, except }: { readonly only?: AuditEventName; readonly except?: AuditEventName } = {},
  ): Promise<readonly AuditRow[]> {
    let query = this.#db.selectFrom('audit').selectAll().where('subject', '=', subject);
    if (only !== undefined) query = query.where('event', '=', only);
    if (except !== undefined) query = query.where('event', '<>', except);
    const rows = await query.orderBy('sequence', 'desc').limit(limit).execute();
    return rows.map(readableRowOf);
  }

  async head(): Promise<{ readonly sequence: number; readonly hash: string }> {
    const { sequence, hash } = requireHead(this.#sealer, await this.#head());
    return { sequence, hash };
  }

  async page({ after, upTo, event, limit }: AuditPage): Promise<readonly AuditRow[]> {
    let query = this.#db.selectFrom('audit').selectAll().where('sequence', '>', after);
    if (upTo !== undefined) query = query.where('sequence', '<=', upTo);
    if (event !== undefined) query = query.where('event', '=', event);
    return (await query.orderBy('sequence').limit(limit).execute()).map(readableRowOf);
  }

  async search(wanted: AuditSearch): Promise<readonly AuditRow[]> {
    return (await searchAudit(this.#db, wanted)).map(readableRowOf);
  }

  async firstOf(flows: readonly string[]): Promise<readonly AuditRow[]> {
    const rows: AuditTableRow[] = [];
    for (let at = 0; at < flows.length; at += pageSize) {
      const some = flows.slice(at, at + pageSize);
      // By the index of flows alone: of that and the one of events SQLite may take the one that a tenth of all rows share.
      const page = this.#db
        .selectFrom('audit')
        .selectAll()
        .where('sequence', 'in', (row) =>
          row
            .selectFrom('audit as own')
            .select((own) => own.fn.min('own.sequence').as('first'))
            .where('own.flow', 'in', some)
            .groupBy('own.flow'),
        );
      rows.push(...(await page.execute()));
    }
    return rows.map(readableRowOf);
  }

  async between(from: Date, to: Date): Promise<{ readonly first: number; readonly last: number } | undefined> {
    const { first, last } = await this.#db
      .selectFrom('audit')
      .select((rows) => [rows.fn.min('sequence').as('first'), rows.fn.max('sequence').as('last')])
      .where('at', '>=', from.getTime())
      .where('at', '<=', to.getTime())
      .executeTakeFirstOrThrow();
    return first === null || last === null ? undefined : { first, last };
  }

  /** The head and the last row, in one statement: appends change both at once. */
  async #head() {
    return this.#db
      .selectFrom('audit_head')
      .select(['sequence', 'hash', 'seal'])
      .select((row) =>
        row
          .selectFrom('audit')
          .select((rows) => rows.fn.max('audit.sequence').as('last'))
          .as('last'),
      )
      .where('id', '=', 1)
      .executeTakeFirst();
  }

  async *#rowsUpTo(last: number): AsyncGenerator<AuditTableRow> {
    let after = Number.MIN_SAFE_INTEGER;
    while (true) {
      const page = await this.#db
        .selectFrom('audit')
        .selectAll()
        .where('sequence', '>', after)
        .where('sequence', '<=', last)
        .orderBy('sequence')
        .limit(pageSize)
        .execute();
      yield* page;
      const end = page.at(-1);
      if (end === undefined || page.length < pageSize) return;
      after = end.sequence;
    }
  }

  #endBreak(
    end: { readonly sequence: number; readonly hash: string },
    head: { readonly sequence: number; readonly hash: string; readonly seal: string; readonly last: number | null },
  ): AuditBreak | undefined {
    if (end.sequence < head.sequence) return { sequence: end.sequence + 1, reason: 'the last rows are missing' };
    if ((head.last ?? 0) > head.sequence)
      return { sequence: head.sequence + 1, reason: 'rows were added past the head' };
    if (end.hash !== head.hash) return { sequence: end.sequence, reason: 'the head does not belong to this row' };
    return this.#isSealed(head) ? undefined : { sequence: end.sequence, reason: 'the head was not sealed by Latchkey' };
  }

  #isSealed(head: { readonly sequence: number; readonly hash: string; readonly seal: string }): boolean {
    try {
      return openHead(this.#sealer, head, head.seal) !== undefined;
    } catch {
      return false;
    }
  }
}

/** Why this row does not follow the previous one, if it does not. */
function misfit(
  previous: { readonly sequence: number; readonly hash: string },
  row: AuditTableRow,
): string | undefined {
  if (row.sequence <= previous.sequence) return 'a row was inserted before the first';
  if (row.sequence !== previous.sequence + 1) return 'a row is missing';
  try {
    const hash = auditHash(previous.hash, row.sequence, auditRowOf(row));
    return hash === row.hash ? undefined : 'the row was changed, or is not the one that stood here';
  } catch {
    return 'the row cannot be read';
  }
}
