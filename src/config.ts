import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import type { Channel } from './core/provider.ts';
import { sealingSecret } from './core/sealer.ts';
import type { Definitions } from './definitions.ts';
import { activeDirectorySettings } from './directories/active-directory/settings.ts';
import { storeSettings } from './stores/settings.ts';

/** Exit code of a process whose configuration is wrong (sysexits.h EX_CONFIG). */
export const exitConfiguration = 78;

/** One thing that is wrong with the configuration, in a sentence for the operator. */
export interface SettingProblem {
  /** Dotted path of the setting, or the file's name. */
  readonly setting: string;
  readonly problem: string;
}

/** The configuration cannot be used. Holds everything that is wrong with it, not only the first thing. */
export class ConfigurationError extends Error {
  readonly problems: readonly SettingProblem[];

  constructor(problems: readonly SettingProblem[]) {
    super(problems.map(({ setting, problem }) => `${setting}: ${problem}`).join('\n'));
    this.name = 'ConfigurationError';
    this.problems = problems;
  }
}

/** The environment as far as Latchkey knows it. Nothing else reads process.env. */
export interface Environment {
  readonly configurationFile: string;
  readonly production: boolean;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** @param variables process.env */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  return {
    configurationFile: path.resolve(variables.LATCHKEY_CONFIG ?? 'config/latchkey.yaml'),
    production: variables.NODE_ENV === 'production',
    variables,
  };
}

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

const publicUrl = z
  .url()
  .transform((text) => new URL(text))
  .refine((url) => url.pathname === '/' && url.search === '' && url.hash === '', 'must be an origin without a path')
  .refine(
    (url) => url.protocol === 'https:' || (url.protocol === 'http:' && loopbackHosts.has(url.hostname)),
    'must begin with https:// (http:// only for localhost)',
  );

const webLink = z.url({ protocol: /^https$/ });
const colour = z.string().regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as #0b6b50');
const keyList = z.array(z.strictObject({ id: z.string().regex(/^[0-9A-Za-z_-]{1,32}$/), secret: secretKey() })).min(1);

const organisation = z.strictObject({
  name: z.string().min(1).max(80),
  'logo-file': z.string().optional(),
  colours: z.strictObject({ light: colour, 'light-text': colour, dark: colour, 'dark-text': colour }).optional(),
  helpdesk: z
    .strictObject({
      phone: z.string().max(40).optional(),
      mail: z.email().optional(),
      hours: z.string().max(80).optional(),
    })
    .default({}),
  'privacy-url': webLink.optional(),
  'time-zone': z.string().refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin').optional(),
});

const policy = z.strictObject({
  name: z.string().min(1).default('everyone'),
  chain: z
    .array(z.string())
    .min(1)
    .refine((gates) => new Set(gates).size === gates.length, 'names a gate twice'),
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
  'flow-minutes': z.int().min(5).max(60).default(20),
  'unknown-logins': z.enum(['decoy', 'say-so']).default('decoy'),
  'include-privileged': z.boolean().default(false),
});

const listen = z.strictObject({
  host: z.string().default('127.0.0.1'),
  port: z.int().min(0).max(65_535),
  tls: z.strictObject({ 'certificate-file': z.string(), 'key-file': z.string() }).optional(),
});

const directory = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('demo') }),
  activeDirectorySettings.safeExtend({ kind: z.literal('active-directory') }),
]);

/** The whole configuration file, with the settings of the gates and providers that are known. */
function configurationSchema(definitions: Definitions) {
  const providerKinds = definitions.providers.map((definition) =>
    z.strictObject({ ...definition.settings.shape, kind: z.literal(definition.kind) }),
  );
  const gateSettings = Object.fromEntries(
    definitions.gates.map((gate) => [gate.id, gate.settings.optional()]),
  ) as Record<string, z.ZodType>;
  return z.strictObject({
    'public-url': publicUrl,
    listen,
    'trusted-proxies': z.array(z.string()).default([]),
    organisation,
    languages: z
      .array(z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/))
      .min(1)
      .default(['en']),
    keys: z.union([z.literal('ephemeral'), keyList]),
    'mac-key': z.string().optional(),
    store: storeSettings,
    directory,
    packages: z.array(z.string()).default([]),
    providers: z
      .record(
        z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be made of a to z, 0 to 9 and dashes'),
        z.discriminatedUnion('kind', providerKinds as [(typeof providerKinds)[number], ...typeof providerKinds]),
      )
      .default({}),
    channels: z
      .strictObject({
        sms: z.array(z.string()).default([]),
        voice: z.array(z.string()).default([]),
        email: z.array(z.string()).default([]),
      })
      .prefault({}),
    gates: z.strictObject(gateSettings).default({}),
    policy,
    log: z.strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
  });
}

export type Configuration = z.output<ReturnType<typeof configurationSchema>>;

/** The names of the packages that a configuration file wants loaded before its settings can be understood. */
export function readPackages(environment: Environment): readonly string[] {
  const document = z.looseObject({ packages: z.array(z.string()).optional() }).safeParse(readFile(environment));
  return document.data?.packages ?? [];
}

/**
 * Reads and checks the configuration file.
 * @throws ConfigurationError with everything that is wrong, none of it holding a secret
 */
export function loadConfiguration(environment: Environment, definitions: Definitions): Configuration {
  const problems: SettingProblem[] = [];
  const secrets = new Set<string>();
  const document = resolveReferences(readFile(environment), { environment, problems, secrets, at: [] });
  const parsed = configurationSchema(definitions).safeParse(document);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.push(...describe(issue, document, secrets));
  } else {
    problems.push(...crossChecks(parsed.data, definitions, environment));
  }
  if (problems.length > 0 || !parsed.success) throw new ConfigurationError(problems);
  return parsed.data;
}

/** What one setting demands of another. */
function crossChecks(
  configuration: Configuration,
  definitions: Definitions,
  environment: Environment,
): readonly SettingProblem[] {
  return [
    ...chainProblems(configuration, definitions),
    ...channelProblems(configuration, definitions),
    ...(environment.production ? productionProblems(configuration, definitions) : []),
  ];
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

function readFile(environment: Environment): unknown {
  const name = environment.configurationFile;
  let source: string;
  try {
    source = readFileSync(name, 'utf8');
  } catch (fault) {
    const why = fault instanceof Error && 'code' in fault ? String(fault.code) : 'unreadable';
    throw new ConfigurationError([{ setting: name, problem: `cannot be read (${why})` }]);
  }
  try {
    return parseYaml(source, { strict: true, uniqueKeys: true });
  } catch (fault) {
    const why = fault instanceof Error ? (fault.message.split('\n')[0] ?? '') : 'unreadable';
    throw new ConfigurationError([{ setting: name, problem: `is not valid YAML: ${why}` }]);
  }
}

interface References {
  readonly environment: Environment;
  readonly problems: SettingProblem[];
  /** Paths whose value came from a reference: never shown. */
  readonly secrets: Set<string>;
  readonly at: readonly (string | number)[];
}

/** Puts the values of `${env:NAME}` and `${file:/path}` in their places. */
function resolveReferences(value: unknown, references: References): unknown {
  if (typeof value === 'string') return resolveReference(value, references);
  const below = (key: string | number): References => ({ ...references, at: [...references.at, key] });
  if (Array.isArray(value)) return value.map((item, index) => resolveReferences(item, below(index)));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveReferences(item, below(key))]));
}

function resolveReference(text: string, references: References): unknown {
  const match = /^\$\{(env|file):([^}]+)\}$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return text;
  const [, kind, name] = match;
  const setting = references.at.join('.');
  references.secrets.add(setting);
  const found = kind === 'env' ? references.environment.variables[name] : readSecretFile(name);
  if (found === undefined || found === '') {
    const problem =
      kind === 'env' ? `the environment variable ${name} is not set` : `the file ${name} cannot be read or is empty`;
    references.problems.push({ setting, problem });
  }
  return found;
}

function readSecretFile(name: string): string | undefined {
  try {
    return readFileSync(name, 'utf8').replace(/\r?\n$/, '');
  } catch {
    return undefined;
  }
}

function describe(issue: z.core.$ZodIssue, document: unknown, secrets: ReadonlySet<string>): readonly SettingProblem[] {
  const setting = issue.path.join('.') || 'the file';
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      setting: [...issue.path, key].join('.'),
      problem: 'is not a setting; check its spelling and where it stands',
    }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0 && 'discriminator' in issue === false) {
    const longest = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0] ?? [];
    return longest.flatMap((inner) => describe({ ...inner, path: [...issue.path, ...inner.path] }, document, secrets));
  }
  const found = isSecret(setting, secrets) ? 'a secret' : show(valueAt(document, issue.path));
  return [{ setting, problem: `found ${found}; ${issue.message}` }];
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function isSecret(setting: string, secrets: ReadonlySet<string>): boolean {
  return secrets.has(setting) || /(^|\.)(password|secret|token|key)$/.test(setting);
}

function valueAt(document: unknown, at: readonly PropertyKey[]): unknown {
  return at.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    document,
  );
}

function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'a group of settings';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function secretKey() {
  return z.string().transform((text, context) => {
    try {
      return sealingSecret(text);
    } catch (fault) {
      context.addIssue({ code: 'custom', message: fault instanceof Error ? fault.message : 'not a key' });
      return z.NEVER;
    }
  });
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
