import type { PolicyMark } from '../core/policies/policy-standing.ts';
import type { Sealer } from '../core/sealer.ts';

/** Where the audit chain ends. */
export interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
}

/** What is sealed with the end of the chain. */
export interface HeadNotes {
  /** The policies that were saved last; none before the first save of a Latchkey that notes it. */
  readonly policies?: PolicyMark;
}

const place = { table: 'audit_head', column: 'seal', row: '1' };

/**
 * Seals the end of the chain. The chain alone shows that single rows were changed; whoever may write to the database
 * could still compute all of it anew, or cut its end off. They cannot make this seal. What it notes beside the end cannot
 * be put back to an older value either, unless the whole chain is.
 */
export function sealHead(sealer: Sealer, head: AuditHead, { policies }: HeadNotes = {}): string {
  const noted = policies === undefined ? [] : [policies.version, policies.hash];
  return sealer.seal(place, [head.sequence, head.hash, ...noted]);
}

/**
 * What was sealed with this very head; undefined when `seal` was made for another.
 * Throws Misconfigured when its key is missing or it was altered.
 */
export function openHead(sealer: Sealer, head: AuditHead, seal: string): HeadNotes | undefined {
  const sealed = sealer.open(place, seal) as readonly (number | string)[];
  const [sequence, hash, version, policies] = sealed;
  if (sequence !== head.sequence || hash !== head.hash) return undefined;
  return version === undefined ? {} : { policies: { version: Number(version), hash: String(policies) } };
}
