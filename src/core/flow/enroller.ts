import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Directory } from '../directory.ts';
import { subjectKey } from '../flow-subject.ts';
import type { Link } from '../link.ts';
import type { Notice, NoticeEvent, Notices } from '../notices/notices.ts';
import { barredFromUse } from '../policies/policy.ts';
import type { RequestContext } from '../request-context.ts';
import type { Enrolment, HeldEnrolment, Stores } from '../stores.ts';
import { type Flow, isPasswordMoved, openLink, passedLinks, zoneOf } from './flow.ts';
import type { FlowAudit } from './flow-audit.ts';
import type { GateDesk } from './gate-desk.ts';
import type { Registrations } from './registrations.ts';
import { usedGates } from './ways.ts';

/** How careful a change is taken. */
export interface EnrolmentRules {
  /** Milliseconds after the sign-in in which something registered may be changed. */
  readonly freshMs: number;
  /** Milliseconds until a changed enrolment counts. */
  readonly holdMs: number;
  /** Whether a first enrolment waits as well. */
  readonly holdFirst: boolean;
}

export interface EnrollerNeeds {
  readonly desk: GateDesk;
  readonly directory: Directory;
  readonly stores: Pick<Stores, 'flows' | 'enrolments' | 'failures'>;
  readonly registrations: Registrations;
  readonly rules: EnrolmentRules;
  readonly audit: FlowAudit;
  readonly notices: Notices;
  readonly clock: Clock;
}

/** Keeps what a person proved while registering: whether it may be kept, keeping it, and telling of it. */
export class Enroller {
  readonly #needs: EnrollerNeeds;

  constructor(needs: EnrollerNeeds) {
    this.#needs = needs;
  }

  /**
   * Why nothing more may be enrolled in this flow; undefined when it may. Asked anew each time: somebody may have barred
   * or disabled the account since its password was proved. `stale`: there is something to change, and the sign-in is too
   * long ago for that. `policy`: no policy that the account comes under now, in any zone, asks for the open gate.
   */
  async refusal(flow: Flow): Promise<'not-eligible' | 'stale' | 'policy' | undefined> {
    const { directory, stores, registrations, rules, clock } = this.#needs;
    const key = subjectKey(flow.subject);
    const now = clock.now();
    const account = await directory.read(key);
    const lockout = await stores.failures.lockout(key, now);
    const found = await registrations.policiesOf(account, zoneOf(flow));
    const own = found.find(({ zone }) => zone === zoneOf(flow))?.policy;
    if (account === undefined || barredFromUse(account, own, lockout) !== undefined) return 'not-eligible';
    if (isPasswordMoved(flow.subject, account) || (await this.#isOvertaken(flow))) return 'not-eligible';
    const gate = openLink(flow)?.gate ?? '';
    if (!found.some(({ policy }) => policy.chain.includes(gate))) return 'policy';
    const isChange = flow.chain.some(({ step }) => step === 'verify');
    return isChange && now.getTime() - flow.createdAt.getTime() > rules.freshMs ? 'stale' : undefined;
  }

  /** Keeps it, for a flow that was claimed for this. */
  async keep(
    flow: Flow,
    proof: { readonly link: Link; readonly data: Enrolment['data']; readonly request: RequestContext },
  ): Promise<void> {
    const { audit, stores, notices, clock } = this.#needs;
    const { data, request } = proof;
    const { gate } = proof.link;
    const accountId = subjectKey(flow.subject);
    await audit.write('enrolment.keeping', flow, { request, gate });
    const now = clock.now();
    const hold = await this.#hold(flow, gate, now);
    const event: NoticeEvent =
      hold === undefined
        ? { kind: 'enrolment-changed', gate }
        : { kind: 'enrolment-held', gate, held: hold.id, from: hold.countsFrom.getTime() };
    const tell = await notices.rows({ ...noticeAbout(flow), event, replaced: { gate, data } });
    const also = { tell, ...(hold === undefined ? {} : { hold }) };
    await stores.enrolments.keep({ accountId, gate, data, provedAt: now }, also);
    notices.wake();
    // Flows that began before know nothing of it: they end, whoever walks them.
    await stores.flows.endOthers(accountId, flow.id, clock.now());
    await audit.write('enrolment.kept', flow, { request, gate });
  }

  /** Until when what is kept now does not count; undefined when it counts at once. */
  async #hold(flow: Flow, gate: string, now: Date): Promise<Pick<HeldEnrolment, 'id' | 'countsFrom'> | undefined> {
    const { desk, rules } = this.#needs;
    if (rules.holdMs === 0) return undefined;
    const before = [...(await desk.registered(flow)), ...(await desk.held(flow))];
    const isFirst = !before.some((enrolment) => enrolment.gate === gate);
    if (isFirst && !rules.holdFirst) return undefined;
    return { id: randomUUID(), countsFrom: new Date(now.getTime() + rules.holdMs) };
  }

  /**
   * Whether somebody else has enrolled a gate of this account since the flow began. Its chain then no longer asks for
   * what it should: whoever knows the password alone must not replace what the owner registered meanwhile. What the
   * helpdesk gave out, and has an end, was enrolled by nobody.
   */
  async #isOvertaken(flow: Flow): Promise<boolean> {
    const { leftOut = [] } = flow;
    const own = passedLinks(flow).filter(({ gate, step }) => step === 'enrol' && !leftOut.includes(gate));
    const { desk } = this.#needs;
    const enrolled = (await desk.enrolled(flow)).filter(({ until }) => until === undefined);
    return [...enrolled, ...(await desk.held(flow))].some(
      ({ gate, provedAt }) => provedAt > flow.createdAt && !own.some((link) => link.gate === gate),
    );
  }
}

/** Who is told of a flow, and which gates somebody stood at: their numbers are not where to tell it. */
export function noticeAbout(flow: Flow): Pick<Notice, 'subject' | 'reference'> & { readonly used: readonly string[] } {
  return { subject: flow.subject, reference: flow.reference, used: usedGates(flow) };
}
