import type { Identity } from './account.ts';
import type { Action } from './journal.ts';

/** What a person is told about, by a channel other than the one just used. */
export type NoticeEvent =
  | { readonly kind: Action }
  /** Registered for the first time, or replaced. */
  | { readonly kind: 'enrolment-changed'; readonly gate: string };

/** Tells people what was done with their account. Never waits, never fails the request that caused it. */
export interface Notices {
  tell(account: Identity, event: NoticeEvent, reference: string): void;
}
