import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import type { GateContext, Verdict } from '../../core/gate.ts';
import { textFor } from '../../core/gates/purpose-text.ts';
import type { Message } from '../../core/message.ts';
import { hasSignedIn } from '../../core/portal.ts';
import type { ChallengeTarget, Withheld } from '../../core/sending/challenge-body.ts';
import type { ChallengeResult, ChallengeScope, Challenges, Proposed } from '../../core/sending/challenges.ts';
import { countSend, secondsUntilNext, sendCount, sendRefusal, sendsLeft } from '../../core/sending/send-allowance.ts';
import { type PhoneSettings, textsOf } from './settings.ts';

export const gateId = 'phone';

export interface PhoneNeeds {
  readonly challenges: Challenges;
  readonly clock: Clock;
}

/** A call: which challenge, how many calls so far, and whether the person was told that it is over. */
export const callMemory = z.strictObject({
  challenge: z.string(),
  mask: z.string(),
  /** Two digits to key in at the phone; empty for none. */
  match: z.string().default(''),
  over: z.boolean(),
  calls: sendCount,
});
export type CallMemory = z.infer<typeof callMemory>;

export type CallAnswer = { readonly kind: 'passed' } | Exclude<Verdict, { kind: 'passed' }>;

/** Places calls and judges them: what the two steps of the gate have in common. */
export class Calling {
  readonly #settings: PhoneSettings;
  readonly #needs: PhoneNeeds;
  readonly #step: 'enrol' | 'verify';

  /** @param step for which of the two, so that each counts its own */
  constructor(settings: PhoneSettings, needs: PhoneNeeds, step: 'enrol' | 'verify') {
    this.#settings = settings;
    this.#needs = needs;
    this.#step = step;
  }

  /** Why no call may be placed now; undefined when one may. */
  refusal(calls: CallMemory['calls']): Message | undefined {
    return sendRefusal(calls, this.#limits(), this.#needs.clock.now());
  }

  /** Places a call and counts it. */
  async call(
    to: { target: ChallengeTarget; mask: string; calls: CallMemory['calls'] },
    context: GateContext,
  ): Promise<CallMemory> {
    const calls = countSend(to.calls, this.#needs.clock.now());
    const match = this.#match(context);
    const challenge = await this.#needs.challenges.begin({
      channel: 'voice',
      channels: context.channels,
      target: to.target,
      ...scopeOf(context),
      attempt: `${this.#step}-${calls.sent}`,
      language: context.language,
      codeLength: 6,
      lifetimeSeconds: this.#settings.lifetime,
      candid: hasSignedIn(context.purpose),
      text: textFor(textsOf(this.#settings, match === '' ? 'text' : 'matching-text'), context),
      ...(match === '' ? {} : { match }),
    });
    return { challenge, mask: to.mask, match, over: false, calls };
  }

  /** Calls once more, when the call before is over: two phones must never ring for one person. */
  async callAgain(memory: CallMemory, target: ChallengeTarget, context: GateContext): Promise<CallAnswer> {
    if (!memory.over) {
      const result = await this.#check(memory, context);
      if (!overKinds.includes(result.kind)) return this.#say(result, memory);
    }
    const over = { ...memory, over: true };
    const refusal = this.refusal(memory.calls);
    if (refusal !== undefined) return { kind: 'more', memory: over, problems: [{ message: refusal }] };
    await this.forget(memory, context);
    const next = await this.call({ target, mask: memory.mask, calls: memory.calls }, context);
    return {
      kind: 'more',
      memory: next,
      notice: { key: 'gates.phone.calling-again', values: { number: memory.mask } },
    };
  }

  /** What Next comes to. */
  async judge(memory: CallMemory, context: GateContext): Promise<CallAnswer> {
    const result = await this.#check(memory, context);
    const tooSoon = result.kind === 'waiting' && this.#settings['next-before-confirmation'] === 'fail';
    if (!tooSoon) return this.#say(result, memory);
    await this.forget(memory, context);
    const problem = { message: { key: 'gates.phone.not-confirmed' } };
    return { kind: 'wrong', memory: { ...memory, over: true }, problem };
  }

  /** Whether `judge` has something new to say. */
  async watch(memory: CallMemory, context: GateContext): Promise<'waiting' | 'changed'> {
    if (memory.over) return 'waiting';
    const result = await this.#needs.challenges.look(memory.challenge, scopeOf(context));
    return result.kind === 'waiting' ? 'waiting' : 'changed';
  }

  /** Whether whoever answered said that it was not them. */
  async isRefused(memory: CallMemory, context: GateContext): Promise<boolean> {
    return this.#needs.challenges.isRefused(memory.challenge, scopeOf(context));
  }

  /** Makes the call worthless, whatever is pressed from now on. */
  async forget(memory: CallMemory, context: GateContext): Promise<void> {
    await this.#needs.challenges.cancel(memory.challenge, scopeOf(context));
  }

  /** What the page shows while a call is on its way or over. `match` is what to key in; empty for the hash key alone. */
  async page(memory: CallMemory, context: GateContext): Promise<CallPage> {
    const isTold = hasSignedIn(context.purpose);
    const withheld = isTold ? await this.#needs.challenges.withheld(memory.challenge, scopeOf(context)) : undefined;
    return {
      number: memory.mask,
      over: memory.over || withheld !== undefined,
      withheld: withheld ?? null,
      callsLeft: sendsLeft(memory.calls, this.#limits()),
      secondsUntilAgain: secondsUntilNext(memory.calls, this.#limits(), this.#needs.clock.now()),
      match: memory.match,
    };
  }

  /** The number that is being registered, and whether the call proved it; undefined when that is not known any more. */
  proposed(memory: CallMemory, context: GateContext): Promise<Proposed | undefined> {
    return this.#needs.challenges.proposed(memory.challenge, scopeOf(context));
  }

  #check(memory: CallMemory, context: GateContext): Promise<ChallengeResult> {
    return this.#needs.challenges.check(memory.challenge, undefined, scopeOf(context));
  }

  #say(result: ChallengeResult, memory: CallMemory): CallAnswer {
    const over = { ...memory, over: true };
    switch (result.kind) {
      case 'passed':
        return result;
      case 'refused':
        return { kind: 'refused', reason: 'not-you' };
      case 'waiting':
        return { kind: 'more', memory, notice: stillRinging(memory) };
      case 'wrong':
        return { kind: 'wrong', memory: over, problem: { message: { key: 'gates.phone.not-matched' } } };
      case 'withheld':
        // The page says why, whoever asks.
        return { kind: 'more', memory: over };
      case 'failed':
        return { kind: 'more', memory: over, problems: [{ message: { key: 'gates.phone.not-placed' } }] };
      default:
        return { kind: 'more', memory: over, problems: [{ message: { key: 'gates.phone.unanswered' } }] };
    }
  }

  /** Never with a zero in front: people leave it out. */
  #match({ channels }: GateContext): string {
    const wanted = this.#settings['number-matching'] !== 'off' && this.#needs.challenges.matchesNumbers(channels);
    return wanted ? String(randomInt(10, 100)) : '';
  }

  #limits(): { perFlow: number; gapSeconds: number } {
    return { perFlow: this.#settings['calls-per-flow'], gapSeconds: this.#settings['seconds-between-calls'] };
  }
}

export type CallPage = {
  readonly number: string;
  readonly over: boolean;
  /** Which limit kept the call back; told to whoever has signed in. */
  readonly withheld: Withheld | null;
  readonly callsLeft: number;
  readonly secondsUntilAgain: number;
  readonly match: string;
};

/** Whatever no call rings under any more. */
const overKinds: readonly ChallengeResult['kind'][] = ['unanswered', 'expired', 'failed', 'withheld'];

function stillRinging({ mask, match }: CallMemory): Message {
  return match === ''
    ? { key: 'gates.phone.still-ringing', values: { number: mask } }
    : { key: 'gates.phone.still-ringing-match', values: { match } };
}

function scopeOf(context: GateContext): ChallengeScope {
  return { flowReference: context.flowReference, gate: gateId };
}
