import type { Problem } from '../core/message.ts';
import { dayAfter, dayOf, daysBetween } from '../core/reports/report-counts.ts';
import type { ReportSpan } from '../core/reports/report-store.ts';

/** What a query string holds: whatever a visitor typed. */
export type Query = Readonly<Record<string, unknown>>;

/** What a report is about, and what of the question could not be taken. */
export interface ReportFilter extends ReportSpan {
  readonly gate?: string;
  readonly unit?: string;
  /** As it was asked for; see report-policies.ts. */
  readonly policy?: string;
  readonly problems: readonly Problem[];
}

const usualDays = 30;
/** Two years: more than a plot of months should hold. */
const mostDays = 731;
const earliest = '2000-01-01';
const mostLetters = 256;

/** One text of a query, when it is one that could be meant: neither long, nor several, nor with what is not seen. */
export function textOf(query: Query, name: string): string | undefined {
  const value = query[name];
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text === '' || text.length > mostLetters || /\p{C}/u.test(text) ? undefined : text;
}

/** Whether something was given that `textOf` does not take. */
export function isUnfit(query: Query, name: string): boolean {
  const value = query[name];
  const isLeftOut = value === undefined || (typeof value === 'string' && value.trim() === '');
  return !isLeftOut && textOf(query, name) === undefined;
}

/** A day such as `2026-03-29`; undefined for what is none, or lies in no time of ours. */
export function dayIn(text: string | undefined): string | undefined {
  if (text === undefined || !/^\d{4}-\d\d-\d\d$/.test(text) || text < earliest) return undefined;
  const at = new Date(`${text}T00:00Z`);
  // A 31st of February would become another day.
  return Number.isNaN(at.getTime()) || dayOf(at) !== text ? undefined : text;
}

/**
 * Reads a report's filter. What cannot be taken is said and left out: the page still shows what it shows by itself, the
 * last 30 days.
 */
export function reportFilter(query: Query, now: Date): ReportFilter {
  const today = dayOf(now);
  const problems: Problem[] = [];
  const day = (name: 'from' | 'to'): string | undefined => {
    const found = dayIn(textOf(query, name));
    if (found === undefined && (isUnfit(query, name) || textOf(query, name) !== undefined)) {
      problems.push({ field: name, message: { key: 'console.reports.day-wrong' } });
    }
    return found;
  };
  const given = { from: day('from'), to: day('to') };
  for (const name of ['gate', 'unit', 'policy'] as const) {
    if (isUnfit(query, name)) problems.push({ field: name, message: { key: 'console.reports.text-wrong' } });
  }
  const to = given.to === undefined || given.to > today ? today : given.to;
  const from = given.from ?? dayAfter(to, 1 - usualDays);
  const reason = spanProblem({ from, to });
  if (reason !== undefined) problems.push({ field: 'from', message: { key: reason } });
  const [gate, unit, policy] = [textOf(query, 'gate'), textOf(query, 'unit'), textOf(query, 'policy')];
  return {
    from: reason === undefined ? from : dayAfter(to, 1 - usualDays),
    to,
    ...(gate === undefined ? {} : { gate }),
    ...(unit === undefined ? {} : { unit }),
    ...(policy === undefined ? {} : { policy }),
    problems,
  };
}

function spanProblem({ from, to }: ReportSpan): string | undefined {
  if (from > to) return 'console.reports.span-backwards';
  return daysBetween(from, to).length > mostDays ? 'console.reports.span-long' : undefined;
}

/** A query string of what is given, without its question mark. */
export function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value));
  return query.toString();
}
