import type { AuditEventName } from '../audit/audit.ts';
import type { PolicyCount } from './policy-counts.ts';
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

/** The same of those who come under one policy. Whoever comes under several, from here and from there, counts in each. */
export interface PolicyCoverage extends CoverageSnapshot {
  readonly policy: string;
}

/** How far a node has counted: from the position that the duty stood at, to another. */
export interface Counted {
  readonly by: string;
  readonly from: number;
  readonly to: number;
  readonly now: Date;
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
  add(counts: readonly DailyCount[], moved: Counted): Promise<boolean>;
  /** The same by policy, with the duty `count-policies`. */
  addByPolicy(counts: readonly PolicyCount[], moved: Counted): Promise<boolean>;
  /**
   * Counts of some events, by day; in no order within one.
   * @param policy only of visits that began under it; of all, under a policy or none, when left out
   */
  counts(span: ReportSpan, events: readonly AuditEventName[], policy?: string): Promise<readonly DailyCount[]>;
  /** Names of the policies that have numbers, as they were spelt last; those that had some last come first, 1,000 at most. */
  policies(): Promise<readonly string[]>;
  /** Names of all events that were ever counted, in order. */
  events(): Promise<readonly AuditEventName[]>;
  /** Replaces what was kept for a day. */
  keepCoverage(
    day: string,
    snapshots: readonly CoverageSnapshot[],
    byPolicy?: readonly PolicyCoverage[],
  ): Promise<void>;
  /**
   * Added up by day.
   * @param within only units that are, or lie below, one of these; all when left out, none when empty
   * @param policy only people who come under it
   */
  coverage(
    span: ReportSpan,
    within?: readonly string[],
    policy?: string,
  ): Promise<readonly Omit<CoverageSnapshot, 'unit'>[]>;
  /** By unit, on the last day of the span that has any, in order of name. */
  coverageByUnit(span: ReportSpan, within?: readonly string[], policy?: string): Promise<readonly CoverageSnapshot[]>;
}
