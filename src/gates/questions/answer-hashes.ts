import { hash, verify } from '@node-rs/argon2';
import { Unavailable } from '../../core/errors.ts';
import { normalAnswer } from './normal-answer.ts';

/** OWASP Password Storage: argon2id (this library's default) with 46 MiB, one pass, one lane. */
const cost = { memoryCost: 47_104, timeCost: 1, parallelism: 1 };
/** The hash of nothing that anybody knows, with the same cost. */
const nobodys = '$argon2id$v=19$m=47104,t=1,p=1$9sFLvyq/KAJz2/K3qCncOw$VV6Gzch392BlSneGZpvWFe2PLjRB7S0ZKxZ2g4eO1Aw';

/**
 * Hashes and compares answers. Few at a time, because each takes 46 MiB and a core; who comes when too many wait is
 * told to come again rather than let in to take the machine down.
 */
export class AnswerHashes {
  readonly #atOnce: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param needs how many hashes may run at the same time, and how many more may wait for that; 200 when left out */
  constructor(needs: { atOnce: number; waiting?: number }) {
    this.#atOnce = needs.atOnce;
    this.#maxWaiting = needs.waiting ?? 200;
  }

  /** @returns a PHC string with its own salt */
  hash(answer: string): Promise<string> {
    return this.#queued(() => hash(normalAnswer(answer), cost));
  }

  /**
   * @param kept the hash; undefined where there is none, which costs the same and is never right
   */
  async matches(answer: string, kept: string | undefined): Promise<boolean> {
    const same = await this.#queued(() => verify(kept ?? nobodys, normalAnswer(answer)));
    return same && kept !== undefined;
  }

  async #queued<T>(work: () => Promise<T>): Promise<T> {
    await this.#turn();
    try {
      return await work();
    } finally {
      this.#next();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < this.#atOnce) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= this.#maxWaiting) throw new Unavailable('too many answers wait to be compared');
    // Whoever ends hands their turn over, so the number of those that run stays as it is.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
