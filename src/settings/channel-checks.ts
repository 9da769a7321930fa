import type { GateSettings } from '../core/gate.ts';
import type { Channel, ProviderTraits } from '../core/provider.ts';
import type { Definitions } from '../definitions.ts';
import type { Sections } from './cross-checks.ts';
import { withOwn } from './gate-settings.ts';
import { policyFrom } from './policy-settings.ts';
import type { SettingProblem } from './problems.ts';

/** What the channels of the configuration, and those of each policy, ask of the providers that they name. */
export function sendingProblems(configuration: Sections, definitions: Definitions): readonly SettingProblem[] {
  return [
    ...channelProblems(configuration, definitions),
    ...countryProblems(configuration, definitions),
    ...demandProblems(configuration, definitions),
    ...policyChannelProblems(configuration, definitions),
    ...policyDemandProblems(configuration, definitions),
  ];
}

/** The gates of every chain, each once. */
export function gatesOf({ policies }: Sections): readonly string[] {
  return [...new Set((policies ?? []).flatMap(({ chain }) => chain))];
}

function channelProblems(configuration: Sections, definitions: Definitions): readonly SettingProblem[] {
  const { channels, providers } = configuration;
  if (providers === undefined) return [];
  return (Object.entries(channels ?? {}) as [Channel, readonly string[]][]).flatMap(([channel, names]) =>
    names.flatMap((name, index) =>
      misnamed({ name, channel }, configuration, definitions).map((problem) => ({
        setting: `channels.${channel}.${index}`,
        problem,
      })),
    ),
  );
}

interface Named {
  readonly name: string;
  readonly channel: Channel;
}

/** Why a provider cannot stand in a channel. */
function misnamed({ name, channel }: Named, { providers = {} }: Sections, definitions: Definitions): readonly string[] {
  const provider = providers[name];
  if (provider === undefined) return [`there is no provider called ${JSON.stringify(name)}`];
  const kind = definitions.providers.find((definition) => definition.kind === provider.kind);
  return kind?.channels.includes(channel) === true
    ? []
    : [`the provider ${name} (${provider.kind}) cannot do ${channel}`];
}

/** Calls and texts cost money wherever they go: the operator says where (toll fraud). */
function countryProblems(configuration: Sections, definitions: Definitions): readonly SettingProblem[] {
  const { providers = {}, channels } = configuration;
  const used = new Set([...(channels?.sms ?? []), ...(channels?.voice ?? [])]);
  return Object.keys(providers).flatMap((name) => {
    if (!used.has(name) || !isBoundless(name, configuration, definitions)) return [];
    const problem = 'is missing: name the countries that texts and calls may go to, such as [GB, IE]';
    return [{ setting: `providers.${name}.countries`, problem }];
  });
}

function isBoundless(name: string, { providers = {} }: Sections, definitions: Definitions): boolean {
  const provider = providers[name];
  const demo = definitions.providers.some((one) => one.kind === provider?.kind && one.demo);
  return provider !== undefined && !demo && provider.countries === undefined;
}

/** What a gate asks of every provider of its channel; and of one at least, where what it asks for is given out. */
function demandProblems(configuration: Sections, definitions: Definitions): readonly SettingProblem[] {
  return gatesOf(configuration).flatMap((id) => {
    const issuing = issuingProblems(id, configuration, definitions);
    if (issuing.some((problems) => problems.length === 0)) return [];
    const channel = definitions.gates.find((one) => one.id === id)?.channel;
    const names = channel === undefined ? [] : (configuration.channels?.[channel] ?? []);
    const sending = names.map((name) => saidOf({ gate: id, name }, configuration, definitions));
    return [...issuing, ...sending].flat().map((problem) => ({ setting: `gates.${id}`, problem }));
  });
}

/** Of each provider that may carry what the helpdesk gives out for a gate, why its codes are none. */
export function issuingProblems(
  id: string,
  configuration: Sections,
  definitions: Definitions,
): readonly (readonly string[])[] {
  const { issuedBy = [] } = definitions.gates.find((one) => one.id === id) ?? {};
  const names = issuedBy.flatMap((channel) => configuration.channels?.[channel] ?? []);
  return names.map((name) => saidOf({ gate: id, name }, configuration, definitions));
}

/** What is unmet, with whose fault it is. */
function saidOf(asked: Asked, configuration: Sections, definitions: Definitions): readonly string[] {
  return unmetBy(asked, configuration, definitions).map((problem) => `${problem} (${asked.name})`);
}

interface Asked {
  readonly gate: string;
  /** What a policy says of the gate. */
  readonly own?: GateSettings[string] | undefined;
  /** Of the provider. */
  readonly name: string;
}

/** What a gate asks of its providers, and this one cannot do. */
function unmetBy(
  { gate: id, own, name }: Asked,
  { gates, providers }: Sections,
  definitions: Definitions,
): readonly string[] {
  const gate = definitions.gates.find((one) => one.id === id);
  const settings = gate?.settings.safeParse(withOwn(gates?.[id], own));
  if (gate === undefined || settings?.success !== true) return [];
  const { kind, ...theirs } = providers?.[name] ?? { kind: '' };
  const traits = definitions.providers.find((one) => one.kind === kind)?.traits?.(theirs as never) ?? {};
  return unmet(gate.demands?.(settings.data) ?? {}, traits);
}

/**
 * The same of the providers that a policy chose. All is said at the policy: its list may come long after the
 * configuration was checked.
 */
function policyChannelProblems(configuration: Sections, definitions: Definitions): readonly SettingProblem[] {
  const { policies = [], providers } = configuration;
  if (providers === undefined) return [];
  return policies.flatMap((settings, index) => {
    const { channels = {}, chain, gates: own = {} } = policyFrom(settings);
    return (Object.entries(channels) as [Channel, readonly string[]][]).flatMap(([channel, names]) =>
      names.flatMap((name, at) => {
        const wrong = misnamed({ name, channel }, configuration, definitions);
        const gates = chain.filter((id) => definitions.gates.some((one) => one.id === id && one.channel === channel));
        const boundless = channel !== 'email' && isBoundless(name, configuration, definitions);
        const more = [
          ...(boundless ? [`the provider ${name} names no countries that texts and calls may go to`] : []),
          ...gates.flatMap((gate) =>
            unmetBy({ gate, own: own[gate], name }, configuration, definitions).map(
              (why) => `for the gate ${gate}, ${why} (${name})`,
            ),
          ),
        ];
        const setting = `policies.${index}.channels.${channel}.${at}`;
        return (wrong.length > 0 ? wrong : more).map((problem) => ({ setting, problem }));
      }),
    );
  });
}

/** What gates ask by a policy's settings of the configuration's providers, where it chose none of its own. */
function policyDemandProblems(configuration: Sections, definitions: Definitions): readonly SettingProblem[] {
  return (configuration.policies ?? []).flatMap((settings, index) => {
    const { channels, gates = {} } = policyFrom(settings);
    return Object.entries(gates).flatMap(([gate, own]) => {
      const channel = definitions.gates.find(({ id }) => id === gate)?.channel;
      const names = channel === undefined || channels?.[channel] ? [] : (configuration.channels?.[channel] ?? []);
      return names.flatMap((name) => {
        // What the configuration asks in vain is said of the configuration.
        const known = unmetBy({ gate, name }, configuration, definitions);
        const found = unmetBy({ gate, own, name }, configuration, definitions).filter((why) => !known.includes(why));
        return found.map((why) => ({ setting: `policies.${index}.gates.${gate}`, problem: `${why} (${name})` }));
      });
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
