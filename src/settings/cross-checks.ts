import path from 'node:path';
import { chainStrength } from '../core/policies/chain-strength.ts';
import type { Definitions } from '../definitions.ts';
import { gatesOf, sendingProblems } from './channel-checks.ts';
import { consoleProblems } from './console-checks.ts';
import type { Environment } from './environment.ts';
import { gateSettingProblems } from './gate-settings.ts';
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
    ...gateSettingProblems(configuration, definitions),
    ...sendingProblems(configuration, definitions),
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

function chainProblems(configuration: Sections, definitions: Definitions): readonly SettingProblem[] {
  const { channels, gates } = configuration;
  return gatesOf(configuration).flatMap((id) => {
    const gate = definitions.gates.find((definition) => definition.id === id);
    if (gate === undefined) return [];
    if (gate.channel !== undefined && channels?.[gate.channel].length === 0) {
      return [{ setting: `channels.${gate.channel}`, problem: `names no provider, and the gate ${id} needs one` }];
    }
    const { issuedBy = [] } = gate;
    if (issuedBy.length > 0 && issuedBy.every((channel) => channels?.[channel].length === 0)) {
      const [first = '', ...others] = issuedBy.map((channel) => `channels.${channel}`);
      const both = `names no provider, nor does ${others.join(' or ')}, and the gate ${id} is given out by one of them`;
      return [{ setting: first, problem: both }];
    }
    if (gates !== undefined && gates[id] === undefined && !gate.settings.safeParse({}).success) {
      return [{ setting: `gates.${id}`, problem: 'is missing, and this gate has settings without a default' }];
    }
    return [];
  });
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
