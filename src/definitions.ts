import { z } from 'zod';
import type { WorkQueue } from './core/background/work-queue.ts';
import type { Clock } from './core/clock.ts';
import type { GateDefinition } from './core/gate.ts';
import type { ProviderDefinition, ProviderNeeds } from './core/provider.ts';
import type { Challenges } from './core/sending/challenges.ts';
import { helpdeskCodeGate } from './gates/helpdesk-code/gate.ts';
import { otpSmsGate } from './gates/otp-sms/gate.ts';
import { phoneGate } from './gates/phone/gate.ts';
import { questionsGate } from './gates/questions/gate.ts';
import { azureMfaSdk } from './providers/azure-mfa-sdk/definition.ts';
import { azureMfaServer } from './providers/azure-mfa-server/definition.ts';
import { customHttp, customModule } from './providers/custom/definition.ts';
import { demoProviders } from './providers/demo/definitions.ts';
import type { VirtualMailbox } from './providers/demo/virtual-mailbox.ts';
import type { VirtualPhones } from './providers/demo/virtual-phones.ts';
import { httpGateway } from './providers/http/definition.ts';
import { smtp } from './providers/smtp/definition.ts';
import { twilioProviders } from './providers/twilio/definition.ts';

/** What every gate is given; each takes what it needs of it. */
export interface GateNeeds {
  readonly challenges: Challenges;
  readonly clock: Clock;
  /** One for all gates of the process: nothing hashes beside it. */
  readonly hashing: WorkQueue;
}

/** What every provider is given; the last two exist in the demo only. */
export interface AllProviderNeeds extends ProviderNeeds {
  readonly phones?: VirtualPhones;
  readonly mailbox?: VirtualMailbox;
}

/** Every gate and provider that a configuration may name. */
export interface Definitions {
  readonly gates: readonly GateDefinition<z.ZodType, GateNeeds>[];
  readonly providers: readonly ProviderDefinition<z.ZodObject, AllProviderNeeds>[];
  /** Folders with the views of gates from packages. */
  readonly views: readonly string[];
}

/** What Latchkey brings along. A new gate or provider is a folder and a line here. */
const builtIn: Definitions = {
  gates: [phoneGate, otpSmsGate, questionsGate, helpdeskCodeGate] as unknown as Definitions['gates'],
  providers: [
    azureMfaSdk,
    azureMfaServer,
    customHttp,
    customModule,
    httpGateway,
    smtp,
    ...twilioProviders,
    ...demoProviders,
  ] as unknown as Definitions['providers'],
  views: [],
};

/** What a package exports as `latchkey`. */
const packageExport = z.object({
  gates: z.array(definitionShape(['id', 'factor'])).default([]),
  providers: z.array(definitionShape(['kind'])).default([]),
  /** file: URL of a folder that holds gates/<id>/<view>.ejs */
  views: z.url({ protocol: /^file$/ }).optional(),
});

/**
 * The built-in gates and providers and those of the named packages.
 * @throws Error when a package cannot be loaded, is not one of ours, or brings an id twice: a chain is never shortened
 */
export async function loadDefinitions(packages: readonly string[]): Promise<Definitions> {
  let definitions = builtIn;
  for (const name of packages) definitions = join(definitions, await loadPackage(name));
  unique(
    'gate',
    definitions.gates.map((gate) => gate.id),
  );
  unique(
    'provider kind',
    definitions.providers.map((provider) => provider.kind),
  );
  return definitions;
}

async function loadPackage(name: string): Promise<Definitions> {
  const loaded: unknown = await import(name).catch((cause: unknown) => {
    throw new Error(`packages: ${name} cannot be loaded`, { cause });
  });
  const parsed = packageExport.safeParse(Reflect.get(Object(loaded), 'latchkey'));
  if (!parsed.success) throw new Error(`packages: ${name} does not export gates or providers as latchkey`);
  const { gates, providers, views } = parsed.data;
  return {
    gates: gates as unknown as Definitions['gates'],
    providers: providers as unknown as Definitions['providers'],
    views: views === undefined ? [] : [new URL(views).pathname],
  };
}

function definitionShape(names: readonly string[]) {
  return z.custom<object>((value) => {
    if (typeof value !== 'object' || value === null) return false;
    const named = names.every((name) => typeof Reflect.get(value, name) === 'string');
    return (
      named &&
      typeof Reflect.get(Object(Reflect.get(value, 'settings')), 'safeParse') === 'function' &&
      typeof Reflect.get(value, 'create') === 'function'
    );
  }, 'is not a definition');
}

function join(a: Definitions, b: Definitions): Definitions {
  return {
    gates: [...a.gates, ...b.gates],
    providers: [...a.providers, ...b.providers],
    views: [...a.views, ...b.views],
  };
}

function unique(what: string, ids: readonly string[]): void {
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`packages: the ${what} ${twice} is there twice`);
}
