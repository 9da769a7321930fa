import type { AuditEventName } from './audit.ts';
import type { DailyCount } from './report-counts.ts';

/** How many people of one unit were registered on one day, as somebody who walked the directory saw it. */
export interface CoverageSnapshot {
  /** In UTC, such as `2026-03-29`. */
  readonly day: string;
  /** Path of the unit, as the directory spells it; '' for people who are in none. People of units below do not count. */
  readonly unit: string;
  /** Everybody who comes under a policy. */
  readonly people: number;
  /** Those of them who have registered every gate that their policies need, in all zones. */
  readonly registered: number;
  /** Those of them who could pass on that day, in all zones: registered, and neither barred nor disabled. */
  readonly ready: number;
}

/** Days from one to another, both included. */
export interface ReportSpan {
  readonly from: string;
  readonly to: string;
}

/** What reports are made of: small tables that are kept beside the audit, so that no page reads the audit through. */
export interface ReportStore {
  /**
   * Adds counts of the audit's rows, and notes in the same transaction that the duty `count` has come to `to`.
   * @returns false, and nothing is added, when the node does not have the duty or it does not stand at `from`
   */
  add(
    counts: readonly DailyCount[],
    moved: { readonly by: string; readonly from: number; readonly to: number; readonly now: Date },
  ): Promise<boolean>;
  /** Counts of some events, by day; in no order within one. */
  counts(span: ReportSpan, events: readonly AuditEventName[]): Promise<readonly DailyCount[]>;
  /** Names of all events that were ever counted, in order. */
  events(): Promise<readonly AuditEventName[]>;
  /** Replaces what was kept for a day. */
  keepCoverage(day: string, snapshots: readonly CoverageSnapshot[]): Promise<void>;
  /**
   * Added up by day.
   * @param within only units that are, or lie below, one of these; all when left out, none when empty
   */
  coverage(span: ReportSpan, within?: readonly string[]): Promise<readonly Omit<CoverageSnapshot, 'unit'>[]>;
  /** By unit, on the last day of the span that has any, in order of name. */
  coverageByUnit(span: ReportSpan, within?: readonly string[]): Promise<readonly CoverageSnapshot[]>;
}
