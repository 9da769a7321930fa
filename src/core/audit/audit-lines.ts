import type { AuditStore } from '../stores.ts';
import { type AuditEventName, auditGenesis, type ChainedRow } from './audit.ts';

/** How audit rows leave Latchkey. */
export type AuditFormat = 'jsonl' | 'cef';

/** Writes one row as one line of printable text, without its line break. */
export type AuditLineWriter = (row: ChainedRow) => string;

/** @param version of Latchkey, for the header of CEF */
export function auditLineWriter(format: AuditFormat, version: string): AuditLineWriter {
  return format === 'jsonl' ? jsonLine : (row) => cefLine(row, version);
}

/**
 * Rows with the hash that each is chained to, from one number to another, read page by page: memory holds one page.
 * @param span numbers of the first and the last row, both included
 */
export async function* chainedRows(
  audit: Pick<AuditStore, 'page'>,
  span: { readonly from: number; readonly to: number },
  pageSize = 500,
): AsyncGenerator<ChainedRow> {
  const [before] = await audit.page({ after: span.from - 2, upTo: span.from - 1, limit: 1 });
  let previous = span.from <= 1 ? auditGenesis : before?.hash;
  let after = span.from - 1;
  while (after < span.to) {
    const page = await audit.page({ after, upTo: span.to, limit: pageSize });
    for (const row of page) {
      yield previous === undefined ? row : { ...row, previous };
      previous = row.hash;
    }
    after = page.at(-1)?.sequence ?? span.to;
  }
}

/** What went wrong or was kept from somebody, and other rules for everybody: the events that people alarm on. */
const warnings =
  /^policies\.saved$|\.(wrong|refused|failed|fault|withheld|barred|unknown|not-done|not-verified|sequence-violation)$/;

/** Whether somebody may want to look at this event. */
export function isWarning(event: AuditEventName): boolean {
  return warnings.test(event);
}

/** Everything beyond printable ASCII, so that no reader's terminal, log or encoding makes something else of it. */
const beyondAscii = /[\u007f-\uffff]/g;
/** Controls, line and paragraph separators, and what turns or hides text (ASVS 16.4.1). */
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]/g;

/** The text with everything written out that cannot be seen, or that turns what is seen: for somebody who reads an audit. */
export function visible(text: string): string {
  return text.replace(unprintable, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** JSON in plain ASCII, one object: what is hashed, with the hashes (see `auditHash`). */
function jsonLine(row: ChainedRow): string {
  const { sequence, at, event, subject, portal, flow, gate, address, correlation, detail, previous, hash } = row;
  const about = { subject, portal, flow, gate, address, correlation, detail };
  return JSON.stringify({ sequence, at: at.toISOString(), event, ...about, previous, hash }).replace(
    beyondAscii,
    escaped,
  );
}

/**
 * ArcSight Common Event Format, version 0. Severity 3 (low) or 6 (medium). The header escapes `\` and `|`, values of the
 * extension `\`, `=` and line breaks; what cannot be printed is written out as \u and its number, as in JSON.
 */
function cefLine(row: ChainedRow, version: string): string {
  const name = row.event.replaceAll(/[.-]/g, ' ');
  const header = ['Latchkey', 'Latchkey', version, row.event, name, isWarning(row.event) ? '6' : '3'];
  const extension = [
    ['rt', String(row.at.getTime())],
    ['externalId', String(row.sequence)],
    ['cat', 'audit'],
    ...addressFields(row.address),
    ['suid', row.subject],
    ...labelled('cs1', 'hash', row.hash),
    ...labelled('cs2', 'previousHash', row.previous),
    ...labelled('cs3', 'flow', row.flow),
    ...labelled('cs4', 'portal', row.portal),
    ...labelled('cs5', 'gate', row.gate),
    ...labelled('cs6', 'correlation', row.correlation),
    ['msg', row.detail === undefined ? undefined : JSON.stringify(row.detail)],
  ] as const;
  const fields = extension.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${cefValue(value)}`]));
  return `CEF:0|${header.map(cefHeader).join('|')}|${fields.join(' ')}`;
}

/** `src` holds version 4 only; version 6 has a field of its own. */
function addressFields(address: string | undefined): readonly (readonly [string, string])[] {
  if (address === undefined) return [];
  return address.includes(':') ? labelled('c6a2', 'sourceAddress', address) : [['src', address]];
}

function labelled(key: string, label: string, value: string | undefined): readonly (readonly [string, string])[] {
  return value === undefined
    ? []
    : [
        [`${key}Label`, label],
        [key, value],
      ];
}

function cefHeader(text: string): string {
  return text.replace(/[\\|]/g, '\\$&').replace(unprintable, (one) => `\\${escaped(one)}`);
}

function cefValue(text: string): string {
  const plain = text.replaceAll(/[\\=]/g, '\\$&');
  return plain.replace(unprintable, (one) => (one === '\n' ? '\\n' : one === '\r' ? '\\r' : `\\${escaped(one)}`));
}
