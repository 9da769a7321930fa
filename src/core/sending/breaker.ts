import type { Clock } from '../clock.ts';
import { OutOfService } from '../errors.ts';

export interface BreakerRules {
  /** Failures in a row that open it; at least 1. */
  readonly failures: number;
  /** Seconds that it stays open before one trial is admitted. */
  readonly seconds: number;
}

export interface BreakerNeeds extends BreakerRules {
  readonly clock: Clock;
  /** Told when it opens and when it closes again; must not throw. */
  readonly report: (state: 'open' | 'closed') => void;
}

/**
 * Keeps a far end that is down from being asked by everybody. Closed, it lets all through. After some failures in a row,
 * or one OutOfService, it opens and admits nobody. When its time is over it admits one trial at a time.
 * Kept here and not by a library: it goes by the given clock, and people must be able to ask how it stands without
 * trying, since a provider that is down is hidden from everybody alike.
 */
export class Breaker {
  readonly #needs: BreakerNeeds;
  #failed = 0;
  #openUntil: number | undefined;

  constructor(needs: BreakerNeeds) {
    this.#needs = needs;
  }

  /** Whether nothing is admitted now. Asking changes nothing. */
  isOpen(): boolean {
    return this.#openUntil !== undefined && this.#needs.clock.now().getTime() < this.#openUntil;
  }

  /** Whether it has not been seen to work since it opened. */
  isDoubted(): boolean {
    return this.#openUntil !== undefined;
  }

  /** Asks to try. Of several who ask while it is doubted, one is admitted until its trial ended or took too long. */
  admit(): boolean {
    if (this.isOpen()) return false;
    if (this.isDoubted()) this.#hold();
    return true;
  }

  /** The far end did what it should. */
  succeeded(): void {
    this.#failed = 0;
    if (this.#openUntil === undefined) return;
    this.#openUntil = undefined;
    this.#needs.report('closed');
  }

  /** The far end did not. */
  failed(fault: unknown): void {
    this.#failed += 1;
    const closed = this.#openUntil === undefined;
    const enough = fault instanceof OutOfService || this.#failed >= this.#needs.failures;
    if (closed && !enough) return;
    this.#hold();
    if (closed) this.#needs.report('open');
  }

  #hold(): void {
    this.#openUntil = this.#needs.clock.now().getTime() + this.#needs.seconds * 1000;
  }
}
