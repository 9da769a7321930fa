import path from 'node:path';
import type { Environment } from '../config.ts';
import { chainStrength } from '../core/chain-strength.ts';
import type { Channel, ProviderTraits } from '../core/provider.ts';
import type { Definitions } from '../definitions.ts';
import { consoleProblems } from './console-checks.ts';
import { listenerProblems, zoneProblems } from './listeners.ts';
import { policyFrom } from './policy-settings.ts';
import type { SettingProblem } from './problems.ts';
import type { Configuration } from './schema.ts';

/** The sections of a configuration that could be understood. */
export type Sections = { readonly [name in keyof Configuration]?: Configuration[name] | undefined };

/**
 * What one setting demands of another, and what production demands of all. A demand on a section that could not be
 * understood is left out: what is wrong with that is known already.
 */
export function crossChecks(
  configuration: Sections,
  definitions: Definitions,
  environment: Pick<Environment, 'production' | 'variables'>,
): readonly SettingProblem[] {
  return [
    ...debugProblems(environment.variables.NODE_DEBUG),
    ...keyProblems(configuration),
    ...listenerProblems(configuration),
    ...zoneProblems(configuration),
    ...chainProblems(configuration, definitions),
    ...channelProblems(configuration, definitions),
    ...countryProblems(configuration, definitions),
    ...demandProblems(configuration, definitions),
    ...consoleProblems(configuration, definitions),
    ...(environment.production ? productionProblems(configuration, definitions) : []),
  ];
}

/** ldapts writes whole requests there, new passwords among them; undici, addresses with the numbers in their query. */
const talkative = [
  { section: 'ldapts', problem: 'would write passwords to the log; leave ldapts out of it' },
  { section: 'undici', problem: 'would write telephone numbers to the log; leave undici and fetch out of it' },
  { section: 'fetch', problem: 'would write telephone numbers to the log; leave undici and fetch out of it' },
];

function debugProblems(sections: string | undefined): readonly SettingProblem[] {
  const named = (sections ?? '').split(',').map((section) => section.trim().toLowerCase());
  const found = talkative.filter(({ section }) => named.some((one) => one !== '' && path.matchesGlob(section, one)));
  return [...new Set(found.map(({ problem }) => problem))].map((problem) => ({ setting: 'NODE_DEBUG', problem }));
}

function keyProblems(configuration: Sections): readonly SettingProblem[] {
  const { keys } = configuration;
  if (keys === undefined || keys === 'ephemeral') return [];
  const ids = keys.map((key) => key.id);
  const twice = ids.flatMap((id, index) =>
    ids.indexOf(id) === index ? [] : [{ setting: `keys.${index}.id`, problem: `${id} is there twice` }],
  );
  const named = configuration['mac-key'];
  if (named === undefined || ids.includes(named)) return twice;
  const problem = `${JSON.stringify(named)} is not the id of a key; there are: ${ids.join(', ')}`;
  return [...twice, { setting: 'mac-key', problem }];
}

/** The gates of every chain, each once. */
function gatesOf({ policies }: Sections): readonly string[] {
  return [...new Set((policies ?? []).flatMap(({ chain }) => chain))];
}

function chainProblems(configuration: Sections, definitions: Definitions): readonly SettingProblem[] {
  const { channels, gates } = configuration;
  return gatesOf(configuration).flatMap((id) => {
    const gate = definitions.gates.find((definition) => definition.id === id);
    if (gate === undefined) return [];
    if (gate.channel !== undefined && channels?.[gate.channel].length === 0) {
      return [{ setting: `channels.${gate.channel}`, problem: `names no provider, and the gate ${id} needs one` }];
    }
    if (gates !== undefined && gates[id] === undefined && !gate.settings.safeParse({}).success) {
      return [{ setting: `gates.${id}`, problem: 'is missing, and this gate has settings without a default' }];
    }
    return [];
  });
}

function channelProblems(configuration: Sections, definitions: Definitions): readonly SettingProblem[] {
  const { channels, providers } = configuration;
  if (providers === undefined) return [];
  return (Object.entries(channels ?? {}) as [Channel, readonly string[]][]).flatMap(([channel, names]) =>
    names.flatMap((name, index) => {
      const setting = `channels.${channel}.${index}`;
      const provider = providers[name];
      if (provider === undefined) return [{ setting, problem: `there is no provider called ${JSON.stringify(name)}` }];
      const kind = definitions.providers.find((definition) => definition.kind === provider.kind);
      return kind?.channels.includes(channel) === true
        ? []
        : [{ setting, problem: `the provider ${name} (${provider.kind}) cannot do ${channel}` }];
    }),
  );
}

/** Calls and texts cost money wherever they go: the operator says where (toll fraud). */
function countryProblems(configuration: Sections, definitions: Definitions): readonly SettingProblem[] {
  const { providers = {}, channels } = configuration;
  const used = new Set([...(channels?.sms ?? []), ...(channels?.voice ?? [])]);
  return Object.entries(providers).flatMap(([name, provider]) => {
    const demo = definitions.providers.some((one) => one.kind === provider.kind && one.demo);
    if (demo || !used.has(name) || provider.countries !== undefined) return [];
    const problem = 'is missing: name the countries that texts and calls may go to, such as [GB, IE]';
    return [{ setting: `providers.${name}.countries`, problem }];
  });
}

/** What a gate asks of every provider of its channel. */
function demandProblems(configuration: Sections, definitions: Definitions): readonly SettingProblem[] {
  const { channels, gates, providers } = configuration;
  return gatesOf(configuration).flatMap((id) => {
    const gate = definitions.gates.find((one) => one.id === id);
    const settings = gate?.settings.safeParse(gates?.[id] ?? {});
    if (gate?.channel === undefined || settings?.success !== true) return [];
    const demands = gate.demands?.(settings.data) ?? {};
    return (channels?.[gate.channel] ?? []).flatMap((name) => {
      const { kind, ...own } = providers?.[name] ?? { kind: '' };
      const traits = definitions.providers.find((one) => one.kind === kind)?.traits?.(own as never) ?? {};
      return unmet(demands, traits).map((problem) => ({ setting: `gates.${id}`, problem: `${problem} (${name})` }));
    });
  });
}

function unmet(demands: ProviderTraits, traits: ProviderTraits): readonly string[] {
  const bound = demands.codeLength !== undefined && traits.codeLength !== undefined;
  const wrongLength = bound && demands.codeLength !== traits.codeLength;
  return [
    ...(wrongLength ? [`code-length must be ${traits.codeLength}, as the provider makes its codes`] : []),
    ...(demands.matchesNumbers === true && traits.matchesNumbers !== true
      ? ['number-matching cannot be required: the provider cannot ask for digits']
      : []),
  ];
}

/** What may never stand between people and a real directory (DESIGN 6.16). */
function productionProblems(configuration: Sections, definitions: Definitions): readonly SettingProblem[] {
  const problem = 'is for the demo only and not allowed when NODE_ENV is production';
  const demoKinds = new Set(definitions.providers.filter((one) => one.demo).map((one) => one.kind));
  const found: SettingProblem[] = [];
  if (configuration.directory?.kind === 'demo') found.push({ setting: 'directory.kind', problem });
  if (configuration.keys === 'ephemeral') found.push({ setting: 'keys', problem });
  for (const [name, provider] of Object.entries(configuration.providers ?? {})) {
    if (demoKinds.has(provider.kind)) found.push({ setting: `providers.${name}.kind`, problem });
  }
  return [...found, ...weakChainProblems(configuration, definitions)];
}

/** Whoever finds answers out would have the account: that takes an operator who says so (ASVS 6.4.2). */
function weakChainProblems({ policies }: Sections, definitions: Definitions): readonly SettingProblem[] {
  return (policies ?? []).flatMap((policy, index) => {
    if (policy['knowledge-alone'] === 'accept') return [];
    const chain = policy.chain.flatMap((id) => definitions.gates.filter((gate) => gate.id === id));
    if (!chainStrength(chain, policyFrom(policy)).weaknesses.includes('knowledge-alone')) return [];
    const problem =
      'needs a gate that proves possession, such as phone or otp-sms, as answers can be found out (or set knowledge-alone)';
    return [{ setting: `policies.${index}.chain`, problem }];
  });
}
