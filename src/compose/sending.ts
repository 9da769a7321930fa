import type { Logger } from 'pino';
import type { Clock } from '../core/clock.ts';
import type { SendingReport } from '../core/sending/challenge-sender.ts';
import type { Stores } from '../core/stores.ts';

/** Every sending is audited, and every decoy's that was none; a failed one is also in the log, with its fault. */
export function reportSending(report: SendingReport, needs: { log: Logger; stores: Stores; clock: Clock }): void {
  const { challenge, provider, detail, kind, fault, alarm, subject } = report;
  const about = { flow: challenge.flowReference, gate: challenge.gate, channel: challenge.channel, provider, detail };
  needs.log[alarm === true ? 'error' : kind === 'failed' ? 'warn' : 'info'](
    { ...about, ...(alarm === undefined ? {} : { alarm }), ...(fault === undefined ? {} : { err: fault }) },
    `challenge ${kind}`,
  );
  needs.stores.audit
    .append({
      at: needs.clock.now(),
      event: `challenge.${kind}`,
      ...(subject === undefined ? {} : { subject }),
      flow: challenge.flowReference,
      gate: challenge.gate,
      // What somebody at the helpdesk can tell the person; all else that keeps a sending back is in the log.
      detail: { channel: challenge.channel, provider: provider ?? 'none', ...(alarm === true ? { why: 'limit' } : {}) },
    })
    .catch((err: unknown) => needs.log.error({ err }, 'a sending could not be audited'));
}
