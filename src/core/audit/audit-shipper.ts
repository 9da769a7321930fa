import { HeldDuty, type HeldDutyNeeds } from '../held-duty.ts';
import type { AuditStore, DutyStore } from '../stores.ts';
import type { ChainedRow } from './audit.ts';
import { chainedRows } from './audit-lines.ts';

/** Where audit rows go beside the store. */
export interface AuditSink {
  /** Resolves when all of them have arrived, in order. Throws when that is not certain. */
  deliver(rows: readonly ChainedRow[]): Promise<void>;
}

/** What waits to be shipped. */
export interface AuditBacklog {
  readonly rows: number;
  /** When the first of them was written; undefined when none waits. */
  readonly since?: Date;
}

/** What an operator should know. Each is told once, when it begins. */
export type ShippingReport =
  | { readonly kind: 'lost'; readonly fault: unknown }
  | { readonly kind: 'back' }
  | { readonly kind: 'backlog'; readonly backlog: AuditBacklog }
  | { readonly kind: 'caught-up' };

export interface AuditShipperNeeds extends HeldDutyNeeds {
  readonly audit: AuditStore;
  readonly sink: AuditSink;
  /** Rows before the last certain one that go once more when a delivery failed. */
  readonly resendRows: number;
  /** Rows in one delivery; the sink has to manage them within `holdMs`. */
  readonly batchRows: number;
  /** When too many rows wait, or one waits too long. */
  readonly alarm: { readonly rows: number; readonly ms: number };
  report(report: ShippingReport): void;
}

/** Milliseconds that a node has the duty without a sign of life. Longer than a delivery may take. */
const holdMs = 120_000;

/**
 * Ships the audit to a sink: one node at a time, in order, each row at least once. The audit table is the spool. It is
 * on disk before anything else happens, in order and chained, and nothing is ever deleted from it; so there is nothing
 * to fill, lose or forge beside it.
 */
export class AuditShipper {
  readonly #needs: AuditShipperNeeds;
  readonly #duty: HeldDuty;
  /** Whether what went last may not have arrived. So it is after a start: nobody knows how the last process ended. */
  #doubt = true;
  #lost = false;
  #behind = false;

  constructor(needs: AuditShipperNeeds) {
    this.#needs = needs;
    this.#duty = new HeldDuty('ship', needs, holdMs);
  }

  /**
   * Ships what waits, unless another node is at it. Never throws: what is wrong is reported, and tried again next time.
   * @param ending stops it after the delivery in hand
   */
  async turn(ending?: AbortSignal): Promise<void> {
    const { report } = this.#needs;
    try {
      await this.#ship(ending);
      if (this.#lost) report({ kind: 'back' });
      this.#lost = false;
    } catch (fault) {
      this.#doubt = true;
      if (!this.#lost) report({ kind: 'lost', fault });
      this.#lost = true;
    }
    await this.#watch().catch(() => undefined);
  }

  async #ship(ending: AbortSignal | undefined): Promise<void> {
    if ((await auditBacklog(this.#needs)).rows === 0) return;
    try {
      while (ending?.aborted !== true) {
        const duty = await this.#duty.take();
        if (duty === undefined || !(await this.#shipOne(duty.position))) return;
      }
    } finally {
      // Another node may reach what this one cannot.
      await this.#duty.giveBack();
    }
  }

  /** One delivery. False when nothing is left, or when the duty was lost meanwhile. */
  async #shipOne(position: number): Promise<boolean> {
    const { audit, sink, batchRows, resendRows } = this.#needs;
    const { sequence: to } = await audit.head();
    if (to <= position) return false;
    const from = Math.max(1, position + 1 - (this.#doubt ? resendRows : 0));
    const rows = await Array.fromAsync(chainedRows(audit, { from, to: Math.min(to, position + batchRows) }));
    await sink.deliver(rows);
    this.#doubt = false;
    return this.#duty.move(Math.min(to, position + batchRows));
  }

  async #watch(): Promise<void> {
    const { alarm, clock, report } = this.#needs;
    const backlog = await auditBacklog(this.#needs);
    const age = backlog.since === undefined ? 0 : clock.now().getTime() - backlog.since.getTime();
    const behind = backlog.rows >= alarm.rows || age >= alarm.ms;
    if (behind && !this.#behind) report({ kind: 'backlog', backlog });
    if (!behind && this.#behind) report({ kind: 'caught-up' });
    this.#behind = behind;
  }
}

/** What has not been shipped for certain. */
export async function auditBacklog(stores: {
  readonly audit: AuditStore;
  readonly duties: DutyStore;
}): Promise<AuditBacklog> {
  const { position } = await stores.duties.read('ship');
  const { sequence } = await stores.audit.head();
  const [first] = await stores.audit.page({ after: position, limit: 1 });
  return { rows: Math.max(0, sequence - position), ...(first === undefined ? {} : { since: first.at }) };
}
