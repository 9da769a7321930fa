import type { Clock } from './clock.ts';

/** A step smaller than this is how clocks are kept right, and nothing to tell anybody about. */
const toleranceMs = 5_000;

export interface SteadyClockNeeds {
  /** The time of day, which somebody may set. */
  readonly wall: () => Date;
  /** Milliseconds of a clock that nobody can set; it may stand still while the machine sleeps. */
  readonly monotonicMs: () => number;
  /** Told once of each step of the time of day, in milliseconds; negative when it went back. Must not throw. */
  readonly report: (stepMs: number) => void;
}

/**
 * A clock that never goes back: when the time of day is set back, it goes on from where it was, so that no code, bar or
 * flow lives longer by it. A step ahead, as after a machine slept, is followed: what has expired meanwhile has expired.
 */
export class SteadyClock implements Clock {
  readonly #needs: SteadyClockNeeds;
  #last: { readonly at: number; readonly monotonicMs: number };
  /** How far behind the time of day was when somebody was told. */
  #toldBehindMs = 0;

  constructor(needs: SteadyClockNeeds) {
    this.#needs = needs;
    this.#last = { at: needs.wall().getTime(), monotonicMs: needs.monotonicMs() };
  }

  now(): Date {
    const wall = this.#needs.wall().getTime();
    const monotonicMs = this.#needs.monotonicMs();
    const expected = this.#last.at + monotonicMs - this.#last.monotonicMs;
    const stepMs = wall - expected + this.#toldBehindMs;
    if (Math.abs(stepMs) >= toleranceMs) {
      this.#toldBehindMs = Math.max(0, expected - wall);
      this.#needs.report(stepMs);
    }
    this.#last = { at: Math.max(wall, expected), monotonicMs };
    return new Date(this.#last.at);
  }
}
