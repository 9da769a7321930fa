import { z } from 'zod';
import type { ChallengeTarget } from '../../core/challenge-body.ts';
import { enrolledNumber } from '../../core/enrolled-number.ts';
import type { GateContext, Page, Step, Subject, Verdict } from '../../core/gate.ts';
import type { Json } from '../../core/json.ts';
import { decoyMask, maskNumber } from '../../core/phone-number.ts';
import { noneSent } from '../../core/send-allowance.ts';
import { type CodeSending, codeMemory, gateId } from './code-sending.ts';

const form = z
  .strictObject({ act: z.enum(['next', 'again']), code: z.string().max(64).optional() })
  .refine((input) => input.act !== 'next' || input.code !== undefined, { path: ['code'] });

/** Proves that the person holds the registered number: a code goes there when the page opens. */
export class VerifyBySms implements Step {
  readonly form = form;
  readonly #codes: CodeSending;

  constructor(codes: CodeSending) {
    this.#codes = codes;
  }

  async open(context: GateContext): Promise<Json> {
    const { subject } = context;
    const target = targetOf(subject);
    const kept = subject.kind === 'decoy' ? subject.like : subject.enrolment;
    const unknown = subject.kind === 'decoy' && kept === undefined;
    const mask = unknown ? decoyMask(subject.seed, gateId) : maskNumber(enrolledNumber(kept).number);
    return this.#codes.send({ target, mask, sends: noneSent }, context);
  }

  async show(context: GateContext): Promise<Page> {
    return { view: 'verify', data: this.#codes.page(codeMemory.parse(context.memory)) };
  }

  async answer(input: Readonly<Record<string, string>>, context: GateContext): Promise<Verdict> {
    const memory = codeMemory.parse(context.memory);
    if (input.act === 'again') return this.#codes.sendAgain(memory, targetOf(context.subject), context);
    return this.#codes.judge(input.code, memory, context);
  }
}

/** Whose number; the number itself is looked up when the message is sent. */
function targetOf(subject: Subject): ChallengeTarget {
  return subject.kind === 'decoy' ? { kind: 'decoy' } : { kind: 'enrolled', accountId: subject.account.id };
}
