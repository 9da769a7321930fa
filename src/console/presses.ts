import { createHash, randomBytes } from 'node:crypto';
import type { Request } from 'express';
import type { Clock } from '../core/clock.ts';
import type { Answer } from './answer.ts';

/** The hidden field in which a form says which showing of its page it is. */
export const pressField = '_press';

/** A name for one showing of a form; see views/console/layout/press.ejs. */
export function newPress(): string {
  return randomBytes(12).toString('base64url');
}

/** Milliseconds that a form which was shown once stays pressed: longer than a finger is hurried. */
const hurryMs = 10_000;

interface Came {
  readonly answer: Promise<Answer>;
  /** Set once it has come, on the clock's time; until then it is under way. */
  until?: number;
}

/**
 * Makes one act of a form that is sent again while it is being handled, or shortly afterwards from the same showing of
 * its page. For acts that send something or begin something, and that nothing in the store keeps to one. Knows what came
 * to this process: browsers of the console keep to one node.
 */
export class Presses {
  readonly #clock: Clock;
  readonly #came = new Map<string, Came>();

  constructor(needs: { readonly clock: Clock }) {
    this.#clock = needs.clock;
  }

  /**
   * Does the work, or answers as the same press was answered. Takes the name of the press out of the body, so that what
   * is left is exactly the form's fields.
   * @throws whatever the work throws; the next press then tries anew
   */
  async once(request: Request, work: () => Promise<Answer>): Promise<Answer> {
    const { [pressField]: press, ...fields } = { ...(request.body as Record<string, unknown>) };
    request.body = fields;
    this.#forget();
    const key = createHash('sha256')
      .update(JSON.stringify([request.sessionID, request.path, press ?? null, fields]))
      .digest('base64url');
    const known = this.#came.get(key);
    if (known !== undefined) return again(await known.answer);
    const came: Came = { answer: work() };
    this.#came.set(key, came);
    try {
      const answer = await came.answer;
      // A page that is shown instead has a form of its own, and without a name nobody can tell a second wish from a hurry.
      if (typeof press === 'string' && answer.kind === 'go') came.until = this.#now() + hurryMs;
      else this.#came.delete(key);
      return answer;
    } catch (fault) {
      this.#came.delete(key);
      throw fault;
    }
  }

  #forget(): void {
    const now = this.#now();
    for (const [key, { until }] of this.#came) if (until !== undefined && until <= now) this.#came.delete(key);
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}

/** What the first left to be said is in the session already, which this request may have read before it. */
function again(answer: Answer): Answer {
  if (answer.kind !== 'go') return answer;
  const { notice: _said, ...rest } = answer;
  return rest;
}
