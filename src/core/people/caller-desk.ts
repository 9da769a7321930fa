import { randomBytes } from 'node:crypto';
import { type Account, identityOf } from '../account.ts';
import type { Clock } from '../clock.ts';
import { type Flow, firstStep, isEnded } from '../flow/flow.ts';
import type { FlowAudit } from '../flow/flow-audit.ts';
import type { FlowRunner } from '../flow/flow-runner.ts';
import type { GateDesk } from '../flow/gate-desk.ts';
import { subjectKey } from '../flow-subject.ts';
import type { Page } from '../gate.ts';
import { numberIn } from '../gates/enrolled-number.ts';
import type { Act, ActGuard, AdmittedAct, RefusedAct } from '../staff/act-guard.ts';
import type { ActPace } from '../staff/act-pace.ts';
import type { Stores } from '../stores.ts';

/** What wrong codes of callers are counted under: they bar further checks, and never the person. */
export const callerSubject = (account: Pick<Account, 'id'>): string => `caller:${account.id}`;

/** The gate that checks a caller by the number that they registered for another gate. */
export const callerGate = (gate: string): string => `caller-${gate}`;

export interface CallerDeskNeeds {
  readonly guard: ActGuard;
  readonly pace: ActPace;
  readonly desk: GateDesk;
  readonly runner: FlowRunner;
  readonly stores: Pick<Stores, 'flows' | 'enrolments' | 'failures' | 'audit'>;
  readonly audit: FlowAudit;
  readonly clock: Clock;
}

/** How a check stands, and what its page shows while it is open. */
export interface CallerCheck {
  readonly state: 'open' | 'verified' | 'not-verified';
  readonly flow: Flow;
  readonly page?: Page;
}

export type CallerStart =
  | { readonly kind: 'started'; readonly flow: string }
  | RefusedAct
  | { readonly kind: 'refused'; readonly why: 'no-destination' | 'too-soon' | 'barred' };

/** What is kept in a check that is over, once its end is in the audit. */
const told = 'told';
/** Milliseconds that a caller has to read the code out. */
const lifetimeMs = 10 * 60_000;

/**
 * Finds out for an agent whether a caller is who they say: a text goes to the number that the person registered, with a
 * phrase that the agent sees as well, and the caller reads the code in it out. So both know whom they speak with. It is
 * a flow like any other, with its claims and limits, which allows nothing and counts apart from the person's own.
 */
export class CallerDesk {
  readonly #needs: CallerDeskNeeds;

  constructor(needs: CallerDeskNeeds) {
    this.#needs = needs;
  }

  /**
   * Sends the text.
   * @param gate whose number it goes to, as the browser has it
   * @throws Unavailable when no provider is in service
   */
  async start(wanted: Act, gate: string): Promise<CallerStart> {
    const { guard, stores, clock, desk, audit, pace } = this.#needs;
    const act = await guard.admit(wanted, 'caller.checking');
    if (act.kind === 'refused') return act;
    const { account } = act;
    const own = (await stores.enrolments.of(account.id)).find((one) => one.gate === gate);
    if (own === undefined || numberIn(own.data) === undefined) return { kind: 'refused', why: 'no-destination' };
    const now = clock.now();
    if ((await stores.failures.lockout(callerSubject(account), now)) !== undefined) {
      return { kind: 'refused', why: 'barred' };
    }
    const soon = await pace.refusal(act, 'caller');
    if (soon === 'too-many') return guard.refuse(act, 'caller.checking', { why: soon, account });
    if (soon !== undefined) return { kind: 'refused', why: soon };
    await guard.write('caller.checking', act, { gate: callerGate(gate) });
    const flow = this.#flow(act, gate);
    await stores.flows.create(flow);
    await audit.write('flow.started', flow, { request: act.request, detail: { by: act.member.id } });
    await desk.open(flow, act.request);
    return { kind: 'started', flow: flow.id };
  }

  /** A check that was started for this person; undefined when there is none. Has no effect. */
  async read(flowId: string, person: string, language: string): Promise<CallerCheck | undefined> {
    const flow = await this.#needs.runner.read(flowId);
    if (flow?.portal !== 'caller' || subjectKey(flow.subject) !== person) return undefined;
    const state = stateOf(flow);
    const page = state === 'open' ? await this.#needs.desk.show(flow, language) : undefined;
    return { state, flow, ...(page === undefined ? {} : { page }) };
  }

  /**
   * Takes the code that the caller read out.
   * @returns how the check stands then; undefined when there is none for this person
   */
  async answer(wanted: Act, flowId: string, code: string): Promise<CallerCheck | RefusedAct | undefined> {
    const { guard, runner } = this.#needs;
    const act = await guard.admit(wanted, 'caller.verified');
    if (act.kind === 'refused') return act;
    const { language } = act.request;
    const before = await this.read(flowId, act.account.id, language);
    // Whoever saw its end may have died before it was written down, and a time that is over ends it by itself.
    if (before?.state !== 'open') return this.#ended(act, before);
    await runner.answer(before.flow, { code }, act.request);
    return this.#ended(act, await this.read(flowId, act.account.id, language));
  }

  /** The caller could not tell the code: the check is over. */
  async giveUp(wanted: Act, flowId: string): Promise<CallerCheck | RefusedAct | undefined> {
    const { guard, runner } = this.#needs;
    const act = await guard.admit(wanted, 'caller.not-verified');
    if (act.kind === 'refused') return act;
    const { language } = act.request;
    const before = await this.read(flowId, act.account.id, language);
    if (before?.state !== 'open') return this.#ended(act, before);
    await runner.cancel(before.flow, act.request);
    return this.#ended(act, await this.read(flowId, act.account.id, language));
  }

  /** Writes down how it ended, once: of several who saw it end, on whatever node, one marks the flow as told. */
  async #ended(act: AdmittedAct, check: CallerCheck | undefined): Promise<CallerCheck | undefined> {
    if (check === undefined || check.state === 'open' || check.flow.memory === told) return check;
    const { stores, guard } = this.#needs;
    if ((await stores.flows.save({ ...check.flow, memory: told })) === undefined) return check;
    await guard.write(check.state === 'verified' ? 'caller.verified' : 'caller.not-verified', act);
    return check;
  }

  #flow({ account, request }: AdmittedAct, gate: string): Flow {
    const now = this.#needs.clock.now();
    const chain = [{ gate: callerGate(gate), step: 'verify' }] as const;
    return {
      id: randomBytes(32).toString('base64url'),
      reference: randomBytes(9).toString('base64url'),
      portal: 'caller',
      subject: { kind: 'account', account: identityOf(account), countedAs: callerSubject(account) },
      zone: request.zone,
      // The agent types it, in the console: no browser of the caller is to fill it in anywhere.
      host: request.host,
      chain,
      actions: [],
      step: { ...firstStep(chain), openingSince: now.getTime() },
      memory: null,
      language: request.language,
      createdAt: now,
      expiresAt: new Date(now.getTime() + lifetimeMs),
      version: 0,
    };
  }
}

function stateOf({ step }: Flow): CallerCheck['state'] {
  if (!isEnded(step)) return 'open';
  return step.kind === 'done' ? 'verified' : 'not-verified';
}
