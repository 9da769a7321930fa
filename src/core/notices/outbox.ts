import type { Json } from '../json.ts';
import type { Channel } from '../provider.ts';

/**
 * One message that is to go out, once for certain: a row that is written together with what it tells of, so that no
 * crash comes between. Its id is the reference of every attempt, and so the Message-ID of every copy (RFC 5322 3.6.4).
 */
export interface OutboxRow {
  readonly id: string;
  /** What it tells of, for audit and log. */
  readonly event: string;
  /** The flow's reference, never its id. */
  readonly reference: string;
  readonly channel: Channel;
  readonly createdAt: Date;
  /** Not sent from this moment on: it would tell nobody anything any more. */
  readonly expiresAt: Date;
  /** Sealed in the store: whom it goes to and what it says. */
  readonly body: Json;
}

/** A row as it comes back. Its body is undefined when it cannot be opened: the key is gone, or somebody altered it. */
export type StoredRow = Omit<OutboxRow, 'body'> & { readonly body?: Json };

/** A row that one worker has for itself until its lease is over. */
export interface OutboxClaim extends StoredRow {
  /** Proves that the row is still the worker's. */
  readonly lease: string;
  /** Attempts that count against the row, this one included. */
  readonly tries: number;
  /** All attempts, this one included. */
  readonly attempts: number;
}

export interface OutboxStore {
  /** For what has no state to be written with. */
  put(rows: readonly OutboxRow[]): Promise<void>;
  /**
   * Takes the row that has been due longest, for one worker of all nodes, and counts the attempt.
   * @returns undefined when none is due
   */
  claim(wanted: {
    readonly channels: readonly Channel[];
    readonly now: Date;
    /** Milliseconds after which the worker counts as dead: longer than any attempt takes. */
    readonly leaseMs: number;
  }): Promise<OutboxClaim | undefined>;
  /** It went out: the row goes. Returns false when the lease was lost, here and below. */
  sent(claim: OutboxClaim): Promise<boolean>;
  /** Due again at `at`. `blameless` when the row is not at fault: the attempts so far do not count against it. */
  postpone(claim: OutboxClaim, at: Date, blameless: boolean): Promise<boolean>;
  /** Never tried again, and kept for an operator to look at. */
  setAside(claim: OutboxClaim): Promise<boolean>;
  /** Deletes what waits past its time. Of several that ask at once, one hears of each row. */
  expire(now: Date): Promise<readonly StoredRow[]>;
  standing(): Promise<{ readonly waiting: number; readonly setAside: number; readonly oldest?: Date }>;
}
