import { identityOf } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { NoticeEvent, Notices } from '../notices/notices.ts';
import type { OutboxRow } from '../notices/outbox.ts';
import type { Act, ActGuard, AdmittedAct, RefusedAct } from '../staff/act-guard.ts';
import type { ActPace } from '../staff/act-pace.ts';
import type { Stores } from '../stores.ts';
import { barsOf, endBars } from './bars.ts';

/** How an act ended. `nothing`: there was nothing to do, or somebody else was faster. */
export type Acted =
  | { readonly kind: 'done' }
  | { readonly kind: 'nothing' }
  | RefusedAct
  /** The directory has no mail address of the person. */
  | { readonly kind: 'refused'; readonly why: 'no-mail' }
  /** There is no such number, or no manager with a mail address, to send a code to. */
  | { readonly kind: 'refused'; readonly why: 'no-destination' }
  /** It was done a moment ago already. */
  | { readonly kind: 'refused'; readonly why: 'too-soon' };

export interface HelpdeskDeskNeeds {
  readonly guard: ActGuard;
  readonly pace: ActPace;
  readonly stores: Pick<Stores, 'flows' | 'sessions' | 'enrolments' | 'failures' | 'outbox' | 'audit'>;
  readonly notices: Notices;
  readonly clock: Clock;
}

/**
 * What staff do to people. Each act is admitted, audited, done, and told to the person in one transaction with what it
 * changes, so that neither a fault nor a colleague leaves half of it. None of them ever sees or sets a password.
 */
export class HelpdeskDesk {
  readonly #needs: HelpdeskDeskNeeds;

  constructor(needs: HelpdeskDeskNeeds) {
    this.#needs = needs;
  }

  /** Ends every bar of the account and of its sign-in, those included that nothing else ends. */
  async clearBars(wanted: Act): Promise<Acted> {
    const { guard, stores, notices, clock } = this.#needs;
    const act = await guard.admit(wanted, 'account.unbarred');
    if (act.kind === 'refused') return act;
    const bars = await barsOf(stores.failures, act.account, clock.now());
    if (bars.length === 0) return { kind: 'nothing' };
    await guard.write('account.unbarred', act, { detail: { bars: bars.length } });
    return this.#told(await endBars({ failures: stores.failures, notices }, act.account, act.reference));
  }

  /** Ends what the person has open in the portals; a write that was sent to the directory cannot be called back. */
  async endFlows(wanted: Act): Promise<Acted> {
    const { guard, stores, clock } = this.#needs;
    const act = await guard.admit(wanted, 'flow.ending');
    if (act.kind === 'refused') return act;
    const open = await stores.flows.openOf(act.account.id, clock.now());
    if (open === 0) return { kind: 'nothing' };
    await guard.write('flow.ending', act, { detail: { open } });
    const tell = await this.#rows(act, { kind: 'flows-ended' });
    return this.#told((await stores.flows.endOthers(act.account.id, '', clock.now(), tell)) > 0);
  }

  /** Asks the person by mail to register, and says how. Changes nothing that is registered. */
  async askToRegister(wanted: Act): Promise<Acted> {
    const { guard, stores, pace } = this.#needs;
    const event = 'registration.asked';
    const act = await guard.admit(wanted, event);
    if (act.kind === 'refused') return act;
    if (act.account.mail === undefined) return { kind: 'refused', why: 'no-mail' };
    const soon = await pace.refusal(act, 'asked');
    if (soon === 'too-many') return guard.refuse(act, event, { why: soon, account: act.account });
    if (soon !== undefined) return { kind: 'refused', why: soon };
    await guard.write(event, act);
    const rows = await this.#rows(act, { kind: 'register-again' });
    await stores.outbox.put(rows.filter(({ channel }) => channel === 'email'));
    return this.#told(true);
  }

  /**
   * Takes away what the person registered for one gate, held or not. They are told by other ways than that gate, and
   * what they have open ends: it may have been proved by it.
   * @param gate its id, as the browser has it
   */
  async removeEnrolment(wanted: Act, gate: string): Promise<Acted> {
    const { guard, stores, clock } = this.#needs;
    const act = await guard.admit(wanted, 'enrolment.removing');
    if (act.kind === 'refused') return act;
    const { id } = act.account;
    const all = [...(await stores.enrolments.registered(id)), ...(await stores.enrolments.held(id))];
    if (!all.some((one) => one.gate === gate)) return { kind: 'nothing' };
    await guard.write('enrolment.removing', act, { gate });
    const tell = await this.#rows(act, { kind: 'enrolment-removed', gate }, [gate]);
    const removed = await stores.enrolments.remove(id, gate, tell);
    await stores.flows.endOthers(id, '', clock.now());
    return this.#told(removed);
  }

  /**
   * Ends the sessions that the person has open in the console, and sign-ins under way, at once and on every node. For
   * administrators alone, whoever the person is by now: somebody who is staff no more may have left one open.
   */
  async endSessions(wanted: Act): Promise<Acted> {
    const { guard, stores, clock } = this.#needs;
    const act = await guard.admit(wanted, 'console.session-ending', 'administrators');
    if (act.kind === 'refused') return act;
    const { id } = act.account;
    const open = await stores.sessions.openOf(id, clock.now());
    if (open.sessions + open.signIns === 0) return { kind: 'nothing' };
    await guard.write('console.session-ending', act, { detail: { which: 'all', ...open } });
    const tell = await this.#rows(act, { kind: 'sessions-ended' });
    return this.#told(await stores.sessions.endAll(id, clock.now(), tell));
  }

  /** @param used gates whose numbers are not where to tell it; all when left out */
  #rows(
    { account, reference }: AdmittedAct,
    event: NoticeEvent,
    used?: readonly string[],
  ): Promise<readonly OutboxRow[]> {
    const subject = { kind: 'account', account: identityOf(account) } as const;
    return this.#needs.notices.rows({ subject, event, reference, ...(used === undefined ? {} : { used }) });
  }

  #told(isDone: boolean): Acted {
    if (!isDone) return { kind: 'nothing' };
    this.#needs.notices.wake();
    return { kind: 'done' };
  }
}
