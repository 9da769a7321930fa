import { setTimeout as pause } from 'node:timers/promises';

/** What was slow is remembered for one to two of these. */
const windowMs = 150_000;
/** Nobody waits longer than this for the sake of others: a directory as slow as that is a fault, and shows as one. */
const longestMs = 3_000;

export interface EvenTimeNeeds {
  /** Milliseconds that the work takes at least; with 0 nothing is ever held, and times tell. */
  readonly floorMs: number;
  /** Whether one that was slow slows the others, for kinds of work whose time hangs on whom they are for; true when not told. */
  readonly remembers?: boolean;
  /** Milliseconds of a clock that never goes back; the process's own when not told. */
  readonly now?: () => number;
  /** Waits that many milliseconds; really when not told. */
  readonly wait?: (ms: number) => Promise<unknown>;
}

/**
 * Lets one kind of work take the same time whoever it is for: a minimum, or as long as the slowest of the last minutes
 * took, so that a slow directory does not tell whom it was asked about (ASVS 6.3.8).
 */
export class EvenTime {
  readonly #floorMs: number;
  readonly #remembers: boolean;
  readonly #now: () => number;
  readonly #wait: (ms: number) => Promise<unknown>;
  #window = { since: 0, slowestMs: 0, slowestBeforeMs: 0 };

  constructor(needs: EvenTimeNeeds) {
    this.#floorMs = needs.floorMs;
    this.#remembers = needs.remembers ?? true;
    this.#now = needs.now ?? (() => performance.now());
    this.#wait = needs.wait ?? pause;
  }

  /**
   * Begins to count.
   * @returns to be called when the work is done: resolves when its time is over
   */
  begin(): () => Promise<void> {
    const began = this.#now();
    return async () => {
      if (this.#floorMs === 0) return;
      const tookMs = this.#now() - began;
      const left = this.#paceAfter(tookMs) - tookMs;
      if (left > 0) await this.#wait(left);
    };
  }

  #paceAfter(tookMs: number): number {
    if (!this.#remembers) return this.#floorMs;
    const now = this.#now();
    const { since, slowestMs } = this.#window;
    const windows = Math.floor((now - since) / windowMs);
    if (windows > 0) {
      this.#window = { since: now, slowestMs: 0, slowestBeforeMs: windows === 1 ? slowestMs : 0 };
    }
    this.#window.slowestMs = Math.max(this.#window.slowestMs, Math.min(tookMs, longestMs));
    return Math.max(this.#floorMs, this.#window.slowestMs, this.#window.slowestBeforeMs);
  }
}
