import type { Json } from '../json.ts';
import type { OutboxRow } from '../notices/outbox.ts';

/** Whose a session is, once somebody has signed in with it, or is about to. */
export interface SessionOwner {
  readonly accountId: string;
  /**
   * Names it on pages and in the audit. Nobody gets from there to its id, and it opens nothing. Absent while the sign-in
   * is under way.
   */
  readonly reference?: string;
}

export interface SessionRecord {
  readonly data: Json;
  readonly expires: Date;
  readonly owner?: SessionOwner;
}

/** What an account has open, by number. */
export interface OpenSessions {
  readonly sessions: number;
  /** Sign-ins that wait for their second factor. */
  readonly signIns: number;
}

export interface OwnedSession {
  readonly reference: string;
  readonly data: Json;
}

/** Server-side sessions: opaque JSON under the hash of the session id. */
export interface SessionStore {
  read(id: string, now: Date): Promise<Json | undefined>;
  write(id: string, record: SessionRecord): Promise<void>;
  /** As `write`, for a session that is there; one that was removed stays so. Returns whether there was one. */
  rewrite(id: string, record: SessionRecord): Promise<boolean>;
  /**
   * Puts a session in the place of another, in one transaction. One that was removed has no heir.
   * @returns whether the other was still there
   */
  replace(before: string, id: string, record: SessionRecord): Promise<boolean>;
  remove(id: string): Promise<void>;
  /** Those that an account has signed in with and that are not over yet. */
  of(accountId: string, now: Date): Promise<readonly OwnedSession[]>;
  /** Removes one of an account's, or all but one. A reference of somebody else's is none. Returns how many there were. */
  end(accountId: string, which: { readonly only: string } | { readonly except: string }): Promise<number>;
  /** How many of an account's are not over yet: those that `endAll` would end. */
  openOf(accountId: string, now: Date): Promise<OpenSessions>;
  /**
   * Removes all of an account's and ends its sign-ins under way with their flows, in one transaction, which writes the
   * messages that tell of it as well. Returns whether there was any: of several calls at once one hears true.
   */
  endAll(accountId: string, now: Date, tell: readonly OutboxRow[]): Promise<boolean>;
}
