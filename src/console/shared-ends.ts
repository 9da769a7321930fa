import type { Request } from 'express';
import type { Clock } from '../core/clock.ts';
import type { Flow } from '../core/flow.ts';
import { adoptSession, saveSession } from '../web/session.ts';

/** What came of the end of a flow: the session that the browser has from then on, and where it goes. */
interface End {
  readonly session: string;
  readonly to: string | undefined;
}

/** Milliseconds that the end of a flow is known: longer than a request is under way that had read the session before. */
const keptMs = 60_000;

/**
 * Of several requests of one browser that see the same flow end at once, one makes the new session, and all answer with
 * that: one proof is one sign-in. Whoever comes later has no session any more that led here. Knows what came to this
 * process.
 */
export class SharedEnds {
  readonly #clock: Clock;
  readonly #ends = new Map<string, { readonly end: Promise<End>; readonly until: number }>();

  constructor(needs: { readonly clock: Clock }) {
    this.#clock = needs.clock;
  }

  /**
   * @param work what becomes of the session; returns where to go on
   * @throws whatever the work throws; the next request then tries anew
   */
  async once(request: Request, flow: Flow, work: () => Promise<string | undefined>): Promise<string | undefined> {
    const now = this.#clock.now().getTime();
    for (const [key, { until }] of this.#ends) if (until <= now) this.#ends.delete(key);
    const key = `${request.sessionID} ${flow.id}`;
    const known = this.#ends.get(key);
    if (known !== undefined) {
      const { session, to } = await known.end;
      await adoptSession(request, session);
      return to;
    }
    const end = made(request, work);
    this.#ends.set(key, { end, until: now + keptMs });
    try {
      return (await end).to;
    } catch (fault) {
      this.#ends.delete(key);
      throw fault;
    }
  }
}

/** Resolves when the new session is in the store, where the others find it. */
async function made(request: Request, work: () => Promise<string | undefined>): Promise<End> {
  const to = await work();
  await saveSession(request);
  return { session: request.sessionID, to };
}
