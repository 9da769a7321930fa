import { Misconfigured } from '../errors.ts';
import type { Channel, MfaProvider } from '../provider.ts';
import type { Breaker } from './breaker.ts';
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

/** Every route that there is. */
export interface RouteTable {
  /** Those of the configuration's channels. */
  readonly routes: ProviderRoutes;
  /** Those that no channel of the configuration names: only a policy's own choice leads there. */
  readonly spare?: ProviderRoutes;
}

/**
 * The routes that may be taken over a channel, the preferred one first.
 * @param names providers that a policy has chosen, in its order; absent for the configuration's. One that is configured no
 * more is left out, and no other takes its place
 */
export function routesFor(table: RouteTable, channel: Channel, names?: readonly string[]): readonly ProviderRoute[] {
  if (names === undefined) return table.routes[channel] ?? [];
  const all = everyRoute(table, channel);
  return names.flatMap((name) => all.find(({ provider }) => provider.id === name) ?? []);
}

/** Whoever may choose: those of the configuration's channel first. */
export function everyRoute({ routes, spare }: RouteTable, channel: Channel): readonly ProviderRoute[] {
  return [...(routes[channel] ?? []), ...(spare?.[channel] ?? [])];
}

/**
 * The route of a challenge that was sent, whoever chose it.
 * @throws Misconfigured when its provider is not configured any more
 */
export function routeOf(table: RouteTable, channel: Channel, id: string | undefined): ProviderRoute {
  const found = everyRoute(table, channel).find(({ provider }) => provider.id === id);
  if (found === undefined) throw new Misconfigured(`provider ${id} of an open challenge is not configured`);
  return found;
}

/** The provider of this name, whatever it is used for. */
export function providerOf({ routes, spare }: RouteTable, name: string): MfaProvider | undefined {
  const all = [...Object.values(routes), ...Object.values(spare ?? {})].flat();
  return all.find(({ provider }) => provider.id === name)?.provider;
}

/** Whether anybody can be reached now: the same for everybody who may take these routes, whoever they are. */
export function isReachable(routes: readonly ProviderRoute[]): boolean {
  return routes.some((route) => !route.breaker.isOpen());
}

/** Whether every call, whichever provider places it, can ask for digits. */
export function matchesNumbers(voice: readonly ProviderRoute[]): boolean {
  return voice.length > 0 && voice.every(({ provider }) => provider.matchesNumbers === true);
}

/** Seconds after which a sending over these routes has ended, however many providers were tried. */
export function sendSeconds(routes: readonly ProviderRoute[]): number {
  return routes.reduce((sum, route) => sum + route.timeoutSeconds, 0) + marginSeconds;
}

const marginSeconds = 5;

/** Asks the doubted ones how they are, so that no person is the trial. Those that cannot be asked are tried in time. */
export async function probeDoubted({ routes, spare }: RouteTable): Promise<void> {
  const all = new Set([...Object.values(routes), ...Object.values(spare ?? {})].flat());
  const doubted = [...all].filter((route) => route.breaker.isDoubted() && route.provider.probe !== undefined);
  await Promise.all(
    doubted.map(async ({ provider, breaker }) => {
      const result = await provider.probe?.();
      if (result?.ok === true) breaker.succeeded();
      else breaker.failed(undefined);
    }),
  );
}
