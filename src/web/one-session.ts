import { createHash } from 'node:crypto';
import type { Request } from 'express';
import type { OneAct } from '../core/visits/one-act.ts';
import { adoptSession, saveSession } from './session.ts';

/** What came of a proof: the session that the browser has from then on, and where it goes. */
interface Opened {
  readonly session: string;
  readonly to?: string;
}

/** Milliseconds that it is known: longer than a request is under way that had read the session before. */
const keptMs = 60_000;

/**
 * Of several requests of one browser with the same proof, on whatever nodes, one makes the new session, and all answer
 * with that: one proof is one sign-in. Whoever comes later has no session any more that led here.
 */
export class OneSession {
  readonly #acts: OneAct;

  constructor(needs: { readonly acts: OneAct }) {
    this.#acts = needs.acts;
  }

  /**
   * @param proof names what was proved, within this session
   * @param work what becomes of the session; returns where to go on
   * @throws whatever the work throws; the next request then tries anew
   */
  async once(request: Request, proof: string, work: () => Promise<string | undefined>): Promise<string | undefined> {
    const before = request.sessionID;
    const press = createHash('sha256')
      .update(JSON.stringify(['session', before, proof]))
      .digest('base64url');
    const { answer, isFirst } = await this.#acts.once<Opened>(press, {
      do: () => opened(request, work),
      // Where the session stayed, nothing keeps the next try from here.
      told: (came) => ({ json: { ...came }, forMs: came.session === before ? 0 : keptMs }),
      // The seal vouches for the shape.
      heard: (json) => json as unknown as Opened,
      // Whoever died had not answered: nobody has the session that it may have made.
      ifSilent: 'anew',
    });
    if (!isFirst) await adoptSession(request, answer.session);
    return answer.to;
  }
}

/** Resolves when the new session is in the store, where the others find it. */
async function opened(request: Request, work: () => Promise<string | undefined>): Promise<Opened> {
  const to = await work();
  await saveSession(request);
  return { session: request.sessionID, ...(to === undefined ? {} : { to }) };
}
