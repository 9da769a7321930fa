import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import type { Configuration, Environment } from '../config.ts';
import type { Clock } from '../core/clock.ts';
import { Misconfigured } from '../core/errors.ts';
import type { Channel, Courier, MfaProvider } from '../core/provider.ts';
import type { Sealer } from '../core/sealer.ts';
import { Breaker } from '../core/sending/breaker.ts';
import { courierProvider } from '../core/sending/courier-provider.ts';
import type { ProviderRoute, RouteTable } from '../core/sending/provider-route.ts';
import type { SendingPrice, SendingRules } from '../core/sending/sending-rules.ts';
import type { AllProviderNeeds, Definitions } from '../definitions.ts';
import { VirtualMailbox } from '../providers/demo/virtual-mailbox.ts';
import { VirtualPhones } from '../providers/demo/virtual-phones.ts';
import { callbackPath } from '../web/callback-routes.ts';

export interface ProviderWorldNeeds {
  readonly configuration: Configuration;
  readonly definitions: Definitions;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly log: Logger;
}

export type Providers = ReadonlyMap<string, MfaProvider | Courier>;

/** Every provider of a configuration, and where those of the demo put what they deliver. */
export interface ProviderWorld {
  readonly providers: Providers;
  readonly phones?: VirtualPhones;
  readonly mailbox?: VirtualMailbox;
}

type Settings = Configuration['providers'][string];

const usualTimeoutSeconds = 20;

/**
 * Makes every provider that the configuration names.
 * Throws Misconfigured when one cannot be made: a chain is never shortened.
 */
export async function createProviders(needs: ProviderWorldNeeds): Promise<ProviderWorld> {
  const { configuration, definitions, environment, clock } = needs;
  const isDemo = (kind: string): boolean => definitions.providers.some((one) => one.kind === kind && one.demo);
  const wanted = Object.values(configuration.providers).some((one) => isDemo(one.kind));
  const demo = wanted
    ? {
        phones: new VirtualPhones({ ...environment, clock }),
        mailbox: new VirtualMailbox({ ...environment, clock }),
      }
    : {};
  const providers = new Map<string, MfaProvider | Courier>();
  for (const [name, settings] of Object.entries(configuration.providers)) {
    const definition = definitionOf(definitions, name, settings);
    const all = { ...providerNeeds(needs, name, settings), ...demo };
    providers.set(name, await definition.create(ownSettings(settings), all));
  }
  return { providers, ...demo };
}

/**
 * The providers behind what guards them, per channel: those of the configuration in its order, and the spare ones, which
 * a policy may name at any time.
 */
export function routesOf(needs: ProviderWorldNeeds, providers: Providers): RouteTable {
  const { configuration } = needs;
  const known = new Map<string, ProviderRoute>();
  for (const [name, provider] of providers) known.set(name, routeTo(needs, name, provider));
  const route = (channel: Channel): readonly ProviderRoute[] =>
    configuration.channels[channel].map((name) => {
      const found = known.get(name);
      if (found === undefined) throw new Misconfigured(`channels.${channel}: there is no provider ${name}`);
      if (found.provider.channels.includes(channel)) return found;
      throw new Misconfigured(`channels.${channel}: the provider ${name} does not offer it`);
    });
  const spare = (channel: Channel): readonly ProviderRoute[] =>
    [...known]
      .filter(
        ([name, { provider }]) =>
          !configuration.channels[channel].includes(name) && provider.channels.includes(channel),
      )
      .map(([, found]) => found);
  return {
    routes: { sms: route('sms'), voice: route('voice'), email: route('email') },
    spare: { sms: spare('sms'), voice: spare('voice'), email: spare('email') },
  };
}

function routeTo(needs: ProviderWorldNeeds, name: string, made: MfaProvider | Courier): ProviderRoute {
  const { configuration, definitions, clock, sealer, log } = needs;
  const settings = configuration.providers[name];
  if (settings === undefined) throw new Misconfigured(`there is no provider ${name}`);
  const host = configuration['public-url'].hostname;
  const breaker = new Breaker({
    ...settings.breaker,
    clock,
    report: (state) =>
      state === 'open'
        ? log.error({ provider: name, alarm: true }, 'provider is out of service: nobody is sent there for a while')
        : log.info({ provider: name }, 'provider is in service again'),
  });
  return {
    provider: 'deliver' in made ? courierProvider({ courier: made, clock, sealer, host }) : made,
    rules: rulesOf(settings, definitionOf(definitions, name, settings).demo),
    breaker,
    timeoutSeconds: timeoutSeconds(definitions, name, settings),
  };
}

/** What one sending of each provider costs, where its settings say so. */
export function pricesOf({ providers }: Pick<Configuration, 'providers'>): ReadonlyMap<string, SendingPrice> {
  return new Map(
    Object.entries(providers).flatMap(([name, { price }]) => (price === undefined ? [] : [[name, price]])),
  );
}

/** The demo's phones cost nothing and bomb nobody. */
function rulesOf(settings: Settings, demo: boolean): SendingRules {
  const { limits, countries } = settings;
  return {
    ...(countries === undefined ? {} : { countries }),
    deniedPrefixes: settings['denied-prefixes'],
    ...(demo
      ? {}
      : {
          limits: {
            perDestination: limits['per-destination'],
            perAccount: limits['per-account'],
            perAccountAndDay: limits['per-account-day'],
            perPrefix: limits['per-prefix'],
            overAll: limits['over-all'],
          },
        }),
  };
}

function providerNeeds(needs: ProviderWorldNeeds, name: string, settings: Settings): AllProviderNeeds {
  const { configuration, definitions, environment, clock, sealer, log } = needs;
  const folder = path.dirname(environment.configurationFile);
  return {
    name,
    clock,
    sealer,
    timeoutMs: timeoutSeconds(definitions, name, settings) * 1000,
    callbackUrl: (reference) => new URL(callbackPath(name, reference), configuration['public-url']).href,
    readFile: (file) => readNamed(path.resolve(folder, file)),
    folder,
    log: log.child({ provider: name }),
  };
}

function readNamed(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (fault) {
    throw new Misconfigured(`${file} cannot be read`, fault);
  }
}

function timeoutSeconds(definitions: Definitions, name: string, settings: Settings): number {
  const usual = definitionOf(definitions, name, settings).timeoutSeconds ?? usualTimeoutSeconds;
  return settings['timeout-seconds'] ?? usual;
}

function definitionOf(definitions: Definitions, name: string, { kind }: Settings): Definitions['providers'][number] {
  const found = definitions.providers.find((one) => one.kind === kind);
  if (found === undefined) throw new Misconfigured(`providers.${name}: ${kind} is not a kind of provider`);
  return found;
}

/** Without what the core added for all of them. */
function ownSettings(settings: Settings): Record<string, unknown> {
  const {
    kind: _,
    'timeout-seconds': __,
    countries: ___,
    'denied-prefixes': ____,
    limits: _____,
    breaker: ______,
    price: _______,
    ...own
  } = settings;
  return own;
}
