/** Where the time comes from. Passed in everywhere, so that tests can set it. */
export interface Clock {
  /** The time now. Stored and compared in UTC. */
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
