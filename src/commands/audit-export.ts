import { closeSync, createWriteStream, existsSync, fsyncSync, linkSync, openSync, unlinkSync } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { latchkeyVersion } from '../compose/audit.ts';
import type { Configuration } from '../config.ts';
import { type AuditFormat, type AuditLineWriter, auditLineWriter, chainedRows } from '../core/audit/audit-lines.ts';
import type { AuditStore } from '../core/stores.ts';
import { operator } from './operator.ts';
import { type Outcome, withAudit } from './store-commands.ts';

/** What stands behind `latchkey audit export`. */
export interface ExportWish {
  readonly from?: AuditBound;
  readonly to?: AuditBound;
  readonly format: AuditFormat;
  /** A file that is not there yet; standard output when left out. */
  readonly output?: string;
}

/** The number of a row, or a moment. */
export type AuditBound = number | Date;

/** How the command talks while it works. */
export interface ExportParts {
  readonly out: Writable;
  /** Tells how far it is. */
  say(line: string): void;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

const progressMs = 2_000;
const lastMoment = new Date(8.64e15);

/**
 * Reads a bound: the number of a row, or a date, or a time in ISO 8601; UTC where it says no zone.
 * @param end whether a mere date means its end
 * @returns undefined when it is neither
 */
export function parseBound(text: string, end: boolean): AuditBound | undefined {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  const [, day, time, zone] =
    /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
  if (day === undefined || (time === undefined && zone !== undefined)) return undefined;
  const moment = new Date(`${day}${time ?? (end ? 'T23:59:59.999' : 'T00:00')}${zone ?? 'Z'}`);
  // A 31st of February would become another day.
  return Number.isNaN(moment.getTime()) || (zone === undefined && !moment.toISOString().startsWith(day))
    ? undefined
    : moment;
}

/**
 * Writes rows out, page by page. That somebody read them is written down first. A file is made for its owner alone,
 * under a name that ends in `.part` until it is whole; one that is there already stays as it is.
 */
export function exportAudit(configuration: Configuration, wish: ExportWish, parts: ExportParts): Promise<Outcome> {
  const { output } = wish;
  if (output !== undefined && existsSync(output)) return Promise.resolve(failed(`${output} is there already.`));
  return withAudit(configuration, async ({ audit }) => {
    const bounds = await spanOf(audit, wish);
    const span = { from: bounds?.from ?? 1, to: bounds?.to ?? 0 };
    await audit.append({
      at: new Date(),
      event: 'audit.exported',
      detail: { ...span, format: wish.format, by: operator() },
    });
    if (span.to < span.from) return failed('There are no such rows.');
    const source = Readable.from(lines({ audit, span, line: auditLineWriter(wish.format, latchkeyVersion) }, parts));
    const done = `Rows ${span.from} to ${span.to} were exported.`;
    try {
      if (output === undefined) await pipeline(source, parts.out, { end: false, signal: parts.signal });
      else await toFile(source, output, parts.signal);
    } catch (fault) {
      return failed(whyNot(fault, parts.signal));
    }
    return { ok: true, lines: [done] };
  });
}

function failed(line: string): Outcome {
  return { ok: false, lines: [line] };
}

function whyNot(fault: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'The export was cancelled; no file was left behind.';
  if (fault instanceof Error && 'code' in fault) return `The export failed: ${fault.message}.`;
  throw fault;
}

/** The rows there are between the bounds, when the export begins; undefined when there is none. */
async function spanOf(
  audit: AuditStore,
  { from, to }: Pick<ExportWish, 'from' | 'to'>,
): Promise<{ readonly from: number; readonly to: number } | undefined> {
  const { sequence: last } = await audit.head();
  const dated = from instanceof Date || to instanceof Date;
  const times = dated
    ? await audit.between(from instanceof Date ? from : new Date(0), to instanceof Date ? to : lastMoment)
    : { first: 1, last };
  if (times === undefined) return undefined;
  return {
    from: Math.max(times.first, typeof from === 'number' ? from : 1),
    to: Math.min(times.last, last, typeof to === 'number' ? to : last),
  };
}

async function* lines(
  read: { audit: AuditStore; span: { from: number; to: number }; line: AuditLineWriter },
  parts: ExportParts,
): AsyncGenerator<string> {
  const { from, to } = read.span;
  let said = performance.now();
  for await (const row of chainedRows(read.audit, read.span)) {
    yield `${read.line(row)}\n`;
    if (performance.now() - said < progressMs) continue;
    said = performance.now();
    parts.say(`Row ${row.sequence} of ${from} to ${to} …`);
  }
}

async function toFile(source: Readable, output: string, signal: AbortSignal): Promise<void> {
  const part = `${output}.part`;
  const descriptor = openSync(part, 'wx', 0o600);
  try {
    try {
      await pipeline(source, createWriteStream(part, { fd: descriptor, autoClose: false }), { signal });
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    // Unlike a rename, a link fails when somebody has made such a file meanwhile.
    linkSync(part, output);
  } finally {
    unlinkSync(part);
  }
}
