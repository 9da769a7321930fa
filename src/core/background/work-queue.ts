import { Unavailable } from '../errors.ts';

/**
 * Lets so much work run at the same time and the rest wait its turn. Who comes when too many wait is told to come again
 * rather than let in to take the machine down.
 */
export class WorkQueue {
  readonly #atOnce: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param needs how many may run at the same time, and how many more may wait for that; 200 when left out */
  constructor(needs: { readonly atOnce: number; readonly waiting?: number }) {
    this.#atOnce = needs.atOnce;
    this.#maxWaiting = needs.waiting ?? 200;
  }

  /** @throws Unavailable when too many wait */
  async take<T>(work: () => Promise<T>): Promise<T> {
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
