import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Document, parseDocument } from 'yaml';
import { z } from 'zod';
import type { Definitions } from './definitions.ts';
import { crossChecks, type Sections } from './settings/cross-checks.ts';
import type { Environment } from './settings/environment.ts';
import { ConfigurationError, describeIssue, type SettingProblem } from './settings/problems.ts';
import { resolveReferences } from './settings/references.ts';
import { retiredSettings } from './settings/retired.ts';
import { type Configuration, configurationSchema } from './settings/schema.ts';

export type { Configuration, Environment, SettingProblem };
export { ConfigurationError };

/** Exit code of a process whose configuration is wrong (sysexits.h EX_CONFIG). */
export const exitConfiguration = 78;

/** @param variables process.env */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  return {
    configurationFile: path.resolve(variables.LATCHKEY_CONFIG ?? 'config/latchkey.yaml'),
    production: variables.NODE_ENV === 'production',
    variables,
  };
}

/**
 * The names of the packages that a configuration file wants loaded before its settings can be understood.
 * @throws ConfigurationError when the file cannot be read or is no YAML
 */
export function readPackages(environment: Environment): readonly string[] {
  const document = z.looseObject({ packages: z.array(z.string()).optional() }).safeParse(readFile(environment));
  return document.data?.packages ?? [];
}

/**
 * Reads and checks the configuration file.
 * @throws ConfigurationError with everything that is wrong, none of it holding a secret
 */
export function loadConfiguration(environment: Environment, definitions: Definitions): Configuration {
  const { document, secrets, problems } = resolveReferences(readFile(environment), {
    env: (name) => environment.variables[name],
    file: readSecretFile,
  });
  const schema = configurationSchema(definitions);
  const parsed = schema.safeParse(document);
  const retired = retiredSettings(document);
  // What has another name now is not missing under it as well.
  const renamed = retired.length > 0 ? ['policies'] : [];
  const known = new Set([...problems, ...retired].map((one) => one.setting).concat(renamed));
  const found = [
    ...(parsed.error?.issues ?? []).flatMap((issue) => describeIssue(issue, document, secrets)),
    ...crossChecks(parsed.data ?? sectionsOf(document, schema), definitions, environment),
  ];
  // A reference that led nowhere leaves a stand-in, which is the same problem once more.
  const all = [...problems, ...retired, ...found.filter((one) => !known.has(one.setting))];
  if (!parsed.success || all.length > 0) throw new ConfigurationError(all);
  return parsed.data;
}

/** The sections that can be understood by themselves. */
function sectionsOf(document: unknown, schema: ReturnType<typeof configurationSchema>): Sections {
  const sections = Object.entries(schema.shape).map(([name, section]) => {
    return [name, section.safeParse(Reflect.get(Object(document), name)).data] as const;
  });
  return Object.fromEntries(sections);
}

function readFile(environment: Environment): unknown {
  const name = environment.configurationFile;
  let source: string;
  try {
    source = readFileSync(name, 'utf8');
  } catch (fault) {
    const why = fault instanceof Error && 'code' in fault ? String(fault.code) : 'unreadable';
    const remedy = 'Name a file that Latchkey may read, with --config or LATCHKEY_CONFIG.';
    throw new ConfigurationError([{ setting: name, problem: `cannot be read (${why})`, remedy }]);
  }
  const document = parseDocument(source, { strict: true, uniqueKeys: true, logLevel: 'silent' });
  const wrong = [...document.errors, ...document.warnings].map((fault) => yamlProblem(fault, fault.linePos?.[0].line));
  if (wrong.length > 0) throw new ConfigurationError(wrong.map((problem) => ({ setting: name, problem })));
  return toValue(document, name);
}

function toValue(document: Document, name: string): unknown {
  try {
    return document.toJS();
  } catch (fault) {
    throw new ConfigurationError([{ setting: name, problem: yamlProblem(fault, undefined) }]);
  }
}

/** The rest of such a message may quote the file, and with it a secret that was typed without quotes. */
function yamlProblem(fault: unknown, line: number | undefined): string {
  const [why] = fault instanceof Error ? fault.message.split(/ at line |: |\n/) : [];
  return `is not valid YAML${line === undefined ? '' : ` in line ${line}`}: ${why ?? 'unreadable'}`;
}

function readSecretFile(name: string): string | undefined {
  try {
    return readFileSync(name, 'utf8').replace(/\r?\n$/, '');
  } catch {
    return undefined;
  }
}
