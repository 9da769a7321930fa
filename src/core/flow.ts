import type { Action } from './journal.ts';
import type { Json } from './json.ts';
import type { Message, Problem } from './message.ts';

/** A web surface for people. */
export type Portal = 'registration' | 'reset';

/** One person's walk through a portal: a stored row. The browser knows none of it. */
export interface Flow {
  /** 32 random bytes as base64url; held by the session, never shown or logged. */
  readonly id: string;
  /** Names the flow in log, audit and challenges; of no use to an attacker. */
  readonly reference: string;
  readonly portal: Portal;
  readonly subject: FlowSubject;
  /** The login as the person may see it again: what they typed, or the account's name. */
  readonly login: string;
  /** The chain as it was when the flow started: a later change of policy never shortens it. */
  readonly chain: readonly Link[];
  readonly step: FlowStep;
  /** Private memory of the gate that is open; null elsewhere. */
  readonly memory: Json;
  /** What the next page has to say about the last answer. */
  readonly notice?: Message;
  readonly problems?: readonly Problem[];
  readonly language: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** Counts saves; a save succeeds only on the version that was read. */
  readonly version: number;
}

export interface Link {
  readonly gate: string;
  readonly step: 'enrol' | 'verify';
}

export type FlowSubject =
  | { readonly kind: 'account'; readonly accountId: string }
  /** Cannot pass. `key` is what its failures are counted under; `reason` is for the audit only. */
  | { readonly kind: 'decoy'; readonly key: string; readonly seed: string; readonly reason: string };

export type FlowStep =
  | { readonly kind: 'gate'; readonly at: number }
  | { readonly kind: 'choose' }
  | { readonly kind: 'password'; readonly refusals: number }
  /** A write was sent and nothing may be done until its outcome is known. */
  | { readonly kind: 'writing'; readonly journalId: string; readonly action: Action }
  | { readonly kind: 'done'; readonly action?: Action; readonly certain: boolean }
  | { readonly kind: 'refused'; readonly reason: RefusedReason }
  | { readonly kind: 'expired' }
  | { readonly kind: 'cancelled' };

/** Why a flow ended against the person; the page that it leads to. */
export type RefusedReason = 'barred' | 'not-you' | 'not-eligible' | 'helpdesk';

export type FlowEvent =
  | { readonly kind: 'passed' }
  | { readonly kind: 'refused'; readonly reason: RefusedReason }
  | { readonly kind: 'chose'; readonly action: Action }
  | { readonly kind: 'back' }
  | { readonly kind: 'write-began'; readonly journalId: string; readonly action: Action }
  | { readonly kind: 'write-ended'; readonly outcome: 'done' | 'unknown' | 'not-done' | 'refused' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'cancelled' };
