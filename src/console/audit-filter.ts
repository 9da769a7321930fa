import type { AuditEventName, AuditSearch } from '../core/audit/audit.ts';
import type { Problem } from '../core/message.ts';
import { dayIn, isUnfit, type Query, textOf } from './report-filter.ts';

const auditFields = ['subject', 'event', 'flow', 'address', 'correlation', 'from', 'to'] as const;
export type AuditField = (typeof auditFields)[number];

/** What the audit is searched for, as typed, and how the store is asked for it. */
export interface AuditFilter {
  readonly typed: { readonly [name in AuditField]?: string };
  readonly search: Omit<AuditSearch, 'limit'>;
  readonly problems: readonly Problem[];
}

/** The number of a row; undefined for what is none. */
export function sequenceIn(text: unknown): number | undefined {
  return typeof text === 'string' && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}

/** Reads a search. What cannot be taken is said; the page searches for nothing then, half a question has a wrong answer. */
export function auditFilter(query: Query): AuditFilter {
  const problems: Problem[] = [];
  const typed: { [name in AuditField]?: string } = {};
  for (const name of auditFields) {
    const text = textOf(query, name);
    const isDay = name === 'from' || name === 'to';
    if (isUnfit(query, name) || (isDay && text !== undefined && dayIn(text) === undefined)) {
      problems.push({
        field: name,
        message: { key: isDay ? 'console.reports.day-wrong' : 'console.reports.text-wrong' },
      });
    } else if (text !== undefined) typed[name] = text;
  }
  const [before, after] = [sequenceIn(query.before), sequenceIn(query.after)];
  if ((query.before !== undefined && before === undefined) || (query.after !== undefined && after === undefined)) {
    problems.push({ message: { key: 'console.audit.page-wrong' } });
  }
  const { event, from, to, ...same } = typed;
  if (from !== undefined && to !== undefined && from > to) {
    problems.push({ field: 'from', message: { key: 'console.reports.span-backwards' } });
  }
  return {
    typed,
    problems,
    search: {
      ...same,
      ...(event === undefined ? {} : { event: event as AuditEventName }),
      ...(from === undefined ? {} : { from: new Date(`${from}T00:00:00.000Z`) }),
      ...(to === undefined ? {} : { to: new Date(`${to}T23:59:59.999Z`) }),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
  };
}
