import { randomBytes } from 'node:crypto';
import type { Request } from 'express';
import type { Clock } from '../core/clock.ts';
import type { Flow } from '../core/flow/flow.ts';
import type { StaffMember } from '../core/staff/staff.ts';
import type { KnownStaff, StaffDesk } from '../core/staff/staff-desk.ts';
import type { EnrolmentStore, FailureStore } from '../core/stores.ts';
import { browserName } from '../web/browser-name.ts';
import { contextOf } from '../web/requests.ts';
import { renewSession, replaceSession, type StaffSession, type Whereabouts } from '../web/session.ts';

export interface StaffSessionsNeeds {
  readonly desk: StaffDesk;
  readonly enrolments: Pick<EnrolmentStore, 'registered'>;
  readonly failures: Pick<FailureStore, 'lockout'>;
  readonly clock: Clock;
  /** Milliseconds after the sign-in when a session is over, whatever happens in it. */
  readonly lifeMs: number;
  /** Milliseconds after which a second factor does not do for an act that matters. */
  readonly freshMs: number;
}

/** Opens, reads and ends the sessions of staff. A session says who asks; the directory says what they may do. */
export class StaffSessions {
  readonly #needs: StaffSessionsNeeds;

  constructor(needs: StaffSessionsNeeds) {
    this.#needs = needs;
  }

  /**
   * Who asks; undefined when nobody has signed in, the sign-in is too old, the password or the second factor has changed
   * since, the account is barred for good, or the directory does not say any more that they are staff. A session that is
   * over is ended here.
   * @param asked `now` for whatever is more than a look: what the directory said up to a minute ago does for those
   * @throws Unavailable when the directory does not answer
   */
  async read(request: Request, asked: 'lately' | 'now' = 'lately'): Promise<StaffMember | undefined> {
    const { staff } = request.session;
    if (staff === undefined) return undefined;
    const { desk, clock, lifeMs } = this.#needs;
    const isOver = clock.now().getTime() - staff.since >= lifeMs || !(await this.isTheirs(staff));
    const ask = (): Promise<KnownStaff | undefined> =>
      asked === 'now' ? desk.readNow(staff.account) : desk.find(staff.account);
    const known = isOver ? undefined : await ask();
    if (known !== undefined && known.passwordStamp === staff.passwordStamp) return known.member;
    await renewSession(request);
    return undefined;
  }

  /**
   * Whether it is still in the hand that proved it: what was proved is still registered, and the owner has not said
   * since that it was not them. A bar that passes by itself ends no session, or any stranger could throw the staff out
   * with a few answers.
   */
  async isTheirs({ account, gate, provedAt }: StaffSession): Promise<boolean> {
    const { enrolments, failures, clock } = this.#needs;
    const bar = await failures.lockout(account, clock.now());
    if (bar !== undefined && bar.until === undefined) return false;
    const proved = (await enrolments.registered(account)).find((one) => one.gate === gate);
    return proved !== undefined && proved.provedAt.getTime() <= provedAt;
  }

  /** Keeps where somebody presses from, so that it can be seen from their other sessions. */
  mark(request: Request): void {
    const { staff } = request.session;
    if (staff === undefined) return;
    const here = whereaboutsOf(request);
    const isSame = staff.last?.address === here.address && staff.last.browser === here.browser;
    if (isSame && staff.reference !== undefined) return;
    request.session.staff = { ...staff, reference: staff.reference ?? newReference(), last: here };
  }

  /** Whether a second factor was passed so recently that it does for an act that matters. */
  isFresh(request: Request): boolean {
    const { staff } = request.session;
    return staff !== undefined && this.#needs.clock.now().getTime() - staff.provedAt < this.#needs.freshMs;
  }

  /**
   * What becomes of the session when a second factor has ended. Passed: a new session that is signed in, or one that is
   * proved again. Refused, by the person at the phone perhaps: nobody is signed in any more. Given up or forgotten:
   * whoever was signed in stays so.
   * @returns the member who has signed in now, or proved it again
   */
  async end(request: Request, flow: Flow): Promise<StaffMember | undefined> {
    const { staff } = request.session;
    const kept = keptOf(request.session);
    if (flow.step.kind === 'done') return this.#open(request, flow, kept);
    if (staff === undefined || flow.step.kind === 'refused') {
      await renewSession(request, flow.id);
    } else {
      replaceSession(request, flow.id);
      restore(request, kept);
    }
    return undefined;
  }

  async #open(request: Request, flow: Flow, before: Kept): Promise<StaffMember | undefined> {
    const { desk, clock } = this.#needs;
    const now = clock.now();
    const { subject, chain } = flow;
    const gate = chain[0]?.gate ?? '';
    const isUsable = flow.portal === 'console' && subject.kind === 'account' && now < flow.expiresAt;
    const found = isUsable ? await desk.readNow(subject.account.id) : undefined;
    // A password that was set since it was proved is in another hand.
    const isSound = isUsable && found !== undefined && found.passwordStamp === subject.passwordStamp;
    const again = isSound && before.staff?.account === found.member.id ? before.staff : undefined;
    // In its place: should the same proof end once more, elsewhere, one of the two finds none to take the place of.
    replaceSession(request);
    if (!isSound) return undefined;
    const [provedAt, last] = [now.getTime(), whereaboutsOf(request)];
    const { passwordStamp } = found;
    const begun = { account: found.member.id, since: provedAt, reference: newReference(), from: last };
    restore(request, {
      ...(again === undefined ? { wanted: before.wanted } : before),
      staff: { ...begun, ...again, gate, provedAt, passwordStamp, last },
    });
    return found.member;
  }
}

function whereaboutsOf(request: Request): Whereabouts {
  const browser = browserName(request.get('user-agent'));
  return { address: contextOf(request).address, ...(browser === undefined ? {} : { browser }) };
}

function newReference(): string {
  return randomBytes(9).toString('base64url');
}

/**
 * What outlives the renewal of a session: the token of its forms as well, or what stands typed in another window could not
 * be sent any more.
 */
const outliving = ['staff', 'wanted', 'typed', 'caller', 'drive', 'driven', 'csrfToken'] as const;
type Kept = { readonly [name in (typeof outliving)[number]]?: Request['session'][name] | undefined };

function keptOf(session: Kept): Kept {
  return Object.fromEntries(outliving.flatMap((name) => (session[name] === undefined ? [] : [[name, session[name]]])));
}

function restore(request: Request, kept: Kept): void {
  Object.assign(request.session, keptOf(kept));
}
