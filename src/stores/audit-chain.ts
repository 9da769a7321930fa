import type { Transaction } from 'kysely';
import { type AuditEvent, type AuditRow, auditHash } from '../core/audit/audit.ts';
import { Misconfigured } from '../core/errors.ts';
import type { PolicyMark } from '../core/policies/policy-standing.ts';
import type { Sealer } from '../core/sealer.ts';
import { type AuditHead, type HeadNotes, openHead, sealHead } from './audit-head.ts';
import { tableRowOf } from './audit-rows.ts';
import type { Tables } from './schema.ts';

/**
 * Chains an event to the last row, in the transaction of what it tells of.
 * @param saved the policies that it says were saved; left out, those that were noted before stay noted
 * @throws Misconfigured when the head was changed from outside: to go on would make that look right
 */
export async function chain(
  transaction: Transaction<Tables>,
  sealer: Sealer,
  { event, saved }: { readonly event: AuditEvent; readonly saved?: PolicyMark },
): Promise<AuditRow> {
  // Counting up locks the head until the commit: appends on all connections and nodes go one after another.
  const counted = await transaction
    .updateTable('audit_head')
    .set((row) => ({ sequence: row('sequence', '+', 1) }))
    .where('id', '=', 1)
    .returning(['sequence', 'hash', 'seal'])
    .executeTakeFirst();
  const last = requireHead(sealer, counted && { ...counted, sequence: counted.sequence - 1 });
  const sequence = last.sequence + 1;
  const row = { ...event, sequence, hash: auditHash(last.hash, sequence, event) };
  await transaction.insertInto('audit').values(tableRowOf(row)).execute();
  const seal = sealHead(sealer, row, saved === undefined ? last : { policies: saved });
  await transaction.updateTable('audit_head').set({ hash: row.hash, seal }).where('id', '=', 1).execute();
  return row;
}

/** The head with what is noted in it. @throws Misconfigured when there is none, or it was changed from outside */
export function requireHead(
  sealer: Sealer,
  head: (AuditHead & { readonly seal: string }) | undefined,
): AuditHead & HeadNotes {
  if (head === undefined) throw new Misconfigured('the head of the audit chain is gone');
  const notes = openHead(sealer, head, head.seal);
  if (notes === undefined) throw new Misconfigured('the head of the audit chain was changed from outside');
  return { sequence: head.sequence, hash: head.hash, ...notes };
}
