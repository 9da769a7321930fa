import type { Challenge } from './challenge.ts';
import { bodyOf, type ChallengeTarget } from './challenge-body.ts';
import type { Clock } from './clock.ts';
import type { ProviderRoute } from './provider-route.ts';
import { destinationRefusal } from './sending-rules.ts';
import type { SendQuota, SendStore } from './stores.ts';

export interface SendingGuardNeeds {
  readonly sends: SendStore;
  readonly clock: Clock;
  /** Keyed hash in hex: numbers are counted without being readable. */
  readonly mac: (purpose: string, text: string) => string;
}

/** Why a provider is not asked to send. For an operator: no number in it. */
export interface SendingRefusal {
  readonly detail: string;
  /** Whether another provider may try. */
  readonly goOn: boolean;
  /** Whether somebody should be woken. */
  readonly alarm: boolean;
}

const hourMs = 60 * 60_000;

/** Stands before every sending: may this provider reach that destination, and has it not sent too much already? */
export class SendingGuard {
  readonly #needs: SendingGuardNeeds;

  constructor(needs: SendingGuardNeeds) {
    this.#needs = needs;
  }

  /** Counts the sending, on all nodes together, when nothing speaks against it; then returns undefined. */
  async refusal(route: ProviderRoute, challenge: Challenge, to: string): Promise<SendingRefusal | undefined> {
    const detail = destinationRefusal(challenge.channel, to, route.rules);
    if (detail !== undefined) return { detail, goOn: true, alarm: false };
    if (route.breaker.isOpen()) return { detail: 'it is out of service', goOn: true, alarm: false };
    const quotas = this.#quotas(route, bodyOf(challenge).target, to);
    const now = this.#needs.clock.now();
    const full = await this.#needs.sends.admit(
      quotas.map(({ key, limit }) => ({ key, limit })),
      new Date(now.getTime() - hourMs),
      now,
    );
    const found = quotas.find(({ key }) => key === full);
    // Only another provider's own budget makes a difference: a person who was sent enough by one gets no more by two.
    return found && { detail: `the limit of sendings ${found.name} is reached`, goOn: found.own, alarm: true };
  }

  #quotas(
    { provider, rules }: ProviderRoute,
    target: ChallengeTarget,
    to: string,
  ): readonly (SendQuota & { readonly name: string; readonly own: boolean })[] {
    if (rules.limits === undefined) return [];
    const { perDestination, perAccount, overAll } = rules.limits;
    const accountId = target.kind === 'decoy' ? '' : target.accountId;
    const destination = this.#needs.mac('send-destination', to);
    return [
      { key: `${provider.id}:to:${destination}`, limit: perDestination, name: 'to one destination', own: false },
      { key: `${provider.id}:for:${accountId}`, limit: perAccount, name: 'for one account', own: false },
      { key: `${provider.id}:all`, limit: overAll, name: 'over all', own: true },
    ];
  }
}
