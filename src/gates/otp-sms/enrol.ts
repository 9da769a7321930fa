import { z } from 'zod';
import { BadRequest } from '../../core/errors.ts';
import { accountOf, type GateContext, type Page, type Step, type Verdict } from '../../core/gate.ts';
import { numberPage, proposedNumber } from '../../core/gates/number-entry.ts';
import type { Json } from '../../core/json.ts';
import { noneSent, sendCount } from '../../core/sending/send-allowance.ts';
import { type CodeMemory, type CodeSending, codeMemory } from './code-sending.ts';
import type { OtpSmsSettings } from './settings.ts';

const form = z.strictObject({
  act: z.enum(['next', 'again', 'change']),
  number: z.string().max(64).optional(),
  code: z.string().max(64).optional(),
});

const memorySchema = z.discriminatedUnion('phase', [
  z.strictObject({ phase: z.literal('number'), sends: sendCount, typed: z.string().nullable() }),
  z.strictObject({ phase: z.literal('code'), code: codeMemory }),
]);
type Memory = z.infer<typeof memorySchema>;
type NumberPhase = Extract<Memory, { phase: 'number' }>;

/** Registers a mobile number: first the number, then a code that was sent to it. Kept only once the code is right. */
export class EnrolBySms implements Step {
  readonly form = form;
  readonly #settings: OtpSmsSettings;
  readonly #codes: CodeSending;

  constructor(settings: OtpSmsSettings, codes: CodeSending) {
    this.#settings = settings;
    this.#codes = codes;
  }

  async open(context: GateContext): Promise<Json> {
    accountOf(context);
    return { phase: 'number', sends: noneSent, typed: null };
  }

  async show(context: GateContext): Promise<Page> {
    const memory = memorySchema.parse(context.memory);
    if (memory.phase === 'number') {
      const data = numberPage(memory.typed, accountOf(context).mobile, this.#settings);
      return { view: 'enrol-number', data };
    }
    return { view: 'enrol-code', data: await this.#codes.page(memory.code, context) };
  }

  async answer(input: Readonly<Record<string, string>>, context: GateContext): Promise<Verdict> {
    const memory = memorySchema.parse(context.memory);
    return memory.phase === 'number' ? this.#number(input, memory, context) : this.#code(input, memory.code, context);
  }

  async watch(context: GateContext): Promise<'waiting' | 'changed'> {
    const memory = memorySchema.parse(context.memory);
    return memory.phase === 'number' ? 'waiting' : this.#codes.watch(memory.code, context);
  }

  async #number(input: Readonly<Record<string, string>>, memory: NumberPhase, context: GateContext): Promise<Verdict> {
    if (input.act !== 'next' || input.code !== undefined) throw new BadRequest('no code is expected yet');
    const proposed = proposedNumber(input.number, accountOf(context).mobile, this.#settings);
    const again: NumberPhase = { ...memory, typed: input.number ?? null };
    if (proposed.kind === 'problem') return { kind: 'more', memory: again, problems: [proposed.problem] };
    const refusal = this.#codes.refusal(memory.sends);
    if (refusal !== undefined) return { kind: 'more', memory, problems: [{ message: refusal }] };
    const target = { kind: 'proposed', to: proposed.e164, accountId: accountOf(context).id } as const;
    const code = await this.#codes.send({ target, mask: proposed.mask, sends: memory.sends }, context);
    return { kind: 'more', memory: { phase: 'code', code } };
  }

  async #code(input: Readonly<Record<string, string>>, code: CodeMemory, context: GateContext): Promise<Verdict> {
    if (input.number !== undefined) throw new BadRequest('no number is expected any more');
    if (input.act === 'change') return this.#toNumber(code, context);
    const proposed = await this.#codes.proposed(code, context);
    if (input.act === 'again' && proposed === undefined) return this.#toNumber(code, context);
    const answer =
      input.act === 'again' && proposed !== undefined
        ? await this.#codes.sendAgain(
            code,
            { kind: 'proposed', to: proposed.to, accountId: accountOf(context).id },
            context,
          )
        : await this.#codes.judge(input.code, code, context);
    if (answer.kind === 'passed') return this.#keep(code, context);
    return { ...answer, memory: { phase: 'code', code: answer.memory } };
  }

  async #toNumber(code: CodeMemory, context: GateContext): Promise<Verdict> {
    await this.#codes.forget(code, context);
    return { kind: 'more', memory: { phase: 'number', sends: code.sends, typed: null } };
  }

  async #keep(code: CodeMemory, context: GateContext): Promise<Verdict> {
    const proposed = await this.#codes.proposed(code, context);
    if (!proposed?.proved) throw new Error('a code was right, but which number it proved is not on record');
    return { kind: 'passed', enrolment: { number: proposed.to } };
  }
}
