import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isMap, isPair, isScalar, type Pair, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { loadConfiguration, readEnvironment } from '../src/config.ts';
import { sendingSettings } from '../src/core/sending/sending-rules.ts';
import { loadDefinitions } from '../src/definitions.ts';
import { configurationSchema } from '../src/settings/schema.ts';

const definitions = await loadDefinitions([]);
const source = readFileSync(path.resolve(import.meta.dirname, '../config/latchkey.example.yaml'), 'utf8');

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly default?: unknown;
}

/** Every setting there is, by its path, with its default. */
const settings = new Map([
  ...settingsOf(jsonSchema(configurationSchema(definitions)), ''),
  // A record of providers has no names to walk: its first stands for what all of them have.
  ...settingsOf(jsonSchema(z.strictObject(sendingSettings)), 'providers.texts'),
]);

function jsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
}

function settingsOf(schema: JsonSchema, at: string): readonly (readonly [string, unknown])[] {
  const below = [schema.items, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].filter((one) => one !== undefined);
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, setting]) => {
    const here = at === '' ? name : `${at}.${name}`;
    return [[here, setting.default] as const, ...settingsOf(setting, here)];
  });
  return [...own, ...below.flatMap((one) => settingsOf(one, at))];
}

/** The example with its references led to files and variables that are there. */
function loadExample(text: string, production: boolean) {
  const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-example-'));
  const given = text.replaceAll(/\$\{file:\/etc\/latchkey\/secrets\/([a-z-]+)\}/g, (_whole, name: string) => {
    const file = path.join(folder, name);
    writeFileSync(file, `${'5e'.repeat(32)}\n`);
    return `\${file:${file}}`;
  });
  const file = path.join(folder, 'latchkey.yaml');
  writeFileSync(file, given);
  const environment = readEnvironment({ LATCHKEY_CONFIG: file, ...(production ? { NODE_ENV: 'production' } : {}) });
  return loadConfiguration(environment, definitions);
}

/** A setting of the example, with the setting that it stands below. */
interface Place {
  readonly pair: Pair;
  readonly group: Pair | undefined;
  readonly at: string;
}

const pairs: Place[] = [];
/** The parser gives what stands above the first setting of a group to the group. */
const aboveFirst = new Map<unknown, string>();

visit(parseDocument(source), {
  Map(_key, map) {
    if (map.commentBefore) aboveFirst.set(map.items[0], map.commentBefore);
  },
  Pair(_key, pair, ancestors) {
    const above = ancestors.filter((one) => isPair(one));
    const names = [...above, pair].flatMap((one) => (isScalar(one.key) ? [String(one.key.value)] : []));
    pairs.push({ pair, group: above.at(-1), at: names.join('.') });
  },
});

/** What stands above a setting, in one line. */
function commentOf(pair: Pair): string {
  const own = isScalar(pair.key) ? (pair.key.commentBefore ?? '') : '';
  return `${aboveFirst.get(pair) ?? ''} ${own}`.replaceAll(/\s+/g, ' ').trim();
}

describe('latchkey.example.yaml', () => {
  it('is a configuration for production', () => {
    const configuration = loadExample(source, true);
    expect(configuration.directory.kind).toBe('active-directory');
    expect(configuration.policies.map(({ chain }) => chain)).toEqual([
      ['phone', 'otp-sms'],
      ['otp-sms', 'questions'],
    ]);
  });

  it('is one with PostgreSQL too, when that is taken in instead of SQLite', () => {
    const commented = source.slice(source.indexOf('# store:\n'), source.indexOf('\ndirectory:'));
    const before = source.slice(0, source.indexOf('\nstore:\n'));
    const swapped = `${before}\n${commented.replaceAll(/^# /gm, '')}\n${source.slice(source.indexOf('\ndirectory:'))}`;
    expect(loadExample(swapped, true).store).toMatchObject({ kind: 'postgresql', host: 'db.example.com' });
  });

  it('is one with every other setting that it only shows', () => {
    const shown = source.replaceAll(
      /^( *)# ((?:logo-file|colours|answer-pattern[a-z-]*|file|range-[a-z-]*|needed|unlock-after): )/gm,
      '$1$2',
    );
    expect(loadExample(shown, true).organisation.colours).toBeDefined();
  });

  it('is one with the audit signed and sent away', () => {
    const before = source.slice(0, source.indexOf('\naudit:\n'));
    const shown = source.slice(before.length).replaceAll(/^( *)# ((?:signing-key-file|syslog):| {2})/gm, '$1$2');
    const { audit } = loadExample(`${before}${shown}`, true);
    expect(audit['signing-key-file']).toBe('/etc/latchkey/secrets/latchkey-audit-key.pem');
    expect(audit.syslog).toMatchObject({ host: 'syslog.example.com', format: 'cef', 'backlog-alarm': 10_000 });
  });

  it('is one with a console, and says its defaults', () => {
    const [before, after] = [source.indexOf('\n# console:\n'), source.indexOf('\n# The audit:')];
    const own = source.slice(before, after).replaceAll(/^# /gm, '');
    const { console } = loadExample(`${source.slice(0, before)}${own}${source.slice(after)}`, true);
    expect(console?.roles.helpdesk.map(({ units }) => units)).toEqual([['People/North', 'People/Islands'], 'all']);
    const said = ['host', 'idle-minutes', 'hours', 'fresh-minutes'].map((name) => [
      name,
      Reflect.get({ ...console }, name),
    ]);
    expect(said).toEqual(said.map(([name]) => [name, settings.get(`console.${name}`)]));
  });

  it('is one with the domain controllers found in DNS and the password in a file', () => {
    const [before, after] = [source.indexOf('\ndirectory:\n'), source.indexOf('\npackages:')];
    const own = source
      .slice(before, after)
      .replaceAll(/^( {2})# (discovery:| {2}|bind-password-file: )/gm, '$1$2')
      .replaceAll(/^ {2}(urls|bind-password): .*\n/gm, '');
    const shown = `${source.slice(0, before)}${own}${source.slice(after)}`;
    const { directory } = loadExample(shown, true);
    expect(directory).toMatchObject({ urls: [], 'bind-password-file': '/etc/latchkey/secrets/latchkey-directory' });
    expect(directory).toMatchObject({ discovery: { domain: 'corp.example.com', site: 'Dublin', 'ldaps-port': 636 } });
  });

  it('mentions every setting, once for each place where it can stand', () => {
    expect(settings.size).toBeGreaterThan(80);
    const places = Map.groupBy([...settings.keys()], (setting) => setting.split('.').at(-1) ?? '');
    for (const [name, where] of places) {
      const mentions = [...source.matchAll(new RegExp(`(?:^|[\\s{,(])${name}: `, 'gm'))];
      const sections = [...source.matchAll(new RegExp(`^[ #]*${name}:$`, 'gm'))];
      expect(mentions.length + sections.length, where.join(' and ')).toBeGreaterThanOrEqual(where.length);
    }
  });

  it('explains every setting, or the group that it stands in', () => {
    const unexplained = pairs.filter(({ pair, group, at }) => {
      return settings.has(at) && commentOf(pair) === '' && (group === undefined || commentOf(group) === '');
    });
    expect(unexplained.map(({ at }) => at)).toEqual([]);
  });

  it('says the right default wherever it says one', () => {
    const said = pairs.flatMap(({ pair, at }) => {
      if (isMap(pair.value)) return [];
      const [, value] = /\b[Dd]efault:? ([0-9a-z-]+)/.exec(commentOf(pair)) ?? [];
      const [, before] = /([a-z-]+) \(default\)/.exec(commentOf(pair)) ?? [];
      const word = before ?? value;
      return word === undefined || word === 'none' ? [] : [[at, word] as const];
    });
    expect(said.length).toBeGreaterThan(25);
    for (const [at, word] of said) {
      const known = settings.get(at);
      if (Array.isArray(known)) continue;
      expect(`${at} ${word}`).toBe(`${at} ${known}`);
    }
  });
});
