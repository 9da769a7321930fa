import { ServerFailure } from './server-failure.ts';

/** The time that one call may take in all: waiting for a connection, making one, and every operation on it. */
export class Deadline {
  readonly #end: number;

  /** @param milliseconds from now; above 0 */
  constructor(milliseconds: number) {
    this.#end = performance.now() + milliseconds;
  }

  /** Milliseconds that are left; 0 when it has passed. */
  get left(): number {
    return Math.max(0, this.#end - performance.now());
  }

  get passed(): boolean {
    return this.left === 0;
  }

  /** An earlier one: at most this many milliseconds from now. */
  within(milliseconds: number): Deadline {
    return new Deadline(Math.min(this.left, milliseconds));
  }

  /**
   * Waits for a promise, at most until the deadline.
   * @param onLate frees what the promise holds; called once, when the deadline passes first
   * @throws ServerFailure when the deadline passes first; what the promise does afterwards is ignored
   */
  async hold<T>(promise: Promise<T>, onLate: () => void): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new ServerFailure('the directory did not answer in time'));
        onLate();
      }, this.left);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
      promise.catch(() => {});
    }
  }
}
