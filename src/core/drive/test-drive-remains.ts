import { type Flow, isEnded } from '../flow/flow.ts';
import { subjectKey } from '../flow-subject.ts';
import { numberIn } from '../gates/enrolled-number.ts';
import type { RequestContext } from '../request-context.ts';
import { maskNumber } from '../sending/phone-number.ts';
import type { AuditStore, EnrolmentStore } from '../stores.ts';
import { type DriveStep, stepsOf } from './test-drive-recorder.ts';
import type { Drive, DriveParts } from './test-drives.ts';

/** What a browser keeps of its drive, so that it can be told what became of one that is gone. Times in milliseconds. */
export interface DriveTrace {
  readonly id: string;
  /** Of the account that was driven. */
  readonly account: string;
  readonly name: string;
  readonly isLive: boolean;
  readonly flow: string;
  readonly reference: string;
  readonly began: number;
}

/** What became of a drive that nobody walks any more. A dry run leaves nothing. */
export interface DriveRemains extends Pick<DriveTrace, 'id' | 'name' | 'isLive'> {
  /** What it did, in order; only of one in earnest. */
  readonly steps: readonly DriveStep[];
  /** When its visit ends by itself; absent when it has ended. */
  readonly openUntil?: Date;
}

/** What the steps of a live drive are read from. */
export interface DriveRecords {
  readonly audit: Pick<AuditStore, 'search'>;
  readonly enrolments: Pick<EnrolmentStore, 'of'>;
}

/** Rows of one flow: more than its limits of tries and sendings make. */
const mostRows = 300;

export function traceOf({ id, account, dry, flowId, reference, began }: Drive): DriveTrace {
  const isLive = dry === undefined;
  return { id, account: account.id, name: account.name, isLive, flow: flowId, reference, began: began.getTime() };
}

/** What a live drive did so far: what was audited is what happened. */
export async function stepsSince(
  { audit, enrolments }: DriveRecords,
  { account, reference, began }: Pick<DriveTrace, 'account' | 'reference' | 'began'>,
): Promise<readonly DriveStep[]> {
  const rows = await audit.search({ flow: reference, limit: mostRows });
  const kept = await enrolments.of(account, reference);
  const masks = kept.flatMap(({ gate, data }) => {
    const number = numberIn(data);
    return number === undefined ? [] : [[gate, maskNumber(number)] as const];
  });
  return stepsOf([...rows].reverse(), new Date(began), new Map(masks));
}

/** Tells what a drive left behind whose process died, and ends what it left open. */
export class CutOffDrives {
  readonly #records: DriveRecords;
  readonly #live: Pick<DriveParts, 'runner' | 'actions'>;

  constructor(needs: DriveRecords & { readonly live: Pick<DriveParts, 'runner' | 'actions'> }) {
    this.#records = needs;
    this.#live = needs.live;
  }

  /** A write that was cut off is settled before it is told. */
  async remains(trace: DriveTrace): Promise<DriveRemains> {
    const { id, name, isLive } = trace;
    if (!isLive) return { id, name, isLive, steps: [] };
    const flow = await this.#flow(trace);
    const steps = await stepsSince(this.#records, trace);
    const isOpen = flow !== undefined && !isEnded(flow.step);
    return { id, name, isLive, steps, ...(isOpen ? { openUntil: flow.expiresAt } : {}) };
  }

  /** Ends the visit of one in earnest. What was sent to the directory goes on. */
  async end(trace: DriveTrace, request: RequestContext): Promise<void> {
    const flow = trace.isLive ? await this.#flow(trace) : undefined;
    if (flow !== undefined && !isEnded(flow.step)) await this.#live.runner.cancel(flow, request);
  }

  /** Nobody else's flow, whatever the session names. */
  async #flow({ flow: id, reference, account }: DriveTrace): Promise<Flow | undefined> {
    const flow = await this.#live.runner.read(id);
    if (flow?.portal !== 'reset' || flow.reference !== reference || subjectKey(flow.subject) !== account) {
      return undefined;
    }
    return flow.step.kind === 'writing' ? this.#live.actions.resume(flow) : flow;
  }
}
