import { createHash } from 'node:crypto';
import type { Generated, Kysely } from 'kysely';
import type { PressRow } from './press-store.ts';
import type { CountedPolicyRow, CoverageRow, DailyCountRow } from './report-schema.ts';

/**
 * The tables as they are after the last migration. Text and integers only, so that one schema and one set of queries
 * serve SQLite and PostgreSQL. Times are integer milliseconds since 1970 in UTC: they come back as the same Date, and
 * compare and add alike on both, which text and timestamps do not. Columns named `body`, `data` or `seal` are sealed.
 */
export interface Tables {
  readonly flows: FlowRow;
  readonly enrolments: EnrolmentRow;
  readonly held_enrolments: HeldEnrolmentRow;
  readonly failures: FailureRow;
  readonly bars: BarRow;
  readonly challenges: ChallengeRow;
  readonly call_outcomes: CallOutcomeRow;
  readonly sends: SendRow;
  readonly limits: LimitRow;
  readonly journal: JournalRow;
  readonly outbox: OutboxTableRow;
  readonly notice_links: NoticeLinkRow;
  readonly audit: AuditTableRow;
  readonly audit_head: AuditHeadRow;
  readonly audit_duties: AuditDutyRow;
  readonly daily_counts: DailyCountRow;
  readonly coverage: CoverageRow;
  readonly counted_policies: CountedPolicyRow;
  readonly policy_counts: DailyCountRow & Pick<CountedPolicyRow, 'policy'>;
  readonly policy_coverage: CoverageRow & Pick<CountedPolicyRow, 'policy'>;
  readonly sessions: SessionRow;
  readonly policy_versions: PolicyVersionRow;
  readonly jobs: JobRow;
  readonly campaigns: CampaignRow;
  readonly campaign_letters: CampaignLetterRow;
  readonly campaign_opt_outs: CampaignOptOutRow;
  readonly policy_drafts: PolicyDraftRow;
  readonly presses: PressRow;
  readonly probes: ProbeRow;
}

export type Database = Kysely<Tables>;

export interface FlowRow {
  readonly id_hash: string;
  readonly reference: string;
  readonly portal: string;
  readonly account_id: string | null;
  readonly decoy_key: string | null;
  readonly state: string;
  readonly version: number;
  readonly expires_at: number;
  readonly body: string;
}

export interface EnrolmentRow {
  readonly account_id: string;
  readonly gate: string;
  readonly proved_at: number;
  readonly data: string;
  /** Only what was given out has an end, and the reference of the flow that used it up. */
  readonly counts_until: Generated<number | null>;
  readonly spent_by: Generated<string | null>;
}

/** What was proved and does not count before `counts_from`. */
export interface HeldEnrolmentRow extends Omit<EnrolmentRow, 'counts_until' | 'spent_by'> {
  readonly id: string;
  readonly counts_from: number;
}

export interface FailureRow {
  readonly subject: string;
  readonly gate: string;
  readonly tries: number;
  readonly last_at: number;
  /** No try is admitted before this moment; 0 when nothing holds. */
  readonly held_until: number;
  /** Tries since the last success; no bar and no time forgets them (SP 800-63B-4 3.2.2). */
  readonly in_a_row: Generated<number>;
}

export interface BarRow {
  readonly subject: string;
  readonly bars: number;
  /** Null when only the helpdesk ends it. */
  readonly until: number | null;
}

export interface ChallengeRow {
  readonly id: string;
  readonly state: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly body: string;
}

/** Beside the challenge, so that a report never races with what the sender writes. */
export interface CallOutcomeRow {
  readonly challenge_id: string;
  readonly outcome: string;
  readonly at: number;
}

export interface SendRow {
  readonly id: string;
  readonly key: string;
  readonly at: number;
}

export interface LimitRow {
  readonly key: string;
  readonly count: number;
  readonly ends_at: number;
}

export interface JournalRow {
  readonly id: string;
  readonly action: string;
  readonly flow_reference: string;
  readonly account_id: string;
  /** The prepared write as JSON; readable, so that an operator can settle it by hand. */
  readonly prepared: string;
  readonly intended_at: number;
  readonly outcome: string | null;
  readonly settled_at: number | null;
}

export interface OutboxTableRow {
  readonly id: string;
  readonly event: string;
  readonly reference: string;
  readonly channel: string;
  /** `waiting` or `set-aside`; what was sent has no row. */
  readonly state: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly due_at: number;
  /** Whose it is, until `leased_until`. */
  readonly lease: string | null;
  readonly leased_until: number;
  readonly tries: number;
  readonly attempts: number;
  readonly body: string;
}

export interface NoticeLinkRow {
  readonly token_hash: string;
  /** The outbox row that it stands in, though that may be gone. */
  readonly notice: string;
  readonly expires_at: number;
  readonly used_at: number | null;
  readonly body: string;
}

export interface AuditTableRow {
  readonly sequence: number;
  readonly at: number;
  readonly event: string;
  readonly subject: string | null;
  readonly portal: string | null;
  readonly flow: string | null;
  readonly gate: string | null;
  readonly address: string | null;
  readonly correlation: string | null;
  readonly detail: string | null;
  readonly hash: string;
}

/** One row: where the chain ends. Every append locks it, so the chain neither forks nor gaps. */
export interface AuditHeadRow {
  readonly id: number;
  readonly sequence: number;
  readonly hash: string;
  readonly seal: string;
}

export interface AuditDutyRow {
  readonly name: string;
  /** The node that has it, until `held_until`. */
  readonly holder: string;
  readonly held_until: number;
  readonly position: number;
  readonly moved_at: number | null;
}

export interface SessionRow {
  readonly id_hash: string;
  readonly expires_at: number;
  readonly data: string;
  /** Only once somebody has signed in to the console. */
  readonly account_id: string | null;
  readonly reference: string | null;
}

/** One version of the policy list: who saved it and when in `data`, the list in `body`. */
export interface PolicyVersionRow {
  readonly version: number;
  readonly data: string;
  readonly body: string;
}

/** Long work; `slot` only while it runs, of which each is taken once. */
export interface JobRow {
  readonly id: string;
  readonly kind: string;
  readonly started_by: string;
  readonly started_at: number;
  /** Its last sign of life. */
  readonly beat_at: number;
  readonly state: string;
  readonly slot: number | null;
  readonly done: number;
  readonly total: number | null;
  /** 1 when somebody asked it to end. */
  readonly cancel_wanted: number;
  readonly ended_at: number | null;
  readonly failure: string | null;
  /** Who started it is called what. */
  readonly data: string;
  /** What came out. */
  readonly body: string | null;
}

export interface CampaignRow {
  readonly id: string;
  /** Its kind while it runs, of which each stands once. */
  readonly running_kind: string | null;
  readonly state: string;
  readonly started_by: string;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly letters: number;
  /** The day of the last wave. */
  readonly wave: string | null;
  readonly wave_letters: number;
  /** 1 when nobody is left to write to on that day. */
  readonly wave_over: number;
  /** Numbers only, as JSON. */
  readonly standing: string | null;
  readonly data: string;
}

export interface CampaignLetterRow {
  readonly campaign_id: string;
  readonly account_id: string;
  readonly wave: string;
  readonly at: number;
}

export interface CampaignOptOutRow {
  readonly account_id: string;
  readonly set_by: string;
  readonly at: number;
  readonly data: string;
}

/** What one administrator is writing. */
export interface PolicyDraftRow {
  readonly by: string;
  readonly revision: number;
  readonly changed_at: number;
  readonly body: string;
}

/** Written by every health check. */
export interface ProbeRow {
  readonly id: number;
  readonly at: number;
}

/** How secret ids are kept: whoever reads the database cannot take over a flow or a session (ASVS 7.2). */
export function idHash(id: string): string {
  return createHash('sha256').update(id, 'utf8').digest('hex');
}
