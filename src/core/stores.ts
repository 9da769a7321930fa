import type {
  AuditBreak,
  AuditEvent,
  AuditEventName,
  AuditPage,
  AuditRow,
  AuditSearch,
  AuditWitness,
} from './audit/audit.ts';
import type { JobStore } from './background/jobs.ts';
import type { CampaignStore } from './campaigns/campaign-store.ts';
import type { Flow } from './flow/flow.ts';
import type { JournalEntry, JournalOutcome } from './journal.ts';
import type { Json } from './json.ts';
import type { Lockout, LockoutRules } from './lockout.ts';
import type { LinkStore } from './notices/notice-links.ts';
import type { OutboxRow, OutboxStore } from './notices/outbox.ts';
import type { PolicyStore } from './policies/policy-store.ts';
import type { CallOutcome } from './provider.ts';
import type { ReportStore } from './reports/report-store.ts';
import type { Challenge, ChallengeState } from './sending/challenge.ts';
import type { LimitStore } from './visits/limits.ts';
import type { PressStore } from './visits/press-store.ts';
import type { SessionStore } from './visits/session-store.ts';

/**
 * Everything that outlives a request. One schema carries on SQLite and PostgreSQL, and one contract suite runs on both.
 * Every method throws Unavailable when the database cannot be used; none leaves half a change behind.
 * Bodies that hold personal or secret data are sealed by the store with the row's identity as associated data.
 */
export interface Stores {
  readonly flows: FlowStore;
  readonly enrolments: EnrolmentStore;
  readonly failures: FailureStore;
  readonly challenges: ChallengeStore;
  readonly sends: SendStore;
  readonly limits: LimitStore;
  readonly journal: JournalStore;
  readonly outbox: OutboxStore;
  readonly links: LinkStore;
  readonly audit: AuditStore;
  readonly duties: DutyStore;
  readonly policies: PolicyStore;
  readonly reports: ReportStore;
  readonly sessions: SessionStore;
  readonly jobs: JobStore;
  readonly presses: PressStore;
  readonly campaigns: CampaignStore;
  /** Brings the schema to the current version; safe to run on several nodes at once. Returns what it applied. */
  migrate(): Promise<readonly string[]>;
  /** Whether the schema is current and a write goes through, with a sentence for an operator. */
  health(): Promise<{ readonly ok: boolean; readonly detail: string }>;
  /** Deletes what is past its time: flows, challenges, sessions, idle counters, settled writes, old presses, forgotten drafts. Returns how many. */
  purge(now: Date): Promise<number>;
  /**
   * Ends whatever is open: flows, challenges, sessions and campaigns. After a backup was restored, codes that were used
   * may lie in it unused, and letters that went out are not in it. Failures, bars, enrolments, the journal and the audit stay. Returns how many rows went.
   */
  endOpen(): Promise<number>;
  close(): Promise<void>;
}

export interface FlowStore {
  create(flow: Flow): Promise<void>;
  read(id: string): Promise<Flow | undefined>;
  /**
   * Compare and set: writes the flow with version + 1 if the stored version is still `flow.version`.
   * @returns the flow as stored, or undefined when somebody else was faster
   */
  save(flow: Flow): Promise<Flow | undefined>;
  /**
   * Ends every other open flow of this account, in its favour or not. Returns how many ended. `tell` goes into the outbox
   * in the same transaction, unless none did.
   */
  endOthers(accountId: string, exceptId: string, now: Date, tell?: readonly OutboxRow[]): Promise<number>;
  /** How many flows of this account are open: those that `endOthers` would end. */
  openOf(accountId: string, now: Date): Promise<number>;
}

/** What one gate keeps about one account. */
export interface Enrolment {
  readonly accountId: string;
  readonly gate: string;
  readonly data: Json;
  readonly provedAt: Date;
  /** It counts no more from then on, and passes one flow only: something that was given out, not registered. */
  readonly until?: Date;
}

/** That an enrolment is there and since when, without what it holds. */
export type ProvedGate = Pick<Enrolment, 'gate' | 'provedAt'>;

/** An enrolment that does not count yet. */
export interface HeldEnrolment {
  /** Names this one: another that replaces it has another. */
  readonly id: string;
  readonly gate: string;
  readonly provedAt: Date;
  readonly countsFrom: Date;
}

/** What is written in one transaction with an enrolment. */
export interface KeepAlso {
  readonly tell?: readonly OutboxRow[];
  /** It counts from then on; what counted before counts till then. */
  readonly hold?: Pick<HeldEnrolment, 'id' | 'countsFrom'>;
}

export interface EnrolmentStore {
  /**
   * Those that count now, by the name of their gate.
   * @param flow reference of a flow: what it has used up itself still counts for it
   */
  of(accountId: string, flow?: string): Promise<readonly Enrolment[]>;
  /** The same, and those that count no more because too many failed in a row: they are still somebody's. */
  registered(accountId: string, flow?: string): Promise<readonly Enrolment[]>;
  /**
   * As `of`, for a page of accounts at once and without what the gates kept: nothing is unsealed. Accounts that have none
   * are not in the map.
   */
  proved(accountIds: readonly string[]): Promise<ReadonlyMap<string, readonly ProvedGate[]>>;
  /** Those that do not count yet. */
  held(accountId: string): Promise<readonly HeldEnrolment[]>;
  /** What each of so many people has registered, as gates alone: those with the lowest ids, which are random. */
  gatesOfSome(people: number): Promise<readonly (readonly string[])[]>;
  /**
   * Uses one up that passes one flow only: from now on it counts for that flow alone, also past its time.
   * @returns false when it does not count any more, or another flow was faster
   */
  spend(accountId: string, gate: string, flow: string): Promise<boolean>;
  /**
   * Adds it, or replaces what the gate kept about the account before, held ones included. What failed before is
   * forgotten; of one that has an end only the failures that would make it worthless, since a new code is no new try.
   */
  keep(enrolment: Enrolment, also?: KeepAlso): Promise<void>;
  /** Returns whether there was one. `tell` goes into the outbox in the same transaction, unless there was none. */
  remove(accountId: string, gate: string, tell?: readonly OutboxRow[]): Promise<boolean>;
}

/** Tries in a row, per subject and gate, and the bars that follow from them. A subject is an account id or a decoy key. */
export interface FailureStore {
  /**
   * Counts one try before it is judged, in one atomic statement.
   * @returns how many tries now stand in the row, or undefined when `limit` of them stood there already and none was
   * added
   */
  count(subject: string, gate: string, limit: number, now: Date): Promise<number | undefined>;
  /** Takes one counted try back: it was right, unfinished, or the fault of a machine. Never goes below 0. */
  refund(subject: string, gate: string): Promise<void>;
  /**
   * As `count`, but tries are forgotten once so many seconds have passed without one that was admitted: as a directory
   * forgets wrong passwords after its observation window.
   */
  countWithin(
    subject: string,
    of: { readonly gate: string; readonly limit: number; readonly idleSeconds: number },
    now: Date,
  ): Promise<number | undefined>;
  /** Forgets the tries of one gate, or of all gates when none is named. Bars stay. */
  clear(subject: string, gate?: string): Promise<void>;
  /**
   * Bars the subject by the rules, forgets its tries, and returns the bar that now stands. `tell` goes into the outbox
   * in the same transaction, unless a bar stood already.
   */
  bar(subject: string, rules: LockoutRules, now: Date, tell?: readonly OutboxRow[]): Promise<Lockout>;
  /** The bar that stands now, if any. */
  lockout(subject: string, now: Date): Promise<Lockout | undefined>;
  /** Those of a page of subjects that are barred now. */
  barred(subjects: readonly string[], now: Date): Promise<ReadonlySet<string>>;
  /** Ends a bar that ends by itself, and forgets earlier ones, as after a whole flow that succeeded. */
  forgive(subject: string): Promise<void>;
  /**
   * Tries since the last success, which neither a bar nor time forgets. At `mostInARow` the enrolment of that gate does
   * not count any more, until it is registered again.
   */
  inARow(subject: string, gate: string): Promise<number>;
  /**
   * Ends every bar of these subjects and forgets earlier ones, as the helpdesk does. `tell` goes into the outbox in the
   * same transaction, unless there was none.
   * @returns whether there was any: of several who end the same, one hears true
   */
  unbar(subjects: string | readonly string[], tell?: readonly OutboxRow[]): Promise<boolean>;
}

export interface ChallengeStore {
  create(challenge: Challenge): Promise<void>;
  read(id: string): Promise<Challenge | undefined>;
  /**
   * Moves a challenge from one of the states `from` to what `next` holds, in one conditional statement.
   * @returns false when it was in none of them any more: somebody else was faster
   */
  move(next: Challenge, from: readonly ChallengeState[]): Promise<boolean>;
  /** Writes down what the far end reported. Returns false when a report stood there already, which stays. */
  conclude(id: string, outcome: CallOutcome, now: Date): Promise<boolean>;
  /** Ids of challenges still queued that were created before this moment: their sender may have died. */
  queuedBefore(moment: Date): Promise<readonly string[]>;
}

/** One thing of which only so many are sent in a time: a destination, an account, everything. */
export interface SendQuota {
  /** What the quota is called; one key may have several. */
  readonly name: string;
  /** Holds no readable number. */
  readonly key: string;
  readonly limit: number;
  /** In so many seconds up to now; at most a day. */
  readonly seconds: number;
}

/** How much was sent, so that it can be kept within limits on all nodes together. */
export interface SendStore {
  /**
   * Counts one sending under every key, unless one of the quotas is full; then nothing is counted.
   * Of several at once, too few are admitted rather than too many.
   * @returns the name of the quota that is full, or undefined when the sending may go
   */
  admit(quotas: readonly SendQuota[], now: Date): Promise<string | undefined>;
}

export interface JournalStore {
  /** On disk before it resolves. */
  intend(entry: JournalEntry): Promise<void>;
  /**
   * Writes down how it ended, and in the same transaction what is told of it. A final outcome is never overwritten.
   * @returns whether this call changed it: of several who settle one entry, one hears true
   */
  settle(id: string, outcome: JournalOutcome, now: Date, tell?: readonly OutboxRow[]): Promise<boolean>;
  read(id: string): Promise<JournalEntry | undefined>;
  /** Entries without a final outcome (none, or `unknown`), oldest first. */
  unsettled(): Promise<readonly JournalEntry[]>;
}

export interface AuditStore {
  /** Chains the event to the last row and returns when it is on disk. */
  append(event: AuditEvent): Promise<AuditRow>;
  /** Walks the whole chain; the first row that does not fit, or that the witness objects to; undefined when all do. */
  verify(witness?: AuditWitness): Promise<AuditBreak | undefined>;
  /** Where the chain ends. Throws Misconfigured when that was changed from outside: it must not be built upon. */
  head(): Promise<{ readonly sequence: number; readonly hash: string }>;
  /** Rows in order. A row that was made unreadable comes as well as it can be read: nothing hides what follows it. */
  page(wanted: AuditPage): Promise<readonly AuditRow[]>;
  /**
   * Rows that have all of what is looked for, newest first. Nodes whose clocks differ by more than an hour may hide rows
   * at the ends of a time; the numbers hide nothing.
   */
  search(wanted: AuditSearch): Promise<readonly AuditRow[]>;
  /** The first row of each of these flows, by their references, in no order; a flow that has none is left out. */
  firstOf(flows: readonly string[]): Promise<readonly AuditRow[]>;
  /** First and last number of the rows from one moment to another, both included; undefined when there is none. */
  between(from: Date, to: Date): Promise<{ readonly first: number; readonly last: number } | undefined>;
  /** The rows about one subject, only those of one event or all but those, newest first; at most `limit`. */
  about(
    subject: string,
    limit: number,
    which?: { readonly only?: AuditEventName; readonly except?: AuditEventName },
  ): Promise<readonly AuditRow[]>;
}

/**
 * What one node at a time does: `sign` the audit's head, `ship` its rows, `count` them for the reports, once for
 * everybody and once by policy (`count-policies`), write a `campaign`'s letters, tell administrators of `policies`, and
 * once a day look at everybody's `coverage`.
 */
export type DutyName = 'sign' | 'ship' | 'count' | 'count-policies' | 'campaign' | 'coverage' | 'policies';

/** How far a duty has come. */
export interface Duty {
  /** Sequence of the last audit row that is done with, days since 1970 of the last look, or a version; 0 at first. */
  readonly position: number;
  /** When the position moved last; undefined before the first time. */
  readonly movedAt?: Date;
}

/** Duties that go on over restarts, and that only one node has at a time. */
export interface DutyStore {
  read(name: DutyName): Promise<Duty>;
  /**
   * Takes or keeps a duty until a moment, in one atomic statement; a moment that is past gives it back.
   * @returns how far it has come, or undefined while another node has it
   */
  hold(name: DutyName, by: string, times: { readonly now: Date; readonly until: Date }): Promise<Duty | undefined>;
  /**
   * Notes how far it has come, never back, and puts `tell` into the outbox in the same transaction.
   * @returns false when another node has the duty by now: then nothing was noted
   */
  move(
    name: DutyName,
    by: string,
    to: { readonly position: number; readonly now: Date; readonly tell?: readonly OutboxRow[] },
  ): Promise<boolean>;
}
