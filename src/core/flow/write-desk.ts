import { identityOf } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Directory, PreparedWrite, RefusalReason, WriteResult } from '../directory.ts';
import { Unavailable } from '../errors.ts';
import type { Action, JournalEntry, JournalOutcome } from '../journal.ts';
import type { Message } from '../message.ts';
import type { Notices } from '../notices/notices.ts';
import type { OutboxRow } from '../notices/outbox.ts';
import type { RequestContext } from '../request-context.ts';
import type { Stores } from '../stores.ts';
import { type Flow, passedLinks } from './flow.ts';
import type { FlowAudit } from './flow-audit.ts';
import { usedGates } from './ways.ts';

export interface WriteDeskNeeds {
  readonly stores: Pick<Stores, 'flows' | 'failures' | 'journal'>;
  readonly directory: Directory;
  readonly audit: FlowAudit;
  readonly notices: Notices;
  readonly clock: Clock;
  /** Milliseconds after which a write without an outcome belongs to a process that died: longer than any write takes. */
  readonly writePatienceMs: number;
  /** Told when the directory wants a new password changed at once: the right for it is missing. Must not throw. */
  readonly mustChange: (about: { readonly reference: string; readonly server: string }) => void;
}

/** One write that a flow has claimed. */
export interface WriteOrder {
  /** The journal's id; the flow stands at it. */
  readonly id: string;
  readonly flow: Flow;
  readonly action: Action;
  /** For a reset: as typed, never kept. */
  readonly newPassword?: string;
  readonly write: PreparedWrite;
  readonly request: RequestContext;
}

export type WriteEnd =
  /** The answer was lost and nothing is to be seen yet: `settle` will tell. */
  | { readonly kind: 'open' }
  | {
      readonly kind: 'ended';
      readonly outcome: JournalOutcome;
      readonly mustChange: boolean;
      readonly problem?: Message;
      /** Set when an operator must act; the flow is told `problem` all the same. */
      readonly fault?: unknown;
    };

type Sent = WriteResult | { readonly kind: 'not-sent'; readonly fault: unknown };

/** What became of a write, as far as anybody can see. */
interface Seen {
  readonly outcome: JournalOutcome;
  readonly mustChange: boolean;
}

export const notDone: Message = { key: 'password.not-done' };

/**
 * The one write to the directory. It is journalled and audited before it is sent, and sent once; an answer that was lost
 * is looked up on the same server, never guessed. Whoever writes the outcome into the journal tells the person.
 */
export class WriteDesk {
  readonly #needs: WriteDeskNeeds;
  /** Writes that this process is at: nobody else here may decide what became of them. */
  readonly #live = new Set<string>();
  /** Writes whose process died and that this one is settling: whoever asks meanwhile gets the same answer. */
  readonly #settling = new Map<string, Promise<JournalOutcome>>();
  readonly #whenIdle: (() => void)[] = [];

  constructor(needs: WriteDeskNeeds) {
    this.#needs = needs;
  }

  /** Carries out a write that its flow was claimed for just now. */
  async carryOut(order: WriteOrder): Promise<WriteEnd> {
    this.#live.add(order.id);
    try {
      return await this.#carryOut(order, performance.now());
    } finally {
      this.#live.delete(order.id);
      if (this.#live.size === 0) for (const idle of this.#whenIdle.splice(0)) idle();
    }
  }

  /** Resolves when no write is under way: one that was sent is never cut, not even where its browser has gone. */
  async idle(): Promise<void> {
    if (this.#live.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /**
   * What became of a write that a flow still stands at.
   * @param since when the flow was claimed for it
   * @returns undefined while nobody can tell: it may be under way
   */
  async settle(id: string, since: Date): Promise<JournalOutcome | undefined> {
    if (this.#isYoung(id, since)) return undefined;
    const entry = await this.#needs.stores.journal.read(id);
    // Claimed, and the process died before anything was journalled: nothing was sent.
    return entry === undefined ? 'not-done' : this.#settle(entry);
  }

  /**
   * Settles every write of the journal whose outcome is not known, by reading the directory, and tells the person of
   * what turns out to have happened: their browser may never come back. Runs at the start and now and then.
   * @returns how many were settled
   */
  async recover(): Promise<number> {
    let settled = 0;
    for (const entry of await this.#needs.stores.journal.unsettled()) {
      if (this.#isYoung(entry.id, entry.intendedAt)) continue;
      if ((await this.#settle(entry)) !== 'unknown') settled += 1;
    }
    return settled;
  }

  async #carryOut(order: WriteOrder, began: number): Promise<WriteEnd> {
    const { flow, write, action, request, id } = order;
    const { stores, audit, clock, writePatienceMs } = this.#needs;
    const intendedAt = clock.now();
    await stores.journal.intend({ id, action, flowReference: flow.reference, write, intendedAt });
    await audit.write('write.intended', flow, { request, detail: { action, server: write.server } });
    const isLate = performance.now() - began > writePatienceMs / 3;
    const sent: Sent =
      isLate || !(await this.#isStillAt(order))
        ? { kind: 'not-sent', fault: new Unavailable('the write came too late to be sent') }
        : await this.#send(order);
    return this.#conclude(order, sent);
  }

  /** Whether nobody has meanwhile decided that this write never happened, as after a long pause of the machine. */
  async #isStillAt({ flow, id }: WriteOrder): Promise<boolean> {
    const step = (await this.#needs.stores.flows.read(flow.id))?.step;
    return step?.kind === 'writing' && step.journalId === id;
  }

  async #send({ write, newPassword }: WriteOrder): Promise<Sent> {
    const { directory } = this.#needs;
    try {
      return newPassword === undefined
        ? await directory.unlock(write)
        : await directory.resetPassword(write, newPassword);
    } catch (fault) {
      return { kind: 'not-sent', fault };
    }
  }

  async #conclude(order: WriteOrder, sent: Sent): Promise<WriteEnd> {
    const { flow, action, request } = order;
    const { stores, audit, clock } = this.#needs;
    const seen = sent.kind === 'unknown' ? await this.#observed(action, order.write) : seenOf(sent);
    const { outcome, mustChange } = seen;
    const why = sent.kind === 'unknown' ? { why: sent.detail } : {};
    if (sent.kind === 'unknown' && outcome !== 'done') {
      // Not seen yet is no proof: a slow server may still be at it. Time decides.
      await audit.write('write.unknown', flow, { request, detail: { action, ...why } });
      return { kind: 'open' };
    }
    const tell = outcome === 'done' ? await this.#told({ ...flow, used: usedGates(flow) }, order.action) : [];
    if (mustChange) this.#needs.mustChange({ reference: flow.reference, server: order.write.server });
    const detail = { action, ...why, ...(mustChange ? { mustChange } : {}) };
    // Before the journal: a process that dies in between has the outcome audited twice, the other way round never.
    await audit.write(`write.${outcome}`, flow, { request, detail });
    const isMine = await stores.journal.settle(order.id, outcome, clock.now(), tell);
    if (isMine && outcome === 'done' && flow.subject.kind === 'account') {
      await this.#accomplish(flow.subject.account.id, {
        flowId: flow.id,
        whole: passedLinks(flow).length === flow.chain.length,
      });
    }
    const problem = problemAfter(outcome, sent);
    return {
      kind: 'ended',
      outcome,
      mustChange,
      ...(problem === undefined ? {} : { problem }),
      ...(sent.kind === 'not-sent' && !(sent.fault instanceof Unavailable) ? { fault: sent.fault } : {}),
    };
  }

  async #settle(entry: JournalEntry): Promise<JournalOutcome> {
    if (entry.outcome !== undefined && entry.outcome !== 'unknown') return entry.outcome;
    const settling = this.#settling.get(entry.id) ?? this.#settleAlone(entry);
    this.#settling.set(entry.id, settling);
    try {
      return await settling;
    } finally {
      this.#settling.delete(entry.id);
    }
  }

  async #settleAlone(entry: JournalEntry): Promise<JournalOutcome> {
    const { directory, stores, audit, clock } = this.#needs;
    const { action, write, flowReference } = entry;
    const { outcome, mustChange } = await this.#observed(action, write);
    const account = outcome === 'done' ? await directory.read(write.accountId) : undefined;
    const tell =
      account === undefined
        ? []
        : await this.#told(
            { subject: { kind: 'account', account: identityOf(account) }, reference: flowReference },
            action,
          );
    const subject = { kind: 'account', account: { id: write.accountId } } as const;
    const flow = { subject, portal: 'reset', reference: flowReference } as const;
    if (mustChange) this.#needs.mustChange({ reference: flowReference, server: write.server });
    const detail = { action, recovered: true, ...(mustChange ? { mustChange } : {}) };
    // As above; but what stays unknown is looked at again and again, and audited once.
    if (outcome !== 'unknown') await audit.write(`write.${outcome}`, flow, { detail });
    if (!(await stores.journal.settle(entry.id, outcome, clock.now(), tell))) return outcome;
    if (outcome === 'unknown') await audit.write('write.unknown', flow, { detail });
    // Whether an unlock had passed every gate is not known here any more.
    if (account !== undefined) await this.#accomplish(account.id, { whole: action === 'reset' });
    return outcome;
  }

  /** What became of a write, told by the server that it was sent to. */
  async #observed(action: Action, write: PreparedWrite): Promise<Seen> {
    const seen = (outcome: JournalOutcome, mustChange = false): Seen => ({ outcome, mustChange });
    try {
      const now = await this.#needs.directory.observe(write);
      if (action === 'unlock') return seen(now.lockoutTime === '0' ? 'done' : 'not-done');
      // Must be changed before and after: a reset without the right Unexpire Password looks just like none.
      if (now.passwordLastSet === '0' && write.passwordLastSet === '0') return seen('unknown');
      if (now.passwordLastSet === write.passwordLastSet) return seen('not-done');
      return seen('done', now.passwordLastSet === '0');
    } catch {
      return seen('unknown');
    }
  }

  /**
   * What follows from a write that happened, done once: by whoever wrote its outcome into the journal. Failures are
   * forgotten for a whole chain only: after a shorter way to an unlock, whoever holds one gate could guess at the others
   * for ever.
   */
  async #accomplish(accountId: string, by: { readonly flowId?: string; readonly whole: boolean }): Promise<void> {
    const { flows, failures } = this.#needs.stores;
    this.#needs.notices.wake();
    await flows.endOthers(accountId, by.flowId ?? '', this.#needs.clock.now());
    if (!by.whole) return;
    await failures.clear(accountId);
    await failures.forgive(accountId);
  }

  /** What goes into the outbox together with the outcome. */
  async #told(
    flow: Pick<Flow, 'subject' | 'reference'> & { readonly used?: readonly string[] },
    kind: Action,
  ): Promise<readonly OutboxRow[]> {
    const { subject, reference, used } = flow;
    return this.#needs.notices.rows({ subject, event: { kind }, reference, ...(used === undefined ? {} : { used }) });
  }

  #isYoung(id: string, since: Date): boolean {
    return this.#live.has(id) || this.#needs.clock.now().getTime() - since.getTime() < this.#needs.writePatienceMs;
  }
}

function seenOf(sent: Exclude<Sent, { kind: 'unknown' }>): Seen {
  const outcome = sent.kind === 'not-sent' ? 'not-done' : sent.kind;
  return { outcome, mustChange: sent.kind === 'done' && sent.mustChange === true };
}

function problemAfter(outcome: JournalOutcome, sent: Sent): Message | undefined {
  if (sent.kind === 'refused') return { key: `password.refused.${sent.reason satisfies RefusalReason}` };
  return outcome === 'not-done' ? notDone : undefined;
}
