import { z } from 'zod';
import type { GateSettings } from '../core/gate.ts';
import { isSecretName } from '../core/gates/secret-name.ts';
import type { Members, Policy } from '../core/policies/policy.ts';
import type { Channel, ChannelChoice } from '../core/provider.ts';
import type { Definitions } from '../definitions.ts';
import { gateSettingsSchema } from './gate-settings.ts';

/** More than anybody can keep in mind; every one is looked at for every visit. */
const mostPolicies = 100;
const mostNames = 200;
const mostProviders = 20;
/** Longer than anybody stays at a page who wants to get on. */
export const mostFlowMinutes = 60;

const plainText = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .refine(
      (text) => text.trim() === text && !/\p{Cc}/u.test(text),
      'must not begin or end with a space, or hold a line break',
    );

const group = plainText(256);
const unit = plainText(512).refine(isUnitPath, 'must be a path such as People/Sales, without the domain');
const named = { groups: z.array(group).max(mostNames).default([]), units: z.array(unit).max(mostNames).default([]) };

const members = z.union([
  z.literal('everyone'),
  z.strictObject({
    everyone: z.boolean().default(false),
    ...named,
    except: z.strictObject(named).prefault({}),
  }),
]);

const providers = z
  .array(z.string().max(40))
  .min(1)
  .max(mostProviders)
  .refine((names) => new Set(names).size === names.length, 'names a provider twice')
  .optional();

const policyFields = {
  name: plainText(80),
  members,
  zone: z.enum(['intranet', 'extranet', 'any']).default('any'),
  needed: z.int().min(1).max(20).optional(),
  'unlock-after': z.int().min(1).max(20).optional(),
  channels: z.strictObject({ sms: providers, voice: providers, email: providers }).optional(),
  actions: z
    .array(z.enum(['unlock', 'reset']))
    .min(1)
    .default(['unlock', 'reset']),
  lockout: z
    .strictObject({
      threshold: z.int().min(1).max(100).default(3),
      minutes: z.int().min(1).max(1440).default(15),
      'bars-until-permanent': z.int().min(1).max(100).default(3),
    })
    .prefault({}),
  'flow-minutes': z.int().min(5).max(mostFlowMinutes).default(20),
  'unknown-logins': z.enum(['decoy', 'say-so']).default('decoy'),
  share: z.int().min(1).max(1_000_000).default(1),
  'include-privileged': z.boolean().default(false),
  'knowledge-alone': z.enum(['refuse', 'accept']).default('refuse'),
};

/** One policy as the configuration file, an import and the console's form have it. */
export function policySchema(definitions: Definitions) {
  const known = definitions.gates.map(({ id }) => id);
  const gate = z.string().refine((id) => known.includes(id), `must be one of ${known.join(', ')}`);
  const chain = z
    .array(gate)
    .min(1)
    .refine((gates) => new Set(gates).size === gates.length, 'names a gate twice');
  return z
    .strictObject({ ...policyFields, chain, gates: gateSettingsSchema(definitions) })
    .superRefine((policy, context) => {
      for (const { at, message } of problemsOf(policy, definitions)) {
        context.addIssue({ code: 'custom', path: at.split('.'), message });
      }
    });
}

/** The whole list, in order. */
export function policyListSchema(definitions: Definitions) {
  return z
    .array(policySchema(definitions))
    .min(1)
    .max(mostPolicies)
    .superRefine((policies, context) => {
      const names = policies.map(({ name }) => name.normalize('NFKC').toLowerCase());
      for (const [index, name] of names.entries()) {
        if (names.indexOf(name) === index) continue;
        context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is the name of an earlier one too' });
      }
    });
}

export type PolicySettings = z.output<ReturnType<typeof policySchema>>;

/** How long a visit may last under any policy that can come into force while the process runs. */
export function longestVisitMinutes(configuration: {
  readonly 'policies-in': 'file' | 'store';
  readonly policies: readonly PolicySettings[];
}): number {
  if (configuration['policies-in'] === 'store') return mostFlowMinutes;
  return Math.max(...configuration.policies.map((policy) => policy['flow-minutes']));
}

/** A policy in the core's words. */
export function policyFrom(settings: PolicySettings): Policy {
  const { lockout, needed } = settings;
  const unlockAfter = settings['unlock-after'];
  return {
    name: settings.name,
    members: membersFrom(settings.members),
    zone: settings.zone,
    chain: settings.chain,
    ...(needed === undefined ? {} : { needed }),
    ...(unlockAfter === undefined ? {} : { unlockAfter }),
    ...channelsFrom(settings),
    ...(settings.gates === undefined ? {} : { gates: settings.gates }),
    actions: settings.actions,
    lockout: {
      threshold: lockout.threshold,
      minutes: lockout.minutes,
      barsUntilPermanent: lockout['bars-until-permanent'],
    },
    flowSeconds: settings['flow-minutes'] * 60,
    privileged: settings['include-privileged'],
    unknownLogins: settings['unknown-logins'],
    share: settings.share,
  };
}

/** Channels of which nothing is said are not there; nor is the whole, where nothing is said at all. */
function channelsFrom({ channels = {} }: Pick<PolicySettings, 'channels'>): { readonly channels?: ChannelChoice } {
  const said = (Object.entries(channels) as [Channel, readonly string[] | undefined][]).filter(
    (one): one is [Channel, readonly string[]] => one[1] !== undefined,
  );
  return said.length === 0 ? {} : { channels: Object.fromEntries(said) };
}

function membersFrom(settings: PolicySettings['members']): Members {
  return settings === 'everyone'
    ? { everyone: true, groups: [], units: [], except: { groups: [], units: [] } }
    : settings;
}

/** The names of all settings, with those of the groups that they stand in before them: `far-end.token`. */
function settingsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => [name, ...settingsIn(one).map((inner) => `${name}.${inner}`)]);
}

/** What one setting of a policy asks of another. */
function problemsOf(
  policy: z.output<z.ZodObject<typeof policyFields>> & {
    readonly chain: readonly string[];
    readonly gates?: GateSettings | undefined;
  },
  definitions: Definitions,
): readonly { readonly at: string; readonly message: string }[] {
  const { chain, needed = chain.length } = policy;
  const unlockAfter = policy['unlock-after'];
  const problems: { at: string; message: string }[] = [];
  if (needed > chain.length) {
    problems.push({ at: 'needed', message: `must be at most ${chain.length}, as many as the chain has gates` });
  }
  if (unlockAfter !== undefined && unlockAfter > Math.min(needed, chain.length)) {
    problems.push({ at: 'unlock-after', message: `must be at most ${needed}, as many gates as a reset needs` });
  }
  if (unlockAfter !== undefined && !policy.actions.includes('unlock')) {
    problems.push({ at: 'unlock-after', message: 'is of no use where actions does not have unlock' });
  }
  if (unlockAfter !== undefined && unlockAfter < needed && !policy.actions.includes('reset')) {
    problems.push({
      at: 'unlock-after',
      message: 'is less than needed, and there is nothing to go on to without reset',
    });
  }
  const asked = chain.filter((id) => definitions.gates.some((gate) => gate.id === id && gate.factor === 'knowledge'));
  if (policy['include-privileged'] && asked.length > 0) {
    const message = `must be without ${asked.join(', ')} where include-privileged is true, as answers can be found out`;
    problems.push({ at: 'chain', message });
  }
  const sends = (channel: string): boolean =>
    definitions.gates.some((gate) => gate.channel === channel && chain.includes(gate.id));
  for (const channel of Object.keys(channelsFrom(policy).channels ?? {}).filter((name) => !sends(name))) {
    problems.push({ at: `channels.${channel}`, message: 'is of no use: no gate of the chain sends by it' });
  }
  for (const [gate, own] of Object.entries(policy.gates ?? {})) {
    for (const setting of settingsIn(own).filter(isSecretName)) {
      const message = 'must stand in the configuration: a list of policies is shown, and handed on in files';
      problems.push({ at: `gates.${gate}.${setting}`, message });
    }
    const ofConsole = definitions.gates.find(({ id }) => id === gate)?.consoleSettings ?? [];
    for (const setting of Object.keys(own).filter((name) => ofConsole.includes(name))) {
      const message = 'must stand in the configuration: the sign-in to the console comes under no policy';
      problems.push({ at: `gates.${gate}.${setting}`, message });
    }
    if (!chain.includes(gate))
      problems.push({ at: `gates.${gate}`, message: 'is of no use: the chain has no such gate' });
    // What is given out is made before anybody knows from where, and so under which policy, it is used.
    if (definitions.gates.some(({ id, issued }) => id === gate && issued === true)) {
      problems.push({
        at: `gates.${gate}`,
        message: 'must stand in the configuration: its codes are given out for every policy alike',
      });
    }
  }
  return [...problems, ...membersProblems(membersFrom(policy.members))];
}

function membersProblems({ everyone, groups, units }: Members): readonly { at: string; message: string }[] {
  const isNamed = groups.length > 0 || units.length > 0;
  if (!everyone && !isNamed) return [{ at: 'members', message: 'must name somebody: everyone, groups or units' }];
  if (everyone && isNamed) return [{ at: 'members', message: 'must be everyone, or groups and units, and not both' }];
  return [];
}

/** Names with a slash between two; a slash or backslash within a name stands behind a backslash. */
function isUnitPath(text: string): boolean {
  return /^(?:\\[\\/]|[^\\/])+(?:\/(?:\\[\\/]|[^\\/])+)*$/u.test(text);
}
