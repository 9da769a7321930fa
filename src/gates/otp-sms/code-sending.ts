import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { BadRequest } from '../../core/errors.ts';
import type { GateContext, Verdict } from '../../core/gate.ts';
import { textFor } from '../../core/gates/purpose-text.ts';
import { readCode } from '../../core/gates/typed-code.ts';
import type { Message } from '../../core/message.ts';
import { hasSignedIn } from '../../core/portal.ts';
import type { ChallengeTarget, Withheld } from '../../core/sending/challenge-body.ts';
import type { ChallengeResult, ChallengeScope, Challenges, Proposed } from '../../core/sending/challenges.ts';
import { countSend, secondsUntilNext, sendCount, sendRefusal, sendsLeft } from '../../core/sending/send-allowance.ts';
import { type OtpSmsSettings, textsOf } from './settings.ts';

export const gateId = 'otp-sms';

export interface OtpSmsNeeds {
  readonly challenges: Challenges;
  readonly clock: Clock;
}

/** A code on its way: which challenge, how many messages so far, how many wrong answers to this code. */
export const codeMemory = z.strictObject({ challenge: z.string(), mask: z.string(), wrong: z.int(), sends: sendCount });
export type CodeMemory = z.infer<typeof codeMemory>;

export type CodeAnswer = { readonly kind: 'passed' } | Exclude<Verdict, { kind: 'passed' | 'refused' }>;

/** Sends codes and judges them: what the two steps of the gate have in common. */
export class CodeSending {
  readonly #settings: OtpSmsSettings;
  readonly #needs: OtpSmsNeeds;
  readonly #step: 'enrol' | 'verify';

  /** @param step for which of the two, so that each counts its own */
  constructor(settings: OtpSmsSettings, needs: OtpSmsNeeds, step: 'enrol' | 'verify') {
    this.#settings = settings;
    this.#needs = needs;
    this.#step = step;
  }

  /** Why no message may be sent now; undefined when one may. */
  refusal(sends: CodeMemory['sends']): Message | undefined {
    return sendRefusal(sends, this.#limits(), this.#needs.clock.now());
  }

  /** Sends a new code and counts it. */
  async send(
    to: { target: ChallengeTarget; mask: string; sends: CodeMemory['sends'] },
    context: GateContext,
  ): Promise<CodeMemory> {
    const sends = countSend(to.sends, this.#needs.clock.now());
    const challenge = await this.#needs.challenges.begin({
      channel: 'sms',
      channels: context.channels,
      target: to.target,
      ...scopeOf(context),
      attempt: `${this.#step}-${sends.sent}`,
      language: context.language,
      codeLength: this.#settings['code-length'],
      lifetimeSeconds: this.#settings.lifetime,
      text: textFor(textsOf(this.#settings), context),
      host: context.host,
      candid: hasSignedIn(context.purpose),
    });
    return { challenge, mask: to.mask, wrong: 0, sends };
  }

  /** Sends another code; the one before it is worth nothing from then on. */
  async sendAgain(memory: CodeMemory, target: ChallengeTarget, context: GateContext): Promise<CodeAnswer> {
    const refusal = this.refusal(memory.sends);
    if (refusal !== undefined) return { kind: 'more', memory, problems: [{ message: refusal }] };
    await this.forget(memory, context);
    const next = await this.send({ target, mask: memory.mask, sends: memory.sends }, context);
    return { kind: 'more', memory: next, notice: { key: 'gates.otp-sms.sent-again', values: { number: memory.mask } } };
  }

  /** Makes the code that was sent worthless. */
  async forget(memory: CodeMemory, context: GateContext): Promise<void> {
    await this.#needs.challenges.cancel(memory.challenge, scopeOf(context));
  }

  /** Judges a typed code. What cannot be a code is sent back without being a try. */
  async judge(typed: string | undefined, memory: CodeMemory, context: GateContext): Promise<CodeAnswer> {
    if (typed === undefined) throw new BadRequest('code missing');
    const code = readCode(typed);
    const length = this.#settings['code-length'];
    if (code === '') return mend(memory, { key: 'gates.otp-sms.code-empty' });
    if (!/^\d+$/.test(code) || code.length !== length) {
      return mend(memory, { key: 'gates.otp-sms.code-shape', values: { digits: length } });
    }
    const result = await this.#needs.challenges.check(memory.challenge, code, scopeOf(context));
    if (result.kind === 'passed') return result;
    if (result.kind === 'failed')
      return { kind: 'more', memory, problems: [{ message: { key: 'gates.otp-sms.not-sent' } }] };
    // The page says why, whoever asks.
    if (result.kind === 'withheld') return { kind: 'more', memory };
    return result.kind === 'wrong' ? this.#wrong(memory, context) : mend(memory, { key: 'gates.otp-sms.code-expired' });
  }

  /** What the page for the code shows. */
  async page(memory: CodeMemory, context: GateContext): Promise<CodePage> {
    const isTold = hasSignedIn(context.purpose);
    const result = isTold ? await this.#look(memory, context) : undefined;
    const withheld = isTold ? await this.#needs.challenges.withheld(memory.challenge, scopeOf(context)) : undefined;
    return {
      number: memory.mask,
      failed: result === 'failed',
      withheld: withheld ?? null,
      isWatched: isTold && result !== 'failed' && withheld === undefined,
      codeLength: this.#settings['code-length'],
      lifetimeMinutes: Math.ceil(this.#settings.lifetime / 60),
      sendsLeft: sendsLeft(memory.sends, this.#limits()),
      secondsUntilAgain: secondsUntilNext(memory.sends, this.#limits(), this.#needs.clock.now()),
    };
  }

  /** Whether whoever waits for the message has to be told that none comes: never at a reset. */
  async watch(memory: CodeMemory, context: GateContext): Promise<'waiting' | 'changed'> {
    const result = hasSignedIn(context.purpose) ? await this.#look(memory, context) : undefined;
    return result === 'failed' || result === 'withheld' ? 'changed' : 'waiting';
  }

  /** The number that is being registered, and whether the code proved it; undefined when that is not known any more. */
  proposed(memory: CodeMemory, context: GateContext): Promise<Proposed | undefined> {
    return this.#needs.challenges.proposed(memory.challenge, scopeOf(context));
  }

  async #look(memory: CodeMemory, context: GateContext): Promise<ChallengeResult['kind']> {
    return (await this.#needs.challenges.look(memory.challenge, scopeOf(context))).kind;
  }

  async #wrong(memory: CodeMemory, context: GateContext): Promise<CodeAnswer> {
    const wrong = memory.wrong + 1;
    const usedUp = wrong >= this.#settings['tries-per-code'];
    if (usedUp) await this.forget(memory, context);
    const key = usedUp ? 'gates.otp-sms.code-used-up' : 'gates.otp-sms.code-wrong';
    return { kind: 'wrong', memory: { ...memory, wrong }, problem: { field: 'code', message: { key } } };
  }

  #limits(): { perFlow: number; gapSeconds: number } {
    return { perFlow: this.#settings['sends-per-flow'], gapSeconds: this.#settings['seconds-between-sends'] };
  }
}

export type CodePage = {
  readonly number: string;
  /** Whether it is known that the message did not go out. Never true of a message to an enrolled number. */
  readonly failed: boolean;
  /** Which limit kept the message back; told to whoever has signed in. */
  readonly withheld: Withheld | null;
  /** Whether the page asks if a message is still to be waited for. */
  readonly isWatched: boolean;
  readonly codeLength: number;
  readonly lifetimeMinutes: number;
  readonly sendsLeft: number;
  readonly secondsUntilAgain: number;
};

function scopeOf(context: GateContext): ChallengeScope {
  return { flowReference: context.flowReference, gate: gateId };
}

function mend(memory: CodeMemory, message: Message): CodeAnswer {
  return { kind: 'more', memory, problems: [{ field: 'code', message }] };
}
