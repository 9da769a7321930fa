import type { Json } from '../json.ts';

/** A press that somebody has: who, and what came of it, once it has. */
export interface TakenPress {
  readonly by: string;
  readonly outcome?: Json;
}

/** Presses that are one act on all nodes: a row under each, which expires by itself. */
export interface PressStore {
  /**
   * Takes a press until a moment, in one statement, unless somebody has it for longer than now.
   * @param by names this one taking of it
   * @returns undefined when it is theirs from now on, else who has it
   */
  take(press: string, by: string, times: { readonly now: Date; readonly until: Date }): Promise<TakenPress | undefined>;
  /** Who has it, also past its time, as long as nobody else took it. */
  read(press: string): Promise<TakenPress | undefined>;
  /**
   * Writes down what came of it, which is known until a moment.
   * @returns false when it is not theirs any more: then nothing was written
   */
  settle(press: string, by: string, outcome: Json, until: Date): Promise<boolean>;
  /** Gives it back: nothing came of it, and whoever wants may take it. */
  release(press: string, by: string): Promise<void>;
  /**
   * Takes it from somebody of whom nothing came.
   * @returns false when it is not theirs any more, or something came of it
   */
  takeOver(press: string, from: string, by: string): Promise<boolean>;
}
