import type { Identity } from './account.ts';

/** Whose flow it is. */
export type FlowSubject =
  /**
   * Fixed at the start (DESIGN 6.1). `seed` is that of a decoy: a gate that is not registered looks as a decoy's does.
   * `countedAs`: what its failures are counted under, where a check by the helpdesk is to cost the person nothing.
   */
  | {
      readonly kind: 'account';
      readonly account: Identity;
      readonly passwordStamp?: number;
      readonly seed?: string;
      readonly countedAs?: string;
    }
  /**
   * Cannot pass. `key` is whom its failures are about; `reason` is for the audit only. `underBars`: how many bars stood,
   * one upon the other, when it began; absent for none.
   */
  | {
      readonly kind: 'decoy';
      readonly key: string;
      readonly seed: string;
      readonly reason: string;
      readonly underBars?: number;
    };

/** As much of a flow's subject as counters and the audit need. */
export type SubjectRef =
  | { readonly kind: 'account'; readonly account: Pick<Identity, 'id'> }
  | { readonly kind: 'decoy'; readonly key: string };

/** What the failures of a flow are counted under: the account's id, or the key of a decoy. */
export function subjectKey(subject: SubjectRef): string {
  return subject.kind === 'account' ? subject.account.id : subject.key;
}
