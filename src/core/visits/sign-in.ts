import { type Account, identityOf } from '../account.ts';
import { Turns } from '../background/turns.ts';
import type { Clock } from '../clock.ts';
import type { Directory, PasswordPolicy, SignIn } from '../directory.ts';
import { NotSent } from '../errors.ts';
import type { LockoutRules } from '../lockout.ts';
import type { Login } from '../login.ts';
import type { NoticeEvent, Notices } from '../notices/notices.ts';
import type { OutboxRow, OutboxStore } from '../notices/outbox.ts';
import type { Policies } from '../policies/policies.ts';
import { barredFromUse } from '../policies/policy.ts';
import type { StaffPolicies } from '../policies/staff-policies.ts';
import type { RequestContext } from '../request-context.ts';
import type { AuditStore, FailureStore } from '../stores.ts';

/** What a sign-in can come to. `withheld` means that the password was not even forwarded. */
export type SignInOutcome =
  | { readonly kind: 'signed-in'; readonly account: Account }
  | { readonly kind: 'refused'; readonly why: Exclude<SignIn['kind'], 'signed-in'> | 'withheld' };

/** Wrong passwords that stay unspent before the directory would lock the account (security 5.22). */
const margin = 2;

/** Wrong passwords are counted beside the gates: they bar the sign-in, and never the owner's way to a reset. */
const counter = 'sign-in';
/** Whom the bars of the sign-in are about. */
export const signInSubject = (account: Pick<Account, 'id'>): string => `sign-in:${account.id}`;
const forwardSubject = (account: Account): string => `forward:${account.id}`;
/** Clocks of a domain differ by up to so much (the usual limit of Kerberos); the directory may still count by then. */
const skewSeconds = 300;

/** Where a sign-in is made: the counts and bars are the same, the audit tells them apart. */
export type SignInRequest = RequestContext & { readonly portal: 'registration' | 'console' };

/**
 * The sign-in with a directory password. It forwards a password to the directory only while a wrong one could not lock the account:
 * Latchkey must never be a way to lock somebody out (DESIGN 6.5).
 */
export class SignInGuard {
  readonly #needs: SignInNeeds;
  /** One sign-in at a time per account, so that parallel requests cannot spend the same last try. */
  readonly #turns = new Turns();

  constructor(needs: SignInNeeds) {
    this.#needs = needs;
  }

  /**
   * Proves a login and password.
   * @param password as typed; a blank one is wrong without being forwarded
   * @throws Unavailable when the directory does not answer; nothing is counted against the person then
   */
  async signIn(login: Login, password: string, request: SignInRequest): Promise<SignInOutcome> {
    const account = await this.#needs.directory.find(login);
    // Also for nobody: what is wrong with the policies must not tell who is there.
    await this.#policies(request).match(account, request.zone);
    if (account === undefined || isBlank(password)) return this.#refuse('wrong', account, request);
    return this.#turns.take(account.id, () => this.#attempt(account, password, request));
  }

  #policies({ portal }: SignInRequest): Pick<Policies, 'match'> {
    return portal === 'console' ? this.#needs.staffPolicies : this.#needs.policies;
  }

  async #attempt(found: Account, password: string, request: SignInRequest): Promise<SignInOutcome> {
    const { directory, failures, clock } = this.#needs;
    const account = await directory.read(found.id);
    if (account === undefined) return this.#refuse('wrong', undefined, request);
    const policy = await this.#policies(request).match(account, request.zone);
    // Nobody may find out here whether a password is an administrator's: such an account is never asked about.
    if (policy === undefined || barredFromUse(account, policy) !== undefined) {
      return this.#refuse('withheld', account, request);
    }
    const rules = await directory.passwordPolicy(account);
    if (!mayForward(rules, account.state.badPasswordCount)) return this.#refuse('withheld', account, request);
    const subject = signInSubject(account);
    const barred = await failures.lockout(subject, clock.now());
    if (barred !== undefined) return this.#refuse('withheld', account, request);
    const tries = await failures.count(subject, counter, policy.lockout.threshold, clock.now());
    if (tries === undefined) {
      // All are spent and no bar stands: the process that should have made it died.
      await this.#bar(account, policy.lockout, request);
      return this.#refuse('withheld', account, request);
    }
    if (!(await this.#isWithinMargin(account, rules))) {
      await failures.refund(subject, counter);
      return this.#refuse('withheld', account, request);
    }
    const answer = await this.#forward(account, password);
    if (answer.kind === 'wrong') return this.#wrong(account, { tries, lockout: policy.lockout }, request);
    if (answer.kind !== 'signed-in') {
      await failures.refund(subject, counter);
      await failures.refund(forwardSubject(account), counter);
      return this.#refuse(answer.kind, account, request);
    }
    await failures.clear(subject, counter);
    await failures.clear(forwardSubject(account), counter);
    await failures.forgive(subject);
    await this.#audit('sign-in.succeeded', account, request);
    return { kind: 'signed-in', account };
  }

  /**
   * Counts a password that is about to be forwarded, on all nodes together. Each domain controller counts for itself
   * (badPwdCount is not replicated), so what one of them says is not enough.
   */
  async #isWithinMargin(account: Account, rules: PasswordPolicy): Promise<boolean> {
    if (rules.lockoutThreshold === 0) return true;
    const limit = mostForwarded(rules.lockoutThreshold);
    const idleSeconds = rules.lockoutWindowSeconds + skewSeconds;
    const of = { gate: counter, limit, idleSeconds };
    return (await this.#needs.failures.countWithin(forwardSubject(account), of, this.#needs.clock.now())) !== undefined;
  }

  async #forward(account: Account, password: string): Promise<SignIn> {
    try {
      return await this.#needs.directory.authenticate(account, password);
    } catch (fault) {
      await this.#needs.failures.refund(signInSubject(account), counter);
      // An answer that was lost may have counted there; it bars nobody, but it stays spent (DESIGN 6.5).
      if (fault instanceof NotSent) await this.#needs.failures.refund(forwardSubject(account), counter);
      throw fault;
    }
  }

  async #wrong(
    account: Account,
    { tries, lockout }: { readonly tries: number; readonly lockout: LockoutRules },
    request: SignInRequest,
  ): Promise<SignInOutcome> {
    const { outbox, notices, tellAfter } = this.#needs;
    if (tries >= lockout.threshold) {
      await this.#bar(account, lockout, request);
    } else if (tries === tellAfter) {
      await outbox.put(await this.#told(account, { kind: 'failures', count: tries }, request));
    }
    notices.wake();
    return this.#refuse('wrong', account, request);
  }

  async #bar(account: Account, lockout: LockoutRules, request: SignInRequest): Promise<void> {
    const { failures, clock, audit, notices } = this.#needs;
    const tell = await this.#told(account, { kind: 'sign-in-barred' }, request);
    await audit.append({ ...this.#event('account.barred', account, request), detail: { from: counter } });
    await failures.bar(signInSubject(account), lockout, clock.now(), tell);
    notices.wake();
  }

  #told(account: Account, event: NoticeEvent, request: SignInRequest): Promise<readonly OutboxRow[]> {
    const subject = { kind: 'account', account: identityOf(account) } as const;
    return this.#needs.notices.rows({ subject, event, reference: request.correlation, used: [] });
  }

  async #refuse(
    why: Extract<SignInOutcome, { kind: 'refused' }>['why'],
    account: Account | undefined,
    request: SignInRequest,
  ): Promise<SignInOutcome> {
    await this.#audit(why === 'withheld' ? 'sign-in.withheld' : 'sign-in.failed', account, request, why);
    return { kind: 'refused', why };
  }

  async #audit(
    event: 'sign-in.succeeded' | 'sign-in.failed' | 'sign-in.withheld',
    account: Account | undefined,
    request: SignInRequest,
    why?: string,
  ): Promise<void> {
    const detail = why === undefined ? {} : { detail: { why } };
    await this.#needs.audit.append({ ...this.#event(event, account, request), ...detail });
  }

  #event<Name extends string>(event: Name, account: Account | undefined, request: SignInRequest) {
    return {
      at: this.#needs.clock.now(),
      event,
      portal: request.portal,
      address: request.address,
      correlation: request.correlation,
      ...(account === undefined ? {} : { subject: account.id }),
    };
  }
}

export interface SignInNeeds {
  readonly directory: Directory;
  readonly failures: FailureStore;
  readonly audit: AuditStore;
  readonly outbox: Pick<OutboxStore, 'put'>;
  readonly notices: Notices;
  readonly policies: Pick<Policies, 'match'>;
  readonly staffPolicies: StaffPolicies;
  /** Wrong passwords in a row after which the person is told, if the sign-in is not barred by then. */
  readonly tellAfter: number;
  readonly clock: Clock;
}

/** Empty, of spaces only, or with a NUL, at which some servers stop reading: none proves anything (RFC 4513 5.1.2). */
function isBlank(password: string): boolean {
  return password.trim() === '' || password.includes('\0');
}

/**
 * Whether one more wrong password would still leave the margin. With a threshold of 1 nothing may ever be forwarded.
 * @param badPasswordCount wrong passwords that the directory counts now
 */
export function mayForward(policy: PasswordPolicy, badPasswordCount: number): boolean {
  return policy.lockoutThreshold === 0 || badPasswordCount < mostForwarded(policy.lockoutThreshold);
}

/** Wrong passwords that may reach a directory which locks at this threshold. */
function mostForwarded(threshold: number): number {
  return threshold - Math.max(1, Math.min(margin, threshold - 1));
}
