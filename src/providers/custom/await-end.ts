import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { Unavailable } from '../../core/errors.ts';
import type { ProviderLog } from '../../core/provider.ts';

/** Seconds between two questions about a call that is pending. */
export const pollSeconds = z.number().min(0.1).max(30).default(2);

/** Milliseconds that one question about a call may take, within what a whole call may take. */
export function questionMs(timeoutMs: number): number {
  return Math.min(timeoutMs, 10_000);
}

const maxFaults = 3;
/** Part of the time that a call may take which is left for the store: whoever waits for the start ends it later. */
const margin = 0.05;

export interface AwaitNeeds<Status> {
  /** How the call stands; undefined while it is pending. Ends by itself in bounded time. */
  readonly ask: () => Promise<Status | undefined>;
  readonly seconds: number;
  /** Milliseconds that the call may take in all, and when it began on the clock of `performance`. */
  readonly timeoutMs: number;
  readonly began: number;
  readonly log: ProviderLog;
}

/**
 * Asks until a call is over. It belongs into `start`, which nobody waits for: were it asked when a page is looked at, the
 * page of somebody whom a call reaches would take another time, and fail at other times, than that of a decoy.
 * Throws Unavailable when asking fails several times running.
 * @returns undefined when the call was still pending when its time was over
 */
export async function awaitEnd<Status>(needs: AwaitNeeds<Status>): Promise<Status | undefined> {
  const deadline = needs.began + needs.timeoutMs * (1 - margin);
  for (let faults = 0; ; ) {
    const left = deadline - performance.now();
    if (left <= needs.seconds * 1000) return undefined;
    await pause(needs.seconds * 1000);
    try {
      const status = await needs.ask();
      if (status !== undefined) return status;
      faults = 0;
    } catch (fault) {
      faults += 1;
      if (!(fault instanceof Unavailable) || faults >= maxFaults) throw fault;
      needs.log.warn({ detail: fault.message }, 'how a call stands could not be asked');
    }
  }
}
