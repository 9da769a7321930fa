import { z } from 'zod';
import type { ChallengeTarget } from '../../core/challenge-body.ts';
import { enrolledNumber } from '../../core/enrolled-number.ts';
import type { GateContext, Page, Step, Subject, Verdict } from '../../core/gate.ts';
import type { Json } from '../../core/json.ts';
import { decoyMask, maskNumber } from '../../core/phone-number.ts';
import { noneSent } from '../../core/send-allowance.ts';
import { type Calling, callMemory, gateId } from './calling.ts';

const form = z.strictObject({ act: z.enum(['next', 'again']) });

/** Proves that the person answers the registered number: it rings when the page opens. */
export class VerifyByCall implements Step {
  readonly form = form;
  readonly #calling: Calling;

  constructor(calling: Calling) {
    this.#calling = calling;
  }

  async open(context: GateContext): Promise<Json> {
    const { subject } = context;
    const target = targetOf(subject);
    const kept = subject.kind === 'decoy' ? subject.like : subject.enrolment;
    const unknown = subject.kind === 'decoy' && kept === undefined;
    const mask = unknown ? decoyMask(subject.seed, gateId) : maskNumber(enrolledNumber(kept).number);
    return this.#calling.call({ target, mask, calls: noneSent }, context);
  }

  async show(context: GateContext): Promise<Page> {
    return { view: 'verify', data: this.#calling.page(callMemory.parse(context.memory)) };
  }

  async answer(input: Readonly<Record<string, string>>, context: GateContext): Promise<Verdict> {
    const memory = callMemory.parse(context.memory);
    if (input.act === 'again') return this.#calling.callAgain(memory, targetOf(context.subject), context);
    return this.#calling.judge(memory, context);
  }

  async watch(context: GateContext): Promise<'waiting' | 'changed'> {
    return this.#calling.watch(callMemory.parse(context.memory), context);
  }

  async isRefused(context: GateContext): Promise<boolean> {
    return this.#calling.isRefused(callMemory.parse(context.memory), context);
  }
}

/** Whose number; the number itself is looked up when the call is placed. */
function targetOf(subject: Subject): ChallengeTarget {
  return subject.kind === 'decoy' ? { kind: 'decoy' } : { kind: 'enrolled', accountId: subject.account.id };
}
