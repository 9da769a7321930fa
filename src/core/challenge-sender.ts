import type { Challenge } from './challenge.ts';
import { bodyOf, type ChallengeTarget, withBody } from './challenge-body.ts';
import type { Clock } from './clock.ts';
import { NotSent, Unavailable } from './errors.ts';
import type { Json } from './json.ts';
import type { Channel, KeepState, MfaProvider, StartResult } from './provider.ts';
import type { ChallengeStore } from './stores.ts';

/** Providers per channel, the preferred one first. */
export type ProviderRoutes = Readonly<Partial<Record<Channel, readonly MfaProvider[]>>>;

/** The number or address that a gate keeps about an account, read now; undefined when there is none any more. */
export type Destinations = (accountId: string, gate: string) => Promise<string | undefined>;

/** What became of a sending. For log and audit: holds no destination, no text and no code. */
export interface SendingReport {
  readonly kind: 'sent' | 'failed';
  readonly challenge: Pick<Challenge, 'id' | 'channel' | 'gate' | 'flowReference'>;
  readonly provider?: string;
  readonly detail: string;
  readonly fault?: unknown;
}

export interface ChallengeSenderNeeds {
  readonly store: ChallengeStore;
  readonly routes: ProviderRoutes;
  readonly destinations: Destinations;
  readonly clock: Clock;
  /** Seconds that a provider may take to start, a whole phone call included. After that nobody waits for it. */
  readonly sendSeconds: number;
  /** Told of every sending once. Must not throw. */
  readonly report: (report: SendingReport) => void;
}

type Started = Extract<StartResult, { kind: 'started' }> & { readonly provider: string };
type Failed = {
  readonly kind: 'failed';
  readonly detail: string;
  readonly provider?: string;
  readonly fault?: unknown;
};

/**
 * Sends queued challenges outside the request that asked for them. A challenge is claimed before it is sent, so it is
 * sent at most once however many senders and restarts there are.
 */
export class ChallengeSender {
  readonly #needs: ChallengeSenderNeeds;
  readonly #inFlight = new Map<string, Promise<void>>();
  #stopped = false;

  constructor(needs: ChallengeSenderNeeds) {
    this.#needs = needs;
  }

  /** Starts to send and returns at once. After `stop` it does nothing: another node, or the next start, recovers it. */
  dispatch(id: string): void {
    if (this.#stopped || this.#inFlight.has(id)) return;
    const work = this.#run(id).finally(() => this.#inFlight.delete(id));
    this.#inFlight.set(id, work);
  }

  /** Sends what is queued and has no sender here: after a crash, or for a node that died. Returns how many it found. */
  async recover(): Promise<number> {
    const ids = await this.#needs.store.queuedBefore(this.#needs.clock.now());
    const orphans = ids.filter((id) => !this.#inFlight.has(id));
    for (const id of orphans) this.dispatch(id);
    return orphans.length;
  }

  /** Resolves when nothing is being sent. */
  async idle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight.values());
  }

  /** Sends nothing new and resolves when what was under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.idle();
  }

  async #run(id: string): Promise<void> {
    // The request that asked goes first: its time must not depend on whether there is anything to send.
    await new Promise((resolve) => setImmediate(resolve));
    const challenge = await this.#needs.store.read(id).catch(() => undefined);
    if (challenge === undefined) return;
    try {
      if (challenge.state === 'decoy') await this.#rehearse(challenge);
      else await this.#send(challenge);
    } catch (fault) {
      this.#report(challenge, { kind: 'failed', detail: 'the store did not take what became of a sending', fault });
    }
  }

  /** Writes as often as a real sending, so that the load that others feel is the same. */
  async #rehearse(challenge: Challenge): Promise<void> {
    for (let write = 0; write < 3; write += 1) await this.#needs.store.move(challenge, ['decoy']);
  }

  async #send(queued: Challenge): Promise<void> {
    const { store, clock } = this.#needs;
    const claimed = withBody(queued, 'sending', bodyOf(queued));
    if (!(await store.move(claimed, ['queued']))) return;
    const late = clock.now() >= queued.expiresAt;
    const result = late ? failed('it was too late to send') : await this.#start(claimed);
    await this.#finish(claimed, result);
  }

  /** Tries the providers in turn; goes on to the next one only when it is certain that nothing was sent. */
  async #start(claimed: Challenge): Promise<Started | Failed> {
    const to = await this.#destination(bodyOf(claimed).target, claimed.gate).catch(() => undefined);
    if (to === undefined) return failed('there is no destination on record');
    let last: Failed = failed(`no provider is configured for ${claimed.channel}`);
    for (const provider of this.#needs.routes[claimed.channel] ?? []) {
      try {
        const result = await this.#limited(provider, claimed, to);
        if (result.kind === 'started') return { ...result, provider: provider.id };
        return { ...failed(`rejected: ${result.reason}`), provider: provider.id };
      } catch (fault) {
        last = { ...failed('the provider could not be used'), provider: provider.id, fault };
        if (!(fault instanceof NotSent)) break;
      }
    }
    return last;
  }

  async #destination(target: ChallengeTarget, gate: string): Promise<string | undefined> {
    if (target.kind === 'proposed') return target.to;
    return target.kind === 'enrolled' ? this.#needs.destinations(target.accountId, gate) : undefined;
  }

  /** Starts with a time limit. A provider that is late cannot change anything any more. */
  async #limited(provider: MfaProvider, claimed: Challenge, to: string): Promise<StartResult> {
    const seconds = this.#needs.sendSeconds;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Unavailable(`${provider.id} took longer than ${seconds} s`)), seconds * 1000);
    });
    try {
      return await Promise.race([provider.start(this.#request(claimed, to), this.#keeper(claimed, provider)), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  #request(claimed: Challenge, to: string): Parameters<MfaProvider['start']>[0] {
    const { language, codeLength, text } = bodyOf(claimed).order ?? { language: 'en', codeLength: 6, text: '{code}' };
    const lifetimeSeconds = Math.ceil((claimed.expiresAt.getTime() - this.#needs.clock.now().getTime()) / 1000);
    return { channel: claimed.channel, to, reference: claimed.id, language, codeLength, text, lifetimeSeconds };
  }

  /** What the provider calls before anything leaves; throws when the challenge was cancelled meanwhile. */
  #keeper(claimed: Challenge, provider: MfaProvider): KeepState {
    return async (state: Json) => {
      const next = withBody(claimed, 'sending', { ...bodyOf(claimed), provider: provider.id, state });
      if (!(await this.#needs.store.move(next, ['sending']))) throw new Unavailable('the challenge was withdrawn');
    };
  }

  async #finish(claimed: Challenge, result: Started | Failed): Promise<void> {
    const { store } = this.#needs;
    // What was kept before a fault stays: the code may have arrived all the same.
    const kept = bodyOf((await store.read(claimed.id)) ?? claimed);
    const { order: _, ...rest } = kept;
    const body = result.kind === 'started' ? { ...rest, provider: result.provider, state: result.state } : rest;
    await store.move(withBody(claimed, result.kind, body), ['sending']);
    this.#report(claimed, result);
  }

  #report(challenge: Challenge, result: Started | Failed): void {
    const { id, channel, gate, flowReference } = challenge;
    const about = { challenge: { id, channel, gate, flowReference } };
    const provider = result.provider === undefined ? {} : { provider: result.provider };
    if (result.kind === 'started') this.#needs.report({ kind: 'sent', ...about, ...provider, detail: 'sent' });
    else this.#needs.report({ ...about, ...provider, ...result });
  }
}

function failed(detail: string): Failed {
  return { kind: 'failed', detail };
}
