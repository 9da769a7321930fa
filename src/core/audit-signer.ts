import { type HeadSigner, headToken } from './audit-signing.ts';
import type { Clock } from './clock.ts';
import type { AuditStore, DutyStore } from './stores.ts';

export interface AuditSignerNeeds {
  readonly audit: AuditStore;
  readonly duties: DutyStore;
  readonly clock: Clock;
  readonly signer: HeadSigner;
  /** This node, unlike every other. */
  readonly node: string;
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

  constructor(needs: AuditSignerNeeds) {
    this.#needs = needs;
  }

  /** Signs when it is due and no other node is at it. Returns whether it did. */
  async turn(): Promise<boolean> {
    const { audit, duties, clock, node } = this.#needs;
    if (!(await this.#isDue())) return false;
    const now = clock.now();
    const held = await duties.hold('sign', node, { now, until: new Date(now.getTime() + holdMs) });
    // Asked again with the duty in hand: another node may have signed just now.
    if (held === undefined || !(await this.#isDue())) return false;
    const head = await audit.head();
    const token = headToken(this.#needs.signer.sign({ ...head, at: now }));
    const row = await audit.append({ at: now, event: 'audit.head-signed', detail: { head: token } });
    // Rows that came in between are signed the next time; only its own row needs no signature of its own.
    const position = row.sequence === head.sequence + 1 ? row.sequence : head.sequence;
    await duties.move('sign', node, { position, now });
    await duties.hold('sign', node, { now, until: now });
    return true;
  }

  async #isDue(): Promise<boolean> {
    const { audit, duties, clock, everyMs, everyRows } = this.#needs;
    const { position, movedAt } = await duties.read('sign');
    const rows = (await audit.head()).sequence - position;
    if (rows <= 0) return false;
    return rows >= everyRows || movedAt === undefined || clock.now().getTime() - movedAt.getTime() >= everyMs;
  }
}
