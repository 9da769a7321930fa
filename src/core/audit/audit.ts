import { createHash } from 'node:crypto';

/** Everything that is written down. The names are stable: people search and alarm on them. */
export type AuditEventName =
  | 'flow.started'
  | 'flow.cancelled'
  | 'flow.expired'
  | 'flow.refused'
  | 'flow.sequence-violation'
  | 'sign-in.succeeded'
  | 'sign-in.failed'
  | 'sign-in.withheld'
  | 'challenge.sent'
  | 'challenge.failed'
  | 'challenge.rehearsed'
  | 'gate.opened'
  | 'gate.passed'
  | 'gate.switched'
  | 'gate.left-out'
  | 'gate.wrong'
  | 'gate.refused'
  | 'gate.disabled'
  | 'gate.fault'
  | 'account.barred'
  | 'account.unbarred'
  | 'enrolment.keeping'
  | 'enrolment.kept'
  | 'enrolment.removing'
  | 'registration.asked'
  | 'code.issuing'
  | 'caller.checking'
  | 'caller.verified'
  | 'caller.not-verified'
  | 'flow.ending'
  | 'helpdesk.refused'
  | 'notice.sent'
  | 'notice.abandoned'
  | 'write.intended'
  | 'write.done'
  | 'write.refused'
  | 'write.not-done'
  | 'write.unknown'
  | 'system.started'
  | 'limit.reached'
  | 'system.stopping'
  | 'store.restored'
  | 'policies.saving'
  | 'policies.saved'
  | 'audit.head-signed'
  | 'audit.exported'
  | 'console.signed-in'
  | 'console.signed-out'
  | 'console.session-ending'
  | 'console.confirmed'
  | 'console.refused'
  | 'console.viewed'
  | 'console.act';

/** What happened. Never holds a secret, a whole number or an answer. */
export interface AuditEvent {
  readonly at: Date;
  readonly event: AuditEventName;
  /** Account id, or the key of a decoy. */
  readonly subject?: string;
  readonly portal?: string;
  /** The flow's reference, never its id. */
  readonly flow?: string;
  readonly gate?: string;
  /** Address of the peer, after trusted proxies. */
  readonly address?: string;
  /** The id that the log and the error page show as well. */
  readonly correlation?: string;
  readonly detail?: { readonly [name: string]: string | number | boolean };
}

export interface AuditRow extends AuditEvent {
  /** 1 for the first row; no gaps. */
  readonly sequence: number;
  /** SHA-256 over the previous row's hash and this row, in lower-case hex. */
  readonly hash: string;
}

/** A row with the hash that it is chained to. */
export interface ChainedRow extends AuditRow {
  /** Hash of the row before; absent when that row is not there. */
  readonly previous?: string;
}

/** Which rows are read: after one number, up to another, in order; at most `limit`. */
export interface AuditPage {
  readonly after: number;
  readonly upTo?: number;
  /** Only rows of this event. */
  readonly event?: AuditEventName;
  readonly limit: number;
}

/** What rows are looked for: those that have all of it. Texts are compared as they are. */
export interface AuditSearch {
  readonly subject?: string;
  readonly event?: AuditEventName;
  readonly flow?: string;
  readonly address?: string;
  readonly correlation?: string;
  /** Written at this moment or later. */
  readonly from?: Date;
  /** Written at this moment or earlier. */
  readonly to?: Date;
  /** Only rows before this number: the next page. */
  readonly before?: number;
  /** Only rows after this number, and of those the ones next to it: the page before. */
  readonly after?: number;
  readonly limit: number;
}

/** Knows from elsewhere what rows were; asked while the chain is walked. */
export interface AuditWitness {
  /** Why this row, which fits into the chain, is still not the one that was written; undefined when nothing speaks against it. */
  objection(row: { readonly sequence: number; readonly hash: string }): string | undefined;
  /** Why the chain may not end here. */
  missing(last: number): string | undefined;
}

export interface AuditBreak {
  readonly sequence: number;
  readonly reason: string;
}

/** The hash that the first row is chained to. */
export const auditGenesis = '0'.repeat(64);

/** The hash that chains a row to the one before it: the same on every store, whatever order it keeps fields in. */
export function auditHash(previousHash: string, sequence: number, event: AuditEvent): string {
  const detail = Object.entries(event.detail ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const fields = [
    previousHash,
    sequence,
    event.at.toISOString(),
    event.event,
    event.subject ?? null,
    event.portal ?? null,
    event.flow ?? null,
    event.gate ?? null,
    event.address ?? null,
    event.correlation ?? null,
    detail,
  ];
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex');
}
