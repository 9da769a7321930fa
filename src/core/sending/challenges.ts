import { Unavailable } from '../errors.ts';
import type { Callback, CallOutcome, Channel, ChannelChoice, CheckResult, Received } from '../provider.ts';
import type { Challenge, ChallengeState } from './challenge.ts';
import { bodyOf, type ChallengeBody, type Withheld, withBody } from './challenge-body.ts';
import { type ChallengeOrder, challengeOf } from './challenge-order.ts';
import { ChallengeSender, type ChallengeSenderNeeds } from './challenge-sender.ts';
import {
  isReachable,
  matchesNumbers,
  type ProviderRoute,
  probeDoubted,
  providerOf,
  routeOf,
  routesFor,
  sendSeconds,
} from './provider-route.ts';

export interface ChallengesNeeds extends ChallengeSenderNeeds {
  /** Seconds that a call rings which nobody will answer: for decoys, and for calls that could not be placed. */
  readonly ringSeconds: number;
}

/** Who asks. A challenge of another flow or gate does not exist for them. */
export type ChallengeScope = Pick<Challenge, 'flowReference' | 'gate'>;

/**
 * `failed` is told only while a number is being registered; elsewhere a failure looks like a decoy. `withheld`, which a
 * limit of sendings did, is told to whoever has signed in.
 */
export type ChallengeResult = CheckResult | { readonly kind: 'failed' | 'withheld' };

export interface Proposed {
  readonly to: string;
  readonly proved: boolean;
}

const open: readonly ChallengeState[] = ['queued', 'sending', 'started', 'failed', 'decoy'];
/** An order that is never sent. */
const nothing = { language: 'en', codeLength: 6, lifetimeSeconds: 600, text: '' };

/**
 * Calls and codes on their way. `begin` costs the same for a person and a decoy and never waits for a provider;
 * a challenge passes at most once, and only for the flow and gate that began it.
 */
export class Challenges {
  readonly #needs: ChallengesNeeds;
  readonly #sender: ChallengeSender;

  constructor(needs: ChallengesNeeds) {
    this.#needs = needs;
    this.#sender = new ChallengeSender(needs);
  }

  /** Whether every call can ask for two digits. */
  matchesNumbers(channels?: ChannelChoice): boolean {
    return matchesNumbers(routesFor(this.#needs, 'voice', channels?.voice));
  }

  /** Whether anything can be sent over a channel now; the same for everybody of one policy. */
  isReachable(channel: Channel, channels?: ChannelChoice): boolean {
    return isReachable(routesFor(this.#needs, channel, channels?.[channel]));
  }

  /**
   * Puts a challenge on its way and returns its id at once.
   * Throws Unavailable, for people and decoys alike, while none of the providers that may send it is in service.
   */
  async begin(order: ChallengeOrder): Promise<string> {
    const { channel, channels } = order;
    if (!this.isReachable(channel, channels)) throw new Unavailable(`no provider for ${channel} is in service`);
    const challenge = challengeOf(order, this.#needs.clock.now());
    const { id } = challenge;
    try {
      await this.#needs.store.create(challenge);
    } catch (fault) {
      if ((await this.#needs.store.read(id)) !== undefined) return id;
      throw fault;
    }
    this.#sender.dispatch(id);
    return id;
  }

  /**
   * Judges an answer, or a call when there is none. What comes of it is final: `passed` is said once.
   * Throws Unavailable when the provider cannot say.
   */
  async check(id: string, answer: string | undefined, scope: ChallengeScope): Promise<ChallengeResult> {
    const found = await this.#find(id, scope);
    if (found === undefined) return { kind: 'expired' };
    const result = await this.#judge(found, answer);
    if (result.kind !== 'passed' && result.kind !== 'refused') return result;
    const settled = withBody(found, 'settled', { ...bodyOf(found), outcome: result.kind });
    return (await this.#needs.store.move(settled, open)) ? result : { kind: 'expired' };
  }

  /**
   * What judging costs where there is nothing to judge: whoever times it cannot tell one from the other.
   * Throws Unavailable where `check` of a challenge of this channel would.
   */
  async pretend(channel: Channel, answer: string): Promise<void> {
    const order = { flowReference: '', gate: '', attempt: '', channel, target: { kind: 'decoy' }, ...nothing } as const;
    const challenge = challengeOf(order, this.#needs.clock.now());
    await this.#needs.store.read(challenge.id);
    await this.#ask(challenge, answer);
  }

  /** How it stands, without judging a code and without using anything up. An outcome it learns is written down. */
  async look(id: string, scope: ChallengeScope): Promise<ChallengeResult> {
    const found = await this.#find(id, scope);
    if (found === undefined) return { kind: 'expired' };
    if (bodyOf(found).withheld !== undefined) return { kind: 'withheld' };
    if (found.channel !== 'voice')
      return this.#lost(found) && !isQuiet(found) ? { kind: 'failed' } : { kind: 'waiting' };
    const result = await this.#judge(found, undefined);
    if (result.kind === 'passed' || result.kind === 'refused') await this.#record(found, result.kind);
    return result;
  }

  /** Which limit kept it back, also when it is over by now; undefined where none did, or nobody may be told. */
  async withheld(id: string, scope: ChallengeScope): Promise<Withheld | undefined> {
    const challenge = await this.#needs.store.read(id);
    return challenge !== undefined && belongs(challenge, scope) ? bodyOf(challenge).withheld : undefined;
  }

  /** Whether it was refused at the other end, also when it is over by now. */
  async isRefused(id: string, scope: ChallengeScope): Promise<boolean> {
    const challenge = await this.#needs.store.read(id);
    if (challenge === undefined || !belongs(challenge, scope)) return false;
    const known = bodyOf(challenge).outcome ?? challenge.reported;
    return (known ?? (await this.look(id, scope)).kind) === 'refused';
  }

  /** Makes it worthless: what was not sent yet stays unsent, and no answer passes any more. */
  async cancel(id: string, scope: ChallengeScope): Promise<void> {
    const found = await this.#find(id, scope);
    if (found !== undefined) await this.#needs.store.move(withBody(found, 'settled', bodyOf(found)), open);
  }

  /** The number or address that is being registered by this challenge, and whether it was proved; also when it is over. */
  async proposed(id: string, scope: ChallengeScope): Promise<Proposed | undefined> {
    const challenge = await this.#needs.store.read(id);
    if (challenge === undefined || !belongs(challenge, scope)) return undefined;
    const { outcome, target } = bodyOf(challenge);
    return target.kind === 'proposed'
      ? { to: target.to, proved: challenge.state === 'settled' && outcome === 'passed' }
      : undefined;
  }

  /**
   * Takes what a far end posted about a challenge. The first outcome stands; one that comes late changes nothing.
   * @param name the provider that the address names
   * @returns undefined when there is no such provider, or none that is reported to
   */
  async receive(name: string, callback: Callback): Promise<Received | undefined> {
    const provider = providerOf(this.#needs, name);
    if (provider?.receive === undefined) return undefined;
    const challenge = await this.#needs.store.read(callback.reference);
    const body = challenge === undefined ? undefined : bodyOf(challenge);
    const state = body?.provider === name ? body.state : undefined;
    const received = await provider.receive(callback, state);
    // Without a state of this provider there is no call of it: a decoy, or somebody else's.
    if (challenge === undefined || state === undefined || received.kind !== 'taken') return received;
    if (received.outcome !== undefined && this.#isLive(challenge)) await this.#conclude(challenge, received.outcome);
    return received;
  }

  /** @see ChallengeSender.recover */
  recover(): Promise<number> {
    return this.#sender.recover();
  }

  /** Looks whether providers that failed work again. Throws nothing. */
  probe(): Promise<void> {
    return probeDoubted(this.#needs);
  }

  /** @see ChallengeSender.idle */
  idle(): Promise<void> {
    return this.#sender.idle();
  }

  /** @see ChallengeSender.stop */
  stop(): Promise<void> {
    return this.#sender.stop();
  }

  /** The challenge, while it lives and when it is theirs. */
  async #find(id: string, scope: ChallengeScope): Promise<Challenge | undefined> {
    const challenge = await this.#needs.store.read(id);
    if (challenge === undefined || !belongs(challenge, scope)) return undefined;
    return this.#isLive(challenge) ? challenge : undefined;
  }

  #isLive(challenge: Challenge): boolean {
    return challenge.state !== 'settled' && this.#needs.clock.now() < challenge.expiresAt;
  }

  #conclude(challenge: Challenge, outcome: CallOutcome): Promise<boolean> {
    return this.#needs.store.conclude(challenge.id, outcome, this.#needs.clock.now());
  }

  async #judge(challenge: Challenge, answer: string | undefined): Promise<ChallengeResult> {
    const { outcome, state, withheld } = bodyOf(challenge);
    // Nothing was sent, so there is nothing to judge.
    if (withheld !== undefined) return { kind: 'withheld' };
    const known = outcome ?? challenge.reported;
    if (known !== undefined) return { kind: known };
    const result = await this.#ask(challenge, answer);
    // A failed sending that left a state was ambiguous: the code may have arrived, and then it is good.
    const proof = result?.kind === 'passed' || result?.kind === 'refused';
    if (state !== undefined && result !== undefined && (proof || challenge.state !== 'failed')) return result;
    if (isQuiet(challenge) && this.#lost(challenge)) return this.#pretend(challenge);
    if (this.#lost(challenge)) return { kind: 'failed' };
    return challenge.channel === 'voice' ? { kind: 'waiting' } : { kind: 'wrong' };
  }

  /** What the provider says; where there is nothing to ask about, it is asked all the same: an outage shows everywhere. */
  async #ask(challenge: Challenge, answer: string | undefined): Promise<CheckResult | undefined> {
    const { state, provider: id } = bodyOf(challenge);
    const route = state === undefined ? this.#likely(challenge, id) : routeOf(this.#needs, challenge.channel, id);
    if (route === undefined) return undefined;
    const { provider, breaker } = route;
    // How a call ended is known here: asking about it reaches nobody, and says nothing of how the far end is.
    const asksFarEnd = provider.rehearse !== undefined && challenge.channel !== 'voice';
    try {
      if (state === undefined && asksFarEnd) await provider.rehearse?.();
      const result = state === undefined ? undefined : await provider.check(state, answer);
      if (asksFarEnd) breaker.succeeded();
      return result;
    } catch (fault) {
      if (asksFarEnd) breaker.failed(fault);
      throw fault;
    }
  }

  /** What a challenge looks like that reaches nobody: any code is wrong; a call rings, and is not answered. */
  #pretend(challenge: Challenge): CheckResult {
    if (challenge.channel !== 'voice') return { kind: 'wrong' };
    return { kind: this.#ageSeconds(challenge) < this.#needs.ringSeconds ? 'waiting' : 'unanswered' };
  }

  /** Never sent, or its sender died: `sending` outlives the longest sending only when nobody sends any more. */
  #lost(challenge: Challenge): boolean {
    if (challenge.state === 'sending') {
      const longest = sendSeconds(this.#routes(challenge));
      return bodyOf(challenge).state === undefined && this.#ageSeconds(challenge) >= longest;
    }
    return challenge.state === 'failed' || challenge.state === 'decoy';
  }

  #ageSeconds(challenge: Challenge): number {
    return (this.#needs.clock.now().getTime() - challenge.createdAt.getTime()) / 1000;
  }

  #routes(challenge: Challenge): readonly ProviderRoute[] {
    return routesFor(this.#needs, challenge.channel, bodyOf(challenge).providers);
  }

  /** Whom a challenge would have gone to, had it been sent. */
  #likely(challenge: Challenge, id: string | undefined): ProviderRoute | undefined {
    const routes = this.#routes(challenge);
    return routes.find(({ provider }) => provider.id === id) ?? routes[0];
  }

  async #record(found: Challenge, outcome: NonNullable<ChallengeBody['outcome']>): Promise<void> {
    await this.#needs.store.move(withBody(found, found.state, { ...bodyOf(found), outcome }), [found.state]);
  }
}

function belongs(challenge: Challenge, scope: ChallengeScope): boolean {
  return challenge.flowReference === scope.flowReference && challenge.gate === scope.gate;
}

/** Nothing may be told of it: only a person who registers a number learns that it cannot be reached. */
function isQuiet(challenge: Challenge): boolean {
  return bodyOf(challenge).target.kind !== 'proposed';
}
