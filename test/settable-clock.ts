import type { Clock } from '../src/core/clock.ts';

/** A clock that stands still until a test moves it. */
export class SettableClock implements Clock {
  #now: Date;

  constructor(start = new Date('2026-03-02T09:00:00Z')) {
    this.#now = start;
  }

  now(): Date {
    return new Date(this.#now);
  }

  pass(seconds: number): void {
    this.#now = new Date(this.#now.getTime() + seconds * 1000);
  }
}
