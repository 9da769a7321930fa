import type { Identity } from './account.ts';
import { NotSent, Unavailable } from './errors.ts';
import type { NoticeEvent, Notices } from './notices.ts';
import type { Courier } from './provider.ts';

export interface MailNoticesNeeds {
  /** In order of preference; with none, nobody is told, and that is reported. */
  readonly couriers: readonly Courier[];
  /** A notice in the person's language. */
  readonly write: (event: NoticeEvent, account: Identity) => { readonly subject: string; readonly text: string };
  /** Told of every notice that did not go out; must not throw. */
  readonly report: (failure: { readonly event: string; readonly reference: string; readonly why: string }) => void;
}

/** Tells people by mail: never the channel of a gate's call or code, so a thief of the phone cannot hide it. */
export class MailNotices implements Notices {
  readonly #needs: MailNoticesNeeds;
  readonly #inFlight = new Set<Promise<void>>();

  constructor(needs: MailNoticesNeeds) {
    this.#needs = needs;
  }

  tell(account: Identity, event: NoticeEvent, reference: string): void {
    const work = this.#send(account, event, reference).catch((fault: unknown) => {
      const why = fault instanceof Error ? fault.message : String(fault);
      this.#needs.report({ event: event.kind, reference, why });
    });
    this.#inFlight.add(work);
    void work.finally(() => this.#inFlight.delete(work));
  }

  /** Resolves when no notice is on its way. */
  async idle(): Promise<void> {
    await Promise.all(this.#inFlight);
  }

  async #send(account: Identity, event: NoticeEvent, reference: string): Promise<void> {
    if (account.mail === undefined) throw new Unavailable('the account has no mail address');
    const message = {
      channel: 'email' as const,
      to: account.mail,
      ...this.#needs.write(event, account),
      reference: `${reference}-${event.kind}`,
      language: account.language ?? 'en',
    };
    for (const courier of this.#needs.couriers) {
      const result = await courier.deliver(message).catch(unlessSent);
      if (result.kind === 'delivered') return;
    }
    throw new Unavailable('no mail provider took the notice');
  }
}

/** What certainly did not leave may be tried with another courier; what may have left is not sent twice. */
function unlessSent(fault: unknown): { readonly kind: 'rejected' } {
  if (fault instanceof NotSent) return { kind: 'rejected' };
  throw fault;
}
