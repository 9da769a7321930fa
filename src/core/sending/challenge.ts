import type { Json } from '../json.ts';
import type { CallOutcome, Channel } from '../provider.ts';

/**
 * One call or code on its way to a person: a row of its own, so that sending happens outside the request and every
 * node sees the outcome. `queued` waits for a sender, `sending` has one; `decoy` looks alike and is never sent.
 */
export type ChallengeState = 'queued' | 'sending' | 'started' | 'failed' | 'settled' | 'decoy';

export interface Challenge {
  readonly id: string;
  readonly state: ChallengeState;
  readonly channel: Channel;
  /** Which flow and gate it belongs to: a code of one flow means nothing in another (ASVS 6.6.2). */
  readonly flowReference: string;
  readonly gate: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** Sealed in the store: what the sender needs, then what `check` needs, then how it ended. */
  readonly body: Json;
  /** What the far end reported of it, on whichever node: the first report stands. */
  readonly reported?: CallOutcome;
}
