import type { AuditEventName, AuditRow } from '../audit/audit.ts';

/** What is counted together: one of these on one day in UTC. What an event does not have is an empty text. */
export interface CountKey {
  /** Such as `2026-03-29`. */
  readonly day: string;
  readonly event: AuditEventName;
  readonly portal: string;
  readonly gate: string;
  /** The provider of a sending. */
  readonly provider: string;
  /**
   * What tells events of one name apart: why something was refused, which action was written, over which channel was
   * sent, whether a gate was registered or passed (`enrol`, `verify`).
   */
  readonly why: string;
  /** Whether it happened in a flow that could not pass. */
  readonly decoy: boolean;
}

export interface DailyCount extends CountKey {
  readonly count: number;
}

/** The detail that tells events of one name apart, by the name's first part or the whole name. */
const whyOf: { readonly [event: string]: string } = {
  'flow.started': 'decoy',
  'gate.passed': 'step',
  'gate.opened': 'step',
  challenge: 'channel',
  write: 'action',
  notice: 'event',
  'limit.reached': 'limit',
};

/** What comes from elsewhere may be anything; the table holds words of ours, and not one line for every visitor. */
const word = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

function wordOf(value: unknown): string {
  if (value === undefined || typeof value === 'boolean' || value === '') return '';
  return typeof value === 'string' && word.test(value) ? value : 'other';
}

/** Under what a row is counted. */
export function countKeyOf(row: AuditRow): CountKey {
  const { detail = {} } = row;
  const why = whyOf[row.event] ?? whyOf[row.event.split('.')[0] ?? ''] ?? 'why';
  return {
    day: dayOf(row.at),
    event: row.event,
    portal: wordOf(row.portal),
    gate: wordOf(row.gate),
    provider: wordOf(detail.provider),
    why: wordOf(detail[why]),
    decoy: isDecoy(row),
  };
}

/** Flows of decoys say so; what concerns a made-up name says it by its subject. */
function isDecoy({ detail, subject }: AuditRow): boolean {
  return subject?.startsWith('decoy:') === true || (detail?.decoy !== undefined && detail.decoy !== false);
}

/** Adds rows up, each key once. */
export function countRows(rows: readonly AuditRow[]): readonly DailyCount[] {
  const counts = new Map<string, DailyCount>();
  for (const row of rows) {
    const key = countKeyOf(row);
    const name = JSON.stringify(Object.values(key));
    counts.set(name, { ...key, count: (counts.get(name)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}

/** The day in UTC. */
export function dayOf(at: Date): string {
  return at.toISOString().split('T')[0] ?? '';
}

/** The day so many days later, or earlier. */
export function dayAfter(day: string, days: number): string {
  return dayOf(new Date(Date.parse(`${day}T00:00Z`) + days * 86_400_000));
}

/** Every day from one to another, both included; none when they are the wrong way round. */
export function daysBetween(from: string, to: string): readonly string[] {
  const count = (Date.parse(`${to}T00:00Z`) - Date.parse(`${from}T00:00Z`)) / 86_400_000;
  return Array.from({ length: Math.max(0, count + 1) }, (_, at) => dayAfter(from, at));
}
