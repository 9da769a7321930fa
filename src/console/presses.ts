import { createHash, randomBytes } from 'node:crypto';
import type { Request } from 'express';
import type { Json } from '../core/json.ts';
import type { OneAct } from '../core/visits/one-act.ts';
import { type Answer, type Go, leaveNotice } from './answer.ts';

/** The hidden field in which a form says which showing of its page it is. */
export const pressField = '_press';

/** A name for one showing of a form; see views/console/layout/press.ejs. */
export function newPress(): string {
  return randomBytes(12).toString('base64url');
}

/** Milliseconds that a form which was shown once stays pressed: longer than a finger is hurried. */
const hurryMs = 10_000;

/**
 * Makes one act of a form that is sent again while it is being handled, or shortly afterwards from the same showing of
 * its page, whichever nodes it reaches. For acts that send something or begin something, and that nothing else in the
 * store keeps to one.
 */
export class Presses {
  readonly #acts: OneAct;

  constructor(needs: { readonly acts: OneAct }) {
    this.#acts = needs.acts;
  }

  /**
   * Does the work, or answers as the same press was answered. Takes the name of the press out of the body, so that what
   * is left is exactly the form's fields.
   * @throws whatever the work throws; the next press then tries anew
   * @throws Unsure when the process died that did it: the page is opened anew, and its form is another press
   */
  async once(request: Request, work: () => Promise<Answer>): Promise<Answer> {
    const { [pressField]: press, ...fields } = { ...(request.body as Record<string, unknown>) };
    request.body = fields;
    const isNamed = typeof press === 'string';
    const all = ['press', request.sessionID, request.path, press ?? null, fields];
    const key = createHash('sha256').update(JSON.stringify(all)).digest('base64url');
    const { answer } = await this.#acts.once<Answer>(key, {
      async do() {
        const answer = await work();
        // Before the others hear of it: each writes the session once more, as it finds it, and would write over it.
        return answer.kind === 'go' ? leaveNotice(request, answer) : answer;
      },
      // A page that is shown instead has a form of its own, and without a name nobody can tell a second wish from a hurry.
      told: (came) => (came.kind === 'go' ? { json: told(came), forMs: isNamed ? hurryMs : 0 } : undefined),
      // The seal vouches for the shape.
      heard: (json) => json as unknown as Go,
      // A form without a name has no other showing that could be pressed instead.
      ifSilent: isNamed ? 'unsure' : 'anew',
    });
    return answer;
  }
}

function told({ notice: _left, ...answer }: Go): Json {
  return answer;
}
