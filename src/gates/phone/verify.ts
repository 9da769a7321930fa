import { z } from 'zod';
import type { GateContext, Page, Step, Verdict } from '../../core/gate.ts';
import { maskOf, targetOf } from '../../core/gates/enrolled-number.ts';
import type { Json } from '../../core/json.ts';
import { noneSent } from '../../core/sending/send-allowance.ts';
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
    const to = { target: targetOf(subject), mask: maskOf(subject, gateId), calls: noneSent };
    return this.#calling.call(to, context);
  }

  async show(context: GateContext): Promise<Page> {
    return { view: 'verify', data: await this.#calling.page(callMemory.parse(context.memory), context) };
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
