import type { Clock } from '../clock.ts';
import type { SendQuota, SendStore } from '../stores.ts';
import type { Challenge } from './challenge.ts';
import { bodyOf, type ChallengeTarget, type Withheld } from './challenge-body.ts';
import type { ProviderRoute } from './provider-route.ts';
import { destinationRefusal } from './sending-rules.ts';

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
  /** For a limit: which it is, as far as the person may know. */
  readonly withheld?: Withheld;
}

/** `own`: of the provider alone. */
type Quota = SendQuota & { readonly own: boolean; readonly withheld: Withheld };

/** Of a block that is kept for stories (NANP 555-0100 to 555-0199); to be judged, and never called. */
const nobodysNumber = '+12025550100';
const hour = 3600;
const day = 24 * hour;

/** Stands before every sending: may this provider reach that destination, and has it not sent too much already? */
export class SendingGuard {
  readonly #needs: SendingGuardNeeds;

  constructor(needs: SendingGuardNeeds) {
    this.#needs = needs;
  }

  /** Counts the sending, on all nodes together, when nothing speaks against it; then returns undefined. */
  async refusal(route: ProviderRoute, challenge: Challenge, to: string): Promise<SendingRefusal | undefined> {
    const unwanted = destinationRefusal(challenge.channel, to, route.rules);
    if (unwanted !== undefined) return { detail: unwanted, goOn: true, alarm: false };
    if (route.breaker.isOpen()) return { detail: 'it is out of service', goOn: true, alarm: false };
    const quotas = this.#quotas(route, bodyOf(challenge).target, to);
    const full = await this.#needs.sends.admit(quotas, this.#needs.clock.now());
    const found = quotas.find(({ name }) => name === full);
    // Only another provider's own budget makes a difference: a person who was sent enough by one gets no more by two.
    if (found === undefined) return undefined;
    const detail = `the limit of sendings ${found.name} is reached`;
    return { detail, goOn: found.own, alarm: true, withheld: found.withheld };
  }

  /** Counts as much for a decoy, apart from everybody: no person and no provider has less for it. Refuses nothing. */
  async rehearse(route: ProviderRoute, { channel, flowReference }: Challenge): Promise<void> {
    const to = channel === 'email' ? '' : nobodysNumber;
    destinationRefusal(channel, to, route.rules);
    const quotas = this.#quotas(route, { kind: 'decoy' }, to).map((quota) => ({
      ...quota,
      // Decoys fill one place over all, as people do: counting many takes longer than counting one.
      key: quota.own ? `decoy:${quota.key}` : `decoy:${flowReference}:${quota.key}`,
      limit: Number.POSITIVE_INFINITY,
    }));
    await this.#needs.sends.admit(quotas, this.#needs.clock.now());
  }

  #quotas({ provider, rules }: ProviderRoute, target: ChallengeTarget, to: string): readonly Quota[] {
    if (rules.limits === undefined) return [];
    const { perDestination, perAccount, perAccountAndDay, perPrefix, overAll } = rules.limits;
    const accountId = target.kind === 'decoy' ? '' : target.accountId;
    const keyOf = (kind: string, text: string): string => `${provider.id}:${kind}:${text}`;
    const hashed = (text: string): string => this.#needs.mac('send-destination', text);
    const account = keyOf('for', accountId);
    const shared = { seconds: hour, own: false, withheld: 'hour' } as const;
    const ofOthers = { ...shared, withheld: 'others' } as const;
    const quotas = [
      { name: 'to one destination', key: keyOf('to', hashed(to)), limit: perDestination, ...shared },
      { name: 'for one account', key: account, limit: perAccount, ...shared },
      {
        name: 'for one account in a day',
        key: account,
        limit: perAccountAndDay,
        ...shared,
        seconds: day,
        withheld: 'day' as const,
      },
      { name: 'over all', key: keyOf('all', ''), limit: overAll, ...ofOthers, own: true },
    ];
    // Numbers of one block follow each other; whoever earns by texts to them owns the block (security 5.1).
    const block = { name: 'to one block of numbers', key: keyOf('block', hashed(blockOf(to))), limit: perPrefix };
    return to.startsWith('+') ? [...quotas, { ...block, ...ofOthers }] : quotas;
  }
}

/** A number without its last three digits. */
function blockOf(number: string): string {
  return number.slice(0, -3);
}
