import type { Breaker } from './breaker.ts';
import type { Channel, MfaProvider } from './provider.ts';
import type { SendingRules } from './sending-rules.ts';

/** A provider and what stands between it and the people. */
export interface ProviderRoute {
  readonly provider: MfaProvider;
  readonly rules: SendingRules;
  /** One for each provider, also when it serves several channels. */
  readonly breaker: Breaker;
  /** Seconds that one start may take; after that nobody waits for it. */
  readonly timeoutSeconds: number;
}

/** Routes per channel, the preferred one first. */
export type ProviderRoutes = Readonly<Partial<Record<Channel, readonly ProviderRoute[]>>>;

/** Whether anybody can be reached over a channel now: the same for everybody, whoever they are. */
export function isReachable(routes: ProviderRoutes, channel: Channel): boolean {
  return (routes[channel] ?? []).some((route) => !route.breaker.isOpen());
}

/** Whether every call, whichever provider places it, can ask for digits. */
export function matchesNumbers(routes: ProviderRoutes): boolean {
  const voice = routes.voice ?? [];
  return voice.length > 0 && voice.every(({ provider }) => provider.matchesNumbers === true);
}

/** Seconds after which a sending over this channel has ended, however many providers were tried. */
export function sendSeconds(routes: ProviderRoutes, channel: Channel): number {
  return (routes[channel] ?? []).reduce((sum, route) => sum + route.timeoutSeconds, 0) + marginSeconds;
}

const marginSeconds = 5;

/** Asks the doubted ones how they are, so that no person is the trial. Those that cannot be asked are tried in time. */
export async function probeDoubted(routes: ProviderRoutes): Promise<void> {
  const all = new Set(Object.values(routes).flat());
  const doubted = [...all].filter((route) => route.breaker.isDoubted() && route.provider.probe !== undefined);
  await Promise.all(
    doubted.map(async ({ provider, breaker }) => {
      const result = await provider.probe?.();
      if (result?.ok === true) breaker.succeeded();
      else breaker.failed(undefined);
    }),
  );
}
