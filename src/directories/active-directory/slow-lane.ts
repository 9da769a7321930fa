import { Turns } from '../../core/background/turns.ts';

/** How many may be in the lane, the one that is asked included. */
const mostWaiting = 5;

/**
 * What may take a server seconds goes one after another: at once it would keep every connection, and the server itself, from
 * people who are locked out.
 */
export class SlowLane {
  readonly #turns = new Turns();
  #waiting = 0;

  /**
   * @param full what is returned at once when too many wait already
   * @throws whatever the work throws
   */
  async take<Result>(work: () => Promise<Result>, full: Result): Promise<Result> {
    if (this.#waiting >= mostWaiting) return full;
    this.#waiting += 1;
    try {
      return await this.#turns.take('', work);
    } finally {
      this.#waiting -= 1;
    }
  }
}
