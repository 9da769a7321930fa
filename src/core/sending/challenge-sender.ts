import { randomInt } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { NotSent, Unavailable } from '../errors.ts';
import type { Json } from '../json.ts';
import type { KeepState, MfaProvider, StartResult } from '../provider.ts';
import type { ChallengeStore, SendStore } from '../stores.ts';
import type { Challenge } from './challenge.ts';
import { bodyOf, type ChallengeBody, type Withheld, withBody } from './challenge-body.ts';
import { type ProviderRoute, type RouteTable, routesFor } from './provider-route.ts';
import { SendingGuard, type SendingRefusal } from './sending-guard.ts';

/**
 * The number or address that a gate keeps about an account, read now; undefined when there is none any more.
 * `providers`: who may send there, where a policy chose.
 */
export type Destinations = (
  accountId: string,
  gate: string,
  providers?: readonly string[],
) => Promise<string | undefined>;

/** What became of a sending. For log and audit: holds no destination, no text and no code. */
export interface SendingReport {
  /** `rehearsed`: a decoy's, for which nothing is sent. */
  readonly kind: 'sent' | 'failed' | 'rehearsed';
  readonly challenge: Pick<Challenge, 'id' | 'channel' | 'gate' | 'flowReference'>;
  /** Account id of the person whom it was for. */
  readonly subject?: string;
  readonly provider?: string;
  readonly detail: string;
  readonly fault?: unknown;
  /** A limit on messages was reached: somebody may be bombed, or money burnt. */
  readonly alarm?: boolean;
}

export interface ChallengeSenderNeeds extends RouteTable {
  readonly store: ChallengeStore;
  readonly sends: SendStore;
  readonly destinations: Destinations;
  /** The mail address of a person's manager, read now; undefined when there is none. */
  readonly managers?: (accountId: string) => Promise<string | undefined>;
  readonly clock: Clock;
  /** Keyed hash in hex; see core/sealer.ts. */
  readonly mac: (purpose: string, text: string) => string;
  /** Milliseconds within which a sending begins, sooner or later by chance; at once when not told. */
  readonly spreadMs?: number;
  /** Told of every sending once, and of every provider that was passed over. Must not throw. */
  readonly report: (report: SendingReport) => void;
}

type Started = Extract<StartResult, { kind: 'started' }> & { readonly provider: string };
type Failed = Pick<SendingReport, 'detail' | 'provider' | 'fault' | 'alarm'> & {
  readonly kind: 'failed';
  /** True when nothing was sent for certain, and another provider may try. */
  readonly goOn: boolean;
  readonly withheld?: Withheld;
};
type Rehearsed = Pick<SendingReport, 'detail' | 'provider'> & { readonly kind: 'rehearsed' };

/**
 * Sends queued challenges outside the request that asked for them. A challenge is claimed before it is sent, so it is
 * sent at most once however many senders and restarts there are.
 */
export class ChallengeSender {
  readonly #needs: ChallengeSenderNeeds;
  readonly #guard: SendingGuard;
  readonly #inFlight = new Map<string, Promise<void>>();
  /** Providers that were seen to keep a state before they send: that is one write more. */
  readonly #keeping = new Set<string>();
  #stopped = false;

  constructor(needs: ChallengeSenderNeeds) {
    this.#needs = needs;
    this.#guard = new SendingGuard(needs);
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
    // The request that asked goes first: its time must not depend on whether there is anything to send. And nobody shall
    // know when to look whether the server is busy with it.
    const { spreadMs = 0 } = this.#needs;
    await new Promise((resolve) => (spreadMs > 0 ? setTimeout(resolve, randomInt(spreadMs)) : setImmediate(resolve)));
    const challenge = await this.#needs.store.read(id).catch(() => undefined);
    if (challenge === undefined) return;
    try {
      if (challenge.state === 'decoy') await this.#rehearse(challenge);
      else await this.#send(challenge);
    } catch (fault) {
      this.#report(challenge, { ...failed('the store did not take what became of a sending'), fault });
    }
  }

  /**
   * Reads, counts, writes and audits what a real sending would, so that the load that others feel is the same, and takes
   * the provider that a real one would go to.
   */
  async #rehearse(challenge: Challenge): Promise<void> {
    const { store, destinations } = this.#needs;
    const { id, gate, flowReference } = challenge;
    const route = this.#routes(challenge).find(({ breaker }) => !breaker.isOpen());
    const provider = route === undefined ? {} : { provider: route.provider.id };
    const pinned = withBody(challenge, 'decoy', { ...bodyOf(challenge), ...provider });
    if (!(await store.move(pinned, ['decoy']))) return;
    // Nobody has this id: it is looked up for as long as somebody's.
    await destinations(flowReference, gate).catch(() => undefined);
    if (route !== undefined) await this.#guard.rehearse(route, challenge);
    if (this.#keeping.has(route?.provider.id ?? '')) await store.move(pinned, ['decoy']);
    await store.read(id);
    await store.move(pinned, ['decoy']);
    this.#report(challenge, { kind: 'rehearsed', ...provider, detail: 'nothing is sent for a decoy' });
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
    const to = await this.#destination(bodyOf(claimed), claimed.gate).catch(() => undefined);
    if (to === undefined) return failed('there is no destination on record');
    let last = failed(`no provider is configured for ${claimed.channel}`);
    for (const route of this.#routes(claimed)) {
      const tried = await this.#try(route, claimed, to);
      // Whatever this one does, the one before it was passed over.
      if (last.provider !== undefined) this.#report(claimed, last);
      if (tried.kind === 'started') return tried;
      last = { ...tried, provider: route.provider.id };
      if (!tried.goOn) break;
    }
    return last;
  }

  async #try(route: ProviderRoute, claimed: Challenge, to: string): Promise<Started | Failed> {
    const { provider, breaker } = route;
    const refusal = await this.#guard.refusal(route, claimed, to);
    if (refusal !== undefined) return refused(refusal);
    if (!breaker.admit()) return { ...failed('it is out of service'), goOn: true };
    const withdrawn = { yes: false };
    try {
      const result = await this.#limited(route, claimed, { to, withdrawn });
      breaker.succeeded();
      if (result.kind === 'started') return { ...result, provider: provider.id };
      return { ...failed(`rejected: ${result.reason}`), goOn: true };
    } catch (fault) {
      if (withdrawn.yes) return failed('the challenge was withdrawn');
      breaker.failed(fault);
      return { ...failed('the provider could not be used'), fault, goOn: fault instanceof NotSent };
    }
  }

  /** Those of the challenge's policy, and no others, whatever became of them. */
  #routes(challenge: Challenge): readonly ProviderRoute[] {
    return routesFor(this.#needs, challenge.channel, bodyOf(challenge).providers);
  }

  async #destination({ target, providers }: ChallengeBody, gate: string): Promise<string | undefined> {
    const { destinations } = this.#needs;
    if (target.kind === 'proposed') return target.to;
    if (target.kind === 'manager') return this.#needs.managers?.(target.accountId);
    if (target.kind === 'enrolled-at') return destinations(target.accountId, target.gate, providers);
    return target.kind === 'enrolled' ? destinations(target.accountId, gate, providers) : undefined;
  }

  /** Starts with a time limit. A provider that is late cannot change anything any more. */
  async #limited(
    { provider, timeoutSeconds }: ProviderRoute,
    claimed: Challenge,
    { to, withdrawn }: { to: string; withdrawn: { yes: boolean } },
  ): Promise<StartResult> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      const fault = new Unavailable(`${provider.id} took longer than ${timeoutSeconds} s`);
      timer = setTimeout(() => reject(fault), timeoutSeconds * 1000);
    });
    const keep = this.#keeper(claimed, provider, withdrawn);
    try {
      return await Promise.race([provider.start(this.#request(claimed, to), keep), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  #request(claimed: Challenge, to: string): Parameters<MfaProvider['start']>[0] {
    const { match, subject, host, ...order } = bodyOf(claimed).order ?? {
      language: 'en',
      codeLength: 6,
      text: '{code}',
    };
    const lifetimeSeconds = Math.ceil((claimed.expiresAt.getTime() - this.#needs.clock.now().getTime()) / 1000);
    const more = {
      ...(match === undefined ? {} : { match }),
      ...(subject === undefined ? {} : { subject }),
      ...(host === undefined ? {} : { host }),
    };
    return { channel: claimed.channel, to, reference: claimed.id, ...order, ...more, lifetimeSeconds };
  }

  /** What the provider calls before anything leaves; throws when the challenge was withdrawn meanwhile. */
  #keeper(claimed: Challenge, provider: MfaProvider, withdrawn: { yes: boolean }): KeepState {
    return async (state: Json) => {
      this.#keeping.add(provider.id);
      const next = withBody(claimed, 'sending', { ...bodyOf(claimed), provider: provider.id, state });
      if (await this.#needs.store.move(next, ['sending'])) return;
      withdrawn.yes = true;
      throw new Unavailable('the challenge was withdrawn');
    };
  }

  async #finish(claimed: Challenge, result: Started | Failed): Promise<void> {
    const { store } = this.#needs;
    // What was kept before a fault stays: the code may have arrived all the same.
    const kept = bodyOf((await store.read(claimed.id)) ?? claimed);
    const { order: _, ...rest } = kept;
    await store.move(withBody(claimed, result.kind, { ...rest, ...outcomeOf(result, rest) }), ['sending']);
    this.#report(claimed, result);
  }

  #report(challenge: Challenge, result: Started | Failed | Rehearsed): void {
    const { id, channel, gate, flowReference } = challenge;
    const { target } = bodyOf(challenge);
    const subject = target.kind === 'decoy' ? {} : { subject: target.accountId };
    const about = { challenge: { id, channel, gate, flowReference }, ...subject };
    const provider = result.provider === undefined ? {} : { provider: result.provider };
    if (result.kind === 'started') this.#needs.report({ kind: 'sent', ...about, ...provider, detail: 'sent' });
    else if (result.kind === 'rehearsed') this.#needs.report({ ...about, ...result });
    else this.#needs.report({ ...about, kind: 'failed', ...reported(result) });
  }
}

function failed(detail: string): Failed {
  return { kind: 'failed', detail, goOn: false };
}

function refused({ detail, alarm, goOn, withheld }: SendingRefusal): Failed {
  return { ...failed(detail), goOn, ...(alarm ? { alarm } : {}), ...(withheld === undefined ? {} : { withheld }) };
}

/** What of it stays. A limit is written down only for whoever may be told of it: else such rows are all alike. */
function outcomeOf(result: Started | Failed, { candid }: ChallengeBody): Partial<ChallengeBody> {
  if (result.kind === 'started') return { provider: result.provider, state: result.state };
  return candid === true && result.withheld !== undefined ? { withheld: result.withheld } : {};
}

function reported({
  kind: _,
  goOn: __,
  withheld: ___,
  ...rest
}: Failed): Pick<SendingReport, 'detail' | 'provider' | 'fault' | 'alarm'> {
  return rest;
}
