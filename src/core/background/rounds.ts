import type { Clock } from '../clock.ts';

export interface RoundsNeeds {
  readonly clock: Pick<Clock, 'now'>;
  /** Milliseconds after a round that failed in which none begins. */
  readonly restMs: number;
  /** Told of a round that failed. Must not throw. */
  readonly report: (fault: unknown) => void;
}

/**
 * Work that is done now and then beside everything else: one round at a time, a rest after one that failed, and an end
 * that waits for the round in hand.
 */
export class Rounds {
  readonly #needs: RoundsNeeds;
  readonly #work: () => Promise<void>;
  readonly #ending = new AbortController();
  #round: Promise<void> | undefined;
  #restUntil = 0;

  /** @param work one round; whatever it throws is a failure, but for what it throws because it is to end */
  constructor(needs: RoundsNeeds, work: () => Promise<void>) {
    this.#needs = needs;
    this.#work = work;
  }

  /** Aborted when the round in hand is to end. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Begins a round, when none is under way. Never throws. */
  wake(): void {
    if (this.ending.aborted || this.#needs.clock.now().getTime() < this.#restUntil) return;
    this.#round ??= this.#once().finally(() => {
      this.#round = undefined;
    });
  }

  /** Resolves when no round is under way. */
  async idle(): Promise<void> {
    await this.#round;
  }

  async stop(): Promise<void> {
    this.#ending.abort('stopped');
    await this.idle();
  }

  async #once(): Promise<void> {
    const { clock, restMs, report } = this.#needs;
    try {
      await this.#work();
    } catch (fault) {
      if (this.ending.aborted) return;
      this.#restUntil = clock.now().getTime() + restMs;
      report(fault);
    }
  }
}
