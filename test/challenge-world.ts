import { randomBytes } from 'node:crypto';
import { enrolledDestinations } from '../src/core/gates/enrolled-number.ts';
import type { Channel, MfaProvider } from '../src/core/provider.ts';
import { createSealer, type Sealer } from '../src/core/sealer.ts';
import { Breaker } from '../src/core/sending/breaker.ts';
import type { SendingReport } from '../src/core/sending/challenge-sender.ts';
import { Challenges } from '../src/core/sending/challenges.ts';
import { courierProvider } from '../src/core/sending/courier-provider.ts';
import type { ProviderRoute, ProviderRoutes } from '../src/core/sending/provider-route.ts';
import type { Stores } from '../src/core/stores.ts';
import { virtualSms } from '../src/providers/demo/virtual-sms.ts';
import { virtualVoice } from '../src/providers/demo/virtual-voice.ts';
import { openStores } from '../src/stores/open-stores.ts';
import { BreakablePhones } from './breakable-phones.ts';
import { SettableClock } from './settable-clock.ts';

/** A store, phones and a challenge service around one clock; `restarted` is the same store after a crash. */
export interface ChallengeWorld {
  readonly clock: SettableClock;
  readonly phones: BreakablePhones;
  readonly sealer: Sealer;
  readonly stores: Stores;
  readonly challenges: Challenges;
  readonly reports: SendingReport[];
  /** @param spare providers that no channel of the configuration names */
  restarted(routes?: WorldRoutes, spare?: WorldRoutes): Challenges;
  close(): Promise<void>;
}

export const ringSeconds = 30;
export const sendSeconds = 120;

/** Providers per channel: bare ones are guarded by nothing but a breaker. */
export type WorldRoutes = Readonly<Partial<Record<Channel, readonly (MfaProvider | ProviderRoute)[]>>>;

/**
 * @param routes other providers than the virtual ones
 * @param parts what the providers share with the world
 */
export async function challengeWorld(
  routes?: WorldRoutes,
  parts: { readonly clock?: SettableClock; readonly sealer?: Sealer } = {},
): Promise<ChallengeWorld> {
  const clock = parts.clock ?? new SettableClock();
  const phones = new BreakablePhones({ production: false, clock, ringSeconds });
  const sealer = parts.sealer ?? createSealer({ keys: [{ id: 'test', secret: randomBytes(32) }] });
  const stores = await openStores({ kind: 'sqlite', file: ':memory:', 'busy-timeout-ms': 1000 }, { sealer, clock });
  await stores.migrate();
  const reports: SendingReport[] = [];
  const virtual: WorldRoutes = {
    sms: [courierProvider({ courier: virtualSms(phones), clock, sealer })],
    voice: [virtualVoice(phones)],
  };
  const make = (used: WorldRoutes, spare?: WorldRoutes): Challenges =>
    new Challenges({
      store: stores.challenges,
      sends: stores.sends,
      routes: guarded(used, clock),
      ...(spare === undefined ? {} : { spare: guarded(spare, clock) }),
      destinations: enrolledDestinations(stores.enrolments),
      clock,
      mac: (purpose, text) => sealer.mac(purpose, text),
      ringSeconds,
      report: (report) => reports.push(report),
    });
  const challenges = make(routes ?? virtual);
  return {
    clock,
    phones,
    sealer,
    stores,
    challenges,
    reports,
    restarted: (other, spare) => make(other ?? routes ?? virtual, spare),
    close: async () => {
      await challenges.idle();
      await stores.close();
    },
  };
}

function guarded(routes: WorldRoutes, clock: SettableClock): ProviderRoutes {
  const guard = (one: MfaProvider | ProviderRoute): ProviderRoute =>
    'provider' in one ? one : routeTo(one, { clock });
  return Object.fromEntries(Object.entries(routes).map(([channel, list]) => [channel, list.map(guard)]));
}

/** A route as `compose` would make it, with what a test wants to be different. */
export function routeTo(
  provider: MfaProvider,
  wish: Partial<Omit<ProviderRoute, 'provider'>> & { readonly clock: SettableClock },
): ProviderRoute {
  const { clock, ...changes } = wish;
  return {
    provider,
    rules: { deniedPrefixes: [] },
    breaker: new Breaker({ failures: 5, seconds: 30, clock, report: () => undefined }),
    timeoutSeconds: sendSeconds - 5,
    ...changes,
  };
}
