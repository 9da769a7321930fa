import type { Clock } from '../clock.ts';
import type { RequestContext } from '../request-context.ts';
import type { AuditStore } from '../stores.ts';
import type { AuditEvent, AuditEventName } from './audit.ts';

/** What was looked at or done in the console. */
export interface ConsoleDeed {
  /** The route, such as `/people/:id`; never what somebody typed. */
  readonly what: string;
  /** The account that it is about. */
  readonly subject?: string;
  readonly detail?: NonNullable<AuditEvent['detail']>;
}

/** Writes down who looked at what in the console, and who did what to whom and why. */
export class ConsoleAudit {
  readonly #audit: Pick<AuditStore, 'append'>;
  readonly #clock: Clock;

  constructor(needs: { readonly audit: Pick<AuditStore, 'append'>; readonly clock: Clock }) {
    this.#audit = needs.audit;
    this.#clock = needs.clock;
  }

  /**
   * Resolves when the row is on disk: before anything is shown or done.
   * @param by id of the account of the member of staff; undefined when nobody has signed in
   */
  async write(
    event: AuditEventName,
    deed: ConsoleDeed,
    from: { readonly by: string | undefined; readonly request: RequestContext },
  ): Promise<void> {
    const { address, correlation } = from.request;
    await this.#audit.append({
      at: this.#clock.now(),
      event,
      portal: 'console',
      ...(deed.subject === undefined ? {} : { subject: deed.subject }),
      address,
      correlation,
      detail: { ...deed.detail, what: deed.what, ...(from.by === undefined ? {} : { by: from.by }) },
    });
  }
}
