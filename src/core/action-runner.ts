import { randomUUID } from 'node:crypto';
import { type Account, identityOf } from './account.ts';
import type { Clock } from './clock.ts';
import type { Directory, PasswordPolicy, PreparedWrite, RefusalReason, WriteResult } from './directory.ts';
import { BadRequest, Unavailable } from './errors.ts';
import { type Flow, nextStep, quiet } from './flow.ts';
import type { FlowAudit } from './flow-audit.ts';
import type { Action, JournalEntry, JournalOutcome } from './journal.ts';
import type { Message, Problem } from './message.ts';
import type { Notices } from './notices.ts';
import { type PasswordRule, passwordRules, unmetProblem } from './password-rules.ts';
import { barredFromReset, type Policy } from './policy.ts';
import type { RequestContext } from './request-context.ts';
import type { Stores } from './stores.ts';

export interface ActionRunnerNeeds {
  readonly stores: Pick<Stores, 'flows' | 'enrolments' | 'failures' | 'journal'>;
  readonly directory: Directory;
  readonly policy: Policy;
  readonly audit: FlowAudit;
  readonly notices: Notices;
  readonly clock: Clock;
  /** Milliseconds after which a write without an outcome belongs to a process that died: longer than any write takes. */
  readonly writePatienceMs: number;
}

/**
 * What happens after the chain is passed: the choice, and the one write to the directory. A write is claimed, journalled
 * and audited before it is sent; an answer that was lost is looked up on the same server, never guessed, never resent.
 */
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
    return { account, policy, rules: passwordRules(policy, account) };
  }

  /** Keeps the password and unlocks, or goes on to the page that asks for a new one. */
  async choose(flow: Flow, action: Action, request: RequestContext): Promise<Flow> {
    if (flow.step.kind !== 'choose' || !flow.actions.includes(action)) {
      throw new BadRequest(`${action} is not offered here`);
    }
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
    const problems = await this.#problemsOf(flow, typed);
    if (problems.length === 0) return this.#write(flow, { action: 'reset', newPassword: typed.password }, request);
    return (await this.#needs.stores.flows.save({ ...flow, problems })) ?? this.#current(flow);
  }

  /**
   * A flow whose write was under way when its process died, moved on by what the journal or the directory says.
   * @returns the flow, still `writing` while nobody can tell yet
   */
  async resume(flow: Flow): Promise<Flow> {
    if (flow.step.kind !== 'writing') return flow;
    if (this.#needs.clock.now().getTime() - flow.step.since < this.#needs.writePatienceMs) return flow;
    const entry = await this.#needs.stores.journal.read(flow.step.journalId);
    // Claimed, and the process died before anything was journalled: nothing was sent.
    const outcome = entry === undefined ? 'not-done' : await this.#settle(entry);
    return this.#finish(flow, { outcome, ...(outcome === 'not-done' ? { problem: notDone } : {}) });
  }

  /**
   * Settles every write of the journal whose outcome is not known, by reading the directory, and tells the person of
   * what turns out to have happened: their browser may never come back. Runs at the start and now and then.
   * @returns how many were settled
   */
  async recover(): Promise<number> {
    let settled = 0;
    for (const entry of await this.#needs.stores.journal.unsettled()) {
      const young = this.#needs.clock.now().getTime() - entry.intendedAt.getTime() < this.#needs.writePatienceMs;
      const outcome = young ? 'unknown' : await this.#settle(entry);
      if (outcome !== 'unknown') settled += 1;
      if (outcome === 'done') await this.#tellLater(entry);
    }
    return settled;
  }

  async #problemsOf(flow: Flow, typed: { password: string; repeat: string }): Promise<readonly Problem[]> {
    if (typed.password === '') return [{ field: 'password', message: { key: 'password.empty' } }];
    if (typed.password !== typed.repeat) return [{ field: 'repeat', message: { key: 'password.mismatch' } }];
    const { account, policy } = await this.situation(flow);
    const unmet = passwordRules(policy, account, typed.password).filter((rule) => rule.met === false);
    return unmet.map(unmetProblem);
  }

  async #write(
    flow: Flow,
    order: { readonly action: Action; readonly newPassword?: string },
    request: RequestContext,
  ): Promise<Flow> {
    const { directory, stores, audit } = this.#needs;
    const account = await this.#eligible(flow);
    if (account === undefined) return this.#refuse(flow, request);
    const write = await directory.prepareWrite(account);
    const journalId = randomUUID();
    const began = nextStep(flow, {
      kind: 'write-began',
      journalId,
      action: order.action,
      since: this.#needs.clock.now().getTime(),
    });
    if (began === undefined) throw new BadRequest(`${order.action} is not offered here`);
    const refusals = flow.step.kind === 'password' ? flow.step.refusals : 0;
    const claimed = await stores.flows.save({ ...quiet(flow), step: began });
    if (claimed === undefined) return this.#current(flow);
    await stores.journal.intend({
      id: journalId,
      action: order.action,
      flowReference: flow.reference,
      write,
      intendedAt: this.#needs.clock.now(),
    });
    await audit.write('write.intended', flow, { request, detail: { action: order.action, server: write.server } });
    const result = await this.#send(write, order);
    return this.#conclude(claimed, { journalId, write, action: order.action, result, refusals, request });
  }

  async #send(
    write: PreparedWrite,
    order: { readonly action: Action; readonly newPassword?: string },
  ): Promise<WriteResult | { readonly kind: 'not-sent'; readonly fault: unknown }> {
    const { directory } = this.#needs;
    try {
      return order.newPassword === undefined
        ? await directory.unlock(write)
        : await directory.resetPassword(write, order.newPassword);
    } catch (fault) {
      return { kind: 'not-sent', fault };
    }
  }

  async #conclude(
    flow: Flow,
    came: {
      journalId: string;
      write: PreparedWrite;
      action: Action;
      result: WriteResult | { kind: 'not-sent'; fault: unknown };
      refusals: number;
      request: RequestContext;
    },
  ): Promise<Flow> {
    const { result, action, journalId, request, refusals } = came;
    const outcome = result.kind === 'unknown' ? await this.#observed(action, came.write) : settledAs(result.kind);
    await this.#needs.stores.journal.settle(journalId, outcome, this.#needs.clock.now());
    const mustChange = result.kind === 'done' && result.mustChange === true;
    const detail = {
      action,
      ...(result.kind === 'unknown' ? { why: result.detail } : {}),
      ...(mustChange ? { mustChange } : {}),
    };
    await this.#needs.audit.write(`write.${outcome}`, flow, { request, detail });
    if (result.kind === 'not-sent' && !(result.fault instanceof Unavailable)) {
      await this.#finish(flow, { outcome, refusals });
      throw result.fault;
    }
    const problem = problemAfter(outcome, result);
    return this.#finish(flow, {
      outcome,
      refusals: outcome === 'refused' ? refusals + 1 : refusals,
      mustChange,
      ...(problem === undefined ? {} : { problem }),
    });
  }

  async #finish(
    flow: Flow,
    ended: { outcome: JournalOutcome; refusals?: number; problem?: Message; mustChange?: boolean },
  ): Promise<Flow> {
    const { flows, failures } = this.#needs.stores;
    const step = nextStep(flow, { kind: 'write-ended', outcome: ended.outcome, refusals: ended.refusals ?? 0 });
    if (step === undefined) return this.#current(flow);
    const problems = ended.problem === undefined ? {} : { problems: [{ message: ended.problem }] };
    const last = step.kind === 'done' && ended.mustChange === true ? { ...step, mustChange: true as const } : step;
    const saved = await flows.save({ ...quiet(flow), step: last, ...problems });
    // Of several who look after a lost answer at the same time, one saves, and only that one tells the person.
    if (saved !== undefined && step.kind === 'done' && flow.subject.kind === 'account') {
      const { account } = flow.subject;
      await flows.endOthers(account.id, flow.id, this.#needs.clock.now());
      if (step.certain) {
        await failures.clear(account.id);
        await failures.unbar(account.id);
      }
      this.#needs.notices.tell(account, { kind: step.action ?? 'reset' }, flow.reference);
    }
    return saved ?? this.#current(flow);
  }

  async #tellLater(entry: JournalEntry): Promise<void> {
    const account = await this.#needs.directory.read(entry.write.accountId);
    if (account !== undefined)
      this.#needs.notices.tell(identityOf(account), { kind: entry.action }, entry.flowReference);
  }

  async #settle(entry: JournalEntry): Promise<JournalOutcome> {
    if (entry.outcome !== undefined && entry.outcome !== 'unknown') return entry.outcome;
    const outcome = await this.#observed(entry.action, entry.write);
    if (outcome === entry.outcome) return outcome;
    await this.#needs.stores.journal.settle(entry.id, outcome, this.#needs.clock.now());
    const subject = { kind: 'account', account: { id: entry.write.accountId } } as const;
    const flow = { subject, portal: 'reset', reference: entry.flowReference } as const;
    await this.#needs.audit.write(`write.${outcome}`, flow, { detail: { action: entry.action, recovered: true } });
    return outcome;
  }

  /** What became of a write, told by the server that it was sent to. */
  async #observed(action: Action, write: PreparedWrite): Promise<JournalOutcome> {
    try {
      const now = await this.#needs.directory.observe(write);
      if (action === 'unlock') return now.lockoutTime === '0' ? 'done' : 'not-done';
      return now.passwordLastSet === write.passwordLastSet ? 'not-done' : 'done';
    } catch {
      return 'unknown';
    }
  }

  async #eligible(flow: Flow): Promise<Account | undefined> {
    const { stores, policy, clock } = this.#needs;
    const account = await this.#account(flow);
    if (account === undefined) return undefined;
    const enrolments = await stores.enrolments.of(account.id);
    const lockout = await stores.failures.lockout(account.id, clock.now());
    return barredFromReset(account, policy, { lockout, enrolments }) === undefined ? account : undefined;
  }

  async #refuse(flow: Flow, request: RequestContext): Promise<Flow> {
    await this.#needs.audit.write('flow.refused', flow, { request, detail: { why: 'not-eligible' } });
    return this.#move(flow, { kind: 'refused', reason: 'not-eligible' });
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

const notDone: Message = { key: 'password.not-done' };

function settledAs(kind: 'done' | 'refused' | 'not-sent'): JournalOutcome {
  return kind === 'not-sent' ? 'not-done' : kind;
}

function problemAfter(
  outcome: JournalOutcome,
  result: WriteResult | { readonly kind: 'not-sent' },
): Message | undefined {
  if (result.kind === 'refused') return { key: `password.refused.${result.reason satisfies RefusalReason}` };
  return outcome === 'not-done' ? notDone : undefined;
}
