import type { Clock } from '../clock.ts';
import { BadRequest } from '../errors.ts';
import type { Verdict } from '../gate.ts';
import type { Link } from '../link.ts';
import { mostInARow } from '../lockout.ts';
import type { Notices } from '../notices/notices.ts';
import { isExactly, readForm } from '../posted-form.ts';
import type { RequestContext } from '../request-context.ts';
import type { Enrolment, Stores } from '../stores.ts';
import { type Enroller, noticeAbout } from './enroller.ts';
import { failureKey } from './failure-key.ts';
import {
  type Flow,
  type FlowEvent,
  gatePatience,
  isEnded,
  lockoutOf,
  nextStep,
  quiet,
  type RefusedReason,
  settled,
} from './flow.ts';
import type { FlowAudit } from './flow-audit.ts';
import type { GateDesk } from './gate-desk.ts';
import { arriving, isOpening } from './ways.ts';

export interface FlowRunnerNeeds {
  readonly desk: GateDesk;
  readonly enroller: Enroller;
  readonly stores: Pick<Stores, 'flows' | 'enrolments' | 'failures' | 'outbox'>;
  readonly audit: FlowAudit;
  readonly notices: Notices;
  readonly clock: Clock;
  /** Wrong answers in a row after which the person is told, if they are not barred by then. */
  readonly tellAfter: number;
}

/**
 * Walks a flow through its gates: reads the row, claims it, counts, has the gate judge, saves, audits.
 * A claim is a save on the version that was read, made before anything has an effect: of parallel submits one wins, and
 * the others come back with the flow as the winner left it.
 */
export class FlowRunner {
  readonly #needs: FlowRunnerNeeds;

  constructor(needs: FlowRunnerNeeds) {
    this.#needs = needs;
  }

  /** The flow as it stands now; ended if its time is over. Undefined when there is none. */
  async read(id: string): Promise<Flow | undefined> {
    const flow = await this.#needs.stores.flows.read(id);
    if (flow === undefined || isEnded(flow.step) || this.#needs.clock.now() < flow.expiresAt) return flow;
    if (flow.step.kind === 'writing') return flow;
    const ended = await this.#save(flow, { kind: 'expired' });
    if (ended === undefined) return this.#needs.stores.flows.read(id);
    await this.#needs.audit.write('flow.expired', flow, {});
    return ended;
  }

  /** Wrong answers that the open gate still takes before the account is barred; undefined after none. */
  triesLeft(flow: Flow): number | undefined {
    return flow.wrong === undefined ? undefined : lockoutOf(flow).threshold - flow.wrong;
  }

  /**
   * Takes what was posted to the open gate.
   * @param body the posted fields, without the CSRF token
   * @returns the flow as it stands after it
   * @throws BadRequest when the fields are not exactly the step's; nothing has changed then
   * @throws Unavailable when something behind the gate failed; the try is not counted
   */
  async answer(flow: Flow, body: unknown, request: RequestContext): Promise<Flow> {
    const { step, link } = this.#needs.desk.openStep(flow);
    if (flow.memory === null) return this.#reopen(flow, body, request);
    if (link.step === 'enrol' && isExactly(body, 'keep', 'yes')) return this.#keep(flow, link, request);
    const input = readForm(step.form, body);
    const refusal = link.step === 'enrol' ? await this.#needs.enroller.refusal(flow) : undefined;
    if (refusal !== undefined) return this.#stop(flow, refusal, request);
    const claimed = await this.#claim(flow);
    if (claimed === undefined) return this.#current(flow);
    try {
      return await this.#try(claimed, { link, input, request });
    } catch (fault) {
      // Frees the gate for the next press. When even that fails, the patience of the next one does.
      await this.#needs.stores.flows.save(claimed).catch(() => undefined);
      throw fault;
    }
  }

  /** Ends the flow because the person asked to. */
  async cancel(flow: Flow, request: RequestContext): Promise<Flow> {
    const step = nextStep(flow, { kind: 'cancelled' });
    const ended = step === undefined ? undefined : await this.#save({ ...quiet(flow), memory: null }, step);
    if (ended === undefined) return this.#current(flow);
    await this.#needs.audit.write('flow.cancelled', flow, { request });
    return ended;
  }

  /** The person asks again for a gate that could not be opened. */
  async #reopen(flow: Flow, body: unknown, request: RequestContext): Promise<Flow> {
    if (!isExactly(body, 'open', 'again')) throw new BadRequest('the gate is not open yet');
    const now = this.#needs.clock.now().getTime();
    if (flow.step.kind !== 'gate') return flow;
    const since = flow.step.openingSince;
    if (since !== undefined && now - since < gatePatience) return flow;
    const claimed = await this.#save(quiet(flow), { ...flow.step, openingSince: now });
    return claimed === undefined ? this.#current(flow) : this.#needs.desk.open(claimed, request);
  }

  /**
   * Takes the gate for one answer. Whoever posts while it is being judged, twice in a hurry perhaps, spends no try.
   * @returns the flow to go on with, whose next save frees the gate; undefined when somebody else has it
   */
  async #claim(flow: Flow): Promise<Flow | undefined> {
    if (flow.step.kind !== 'gate') return undefined;
    const now = this.#needs.clock.now().getTime();
    const since = flow.step.judgingSince;
    if (since !== undefined && now - since < gatePatience) return undefined;
    const claimed = await this.#save(quiet(flow), { ...flow.step, judgingSince: now });
    return claimed === undefined ? undefined : { ...claimed, step: settled(claimed.step) };
  }

  async #try(
    flow: Flow,
    work: { link: Link; input: Readonly<Record<string, string>>; request: RequestContext },
  ): Promise<Flow> {
    const { link, request } = work;
    const { stores, clock } = this.#needs;
    const { threshold } = lockoutOf(flow);
    if (await this.#isBarredSince(flow)) return this.#end(flow, 'barred', request);
    const tries = await stores.failures.count(failureKey(flow.subject), counterOf(link), threshold, clock.now());
    if (tries === undefined) return this.#bar(flow, link, request);
    const verdict = await this.#judge(flow, work);
    return this.#follow(flow, { verdict, link, tries, request });
  }

  /** Whether a bar fell after the flow began: it holds every gate, also one at which nobody has failed yet. */
  async #isBarredSince(flow: Flow): Promise<boolean> {
    const { stores, clock } = this.#needs;
    return (await stores.failures.lockout(failureKey(flow.subject), clock.now())) !== undefined;
  }

  async #keep(flow: Flow, link: Link, request: RequestContext): Promise<Flow> {
    const enrolments = await this.#needs.desk.enrolled(flow);
    if (!enrolments.some((enrolment) => enrolment.gate === link.gate)) {
      throw new BadRequest('there is nothing to keep at this gate');
    }
    return this.#advance(flow, { kind: 'passed' }, request);
  }

  async #judge(
    flow: Flow,
    work: { link: Link; input: Readonly<Record<string, string>>; request: RequestContext },
  ): Promise<Verdict> {
    try {
      return await this.#needs.desk.judge(flow, work.input, work.request.language);
    } catch (fault) {
      await this.#needs.stores.failures.refund(failureKey(flow.subject), counterOf(work.link));
      // Fields that do not belong to where the gate stands are the browser's fault, and nothing to alarm anybody about.
      if (!(fault instanceof BadRequest)) {
        await this.#needs.audit.write('gate.fault', flow, { request: work.request, gate: work.link.gate });
      }
      throw fault;
    }
  }

  async #follow(
    flow: Flow,
    came: { verdict: Verdict; link: Link; tries: number; request: RequestContext },
  ): Promise<Flow> {
    const { verdict, link, tries, request } = came;
    const { failures, flows } = this.#needs.stores;
    const key = failureKey(flow.subject);
    switch (verdict.kind) {
      case 'passed':
        await failures.clear(key, counterOf(link));
        await this.#needs.audit.write('gate.passed', flow, { request, gate: link.gate, detail: { step: link.step } });
        return link.step === 'enrol'
          ? this.#enrol(flow, { link, data: verdict.enrolment ?? null, request })
          : this.#advance(flow, { kind: 'passed' }, request);
      case 'more': {
        await failures.refund(key, counterOf(link));
        const { memory, notice, problems } = verdict;
        const said = { ...(notice === undefined ? {} : { notice }), ...(problems === undefined ? {} : { problems }) };
        return (await flows.save({ ...flow, memory, ...said })) ?? this.#current(flow);
      }
      case 'wrong': {
        const detail = { step: link.step, tries };
        await this.#needs.audit.write('gate.wrong', flow, { request, gate: link.gate, detail });
        await this.#disableAtLast(flow, link, request);
        if (tries >= lockoutOf(flow).threshold) return this.#bar(flow, link, request);
        if (tries === this.#needs.tellAfter) await this.#tellFailures(flow, tries);
        const said = { problems: [verdict.problem], wrong: tries };
        return (await flows.save({ ...flow, memory: verdict.memory, ...said })) ?? this.#current(flow);
      }
      case 'refused':
        await this.#needs.audit.write('gate.refused', flow, {
          request,
          gate: link.gate,
          detail: { why: verdict.reason },
        });
        return this.#end(flow, 'not-you', request);
    }
  }

  /** Keeps what was proved. The gate is claimed once more: the flow may have been ended while it was being judged. */
  async #enrol(judged: Flow, proof: { link: Link; data: Enrolment['data']; request: RequestContext }): Promise<Flow> {
    const { enroller } = this.#needs;
    const { request } = proof;
    const flow = await this.#claim(judged);
    if (flow === undefined) return this.#current(judged);
    const refusal = await enroller.refusal(flow);
    if (refusal !== undefined) return this.#stop(flow, refusal, request);
    await enroller.keep(flow, proof);
    return this.#advance(flow, { kind: 'passed' }, request);
  }

  /** What ends a registration: the account may not; or the sign-in must be made again, being too long ago perhaps. */
  async #stop(flow: Flow, why: 'not-eligible' | 'stale' | 'policy', request: RequestContext): Promise<Flow> {
    if (why === 'not-eligible') return this.#end(flow, why, request);
    await this.#needs.audit.write('flow.expired', flow, { request, detail: { why } });
    return (await this.#save({ ...quiet(flow), memory: null }, { kind: 'expired' })) ?? this.#current(flow);
  }

  async #advance(flow: Flow, event: FlowEvent, request: RequestContext): Promise<Flow> {
    const step = nextStep(flow, event);
    if (step === undefined) return this.#current(flow);
    const saved = await this.#needs.stores.flows.save(arriving(quiet(flow), step, this.#needs.clock.now()));
    if (saved === undefined) return this.#current(flow);
    return isOpening(saved) ? this.#needs.desk.open(saved, request) : saved;
  }

  /** Bars the account, or the decoy, and ends the flow. The directory's own lock is never touched. */
  async #bar(flow: Flow, link: Link, request: RequestContext): Promise<Flow> {
    const { stores, clock, audit, notices } = this.#needs;
    const underBars = flow.subject.kind === 'decoy' ? (flow.subject.underBars ?? 0) : 0;
    await audit.write('account.barred', flow, { request, gate: link.gate, detail: { underBars } });
    // A check of a caller bars no more than such checks.
    const event = { kind: flow.portal === 'caller' ? 'caller-barred' : 'barred' } as const;
    const tell = await notices.rows({ ...noticeAbout(flow), event });
    // A bar upon a bar holds nobody back; it passes by itself, whatever becomes of the first.
    const own = lockoutOf(flow);
    const rules = underBars === 0 ? own : { ...own, barsUntilPermanent: Number.MAX_SAFE_INTEGER };
    await stores.failures.bar(failureKey(flow.subject), rules, clock.now(), tell);
    notices.wake();
    return this.#end(flow, 'barred', request);
  }

  /** Too many failures in a row make what was registered for the gate worthless; its owner is told. */
  async #disableAtLast(flow: Flow, { gate, step }: Link, request: RequestContext): Promise<void> {
    const { stores, notices, audit } = this.#needs;
    const failed = step === 'verify' ? await stores.failures.inARow(failureKey(flow.subject), gate) : 0;
    // Of several at once none may see exactly so many. A decoy's would be said each time from then on.
    const isDue = flow.subject.kind === 'account' ? failed >= mostInARow : failed === mostInARow;
    if (!isDue || !(await this.#isSomebodys(flow, gate))) return;
    await audit.write('gate.disabled', flow, { request, gate, detail: { failed } });
    await stores.outbox.put(await notices.rows({ ...noticeAbout(flow), event: { kind: 'gate-disabled', gate } }));
    notices.wake();
  }

  /** Whether there is anything to make worthless: not at a gate that somebody went to without having registered it. */
  async #isSomebodys(flow: Flow, gate: string): Promise<boolean> {
    if (flow.subject.kind === 'decoy') return true;
    return (await this.#needs.desk.registered(flow)).some((enrolment) => enrolment.gate === gate);
  }

  async #tellFailures(flow: Flow, count: number): Promise<void> {
    const { stores, notices } = this.#needs;
    await stores.outbox.put(await notices.rows({ ...noticeAbout(flow), event: { kind: 'failures', count } }));
    notices.wake();
  }

  async #end(flow: Flow, reason: RefusedReason, request: RequestContext): Promise<Flow> {
    await this.#needs.audit.write('flow.refused', flow, { request, detail: { why: reason } });
    return (await this.#save({ ...quiet(flow), memory: null }, { kind: 'refused', reason })) ?? this.#current(flow);
  }

  #save(flow: Flow, step: Flow['step']): Promise<Flow | undefined> {
    return this.#needs.stores.flows.save({ ...flow, step });
  }

  async #current(flow: Flow): Promise<Flow> {
    return (await this.#needs.stores.flows.read(flow.id)) ?? flow;
  }
}

/** Tries at proving oneself and tries at enrolling are counted apart. */
function counterOf(link: Link): string {
  return link.step === 'verify' ? link.gate : `enrol-${link.gate}`;
}
