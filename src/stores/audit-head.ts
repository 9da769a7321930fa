import type { Sealer } from '../core/sealer.ts';

/** Where the audit chain ends. */
export interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
}

const place = { table: 'audit_head', column: 'seal', row: '1' };

/**
 * Seals the end of the chain. The chain alone shows that single rows were changed; whoever may write to the database
 * could still compute all of it anew, or cut its end off. They cannot make this seal.
 */
export function sealHead(sealer: Sealer, head: AuditHead): string {
  return sealer.seal(place, [head.sequence, head.hash]);
}

/** Whether `seal` was made for this very head. Throws Misconfigured when its key is missing or it was altered. */
export function isSealedHead(sealer: Sealer, head: AuditHead, seal: string): boolean {
  return JSON.stringify(sealer.open(place, seal)) === JSON.stringify([head.sequence, head.hash]);
}
