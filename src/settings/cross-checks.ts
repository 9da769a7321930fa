import type { Channel } from '../core/provider.ts';
import type { Definitions } from '../definitions.ts';
import type { SettingProblem } from './problems.ts';
import type { Configuration } from './schema.ts';

/** What one setting demands of another, and what production demands of all. */
export function crossChecks(
  configuration: Configuration,
  definitions: Definitions,
  environment: { readonly production: boolean },
): readonly SettingProblem[] {
  return [
    ...keyProblems(configuration),
    ...chainProblems(configuration, definitions),
    ...channelProblems(configuration, definitions),
    ...(environment.production ? productionProblems(configuration, definitions) : []),
  ];
}

function keyProblems(configuration: Configuration): readonly SettingProblem[] {
  const { keys } = configuration;
  if (keys === 'ephemeral') return [];
  const ids = keys.map((key) => key.id);
  const twice = ids.flatMap((id, index) =>
    ids.indexOf(id) === index ? [] : [{ setting: `keys.${index}.id`, problem: `${id} is there twice` }],
  );
  const named = configuration['mac-key'];
  if (named === undefined || ids.includes(named)) return twice;
  const problem = `${JSON.stringify(named)} is not the id of a key; there are: ${ids.join(', ')}`;
  return [...twice, { setting: 'mac-key', problem }];
}

function chainProblems(configuration: Configuration, definitions: Definitions): readonly SettingProblem[] {
  return configuration.policy.chain.flatMap((id, index) => {
    const setting = `policy.chain.${index}`;
    const gate = definitions.gates.find((definition) => definition.id === id);
    if (gate === undefined) {
      const known = definitions.gates.map((definition) => definition.id).join(', ');
      return [{ setting, problem: `${JSON.stringify(id)} is not a gate; there are: ${known}` }];
    }
    if (gate.channel !== undefined && configuration.channels[gate.channel].length === 0) {
      return [{ setting: `channels.${gate.channel}`, problem: `names no provider, and the gate ${id} needs one` }];
    }
    if (configuration.gates[id] === undefined && !gate.settings.safeParse({}).success) {
      return [{ setting: `gates.${id}`, problem: 'is missing, and this gate has settings without a default' }];
    }
    return [];
  });
}

function channelProblems(configuration: Configuration, definitions: Definitions): readonly SettingProblem[] {
  return (Object.entries(configuration.channels) as [Channel, readonly string[]][]).flatMap(([channel, names]) =>
    names.flatMap((name, index) => {
      const setting = `channels.${channel}.${index}`;
      const provider = configuration.providers[name];
      if (provider === undefined) return [{ setting, problem: `there is no provider called ${JSON.stringify(name)}` }];
      const kind = definitions.providers.find((definition) => definition.kind === provider.kind);
      return kind?.channels.includes(channel) === true
        ? []
        : [{ setting, problem: `the provider ${name} (${provider.kind}) cannot do ${channel}` }];
    }),
  );
}

/** What may never stand between people and a real directory (DESIGN 6.16). */
function productionProblems(configuration: Configuration, definitions: Definitions): readonly SettingProblem[] {
  const problem = 'is for the demo only and not allowed when NODE_ENV is production';
  const demoKinds = new Set(definitions.providers.filter((one) => one.demo).map((one) => one.kind));
  const found: SettingProblem[] = [];
  if (configuration.directory.kind === 'demo') found.push({ setting: 'directory.kind', problem });
  if (configuration.keys === 'ephemeral') found.push({ setting: 'keys', problem });
  for (const [name, provider] of Object.entries(configuration.providers)) {
    if (demoKinds.has(provider.kind)) found.push({ setting: `providers.${name}.kind`, problem });
  }
  return found;
}
