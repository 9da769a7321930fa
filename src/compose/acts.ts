import type { Logger } from 'pino';
import type { Clock } from '../core/clock.ts';
import type { Stores } from '../core/stores.ts';
import { OneAct } from '../core/visits/one-act.ts';
import { OneSession } from '../web/one-session.ts';

/** Longer than what a press does takes: a directory that is asked on every controller, and a sending that is begun. */
const patienceMs = 15_000;

/** What makes one act of several presses at once, on all nodes together. */
export function createActs(needs: { readonly stores: Stores; readonly clock: Clock; readonly log: Logger }): {
  readonly acts: OneAct;
  readonly oneSession: OneSession;
} {
  const { stores, clock, log } = needs;
  const acts = new OneAct({
    presses: stores.presses,
    clock,
    nowMs: () => performance.now(),
    report: (err) => log.error({ err }, 'what a press came to could not be told to other nodes'),
    patienceMs,
  });
  return { acts, oneSession: new OneSession({ acts }) };
}
