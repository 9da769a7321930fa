import { randomBytes } from 'node:crypto';
import type { Account } from '../account.ts';
import type { AuditEventName } from '../audit/audit.ts';
import type { Clock } from '../clock.ts';
import type { Directory } from '../directory.ts';
import type { RequestContext } from '../request-context.ts';
import type { AuditStore } from '../stores.ts';
import { mayActOn, type StaffMember } from './staff.ts';

/** What a member of staff wants to do to a person. */
export interface Act {
  /** Account id of whoever does it. */
  readonly staff: string;
  /** Account id, as the browser has it. */
  readonly person: string;
  /** Why, as it was typed. */
  readonly reason: string;
  readonly request: RequestContext;
}

/** An act that may be done, with whom it concerns as they are at this moment. */
export interface AdmittedAct extends Act {
  readonly kind: 'admitted';
  readonly member: StaffMember;
  readonly account: Account;
  /** Names the act in audit and notices. */
  readonly reference: string;
}

/**
 * Why an act is not done. `out-of-reach` is also said of people who are not there: nobody finds out who is elsewhere.
 * `privileged`: only an administrator may. `yours`: what is sent would come to whoever asks for it.
 * `too-many`: they have had so much sent within the hour that it is no help any more.
 */
export type ActRefusal =
  | 'out-of-reach'
  | 'yourself'
  | 'privileged'
  | 'yours'
  | 'too-many'
  | 'reason-missing'
  | 'reason-long';

export interface RefusedAct {
  readonly kind: 'refused';
  readonly why: ActRefusal;
}

export interface ActGuardNeeds {
  readonly directory: Pick<Directory, 'read'>;
  /** Who is staff, asked now: whoever was taken out of a group a moment ago does nothing more. */
  readonly staff: {
    readNow(accountId: string): Promise<{ readonly member: StaffMember } | undefined>;
  };
  readonly audit: Pick<AuditStore, 'append'>;
  readonly clock: Clock;
}

/** Characters of a reason. */
export const longestReason = 500;

/**
 * Stands before everything that staff do to people. Who may is asked anew at the moment of the act, whatever a page
 * showed before; nothing is done that has no reason, and nothing before it is in the audit.
 */
export class ActGuard {
  readonly #needs: ActGuardNeeds;

  constructor(needs: ActGuardNeeds) {
    this.#needs = needs;
  }

  /**
   * Whether it may be done. What may not is audited, slips of the pen aside.
   * @param what names the act, for the audit
   * @param by who may; people on whom an administrator alone acts are left to them in any case
   */
  async admit(
    act: Act,
    what: AuditEventName,
    by: 'acting' | 'administrators' = 'acting',
  ): Promise<AdmittedAct | RefusedAct> {
    const { directory, staff } = this.#needs;
    const [found, account, other] = await Promise.all([
      staff.readNow(act.staff),
      directory.read(act.person),
      staff.readNow(act.person),
    ]);
    const member = found?.member;
    const isReached = member !== undefined && account?.state.person === true && mayActOn(member, account);
    if (!isReached) return this.refuse(act, what, { why: 'out-of-reach', account });
    if (member.id === account.id) return this.refuse(act, what, { why: 'yourself', account });
    // Whoever helps somebody of the staff to another second factor could become them: see and do what they may, or act
    // under their name.
    const isGuarded = by === 'administrators' || account.state.privileged || other !== undefined;
    if (isGuarded && !member.roles.includes('administrator')) {
      return this.refuse(act, what, { why: 'privileged', account });
    }
    const reason = act.reason.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
    if (reason === '') return { kind: 'refused', why: 'reason-missing' };
    if (reason.length > longestReason) return { kind: 'refused', why: 'reason-long' };
    const reference = `helpdesk-${randomBytes(9).toString('base64url')}`;
    return { ...act, kind: 'admitted', reason, member, account, reference };
  }

  /** Writes an act down, with who does it and why. Resolves when it is on disk: only then it is done. */
  async write(
    event: AuditEventName,
    act: AdmittedAct,
    about: { readonly gate?: string; readonly detail?: { readonly [name: string]: string | number | boolean } } = {},
  ): Promise<void> {
    const { member, account, reason, reference, request } = act;
    await this.#needs.audit.append({
      at: this.#needs.clock.now(),
      event,
      subject: account.id,
      portal: 'console',
      flow: reference,
      ...(about.gate === undefined ? {} : { gate: about.gate }),
      address: request.address,
      correlation: request.correlation,
      detail: { ...about.detail, by: member.id, byName: member.name, reason },
    });
  }

  /** Says no, and writes down that somebody tried. */
  async refuse(
    act: Act,
    what: AuditEventName,
    refused: { readonly why: ActRefusal; readonly account: Account | undefined },
  ): Promise<RefusedAct> {
    const { why, account } = refused;
    await this.#needs.audit.append({
      at: this.#needs.clock.now(),
      event: 'helpdesk.refused',
      ...(account === undefined ? {} : { subject: account.id }),
      portal: 'console',
      address: act.request.address,
      correlation: act.request.correlation,
      detail: { by: act.staff, what, why },
    });
    return { kind: 'refused', why };
  }
}
