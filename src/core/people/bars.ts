import { type Account, identityOf } from '../account.ts';
import type { Lockout } from '../lockout.ts';
import type { Notices } from '../notices/notices.ts';
import type { FailureStore } from '../stores.ts';
import { signInSubject } from '../visits/sign-in.ts';
import { callerSubject } from './caller-desk.ts';

/**
 * What keeps a person out of Latchkey: wrong answers bar the account, wrong passwords only the sign-in to register, and
 * wrong codes that callers told the helpdesk only further checks of callers.
 */
export interface Bar {
  readonly of: 'account' | 'sign-in' | 'caller';
  readonly lockout: Lockout;
}

/** Every bar of an account that stands now. */
export async function barsOf(
  failures: Pick<FailureStore, 'lockout'>,
  account: Pick<Account, 'id'>,
  now: Date,
): Promise<readonly Bar[]> {
  const found = await Promise.all(
    subjectsOf(account).map(async ({ of, subject }) => ({ of, lockout: await failures.lockout(subject, now) })),
  );
  return found.flatMap(({ of, lockout }) => (lockout === undefined ? [] : [{ of, lockout }]));
}

/**
 * Ends every bar of an account, those included that nothing else ends, and tells the person. The directory's own lock
 * stays as it is. Whoever calls this has written into the audit who does it and why.
 * @returns whether there was any: of several who do it at once, one hears true
 */
export async function endBars(
  needs: { readonly failures: Pick<FailureStore, 'unbar'>; readonly notices: Pick<Notices, 'rows'> },
  account: Account,
  reference: string,
): Promise<boolean> {
  const subject = { kind: 'account', account: identityOf(account) } as const;
  const tell = await needs.notices.rows({ subject, event: { kind: 'unbarred' }, reference });
  return needs.failures.unbar(
    subjectsOf(account).map((one) => one.subject),
    tell,
  );
}

function subjectsOf(account: Pick<Account, 'id'>): readonly { readonly of: Bar['of']; readonly subject: string }[] {
  return [
    { of: 'account', subject: account.id },
    { of: 'sign-in', subject: signInSubject(account) },
    { of: 'caller', subject: callerSubject(account) },
  ];
}
