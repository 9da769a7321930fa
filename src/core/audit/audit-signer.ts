import { HeldDuty, type HeldDutyNeeds } from '../held-duty.ts';
import type { AuditStore } from '../stores.ts';
import { type HeadSigner, headToken } from './audit-signing.ts';

export interface AuditSignerNeeds extends HeldDutyNeeds {
  readonly audit: AuditStore;
  readonly signer: HeadSigner;
  readonly everyMs: number;
  readonly everyRows: number;
}

/** Milliseconds that a node has the duty; it takes far less. */
const holdMs = 60_000;

/**
 * Signs the head of the chain now and then, as a row of the chain itself: so it is kept, exported and shipped like all
 * others, in its place. Nothing is signed while nothing happens.
 */
export class AuditSigner {
  readonly #needs: AuditSignerNeeds;
  readonly #duty: HeldDuty;

  constructor(needs: AuditSignerNeeds) {
    this.#needs = needs;
    this.#duty = new HeldDuty('sign', needs, holdMs);
  }

  /** Signs when it is due and no other node is at it. Returns whether it did. */
  async turn(): Promise<boolean> {
    const { audit, clock } = this.#needs;
    if (!(await this.#isDue())) return false;
    // Asked again with the duty in hand: another node may have signed just now.
    if ((await this.#duty.take()) === undefined || !(await this.#isDue())) return false;
    const now = clock.now();
    const head = await audit.head();
    const token = headToken(this.#needs.signer.sign({ ...head, at: now }));
    const row = await audit.append({ at: now, event: 'audit.head-signed', detail: { head: token } });
    // Rows that came in between are signed the next time; only its own row needs no signature of its own.
    const position = row.sequence === head.sequence + 1 ? row.sequence : head.sequence;
    await this.#duty.move(position);
    await this.#duty.giveBack();
    return true;
  }

  async #isDue(): Promise<boolean> {
    const { audit, clock, everyMs, everyRows } = this.#needs;
    const { position, movedAt } = await this.#duty.read();
    const rows = (await audit.head()).sequence - position;
    if (rows <= 0) return false;
    return rows >= everyRows || movedAt === undefined || clock.now().getTime() - movedAt.getTime() >= everyMs;
  }
}
