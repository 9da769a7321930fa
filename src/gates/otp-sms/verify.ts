import { z } from 'zod';
import type { GateContext, Page, Step, Verdict } from '../../core/gate.ts';
import { maskOf, targetOf } from '../../core/gates/enrolled-number.ts';
import type { Json } from '../../core/json.ts';
import { noneSent } from '../../core/sending/send-allowance.ts';
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
    const to = { target: targetOf(subject), mask: maskOf(subject, gateId), sends: noneSent };
    return this.#codes.send(to, context);
  }

  async show(context: GateContext): Promise<Page> {
    return { view: 'verify', data: await this.#codes.page(codeMemory.parse(context.memory), context) };
  }

  async answer(input: Readonly<Record<string, string>>, context: GateContext): Promise<Verdict> {
    const memory = codeMemory.parse(context.memory);
    if (input.act === 'again') return this.#codes.sendAgain(memory, targetOf(context.subject), context);
    return this.#codes.judge(input.code, memory, context);
  }

  async watch(context: GateContext): Promise<'waiting' | 'changed'> {
    return this.#codes.watch(codeMemory.parse(context.memory), context);
  }
}
