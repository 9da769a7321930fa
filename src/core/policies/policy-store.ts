import { createHash } from 'node:crypto';
import type { AuditEvent } from '../audit/audit.ts';
import type { Json } from '../json.ts';
import type { PolicyStanding } from './policy-standing.ts';

/** One version of the policy list, without the list itself. */
export interface PolicyVersionHead {
  /** 1 for the first. No gaps, but where versions were lost: no number is given twice. */
  readonly version: number;
  readonly at: Date;
  /** Id of the account that saved it, or `operator` for the command. */
  readonly by: string;
  /** Who that was, as people read it. */
  readonly byName: string;
  /** Why, in the words of whoever saved it; may be empty. */
  readonly note: string;
  /** What the list was when it was saved, see `policiesHash`. */
  readonly hash: string;
}

/** The policy list as it was from one moment on. A version is never changed: to go back is to save the old list anew. */
export interface PolicyVersion extends PolicyVersionHead {
  /** The list as the configuration file would write it; whoever reads it validates it. */
  readonly policies: Json;
}

export interface PolicySave extends Pick<PolicyVersion, 'at' | 'by' | 'byName' | 'note' | 'policies'> {
  /** The version that was looked at when this was written; 0 for the very first. */
  readonly basedOn: number;
  /** Where the request came from, for the audit. */
  readonly from?: Pick<AuditEvent, 'address' | 'correlation' | 'portal'>;
  /** Takes the place of a newest list that is not the one that the audit tells of: an operator has looked at it. */
  readonly settles?: boolean;
}

/** What one administrator is writing and has not saved. Each has one, and finds it again wherever they sign in. */
export interface PolicyDraft {
  /** Counts changes of the draft, so that of two windows none overwrites what the other did. */
  readonly revision: number;
  /** The version of the list that it was begun from. */
  readonly basedOn: number;
  readonly policies: Json;
}

/**
 * Where policies are kept when they are not pinned in the file. The list is sealed with its number: whoever can write to
 * the database and has no key can neither put a weaker chain in nor pass an old list off as a newer version.
 */
export interface PolicyStore {
  /** The version in force; undefined when nothing was ever saved. */
  latest(): Promise<PolicyVersion | undefined>;
  /** The number of the version in force, from one small row; 0 when nothing was ever saved. */
  newest(): Promise<number>;
  /** The same number, and what the head of the audit says was saved last: both in one look, some ten microseconds. */
  standing(): Promise<PolicyStanding>;
  read(version: number): Promise<PolicyVersion | undefined>;
  /** Newest first, those before one number when it is given; at most `limit`. */
  list(limit: number, before?: number): Promise<readonly PolicyVersionHead[]>;
  /**
   * Compare and set: becomes the version after `basedOn` if that is still the newest, and is in the audit as
   * `policies.saved`, in one transaction.
   * @returns what was saved, or what somebody else saved first
   * @throws Misconfigured when the newest list is not the one that the audit tells of, unless this settles it
   */
  save(save: PolicySave): Promise<PolicyVersion | { readonly conflict: PolicyVersion }>;
  /** @param by id of an account */
  draft(by: string): Promise<PolicyDraft | undefined>;
  /**
   * Compare and set: keeps it with revision + 1 if the stored one still has `draft.revision`; 0 begins one.
   * @returns what is kept, or undefined when another window was faster
   */
  keepDraft(by: string, draft: PolicyDraft, now: Date): Promise<PolicyDraft | undefined>;
  dropDraft(by: string): Promise<void>;
}

/** SHA-256 over the list as JSON, in lower-case hex: what the audit says was saved. */
export function policiesHash(policies: Json): string {
  return createHash('sha256').update(JSON.stringify(policies)).digest('hex');
}
