import path from 'node:path';
import type { Configuration } from '../config.ts';
import type { Definitions } from '../definitions.ts';
import type { Loaded } from '../load.ts';
import type { PolicySettings } from '../settings/policy-settings.ts';
import { Catalogue } from '../web/catalogue.ts';
import { withPoliciesInForce } from './policies-in-force.ts';

/** One station on the way through a portal. */
interface Station {
  readonly id: string;
  /** What the diagram shows. */
  readonly name: string;
  readonly words: string;
}

const locales = path.resolve(import.meta.dirname, '../locales');

/** As `mapOf`, of the policies that a server would go by now. */
export async function mapInForce(loaded: Loaded): Promise<readonly string[]> {
  return mapOf((await withPoliciesInForce(loaded)).loaded);
}

/** Of each policy, in order, the way through both portals: a Mermaid diagram, the same in words, and what holds. */
function mapOf(loaded: Loaded): readonly string[] {
  return loaded.configuration.policies.flatMap((policy, index) => [
    ...(index === 0 ? [] : ['']),
    ...wayOf(policy, loaded),
  ]);
}

function wayOf(policy: PolicySettings, { configuration, definitions }: Loaded): readonly string[] {
  const name = nameOf(configuration);
  const gates = policy.chain.map((id) => ({
    id,
    name: name(id),
    by: byOf(id, configuration, definitions),
  }));
  const enrolled = gates.map((gate) => station(gate, 'registers what it needs'));
  const verified = gates.map((gate) => station(gate, 'is passed'));
  return [
    ...portal('Registration', [
      { id: 'sign-in', name: 'Sign in', words: 'Sign in with the directory password.' },
      ...enrolled,
      { id: 'registered', name: 'Registered', words: `Registered: ${told(configuration)}.` },
    ]),
    '',
    ...portal('Reset', [
      { id: 'login', name: 'User name', words: 'Enter the user name.' },
      ...verified,
      { id: 'choose', name: choice(policy), words: `Then: ${choice(policy)}.` },
      { id: 'done', name: 'Done', words: `Done: ${told(configuration)}.` },
    ]),
    '',
    ...rules(policy),
  ];
}

function station(gate: { id: string; name: string; by: string }, what: string): Station {
  return { id: gate.id, name: gate.name, words: `${gate.name} (${gate.id}) ${what}${gate.by}.` };
}

function portal(title: string, stations: readonly Station[]): readonly string[] {
  const nodes = stations.map(({ id, name }) => `  ${id}["${name.replaceAll('"', "'")}"]`);
  const way = `  ${stations.map(({ id }) => id).join(' --> ')}`;
  const words = stations.map((one, index) => `${index + 1}. ${one.words}`);
  return [title, '', 'flowchart LR', ...nodes, way, '', ...words];
}

function choice(policy: PolicySettings): string {
  const words = { unlock: 'unlock and keep the password', reset: 'set a new password and unlock' };
  return policy.actions.map((action) => words[action]).join(', or ');
}

function told({ channels }: Configuration): string {
  return channels.email.length > 0 ? 'a mail says so' : 'nobody is told by mail, for no provider of mail is named';
}

function byOf(id: string, configuration: Configuration, definitions: Definitions): string {
  const channel = definitions.gates.find((gate) => gate.id === id)?.channel;
  return channel === undefined ? '' : `, by ${channel} through ${configuration.channels[channel].join(', then ')}`;
}

function nameOf({ languages }: Configuration): (gate: string) => string {
  const catalogue = Catalogue.load({ folder: locales, tags: [...new Set([...languages, 'en'])] });
  const t = catalogue.in('en');
  return (gate) => {
    const key = `gates.${gate}.name`;
    const text = t(key);
    return text === key ? gate : text;
  };
}

function rules(policy: PolicySettings): readonly string[] {
  const { threshold, minutes } = policy.lockout;
  const unknown = {
    decoy: 'sees the same pages as everybody, and cannot pass them',
    'say-so': 'is told that this page cannot help, and what to do',
  };
  return [
    `Policy ${policy.name}`,
    '',
    `- It is for ${membersOf(policy.members)}, from ${policy.zone === 'any' ? 'anywhere' : `the ${policy.zone}`}.`,
    ...chainRules(policy),
    `- ${threshold} wrong answers in a row bar an account from Latchkey for ${minutes} minutes.`,
    `- After ${policy.lockout['bars-until-permanent']} such bars it stays barred until the helpdesk ends it.`,
    `- A visit ends after ${policy['flow-minutes']} minutes.`,
    `- Whoever is unknown or not registered ${unknown[policy['unknown-logins']]}.`,
    `- Privileged accounts are ${policy['include-privileged'] ? 'included' : 'never served'}.`,
  ];
}

function chainRules({ chain, needed, 'unlock-after': unlockAfter, gates = {} }: PolicySettings): readonly string[] {
  const any = `- Any ${needed} of its ${chain.length} gates are enough, and each offers the others in its place.`;
  const early = `- ${unlockAfter} passed ${unlockAfter === 1 ? 'gate allows' : 'gates allow'} the unlock; a new password needs ${needed ?? 'all'}.`;
  const own = Object.entries(gates).map(
    ([gate, settings]) => `- It has settings of its own for ${gate}: ${Object.keys(settings).join(', ')}.`,
  );
  return [...(needed === undefined ? [] : [any]), ...(unlockAfter === undefined ? [] : [early]), ...own];
}

function membersOf(members: PolicySettings['members']): string {
  if (members === 'everyone') return members;
  const { everyone, except } = members;
  const named = namesOf(except);
  return `${everyone ? 'everyone' : namesOf(members)}${named === '' ? '' : `, except ${named}`}`;
}

function namesOf({ groups, units }: { readonly groups: readonly string[]; readonly units: readonly string[] }): string {
  const all = [...groups.map((name) => `the group ${name}`), ...units.map((path) => `the unit ${path}`)];
  return all.join(', ');
}
