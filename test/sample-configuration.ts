import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { type Configuration, ConfigurationError, loadConfiguration, readEnvironment } from '../src/config.ts';
import { loadDefinitions } from '../src/definitions.ts';

/** The gates and providers that come with Latchkey. */
export const definitions = await loadDefinitions([]);
/** Where the files of these configurations lie. */
export const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-config-'));
export const secret = randomBytes(32).toString('hex');

/** The smallest configuration for a real directory; every test changes what it is about. */
const good = `
public-url: https://password.example.com
listen: { port: 3443 }
organisation: { name: Contoso }
keys: [{ id: "2026", secret: ${secret} }]
store: { kind: sqlite, file: latchkey.db }
directory:
  kind: active-directory
  urls: [ldaps://dc1.corp.example.com]
  base-dn: DC=corp,DC=example,DC=com
  domain: CORP
  bind-account: svc-latchkey@corp.example.com
  bind-password: \${env:BIND_PASSWORD}
policies: [{ name: everyone, members: everyone, chain: [questions] }]
gates:
  questions:
    questions:
      - { id: a, text: { en: One? } }
      - { id: b, text: { en: Two? } }
      - { id: c, text: { en: Three? } }
    registration-shows: 3
`;
const variables = { BIND_PASSWORD: 'from the environment' };

/** A reference to a variable of the environment. */
export const env = (name: string): string => `\${env:${name}}`;
/** A reference to a file. */
export const file = (name: string): string => `\${file:${name}}`;

type Tree = { [name: string]: unknown };

/** Loads the good configuration with single settings replaced; `undefined` takes one away. */
export function load(changes: Readonly<Record<string, unknown>>, more: Record<string, string> = {}): Configuration {
  const document = parse(good) as Tree;
  for (const [setting, value] of Object.entries(changes)) put(document, setting.split('.'), value);
  return loadText(stringify(document), more);
}

function put(tree: Tree, [first = '', ...rest]: readonly string[], value: unknown): void {
  tree[first] ??= {};
  if (rest.length > 0) put(tree[first] as Tree, rest, value);
  else if (value === undefined) delete tree[first];
  else tree[first] = value;
}

/** Loads a text as the configuration file. @param more of the environment */
export function loadText(text: string, more: Record<string, string> = {}): Configuration {
  const name = path.join(folder, 'latchkey.yaml');
  writeFileSync(name, text);
  return loadConfiguration(readEnvironment({ ...variables, LATCHKEY_CONFIG: name, ...more }), definitions);
}

/** Every problem as `setting: what`. */
export function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ setting, problem }) => `${setting}: ${problem}`);
  }
  return [];
}
