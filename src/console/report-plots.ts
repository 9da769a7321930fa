import {
  actionSeries,
  barSeries,
  gateNumbers,
  type Part,
  partsOf,
  providerNumbers,
  refusalNumbers,
  registrationSeries,
  type Series,
} from '../core/reports/report.ts';
import type { DailyCount } from '../core/reports/report-counts.ts';
import type { ReportSpan } from '../core/reports/report-store.ts';
import type { SendingPrice } from '../core/sending/sending-rules.ts';
import { gateName, type Named, reasonName } from './report-names.ts';

export interface Column {
  readonly name: Named;
  /** Whether it is drawn; the table and the file have all of them. */
  readonly drawn: boolean;
  /** How its numbers are written. */
  readonly as?: 'share' | 'money';
}

export interface PlotRow {
  /** A part of the time, or what the row is about. */
  readonly name: Named | { readonly part: Part };
  readonly values: readonly (number | undefined)[];
  /** ISO 4217, where a column is money. */
  readonly currency?: string;
}

export type PlotId = 'actions' | 'refusals' | 'gates' | 'registrations' | 'bars' | 'providers' | 'coverage' | 'units';

/** A table, of which some columns are also drawn. */
export interface Plot {
  /** Names it in the address of its file. */
  readonly id: PlotId;
  /** Columns upon one another over time, lines over time, or bars beside names. */
  readonly kind: 'stack' | 'line' | 'across';
  readonly rowName: Named;
  readonly columns: readonly Column[];
  readonly rows: readonly PlotRow[];
  /** What belongs to no gate alone, and stays as it is when one is chosen. */
  readonly ofAllGates?: true;
}

const mostReasons = 12;
const gateColumns = ['passed', 'left', 'refused', 'barred', 'opened', 'rate', 'wrong', 'faults'] as const;
const gateColumnsDrawn = 4;

/** Everything that is drawn of the daily counts. */
export function overviewOf(
  counts: readonly DailyCount[],
  about: {
    readonly span: ReportSpan;
    readonly gate?: string | undefined;
    readonly prices: ReadonlyMap<string, SendingPrice>;
  },
): readonly Plot[] {
  const parts = partsOf(about.span);
  const { gate, prices } = about;
  const ofGate = gate === undefined ? counts : counts.filter((count) => count.gate === gate);
  const actions = actionSeries(counts, parts);
  return [
    {
      ...overTime('actions', actions, { parts, nameOf: (name) => ({ key: `console.reports.actions.${name}` }) }),
      ofAllGates: true,
    },
    refusalPlot(counts),
    gatePlot(ofGate),
    overTime('registrations', registrationSeries(ofGate, parts), { parts, nameOf: gateName }),
    overTime('bars', barSeries(ofGate, parts), { parts, nameOf: gateName }),
    providerPlot(ofGate, prices),
  ];
}

function overTime(
  id: PlotId,
  series: readonly Series[],
  how: { readonly parts: readonly Part[]; readonly nameOf: (name: string) => Named },
): Plot {
  return {
    id,
    kind: 'stack',
    rowName: { key: `console.reports.by.${how.parts[0]?.unit ?? 'day'}` },
    columns: series.map(({ name }) => ({ name: how.nameOf(name), drawn: true })),
    rows: how.parts.map((part, at) => ({ name: { part }, values: series.map(({ values }) => values[at] ?? 0) })),
  };
}

function gatePlot(counts: readonly DailyCount[]): Plot {
  return {
    id: 'gates',
    kind: 'across',
    rowName: { key: 'console.reports.gate' },
    columns: gateColumns.map((name, at) => ({
      name: { key: `console.reports.gates.${name}` },
      drawn: at < gateColumnsDrawn,
      ...(name === 'rate' ? { as: 'share' as const } : {}),
    })),
    rows: gateNumbers(counts).map((numbers) => {
      const rate = numbers.opened === 0 ? undefined : Math.min(1, numbers.passed / numbers.opened);
      const values = gateColumns.map((name) => (name === 'rate' ? rate : numbers[name]));
      return { name: gateName(numbers.gate), values };
    }),
  };
}

function refusalPlot(counts: readonly DailyCount[]): Plot {
  const most = refusalNumbers(counts).slice(0, mostReasons);
  return {
    id: 'refusals',
    kind: 'across',
    rowName: { key: 'console.reports.reason' },
    columns: [{ name: { key: 'console.reports.times' }, drawn: true }],
    rows: most.map(({ at, why, count }) => ({ name: reasonName(at, why), values: [count] })),
    ofAllGates: true,
  };
}

/** The cost is that of what was sent at the price that the settings have now. */
function providerPlot(counts: readonly DailyCount[], prices: ReadonlyMap<string, SendingPrice>): Plot {
  const rows: readonly PlotRow[] = providerNumbers(counts).map(({ provider, channel, sent, failed }) => {
    const name = { text: [provider, channel].filter((part) => part !== '').join(' · ') };
    const price = prices.get(provider);
    if (price === undefined) return { name, values: [sent, failed, undefined] };
    return { name, values: [sent, failed, price.amount * sent], currency: price.currency };
  });
  const shown = rows.some(({ currency }) => currency !== undefined) ? 3 : 2;
  const columns: readonly Column[] = [
    { name: { key: 'console.reports.providers.sent' }, drawn: true },
    { name: { key: 'console.reports.providers.failed' }, drawn: true },
    { name: { key: 'console.reports.providers.cost' }, drawn: false, as: 'money' },
  ];
  return {
    id: 'providers',
    kind: 'across',
    rowName: { key: 'console.reports.provider' },
    columns: columns.slice(0, shown),
    rows: rows.map((row) => ({ ...row, values: row.values.slice(0, shown) })),
  };
}
