import { z } from 'zod';
import type { AuditEventName, AuditRow } from '../core/audit/audit.ts';
import type { AuditTableRow } from './schema.ts';

const detail = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** Fields that are null in the table where the event has none. */
const optional = ['subject', 'portal', 'flow', 'gate', 'address', 'correlation'] as const;

export function tableRowOf(row: AuditRow): AuditTableRow {
  return {
    sequence: row.sequence,
    at: row.at.getTime(),
    event: row.event,
    subject: row.subject ?? null,
    portal: row.portal ?? null,
    flow: row.flow ?? null,
    gate: row.gate ?? null,
    address: row.address ?? null,
    correlation: row.correlation ?? null,
    detail: row.detail === undefined ? null : JSON.stringify(row.detail),
    hash: row.hash,
  };
}

/** Throws when the detail is not what was written; the chain's check takes that for a break. */
export function auditRowOf(row: AuditTableRow): AuditRow {
  const present = optional.flatMap((name) => (row[name] === null ? [] : [[name, row[name]] as const]));
  return {
    sequence: row.sequence,
    at: new Date(row.at),
    event: row.event as AuditEventName,
    ...Object.fromEntries(present),
    ...(row.detail === null ? {} : { detail: detail.parse(JSON.parse(row.detail)) }),
    hash: row.hash,
  };
}

/** The furthest moments that a Date can hold, in milliseconds from 1970 (ECMA-262, 21.4.1.1). */
const furthestMs = 8.64e15;

/** As `auditRowOf`, but a row that was tampered with until it cannot be read comes as far as it can. */
export function readableRowOf(row: AuditTableRow): AuditRow {
  const at = Math.max(-furthestMs, Math.min(furthestMs, row.at));
  try {
    return auditRowOf({ ...row, at });
  } catch {
    return { ...auditRowOf({ ...row, at, detail: null }), detail: { unreadable: String(row.detail).slice(0, 500) } };
  }
}
