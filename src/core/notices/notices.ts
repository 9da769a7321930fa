import type { Identity } from '../account.ts';
import type { FlowSubject } from '../flow-subject.ts';
import type { Action } from '../journal.ts';
import type { Json } from '../json.ts';
import type { Message } from '../message.ts';
import type { OutboxRow } from './outbox.ts';

/** What a person is told about, on addresses other than the one just used. */
export type NoticeEvent =
  | { readonly kind: Action }
  /** Registered for the first time, or replaced. */
  | { readonly kind: 'enrolment-changed'; readonly gate: string }
  /** The same, but it counts only `from` then on (milliseconds), and `held` names it until then. */
  | { readonly kind: 'enrolment-held'; readonly gate: string; readonly held: string; readonly from: number }
  /** Too many wrong answers: Latchkey takes none for a while. */
  | { readonly kind: 'barred' }
  /** The helpdesk ended what barred the account. */
  | { readonly kind: 'unbarred' }
  /** The helpdesk ended every visit that was open. */
  | { readonly kind: 'flows-ended' }
  /** An administrator ended what the person had open in the console. */
  | { readonly kind: 'sessions-ended' }
  /** The helpdesk took a registration away. */
  | { readonly kind: 'enrolment-removed'; readonly gate: string }
  /** The helpdesk had a code sent, to a number of the person or to their manager. */
  | { readonly kind: 'code-issued'; readonly to: 'number' | 'manager' }
  /** The helpdesk asks the person to register, again perhaps. */
  | { readonly kind: 'register-again' }
  /** Too many wrong passwords at a sign-in, to register or to the console: none is taken for a while. */
  | { readonly kind: 'sign-in-barred' }
  /** Too many wrong codes of somebody on the telephone with the helpdesk: no caller is checked for a while. */
  | { readonly kind: 'caller-barred' }
  /** Many wrong answers in a row, though not yet too many. */
  | { readonly kind: 'failures'; readonly count: number }
  /** So many wrong answers in a row that this gate takes none any more, until it is registered again. */
  | { readonly kind: 'gate-disabled'; readonly gate: string }
  /** For the helpdesk: the person says that what they were told of was not them, and barred the account. */
  | { readonly kind: 'not-me'; readonly of: string }
  /** A campaign asks to register, or to confirm what was registered long ago. Tells of nothing that was done. */
  | { readonly kind: 'register-wanted' | 'confirm-wanted'; readonly campaign: string }
  /**
   * For an administrator of the console: others are the rules for everybody from now on. Without `changes` when they
   * could not be told; `more` are left out of them.
   */
  | {
      readonly kind: 'policies-changed';
      readonly version: number;
      readonly by: 'administrator' | 'operator';
      readonly byName: string;
      readonly changes?: readonly Message[];
      readonly more?: number;
    }
  /** For the helpdesk: the person took a held change back. */
  | { readonly kind: 'taken-back'; readonly of: string };

export interface Notice {
  /** Of a decoy nobody is told; its rows are written all the same, so that the time says nothing. */
  readonly subject: FlowSubject;
  readonly event: NoticeEvent;
  /** The flow's. */
  readonly reference: string;
  /** Gates whose numbers somebody just used; all when left out. A text never goes there. */
  readonly used?: readonly string[];
  /** The gate whose enrolment is about to be replaced: its old number is told, whoever used it. */
  readonly replaced?: { readonly gate: string; readonly data: Json };
}

/** Who is told of an account, as far as a message needs it. */
export type Addressee = Pick<Identity, 'id' | 'name' | 'displayName' | 'language'>;

/** What a row of the outbox holds, sealed. */
export interface Letter {
  /** Where it goes; null when there is nobody to tell. */
  readonly to: string | null;
  readonly event: NoticeEvent;
  /** Null for a decoy. */
  readonly person: Addressee | null;
  /** When it happened, in milliseconds. */
  readonly at: number;
}

/** Tells people what was done with their account. */
export interface Notices {
  /** The rows that tell of it: whoever writes the state writes them in the same transaction. */
  rows(notice: Notice): Promise<readonly OutboxRow[]>;
  /** Says that rows were written. Never waits, never fails. */
  wake(): void;
}
