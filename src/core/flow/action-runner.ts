import { randomUUID } from 'node:crypto';
import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Directory, PasswordPolicy } from '../directory.ts';
import { BadRequest } from '../errors.ts';
import type { Action, JournalOutcome } from '../journal.ts';
import type { Message, Problem } from '../message.ts';
import type { PasswordScreen } from '../password-screen.ts';
import { type PasswordRule, passwordRules, unmetProblem } from '../passwords/password-rules.ts';
import type { Policies } from '../policies/policies.ts';
import { barredFromReset } from '../policies/policy.ts';
import type { RequestContext } from '../request-context.ts';
import type { Stores } from '../stores.ts';
import { isOutgrown } from './chain.ts';
import { failureKey } from './failure-key.ts';
import { type Flow, isPasswordMoved, nextStep, passedLinks, quiet, zoneOf } from './flow.ts';
import type { FlowAudit } from './flow-audit.ts';
import type { GateDesk } from './gate-desk.ts';
import { arriving, isOpening } from './ways.ts';
import { notDone, type WriteDesk } from './write-desk.ts';

export interface ActionRunnerNeeds {
  readonly stores: Pick<Stores, 'flows' | 'enrolments' | 'failures'>;
  readonly desk: GateDesk;
  readonly directory: Directory;
  readonly policies: Policies;
  readonly screen: PasswordScreen;
  readonly audit: FlowAudit;
  readonly writes: WriteDesk;
  readonly clock: Clock;
}

/** What is wrong with a new password. `rejected`: it was looked at and not taken; a slip or a fault does not count. */
interface Judged {
  readonly problems: readonly Problem[];
  readonly rejected: boolean;
}

/** Whether a flow may still do what it came for, by what directory, store and policies say now. */
type Standing =
  | { readonly kind: 'eligible'; readonly account: Account }
  | { readonly kind: 'refused' }
  /** Its account's policy now asks for what the flow did not prove: the person walks the new chain. */
  | { readonly kind: 'outgrown' };

const accepted: Judged = { problems: [], rejected: false };

/** What happens after the chain is passed: the choice, the new password, and the flow's end. The write is WriteDesk's. */
export class ActionRunner {
  readonly #needs: ActionRunnerNeeds;

  constructor(needs: ActionRunnerNeeds) {
    this.#needs = needs;
  }

  /** The account as it is now, and the policy that a new password must meet. */
  async situation(flow: Flow): Promise<{ account: Account; policy: PasswordPolicy; rules: readonly PasswordRule[] }> {
    const account = await this.#account(flow);
    if (account === undefined) throw new BadRequest('the account of this flow is gone');
    const policy = await this.#needs.directory.passwordPolicy(account);
    return { account, policy, rules: passwordRules({ policy, screen: this.#needs.screen }, account) };
  }

  /** Keeps the password and unlocks, or goes on to the page that asks for a new one, or to the gates before it. */
  async choose(flow: Flow, action: Action, request: RequestContext): Promise<Flow> {
    if (flow.step.kind !== 'choose' || !flow.actions.includes(action)) {
      throw new BadRequest(`${action} is not offered here`);
    }
    // What is asked for now may still lie ahead of the flow, and is looked at when it ends.
    if (action === 'reset' && flow.step.at !== undefined) return this.#goOn(flow, request);
    const standing = await this.#standing(flow, action);
    if (standing.kind === 'outgrown') return this.#startAgain(flow, request);
    return action === 'reset' ? this.#move(flow, { kind: 'chose-reset' }) : this.#write(flow, { action }, request);
  }

  /** Back from the new password to the choice. */
  async back(flow: Flow): Promise<Flow> {
    return this.#move(flow, { kind: 'back' });
  }

  /**
   * Sets the new password.
   * @param typed both fields as they were typed; neither is trimmed, kept or logged
   */
  async setPassword(
    flow: Flow,
    typed: { readonly password: string; readonly repeat: string },
    request: RequestContext,
  ): Promise<Flow> {
    if (flow.step.kind !== 'password') throw new BadRequest('no new password is asked for here');
    const standing = await this.#standing(flow, 'reset');
    if (standing.kind === 'outgrown') return this.#startAgain(flow, request);
    if (standing.kind === 'refused') return this.#refuse(flow, request);
    const judged = await this.#judge(flow, typed);
    if (judged.problems.length === 0) {
      return this.#write(flow, { action: 'reset', newPassword: typed.password }, request);
    }
    const step = judged.rejected ? nextStep(flow, { kind: 'password-rejected' }) : flow.step;
    if (step === undefined) throw new BadRequest('no new password is asked for here');
    if (step.kind === 'refused') {
      await this.#needs.audit.write('flow.refused', flow, { request, detail: { why: 'passwords' } });
      return (await this.#needs.stores.flows.save({ ...quiet(flow), step })) ?? this.#current(flow);
    }
    return (await this.#needs.stores.flows.save({ ...flow, step, problems: judged.problems })) ?? this.#current(flow);
  }

  /**
   * A flow whose write was under way when its process died, moved on by what the journal or the directory says.
   * @returns the flow, still `writing` while nobody can tell yet
   */
  async resume(flow: Flow): Promise<Flow> {
    if (flow.step.kind !== 'writing') return flow;
    const { journalId, since } = flow.step;
    const outcome = await this.#needs.writes.settle(journalId, new Date(since));
    if (outcome === undefined) return flow;
    return this.#finish(flow, { outcome, ...(outcome === 'not-done' ? { problem: notDone } : {}) });
  }

  async #goOn(flow: Flow, request: RequestContext): Promise<Flow> {
    const { stores, clock, desk } = this.#needs;
    const step = nextStep(flow, { kind: 'chose-reset' });
    if (step === undefined) throw new BadRequest('there is nothing to go on to');
    // A bar that fell since holds every gate, and opening one may send something.
    if ((await stores.failures.lockout(failureKey(flow.subject), clock.now())) !== undefined) {
      await this.#needs.audit.write('flow.refused', flow, { request, detail: { why: 'barred' } });
      return this.#move(flow, { kind: 'refused', reason: 'barred' });
    }
    const saved = await stores.flows.save(arriving(quiet(flow), step, clock.now()));
    if (saved === undefined) return this.#current(flow);
    return isOpening(saved) ? desk.open(saved, request) : saved;
  }

  async #judge(flow: Flow, typed: { password: string; repeat: string }): Promise<Judged> {
    const slip = (field: string, key: string): Judged => ({ problems: [{ field, message: { key } }], rejected: false });
    if (typed.password === '') return slip('password', 'password.empty');
    if (typed.password !== typed.repeat) return slip('repeat', 'password.mismatch');
    const { screen } = this.#needs;
    const { account, policy } = await this.situation(flow);
    const unmet = passwordRules({ policy, screen }, account, typed.password).filter((rule) => rule.met === false);
    const { refusals, advice, unchecked } = await screen.judge(typed.password, {
      account,
      spotless: unmet.length === 0,
    });
    // The same thing is said once: the directory's rule about names comes first.
    const named = unmet.some((rule) => rule.id === 'name');
    const own = refusals.filter(({ key }) => !(named && key === 'password.screened.person'));
    const problems = [...unmet.map(unmetProblem), ...own.map((message) => ({ field: 'password', message }))];
    if (problems.length === 0) return unchecked ? slip('password', 'password.screened.unchecked') : accepted;
    const advised = advice === undefined ? [] : [{ field: 'password', message: advice }];
    return { problems: [...problems, ...advised], rejected: true };
  }

  async #write(
    flow: Flow,
    order: { readonly action: Action; readonly newPassword?: string },
    request: RequestContext,
  ): Promise<Flow> {
    const { directory, stores, clock, writes, desk } = this.#needs;
    const standing = await this.#standing(flow, order.action);
    if (standing.kind === 'outgrown') return this.#startAgain(flow, request);
    if (standing.kind === 'refused') return this.#refuse(flow, request);
    const disowned = await desk.disowned(flow);
    if (disowned !== undefined) return this.#disown(flow, disowned, request);
    const write = await directory.prepareWrite(standing.account);
    const journalId = randomUUID();
    const began = nextStep(flow, {
      kind: 'write-began',
      journalId,
      action: order.action,
      since: clock.now().getTime(),
    });
    if (began === undefined) throw new BadRequest(`${order.action} is not offered here`);
    const refusals = flow.step.kind === 'password' ? flow.step.refusals : 0;
    const claimed = await stores.flows.save({ ...quiet(flow), step: began });
    if (claimed === undefined) return this.#current(flow);
    const ended = await writes.carryOut({ ...order, id: journalId, flow: claimed, write, request });
    if (ended.kind === 'open') return claimed;
    const after = await this.#finish(claimed, {
      outcome: ended.outcome,
      refusals: ended.outcome === 'refused' ? refusals + 1 : refusals,
      mustChange: ended.mustChange,
      ...(ended.problem === undefined ? {} : { problem: ended.problem }),
    });
    if (ended.fault !== undefined) throw ended.fault;
    return after;
  }

  async #finish(
    flow: Flow,
    ended: { outcome: JournalOutcome; refusals?: number; problem?: Message; mustChange?: boolean },
  ): Promise<Flow> {
    const { flows } = this.#needs.stores;
    const step = nextStep(flow, { kind: 'write-ended', outcome: ended.outcome, refusals: ended.refusals ?? 0 });
    if (step === undefined) return this.#current(flow);
    const problems = ended.problem === undefined ? {} : { problems: [{ message: ended.problem }] };
    const last = step.kind === 'done' && ended.mustChange === true ? { ...step, mustChange: true as const } : step;
    return (await flows.save({ ...quiet(flow), step: last, ...problems })) ?? this.#current(flow);
  }

  /**
   * Reads everything anew. The policy is the one that the account comes under now, in the zone where the flow began: whoever
   * was moved meanwhile is held to the policy that they were moved to.
   */
  async #standing(flow: Flow, action: Action): Promise<Standing> {
    const { stores, policies, clock } = this.#needs;
    const account = await this.#account(flow);
    const policy = await policies.match(account, zoneOf(flow));
    if (account === undefined || policy === undefined) return { kind: 'refused' };
    if (isOutgrown(flow, policy, { action, now: clock.now() })) return { kind: 'outgrown' };
    const enrolments = await stores.enrolments.of(account.id, flow.reference);
    const lockout = await stores.failures.lockout(account.id, clock.now());
    // What was registered after the flow began is the owner's answer to somebody who stands here with the old phone; what
    // the helpdesk gave out meanwhile, and has an end, is nobody's answer.
    const asked = new Set([...policy.chain, ...flow.chain.map(({ gate }) => gate)]);
    const own = enrolments.filter(({ gate, until }) => asked.has(gate) && until === undefined);
    const replaced = own.some(({ provedAt }) => provedAt > flow.createdAt);
    // What was passed and is registered no more, taken away by the owner or the helpdesk perhaps, proves nothing.
    const taken = passedLinks(flow).some(({ gate }) => !enrolments.some((enrolment) => enrolment.gate === gate));
    const barred = barredFromReset(account, policy, { lockout, enrolments });
    const isTheirs = barred === undefined && !replaced && !taken && !isPasswordMoved(flow.subject, account);
    return isTheirs ? { kind: 'eligible', account } : { kind: 'refused' };
  }

  async #disown(flow: Flow, gate: string, request: RequestContext): Promise<Flow> {
    await this.#needs.audit.write('gate.refused', flow, { request, gate, detail: { why: 'not-you' } });
    await this.#needs.audit.write('flow.refused', flow, { request, detail: { why: 'not-you' } });
    return this.#move(flow, { kind: 'refused', reason: 'not-you' });
  }

  async #refuse(flow: Flow, request: RequestContext): Promise<Flow> {
    await this.#needs.audit.write('flow.refused', flow, { request, detail: { why: 'not-eligible' } });
    return this.#move(flow, { kind: 'refused', reason: 'not-eligible' });
  }

  async #startAgain(flow: Flow, request: RequestContext): Promise<Flow> {
    await this.#needs.audit.write('flow.expired', flow, { request, detail: { why: 'policy' } });
    return this.#move(flow, { kind: 'expired' });
  }

  async #move(flow: Flow, event: Parameters<typeof nextStep>[1]): Promise<Flow> {
    const step = nextStep(flow, event);
    if (step === undefined) throw new BadRequest(`${event.kind} does not fit where the flow stands`);
    return (await this.#needs.stores.flows.save({ ...quiet(flow), step })) ?? this.#current(flow);
  }

  async #account(flow: Flow): Promise<Account | undefined> {
    return flow.subject.kind === 'account' ? this.#needs.directory.read(flow.subject.account.id) : undefined;
  }

  async #current(flow: Flow): Promise<Flow> {
    return (await this.#needs.stores.flows.read(flow.id)) ?? flow;
  }
}
