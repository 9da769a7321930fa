import type { Clock } from './clock.ts';
import type { Directory } from './directory.ts';
import { type Flow, type Link, subjectKey } from './flow.ts';
import type { FlowAudit } from './flow-audit.ts';
import type { GateDesk } from './gate-desk.ts';
import type { Notice, Notices } from './notices.ts';
import { barredFromUse, type Policy } from './policy.ts';
import type { RequestContext } from './request-context.ts';
import type { Enrolment, Stores } from './stores.ts';

export interface EnrollerNeeds {
  readonly desk: GateDesk;
  readonly directory: Directory;
  readonly stores: Pick<Stores, 'flows' | 'enrolments' | 'failures'>;
  readonly policy: Policy;
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

  /** Asked anew each time: somebody may have barred or disabled the account since its password was proved. */
  async mayEnrol(flow: Flow): Promise<boolean> {
    const { directory, stores, policy, clock } = this.#needs;
    const key = subjectKey(flow.subject);
    const account = await directory.read(key);
    const lockout = await stores.failures.lockout(key, clock.now());
    if (account === undefined || barredFromUse(account, policy, lockout) !== undefined) return false;
    return !(await this.#isOvertaken(flow));
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
    const event = { kind: 'enrolment-changed', gate } as const;
    const tell = await notices.rows({ ...noticeAbout(flow), event, replaced: { gate, data } });
    await stores.enrolments.keep({ accountId, gate, data, provedAt: clock.now() }, tell);
    notices.wake();
    // Flows that began before know nothing of it: they end, whoever walks them.
    await stores.flows.endOthers(accountId, flow.id, clock.now());
    await audit.write('enrolment.kept', flow, { request, gate });
  }

  /**
   * Whether somebody else has enrolled a gate of this account since the flow began. Its chain then no longer asks for
   * what it should: whoever knows the password alone must not replace what the owner registered meanwhile.
   */
  async #isOvertaken(flow: Flow): Promise<boolean> {
    const at = flow.step.kind === 'gate' ? flow.step.at : flow.chain.length;
    const own = flow.chain.slice(0, at).filter((link) => link.step === 'enrol');
    const enrolments = await this.#needs.desk.enrolled(flow);
    return enrolments.some(
      ({ gate, provedAt }) => provedAt > flow.createdAt && !own.some((link) => link.gate === gate),
    );
  }
}

/** Who is told of a flow, and which gates somebody stood at: their numbers are not where to tell it. */
export function noticeAbout({
  subject,
  reference,
  chain,
  step,
}: Flow): Pick<Notice, 'subject' | 'reference'> & { readonly used: readonly string[] } {
  const at = step.kind === 'gate' ? step.at : chain.length;
  return { subject, reference, used: chain.slice(0, at + 1).map(({ gate }) => gate) };
}
