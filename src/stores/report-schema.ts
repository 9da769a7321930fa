/** How often something happened on one day; see core/reports/report-counts.ts. */
export interface DailyCountRow {
  readonly day: string;
  readonly event: string;
  readonly portal: string;
  readonly gate: string;
  readonly provider: string;
  readonly why: string;
  readonly decoy: number;
  readonly count: number;
}

export interface CoverageRow {
  readonly day: string;
  readonly unit: string;
  /** What the unit is found by: its path without regard to case. */
  readonly unit_key: string;
  readonly people: number;
  readonly registered: number;
  readonly ready: number;
}

/** A policy that has numbers, under the key of its name. */
export interface CountedPolicyRow {
  readonly policy: string;
  /** As it was spelt last. */
  readonly name: string;
  readonly last_day: string;
}
