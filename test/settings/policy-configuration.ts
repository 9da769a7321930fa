import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { ConfigurationError, loadConfiguration, readEnvironment } from '../../src/config.ts';
import { loadDefinitions } from '../../src/definitions.ts';

/** The gates and providers that come with Latchkey. */
export const definitions = await loadDefinitions([]);
/** As messages list them. */
export const gateIds = definitions.gates.map(({ id }) => id).join(', ');
const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-policies-'));

export type Settings = Readonly<Record<string, unknown>>;
export const everyone = { name: 'everyone', members: 'everyone', chain: ['phone', 'otp-sms'] };

/** A whole configuration with these policies. */
export function load(policies: unknown, more: Settings = {}, production = false) {
  const file = path.join(folder, 'latchkey.yaml');
  const provider = {
    kind: 'azure-mfa-server',
    url: 'https://mfa.example/PfWsSdk.asmx',
    username: 'svc',
    auth: { kind: 'basic', user: 'svc', password: 'x' },
    countries: ['GB'],
  };
  const document = {
    'public-url': 'https://password.example.com',
    listen: { port: 3000 },
    organisation: { name: 'Example' },
    keys: [{ id: 'k', secret: '5e'.repeat(32) }],
    store: { kind: 'sqlite', file: '/var/lib/latchkey.db' },
    directory: {
      kind: 'active-directory',
      urls: ['ldaps://dc1.corp.example.com'],
      'base-dn': 'DC=corp,DC=example,DC=com',
      domain: 'CORP',
      'bind-account': 'svc@corp.example.com',
      'bind-password': 'x',
    },
    providers: { mfa: provider },
    channels: { voice: ['mfa'], sms: ['mfa'] },
    gates: {
      questions: { 'registration-shows': 3, questions: ['a', 'b', 'c'].map((id) => ({ id, text: { en: id } })) },
    },
    policies,
    ...more,
  };
  writeFileSync(file, stringify(document));
  const environment = readEnvironment({ LATCHKEY_CONFIG: file, ...(production ? { NODE_ENV: 'production' } : {}) });
  return loadConfiguration(environment, definitions);
}

/** Every line of what is told of such a configuration. */
export function problemsOf(...wanted: Parameters<typeof load>): readonly string[] {
  try {
    load(...wanted);
  } catch (fault) {
    if (!(fault instanceof ConfigurationError)) throw fault;
    return fault.message.split('\n');
  }
  return [];
}
