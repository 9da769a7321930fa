import type { AuditRow } from '../audit/audit.ts';
import { HeldDuty, type HeldDutyNeeds } from '../held-duty.ts';
import type { AuditStore, DutyName } from '../stores.ts';
import { countByPolicy, policyOf } from './policy-counts.ts';
import { countRows } from './report-counts.ts';
import type { Counted, ReportStore } from './report-store.ts';

export interface ReportCounterNeeds extends HeldDutyNeeds {
  readonly audit: Pick<AuditStore, 'page' | 'firstOf'>;
  readonly reports: Pick<ReportStore, 'add' | 'addByPolicy'>;
  /** Rows in one transaction. */
  readonly pageRows?: number;
  /** Pages that one turn counts by policy at most: after an update that is all there ever was. */
  readonly mostPages?: number;
}

/** One way to count the rows. It has a position of its own, so that a new one begins at the first row. */
interface Way {
  readonly duty: HeldDuty;
  /** False when another node was faster. */
  readonly add: (rows: readonly AuditRow[], counted: Counted) => Promise<boolean>;
  readonly mostPages: number;
}

/** Milliseconds that a node has the duty without a sign of life. */
const holdMs = 60_000;

/**
 * Counts the audit by day for the reports, of everybody and by policy: one node at a time, on from where the last one
 * came, each row once. Counts and position are written together, so that a process that dies in between counts nothing
 * twice and leaves nothing out.
 */
export class ReportCounter {
  readonly #needs: ReportCounterNeeds;
  readonly #ways: readonly Way[];

  constructor(needs: ReportCounterNeeds) {
    const { reports, mostPages = 100 } = needs;
    this.#needs = needs;
    const dutyOf = (name: DutyName): HeldDuty => new HeldDuty(name, needs, holdMs);
    this.#ways = [
      {
        duty: dutyOf('count'),
        mostPages: Number.POSITIVE_INFINITY,
        add: (rows, to) => reports.add(countRows(rows), to),
      },
      {
        duty: dutyOf('count-policies'),
        mostPages,
        add: async (rows, to) => reports.addByPolicy(countByPolicy(rows, await this.#policiesOf(rows)), to),
      },
    ];
  }

  /**
   * Counts what was written since the last turn, unless another node is at it.
   * @param ending stops it after the page in hand
   */
  async turn(ending?: AbortSignal): Promise<void> {
    for (const way of this.#ways) await this.#count(way, ending);
  }

  async #count({ duty, add, mostPages }: Way, ending?: AbortSignal): Promise<void> {
    const { audit, clock, node, pageRows = 1_000 } = this.#needs;
    // A look costs no write: mostly there is nothing to count.
    const { position } = await duty.read();
    if ((await audit.page({ after: position, limit: 1 })).length === 0) return;
    for (let page = 0; page < mostPages && ending?.aborted !== true; page += 1) {
      const held = await duty.take();
      if (held === undefined) return;
      const rows = await audit.page({ after: held.position, limit: pageRows });
      const to = rows.at(-1)?.sequence;
      if (to === undefined) return;
      const moved = { by: node, from: held.position, to, now: clock.now() };
      if (!(await add(rows, moved)) || rows.length < pageRows) return;
      // SQLite answers at once: without this no request would be served before all pages are counted.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The policy of each visit that these rows are of, by its reference. Most began among them; the others are looked up. */
  async #policiesOf(rows: readonly AuditRow[]): Promise<ReadonlyMap<string, string>> {
    const begun = rows.filter(({ event }) => event === 'flow.started');
    const here = new Set(begun.map(({ flow }) => flow));
    const others = new Set(rows.flatMap(({ flow }) => (flow === undefined || here.has(flow) ? [] : [flow])));
    const starts = [...begun, ...(await this.#needs.audit.firstOf([...others]))];
    return new Map(
      starts.flatMap((start) => {
        const policy = policyOf(start);
        return start.flow === undefined || policy === undefined ? [] : [[start.flow, policy] as const];
      }),
    );
  }
}
