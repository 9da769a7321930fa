/** So many of something in a window of time, counted under a key. */
export interface Limit {
  /** Holds nothing readable: logins, addresses and accounts are hashed with a key before they come here. */
  readonly key: string;
  readonly windowSeconds: number;
  /** Nothing is counted once there are so many; without it every one is. */
  readonly upTo?: number;
}

/** How a limit stands after something was counted. */
export interface LimitCount {
  /** How many there are in the window now, this one included when it was counted. */
  readonly count: number;
  readonly counted: boolean;
  /** When the window ends and the count begins anew. */
  readonly endsAt: Date;
}

/** Counts on all nodes together. */
export interface LimitStore {
  /**
   * Counts one under each key, each in one statement, before what is counted is done.
   * A window begins with the first one in it and does not move: being refused makes nobody's wait longer.
   * @returns one count for each limit, in the order given
   */
  count(limits: readonly Limit[], now: Date): Promise<readonly LimitCount[]>;
  /**
   * Removes windows that are over, and of what is left those with the fewest in them until `most` remain: a flood of
   * new keys pushes out its own, never one that has been counted up.
   * @returns how many rows went
   */
  trim(now: Date, most: number): Promise<number>;
}
