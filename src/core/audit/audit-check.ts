import type { KeyObject } from 'node:crypto';
import type { AuditStore } from '../stores.ts';
import type { AuditBreak } from './audit.ts';
import { HeadWitness, headsOf, type SignedHead } from './audit-signing.ts';

/** What a walk over the whole chain found. */
export interface AuditCheck {
  /** Rows that were walked. */
  readonly rows: number;
  /** Signed heads that stand in the audit itself. */
  readonly heads: number;
  /** The last row whose signature was found to be right. */
  readonly proved?: number;
  /** Where the chain breaks; undefined when it is whole. */
  readonly broken?: AuditBreak;
}

const pageSize = 500;
/** A step of the progress. */
const stepRows = 5_000;

/**
 * Walks the whole chain and holds every signed head in it against it. Reads only; others may write meanwhile.
 * @param keys public keys that heads may have been signed with
 * @throws when the signal says so, within some hundred rows
 */
export async function checkAudit(
  needs: { readonly audit: AuditStore; readonly keys: readonly KeyObject[] },
  report: (progress: { readonly done: number; readonly of?: number }) => void,
  signal: AbortSignal,
): Promise<AuditCheck> {
  const { audit, keys } = needs;
  const heads = await keptHeads(audit);
  const witness = new HeadWitness({ heads, keys });
  // A head that was changed from outside is what the walk is there to tell.
  const of = await audit.head().then(
    ({ sequence }) => sequence,
    () => undefined,
  );
  let rows = 0;
  const tell = (): void => report(of === undefined ? { done: rows } : { done: rows, of });
  const broken = await audit.verify({
    objection(row) {
      rows += 1;
      if (rows % stepRows === 0) tell();
      if (rows % pageSize === 0) signal.throwIfAborted();
      return witness.objection(row);
    },
    missing: (last) => witness.missing(last),
  });
  tell();
  const proved = witness.proved?.sequence;
  return {
    rows,
    heads: heads.length,
    ...(proved === undefined ? {} : { proved }),
    ...(broken === undefined ? {} : { broken }),
  };
}

/** Heads that stand in the audit itself. */
export async function keptHeads(audit: Pick<AuditStore, 'page'>): Promise<readonly SignedHead[]> {
  const heads: SignedHead[] = [];
  for (let after = 0; ; ) {
    const page = await audit.page({ after, event: 'audit.head-signed', limit: pageSize });
    heads.push(...headsOf(page));
    const last = page.at(-1);
    if (last === undefined) return heads;
    after = last.sequence;
  }
}
