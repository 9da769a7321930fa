import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pino from 'pino';
import { createProviders, type Providers, routesOf } from '../compose/providers.ts';
import { openConfiguredStores } from '../compose/stores.ts';
import { systemClock } from '../core/clock.ts';
import type { Finding } from '../core/directory.ts';
import type { Channel } from '../core/provider.ts';
import { createSealer } from '../core/sealer.ts';
import type { SendingReport } from '../core/sending/challenge-sender.ts';
import { type ChallengeResult, Challenges } from '../core/sending/challenges.ts';
import { readNumber } from '../core/sending/phone-number.ts';
import type { ProviderRoute } from '../core/sending/provider-route.ts';
import type { Stores } from '../core/stores.ts';
import type { Loaded } from '../load.ts';
import { sealingKeys } from '../settings/configured.ts';

/** One real call, text or mail. */
export interface DrillWish {
  /** Its name in the configuration. */
  readonly provider: string;
  /** A number with its country code, or a mail address. */
  readonly to: string;
  /** Left out, the first that the provider serves. */
  readonly channel?: string;
}

const gate = 'drill';
const lookMs = 500;
const callSeconds = 120;

/**
 * Reaches somebody through one provider, by the same way and under the same limits as for a person: the challenge lies in
 * the store, so a running server takes the far end's reports about it. Throws what a store throws that cannot be used.
 */
export async function* drill(loaded: Loaded, wish: DrillWish): AsyncGenerator<Finding> {
  const { configuration } = loaded;
  const sealer = createSealer(sealingKeys(configuration));
  const needs = { ...loaded, sealer, clock: systemClock, log: pino({ enabled: false }) };
  const subject = `providers.${wish.provider}`;
  const wrong = (detail: string, remedy: string): Finding => ({ level: 'problem', subject, detail, remedy });
  if (configuration.providers[wish.provider] === undefined) {
    const names = Object.keys(configuration.providers).join(', ') || 'none';
    return yield wrong('there is no such provider', `Name one of the configured providers: ${names}.`);
  }
  const { providers } = await createProviders(needs);
  try {
    const channel = channelOf(loaded, providers, wish);
    if (channel === undefined) return yield wrong(`it does not serve ${wish.channel}`, 'Name another channel.');
    const to = destinationOf(channel, wish.to);
    if (to === undefined)
      return yield wrong(
        'this is nothing it can reach',
        'Give a number with its country code, such as +12025550123, or a mail address.',
      );
    const only = { ...configuration, channels: { sms: [], voice: [], email: [], [channel]: [wish.provider] } };
    const [route] = routesOf({ ...needs, configuration: only }, providers).routes[channel] ?? [];
    if (route === undefined) return yield wrong('it cannot be used', 'Look at its settings.');
    const stores = await openConfiguredStores(configuration);
    try {
      await stores.migrate();
      yield* reach({ stores, route, channel, to, mac: (purpose, text) => sealer.mac(purpose, text) }, subject);
    } finally {
      await stores.close();
    }
  } finally {
    await Promise.all([...providers.values()].map((provider) => provider.close?.()));
  }
}

interface Reach {
  readonly stores: Stores;
  readonly route: ProviderRoute;
  readonly channel: Channel;
  readonly to: string;
  readonly mac: (purpose: string, text: string) => string;
}

async function* reach({ stores, route, channel, to, mac }: Reach, subject: string): AsyncGenerator<Finding> {
  const reports: SendingReport[] = [];
  const challenges = new Challenges({
    store: stores.challenges,
    sends: stores.sends,
    routes: { [channel]: [route] },
    destinations: async () => undefined,
    clock: systemClock,
    mac,
    ringSeconds: 30,
    report: (report) => reports.push(report),
  });
  const scope = { gate, flowReference: `drill-${randomBytes(9).toString('base64url')}` };
  const match = challenges.matchesNumbers() && channel === 'voice' ? String(randomInt(10, 100)) : undefined;
  if (channel === 'voice') {
    const keys = match === undefined ? 'press #' : `key in ${match} and press #`;
    yield { level: 'ok', subject, detail: `calls now: answer, and ${keys}` };
  }
  const id = await challenges.begin({
    channel,
    target: { kind: 'proposed', to, accountId: gate },
    ...scope,
    attempt: '1',
    language: 'en',
    codeLength: route.provider.codeLength ?? 6,
    lifetimeSeconds: 300,
    text: channel === 'voice' ? 'This is a test of Latchkey. Do what the screen says.' : 'Latchkey test: {code}',
    ...(match === undefined ? {} : { match }),
  });
  if (channel === 'voice') yield callFinding(await outcomeOf(challenges, id, scope), subject, reports);
  await challenges.stop();
  if (channel !== 'voice') yield sentFinding(reports.at(-1), subject);
}

/** Waits until the call is over, or until nobody waits any more. */
async function outcomeOf(
  challenges: Challenges,
  id: string,
  scope: { gate: string; flowReference: string },
): Promise<ChallengeResult['kind']> {
  for (let waited = 0; waited < callSeconds * 1000; waited += lookMs) {
    const { kind } = await challenges.look(id, scope);
    if (kind !== 'waiting') return kind;
    await pause(lookMs);
  }
  return 'waiting';
}

function callFinding(kind: ChallengeResult['kind'], subject: string, reports: readonly SendingReport[]): Finding {
  if (kind === 'passed') return { level: 'ok', subject, detail: 'the call was confirmed' };
  if (kind === 'failed') return sentFinding(reports.at(-1), subject);
  const remedy =
    kind === 'waiting'
      ? 'Is a server running with this configuration, and can the provider reach its public URL?'
      : 'Try again, and confirm the call.';
  return { level: 'problem', subject, detail: `the call ended as: ${kind}`, remedy };
}

function sentFinding(report: SendingReport | undefined, subject: string): Finding {
  if (report?.kind === 'sent') return { level: 'ok', subject, detail: 'it took the message: look whether it arrives' };
  const fault = report?.fault instanceof Error ? `: ${report.fault.message}` : '';
  const detail = `${report?.detail ?? 'nothing was sent'}${fault}`;
  return { level: 'problem', subject, detail, remedy: 'Look at its settings and at the provider’s own log.' };
}

function channelOf(loaded: Loaded, providers: Providers, wish: DrillWish): Channel | undefined {
  const offered = providers.get(wish.provider)?.channels ?? [];
  if (wish.channel !== undefined) return offered.find((channel) => channel === wish.channel);
  const { channels } = loaded.configuration;
  return offered.find((channel) => channels[channel].includes(wish.provider)) ?? offered[0];
}

function destinationOf(channel: Channel, typed: string): string | undefined {
  if (channel === 'email') return /^[^\s@]+@[^\s@]+$/.test(typed) ? typed : undefined;
  const read = readNumber(typed);
  return read.kind === 'number' ? read.e164 : undefined;
}
