import { type CsvCell, csvLine, csvStart } from '../core/reports/csv.ts';
import type { Part } from '../core/reports/report.ts';
import type { Translate } from '../web/catalogue.ts';
import type { Named } from './report-names.ts';
import type { Column, Plot, PlotRow } from './report-plots.ts';

/** A plot as a page shows it: finished texts, and beside them the numbers that are drawn. */
export interface PlotText {
  readonly id: Plot['id'];
  readonly kind: Plot['kind'];
  readonly rowName: string;
  /** Of bars beside names no more are drawn, the largest; the table has all. */
  readonly mostDrawn: number;
  readonly ofAllGates: boolean;
  readonly columns: readonly { readonly text: string; readonly drawn: boolean }[];
  readonly rows: readonly {
    readonly text: string;
    readonly cells: readonly { readonly text: string; readonly value: number | undefined }[];
  }[];
  /** Whether there is anything but nothing. */
  readonly isEmpty: boolean;
}

/** In which language it is said. */
export interface Tongue {
  readonly translate: Translate;
  readonly tag: string;
}

const mostDrawn = 25;

function textOfNamed(name: Named, translate: Translate): string {
  return 'key' in name ? translate(name.key) : name.text;
}

export function plotText(plot: Plot, tongue: Tongue): PlotText {
  const { translate } = tongue;
  const write = new Writer(tongue.tag);
  return {
    id: plot.id,
    kind: plot.kind,
    rowName: textOfNamed(plot.rowName, translate),
    mostDrawn,
    ofAllGates: plot.ofAllGates === true,
    columns: plot.columns.map(({ name, drawn }) => ({ text: textOfNamed(name, translate), drawn })),
    rows: plot.rows.map((row) => ({
      text: 'part' in row.name ? write.part(row.name.part) : textOfNamed(row.name, translate),
      cells: row.values.map((value, at) => ({ value, text: write.value(value, plot.columns[at], row) })),
    })),
    isEmpty: plot.rows.every(({ values }) => values.every((value) => value === undefined || value === 0)),
  };
}

/** Writes numbers and days in one language. A format costs far more to make than to use, so each is made once. */
class Writer {
  readonly #tag: string;
  readonly #numbers = new Map<string, Intl.NumberFormat>();
  readonly #days = new Map<string, Intl.DateTimeFormat>();

  constructor(tag: string) {
    this.#tag = tag;
  }

  value(value: number | undefined, column: Column | undefined, { currency = 'EUR' }: PlotRow): string {
    if (value === undefined) return '–';
    if (column?.as === 'money') return this.#number(currency, { style: 'currency', currency }).format(value);
    if (column?.as === 'share') return this.#number('%', { style: 'percent', maximumFractionDigits: 1 }).format(value);
    return this.#number('', {}).format(value);
  }

  /** Days are days in UTC, wherever the reader is. */
  part({ from, to, unit }: Part): string {
    const [first, last] = [new Date(`${from}T00:00Z`), new Date(`${to}T00:00Z`)];
    const format = this.#day(unit === 'month' ? { month: 'short', year: 'numeric' } : wholeDay);
    return unit === 'week' ? format.formatRange(first, last) : format.format(first);
  }

  #number(name: string, style: Intl.NumberFormatOptions): Intl.NumberFormat {
    const format = this.#numbers.get(name) ?? new Intl.NumberFormat(this.#tag, style);
    this.#numbers.set(name, format);
    return format;
  }

  #day(style: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    const name = style.day ?? '';
    const format = this.#days.get(name) ?? new Intl.DateTimeFormat(this.#tag, { ...style, timeZone: 'UTC' });
    this.#days.set(name, format);
    return format;
  }
}

const wholeDay: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', year: 'numeric' };

/**
 * The same as a file: days as they sort, numbers as they are.
 * @param policy the one that it is about: in each line, as files of several policies are put together
 */
export function* plotFile(plot: Plot, { translate }: Tongue, policy?: string): Generator<string> {
  const money = plot.columns.some(({ as }) => as === 'money');
  const more = (currency: CsvCell, name: CsvCell): readonly CsvCell[] => [
    ...(money ? [currency] : []),
    ...(policy === undefined ? [] : [name]),
  ];
  const names: readonly CsvCell[] = [plot.rowName, ...plot.columns.map(({ name }) => name)].map((name) =>
    textOfNamed(name, translate),
  );
  const heads = more(translate('console.reports.providers.currency'), translate('console.reports.policy'));
  yield csvStart + csvLine([...names, ...heads]);
  for (const row of plot.rows) {
    const name = 'part' in row.name ? row.name.part.from : textOfNamed(row.name, translate);
    yield csvLine([name, ...row.values, ...more(row.currency, policy)]);
  }
}
