import type { AuditEvent } from '../audit/audit.ts';
import { historyLine } from '../audit/history.ts';
import type { GateSettings } from '../gate.ts';
import type { Message } from '../message.ts';
import { settingMessage } from '../policies/gate-setting-message.ts';
import type { MatchStep } from '../policies/policies.ts';

/** One thing that happened in a test drive, as a sentence. */
export interface DriveStep {
  /** Milliseconds since the drive began. */
  readonly at: number;
  /** Milliseconds that it took, where that is known. */
  readonly took?: number;
  readonly message: Message;
  readonly why?: Message;
  /** Id of the gate, which the sentence calls `gate`. */
  readonly gate?: string;
  /** Where something was sent, masked. */
  readonly number?: string;
  /** Who sent something. */
  readonly provider?: string;
  /** A text that stands apart: what was sent in a dry run. Never of a live drive. */
  readonly text?: string;
}

/** The most steps of one drive: more than any flow has, and little enough to be kept in memory. */
const mostSteps = 400;

/** Writes down what happens in one test drive, in order, with its times. Kept in memory and nowhere else. */
export class DriveRecorder {
  readonly #nowMs: () => number;
  readonly #began: number;
  readonly #steps: DriveStep[] = [];

  /** @param nowMs a clock that only goes on */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#began = nowMs();
  }

  get steps(): readonly DriveStep[] {
    return this.#steps;
  }

  note(step: Omit<DriveStep, 'at'>): void {
    if (this.#steps.length < mostSteps) this.#steps.push({ ...step, at: Math.round(this.#nowMs() - this.#began) });
  }

  /** Why an account comes under a policy: each that was looked at, in order. */
  policies(steps: readonly MatchStep[]): void {
    for (const step of steps) this.note(matchStep(step));
    if (!steps.some(({ matched }) => matched)) this.note({ message: { key: 'console.drive.no-policy' } });
  }

  /** What the policy says of a gate, over what is configured. */
  settings(gate: string, own: GateSettings[string]): void {
    for (const [setting, value] of Object.entries(own)) {
      this.note({ gate, message: settingMessage('console.drive.own-setting', { setting, value }) });
    }
  }

  /** What a dry run would have written into the audit: that something was written is said of none. */
  event(event: AuditEvent): void {
    const message = { key: 'console.drive.not-written' };
    this.note(event.event === 'write.done' ? { message } : eventStep(event));
  }

  /** Does the work and says how long it took, also when it fails. */
  async timed<Result>(step: Pick<DriveStep, 'message' | 'gate'>, work: () => Promise<Result>): Promise<Result> {
    const from = this.#nowMs();
    try {
      return await work();
    } finally {
      this.note({ ...step, took: Math.round(this.#nowMs() - from) });
    }
  }
}

/**
 * The steps of a live drive, from the rows of its flow: what was audited is what happened.
 * @param masks of the numbers that the account has registered, by gate
 */
export function stepsOf(
  rows: readonly AuditEvent[],
  began: Date,
  masks: ReadonlyMap<string, string> = new Map(),
): readonly DriveStep[] {
  return rows.map((row) => {
    const number = row.event === 'challenge.sent' ? masks.get(row.gate ?? '') : undefined;
    const at = row.at.getTime() - began.getTime();
    return { ...eventStep(row), ...(number === undefined ? {} : { number }), at };
  });
}

function matchStep({ policy, matched, why }: MatchStep): Omit<DriveStep, 'at'> {
  const values = { policy: policy.name, ...('name' in why ? { name: why.name } : {}) };
  const key = matched ? 'console.drive.policy-matched' : 'console.drive.policy-passed-over';
  return { message: { key, values }, why: { key: `console.one-login.why.${why.kind}`, values } };
}

function eventStep(event: AuditEvent): Omit<DriveStep, 'at'> {
  const { message, gate, why } = historyLine({ ...event, sequence: 0, hash: '' });
  const { detail = {} } = event;
  const provider = typeof detail.provider === 'string' ? { provider: detail.provider } : {};
  return { message, ...provider, ...(why === undefined ? {} : { why }), ...(gate === undefined ? {} : { gate }) };
}
