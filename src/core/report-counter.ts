import type { Clock } from './clock.ts';
import { countRows } from './report-counts.ts';
import type { ReportStore } from './report-store.ts';
import type { AuditStore, DutyStore } from './stores.ts';

export interface ReportCounterNeeds {
  readonly audit: Pick<AuditStore, 'page'>;
  readonly duties: DutyStore;
  readonly reports: Pick<ReportStore, 'add'>;
  readonly clock: Clock;
  /** This node, unlike every other. */
  readonly node: string;
  /** Rows in one transaction. */
  readonly pageRows?: number;
}

/** Milliseconds that a node has the duty without a sign of life. */
const holdMs = 60_000;

/**
 * Counts the audit by day for the reports: one node at a time, on from where the last one came, each row once. Counts
 * and position are written together, so that a process that dies in between counts nothing twice and leaves nothing out.
 */
export class ReportCounter {
  readonly #needs: ReportCounterNeeds;

  constructor(needs: ReportCounterNeeds) {
    this.#needs = needs;
  }

  /**
   * Counts what was written since the last turn, unless another node is at it.
   * @param ending stops it after the page in hand
   */
  async turn(ending?: AbortSignal): Promise<void> {
    const { audit, duties, reports, clock, node, pageRows = 1_000 } = this.#needs;
    // A look costs no write: mostly there is nothing to count.
    const { position } = await duties.read('count');
    if ((await audit.page({ after: position, limit: 1 })).length === 0) return;
    while (ending?.aborted !== true) {
      const now = clock.now();
      const duty = await duties.hold('count', node, { now, until: new Date(now.getTime() + holdMs) });
      if (duty === undefined) return;
      const rows = await audit.page({ after: duty.position, limit: pageRows });
      const to = rows.at(-1)?.sequence;
      if (to === undefined) return;
      const moved = { by: node, from: duty.position, to, now: clock.now() };
      if (!(await reports.add(countRows(rows), moved)) || rows.length < pageRows) return;
    }
  }
}
