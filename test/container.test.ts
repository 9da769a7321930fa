import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfiguration, readEnvironment } from '../src/config.ts';
import { loadDefinitions } from '../src/definitions.ts';

const root = path.resolve(import.meta.dirname, '..');
const read = (name: string): string => readFileSync(path.join(root, name), 'utf8');

interface Service {
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly networks?: readonly string[];
}

const compose = parse(read('docker-compose.yml')) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
};

describe('docker-compose.yml', () => {
  it.each(Object.entries(compose.services))(
    'gives %s a read-only root and no right that it does not name',
    (_name, one) => {
      expect(one.read_only).toBe(true);
      expect(one.cap_drop).toEqual(['ALL']);
      expect(one.security_opt).toEqual(['no-new-privileges:true']);
    },
  );

  it('publishes the portal on loopback and nothing else', () => {
    const published = Object.entries(compose.services).flatMap(([name, one]) =>
      (one.ports ?? []).map((port) => [name, port]),
    );
    expect(published).toEqual([['latchkey', '127.0.0.1:3000:3000']]);
  });

  it('keeps all but the portal off every network that leads out', () => {
    for (const [name, one] of Object.entries(compose.services)) {
      if (name === 'latchkey') continue;
      for (const network of one.networks ?? []) expect(compose.networks[network]?.internal).toBe(true);
    }
  });

  it('hands out secrets as files only, each of which the script makes', () => {
    const script = read('test/services/compose-secrets.sh');
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      expect(file).toBe(`var/secrets/${name}`);
      expect(script).toMatch(new RegExp(`^for name in .*\\b${name}\\b`, 'm'));
    }
    for (const one of Object.values(compose.services)) {
      for (const [name, value] of Object.entries(one.environment ?? {})) {
        if (/PASSWORD|SECRET|_KEY/.test(name)) expect(value).toMatch(/^\/run\/secrets\//);
      }
    }
  });

  it('comes with a configuration that holds in production, once its secrets are there', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-compose-'));
    const mounted = compose.services.latchkey?.secrets ?? [];
    for (const name of mounted) writeFileSync(path.join(folder, name), '5e'.repeat(32));
    const file = path.join(folder, 'compose.yaml');
    writeFileSync(file, read('config/compose.yaml').replaceAll('/run/secrets/', `${folder}/`));
    const environment = readEnvironment({ LATCHKEY_CONFIG: file, NODE_ENV: 'production' });
    const configuration = loadConfiguration(environment, await loadDefinitions([]));
    expect(configuration.directory).toMatchObject({ kind: 'active-directory', urls: ['ldaps://samba:636'] });
    expect(compose.services.latchkey?.environment).toMatchObject({ NODE_ENV: 'production' });
  });
});

describe('the Dockerfile', () => {
  const lines = read('Dockerfile')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line));
  const ignored = read('.dockerignore').split('\n');

  it('runs as nobody in particular, and says how it is', () => {
    expect(lines.filter((line) => line.startsWith('USER ')).at(-1)).toBe('USER node');
    expect(lines.some((line) => line.startsWith('HEALTHCHECK '))).toBe(true);
  });

  it('starts every command without a shell', () => {
    for (const line of lines.filter((one) => /^(RUN|CMD|ENTRYPOINT|HEALTHCHECK)\b/.test(one))) {
      expect(line).toMatch(/^(RUN|CMD|ENTRYPOINT|HEALTHCHECK .* CMD) \[".*"\]$/);
    }
  });

  it('copies what is there and is let through', () => {
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    expect(copied.length).toBeGreaterThan(6);
    for (const name of copied) {
      expect(existsSync(path.join(root, name)), name).toBe(true);
      expect(ignored).toContain(`!${name}`);
    }
    expect(ignored).toContain('*');
  });
});
