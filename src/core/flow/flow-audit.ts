import type { AuditEventName } from '../audit/audit.ts';
import type { Clock } from '../clock.ts';
import { type SubjectRef, subjectKey } from '../flow-subject.ts';
import type { RequestContext } from '../request-context.ts';
import type { AuditStore } from '../stores.ts';
import type { Flow } from './flow.ts';

/** Writes down what happens to flows, with the same fields every time. */
export class FlowAudit {
  readonly #audit: Pick<AuditStore, 'append'>;
  readonly #clock: Clock;

  constructor(needs: { readonly audit: Pick<AuditStore, 'append'>; readonly clock: Clock }) {
    this.#audit = needs.audit;
    this.#clock = needs.clock;
  }

  /** Resolves when the row is on disk. `request` is absent for what Latchkey does by itself. */
  async write(
    event: AuditEventName,
    flow: Pick<Flow, 'portal' | 'reference'> & { readonly subject: SubjectRef },
    about: {
      readonly request?: RequestContext;
      readonly gate?: string;
      readonly detail?: { readonly [name: string]: string | number | boolean };
    },
  ): Promise<void> {
    const { request, gate } = about;
    // Whoever counts, or reads one row, must not take what nobody could pass for what somebody did not pass.
    const detail = flow.subject.kind === 'decoy' ? { decoy: true, ...about.detail } : about.detail;
    await this.#audit.append({
      at: this.#clock.now(),
      event,
      subject: subjectKey(flow.subject),
      portal: flow.portal,
      flow: flow.reference,
      ...(gate === undefined ? {} : { gate }),
      ...(request === undefined ? {} : { address: request.address, correlation: request.correlation }),
      ...(detail === undefined ? {} : { detail }),
    });
  }
}
