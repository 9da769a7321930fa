import type { PreparedWrite } from './directory.ts';

/** A write to the directory, written down before it is sent, so that a crash or a lost answer can be settled later. */
export interface JournalEntry {
  readonly id: string;
  readonly action: Action;
  readonly flowReference: string;
  readonly write: PreparedWrite;
  readonly intendedAt: Date;
  /** Undefined until something is known. */
  readonly outcome?: JournalOutcome;
}

/** What a passed chain allows. */
export type Action = 'unlock' | 'reset';

export type JournalOutcome = 'done' | 'refused' | 'not-done' | 'unknown';
