import { z } from 'zod';
import { BadRequest } from '../../core/errors.ts';
import { accountOf, type GateContext, type Page, type Step, type Verdict } from '../../core/gate.ts';
import { numberPage, proposedNumber } from '../../core/gates/number-entry.ts';
import type { Json } from '../../core/json.ts';
import { noneSent, sendCount } from '../../core/sending/send-allowance.ts';
import { type Calling, type CallMemory, callMemory } from './calling.ts';
import type { PhoneSettings } from './settings.ts';

const form = z.strictObject({
  act: z.enum(['next', 'again', 'change']),
  number: z.string().max(64).optional(),
});

const memorySchema = z.discriminatedUnion('phase', [
  z.strictObject({ phase: z.literal('number'), calls: sendCount, typed: z.string().nullable() }),
  z.strictObject({ phase: z.literal('call'), call: callMemory }),
]);
type NumberPhase = Extract<z.infer<typeof memorySchema>, { phase: 'number' }>;

/** Registers a telephone: first the number, then a call to it. Kept only once the call was confirmed. */
export class EnrolByCall implements Step {
  readonly form = form;
  readonly #settings: PhoneSettings;
  readonly #calling: Calling;

  constructor(settings: PhoneSettings, calling: Calling) {
    this.#settings = settings;
    this.#calling = calling;
  }

  async open(context: GateContext): Promise<Json> {
    accountOf(context);
    return { phase: 'number', calls: noneSent, typed: null };
  }

  async show(context: GateContext): Promise<Page> {
    const memory = memorySchema.parse(context.memory);
    if (memory.phase === 'call') return { view: 'enrol-call', data: await this.#calling.page(memory.call, context) };
    return { view: 'enrol-number', data: numberPage(memory.typed, accountOf(context).telephone, this.#settings) };
  }

  async answer(input: Readonly<Record<string, string>>, context: GateContext): Promise<Verdict> {
    const memory = memorySchema.parse(context.memory);
    return memory.phase === 'number' ? this.#number(input, memory, context) : this.#call(input, memory.call, context);
  }

  async watch(context: GateContext): Promise<'waiting' | 'changed'> {
    const memory = memorySchema.parse(context.memory);
    return memory.phase === 'number' ? 'waiting' : this.#calling.watch(memory.call, context);
  }

  async #number(input: Readonly<Record<string, string>>, memory: NumberPhase, context: GateContext): Promise<Verdict> {
    if (input.act !== 'next') throw new BadRequest('no call has been placed yet');
    const proposed = proposedNumber(input.number, accountOf(context).telephone, this.#settings);
    const again: NumberPhase = { ...memory, typed: input.number ?? null };
    if (proposed.kind === 'problem') return { kind: 'more', memory: again, problems: [proposed.problem] };
    const refusal = this.#calling.refusal(memory.calls);
    if (refusal !== undefined) return { kind: 'more', memory, problems: [{ message: refusal }] };
    const target = { kind: 'proposed', to: proposed.e164, accountId: accountOf(context).id } as const;
    const call = await this.#calling.call({ target, mask: proposed.mask, calls: memory.calls }, context);
    return { kind: 'more', memory: { phase: 'call', call } };
  }

  async #call(input: Readonly<Record<string, string>>, call: CallMemory, context: GateContext): Promise<Verdict> {
    if (input.number !== undefined) throw new BadRequest('no number is expected any more');
    if (input.act === 'change') return this.#toNumber(call, context);
    const proposed = await this.#calling.proposed(call, context);
    if (proposed === undefined) return this.#toNumber(call, context);
    const answer =
      input.act === 'again'
        ? await this.#calling.callAgain(
            call,
            { kind: 'proposed', to: proposed.to, accountId: accountOf(context).id },
            context,
          )
        : await this.#calling.judge(call, context);
    // Only a proved number is kept, and it is the one that rang.
    if (answer.kind === 'passed') return { kind: 'passed', enrolment: { number: proposed.to } };
    return answer.kind === 'refused' ? answer : { ...answer, memory: { phase: 'call', call: answer.memory } };
  }

  async #toNumber(call: CallMemory, context: GateContext): Promise<Verdict> {
    await this.#calling.forget(call, context);
    return { kind: 'more', memory: { phase: 'number', calls: call.calls, typed: null } };
  }
}
