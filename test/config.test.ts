import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type Configuration, ConfigurationError, loadConfiguration, readEnvironment } from '../src/config.ts';
import { loadDefinitions } from '../src/definitions.ts';

const definitions = await loadDefinitions([]);
const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-config-'));
const secret = randomBytes(32).toString('hex');

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

const env = (name: string): string => `\${env:${name}}`;
const file = (name: string): string => `\${file:${name}}`;

type Tree = { [name: string]: unknown };

/** Loads the good configuration with single settings replaced; `undefined` takes one away. */
function load(changes: Readonly<Record<string, unknown>>, more: Record<string, string> = {}): Configuration {
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

function loadText(text: string, more: Record<string, string> = {}): Configuration {
  const name = path.join(folder, 'latchkey.yaml');
  writeFileSync(name, text);
  return loadConfiguration(readEnvironment({ ...variables, LATCHKEY_CONFIG: name, ...more }), definitions);
}

/** Every problem as `setting: what`. */
function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ setting, problem }) => `${setting}: ${problem}`);
  }
  return [];
}

describe('what gates and providers demand of each other', () => {
  const mfaServer = {
    kind: 'azure-mfa-server',
    url: 'https://mfa.example/PfWsSdk.asmx',
    username: 'svc',
    auth: { kind: 'basic', user: 'svc', password: 'secret' },
  };
  const world = (changes: Readonly<Record<string, unknown>>) => () =>
    load({
      'providers.mfa': { ...mfaServer, countries: ['GB'] },
      'channels.voice': ['mfa'],
      'channels.sms': ['mfa'],
      'policies.0.chain': ['phone', 'otp-sms'],
      ...changes,
    });

  it.each([
    ['all is well', {}, []],
    [
      'another length of code than the provider makes',
      { 'gates.otp-sms': { 'code-length': 8 } },
      ['gates.otp-sms: code-length must be 6, as the provider makes its codes (mfa)'],
    ],
    [
      'matching of numbers by a provider that cannot',
      { 'gates.phone': { 'number-matching': 'required' } },
      ['gates.phone: number-matching cannot be required: the provider cannot ask for digits (mfa)'],
    ],
    [
      'no countries',
      { 'providers.mfa': mfaServer },
      ['providers.mfa.countries: is missing: name the countries that texts and calls may go to, such as [GB, IE]'],
    ],
    [
      'a country that is none',
      { 'providers.mfa': { ...mfaServer, countries: ['XQ'] } },
      ['providers.mfa.countries.0: found "XQ"; must be a country such as GB'],
    ],
    [
      'a limit without end',
      { 'providers.mfa': { ...mfaServer, countries: ['GB'], limits: { 'over-all': 0 } } },
      ['providers.mfa.limits.over-all: found 0; must be at least 1'],
    ],
  ])('%s', (_what, changes, problems) => {
    expect(problemsOf(world(changes))).toEqual(problems);
  });
});

describe('a configuration', () => {
  it('is read, with its defaults in place', () => {
    const { policies, channels, directory } = load({});
    expect(policies[0]?.lockout).toEqual({ threshold: 3, minutes: 15, 'bars-until-permanent': 3 });
    expect(policies[0]?.actions).toEqual(['unlock', 'reset']);
    expect(channels).toEqual({ sms: [], voice: [], email: [] });
    expect(directory).toMatchObject({ 'bind-password': 'from the environment', 'pool-size': 4 });
  });

  it.each<[what: string, changes: Record<string, unknown>, problems: string[]]>([
    [
      'a public URL without TLS',
      { 'public-url': 'http://password.example.com' },
      ['public-url: found "http://password.example.com"; must begin with https:// (http:// only for localhost)'],
    ],
    [
      'a public URL with a path',
      { 'public-url': 'https://example.com/password' },
      ['public-url: found "https://example.com/password"; must be an origin without a path'],
    ],
    ['no URL at all', { 'public-url': 'password' }, ['public-url: found "password"; must be a web address']],
    [
      'nothing where something must be',
      { organisation: undefined },
      ['organisation: found nothing; must be a group of settings'],
    ],
    ['a port in quotes', { 'listen.port': '3443' }, ['listen.port: found "3443"; must be a number']],
    ['a port that is none', { 'listen.port': 70_000 }, ['listen.port: found 70000; must be at most 65535']],
    [
      'a setting that is not one',
      { 'policies.0.threshold': 3 },
      ['policies.0.threshold: is not a setting; check its spelling and where it stands'],
    ],
    [
      'a setting of a provider that has none',
      { 'providers.texts': { kind: 'virtual-sms', url: 'https://sms.example' } },
      ['providers.texts.url: is not a setting; check its spelling and where it stands'],
    ],
    [
      'a store of another kind',
      { store: { kind: 'mysql' } },
      ['store.kind: found "mysql"; must be one of sqlite, postgresql'],
    ],
    [
      'a provider of another kind',
      { 'providers.texts': { kind: 'pigeon' } },
      [
        `providers.texts.kind: found "pigeon"; must be one of ${definitions.providers.map((one) => one.kind).join(', ')}`,
      ],
    ],
    [
      'a provider with a name that cannot be one',
      { 'providers.My texts': { kind: 'virtual-sms' } },
      ['providers.My texts: found a group of settings; must be made of a to z, 0 to 9 and dashes'],
    ],
    [
      'an action that is none',
      { 'policies.0.actions': ['unlock', 'delete'] },
      ['policies.0.actions.1: found "delete"; must be one of unlock, reset'],
    ],
    [
      'a number out of bounds',
      { 'policies.0.lockout': { minutes: 0 } },
      ['policies.0.lockout.minutes: found 0; must be at least 1'],
    ],
    ['an empty chain', { 'policies.0.chain': [] }, ['policies.0.chain: found a list of 0; must have at least 1 entry']],
    [
      'a gate that does not exist',
      { 'policies.0.chain': ['questions', 'otp-smss'] },
      [`policies.0.chain.1: found "otp-smss"; must be one of ${definitions.gates.map(({ id }) => id).join(', ')}`],
    ],
    [
      'a gate named twice',
      { 'policies.0.chain': ['questions', 'questions'] },
      ['policies.0.chain: found a list of 2; names a gate twice'],
    ],
    [
      'a gate without a provider for its channel',
      { 'policies.0.chain': ['otp-sms', 'questions'] },
      ['channels.sms: names no provider, and the gate otp-sms needs one'],
    ],
    [
      'a gate without a provider beside something else that is wrong',
      { 'policies.0.chain': ['otp-sms', 'questions'], 'listen.port': 'x' },
      ['listen.port: found "x"; must be a number', 'channels.sms: names no provider, and the gate otp-sms needs one'],
    ],
    [
      'a proxy that is everybody',
      { 'trusted-proxies': ['10.1.0.0/16', '0.0.0.0/0', 'proxy.example.com'] },
      [
        'trusted-proxies.1: found "0.0.0.0/0"; must be an address, a range such as 10.1.0.0/16, or one of loopback, linklocal, uniquelocal',
        'trusted-proxies.2: found "proxy.example.com"; must be an address, a range such as 10.1.0.0/16, or one of loopback, linklocal, uniquelocal',
      ],
    ],
    [
      'a gate without the settings that it cannot do without',
      { gates: undefined },
      ['gates.questions: is missing, and this gate has settings without a default'],
    ],
    [
      'settings of a gate that does not exist',
      { 'gates.question': {} },
      ['gates.question: is not a setting; check its spelling and where it stands'],
    ],
    [
      "the questions' counts in the wrong order",
      { 'gates.questions.reset-asks': 4 },
      ['gates.questions.reset-asks: found 4; is 4 and must not be more than registration-requires, which is 3'],
    ],
    [
      'a channel with a provider that does not exist',
      { channels: { sms: ['texts'] } },
      ['channels.sms.0: there is no provider called "texts"'],
    ],
    [
      'a channel with a provider of another channel',
      { 'providers.calls': { kind: 'virtual-voice' }, channels: { sms: ['calls'] } },
      ['channels.sms.0: the provider calls (virtual-voice) cannot do sms'],
    ],
    [
      'an unencrypted directory',
      { 'directory.urls': ['ldap://dc1.corp.example.com'] },
      ['directory.urls.0: found "ldap://dc1.corp.example.com"; is not encrypted: use ldaps://, or set starttls: true'],
    ],
    [
      'a key list with one id twice and a mac-key that is not in it',
      {
        keys: [
          { id: 'a', secret },
          { id: 'a', secret },
        ],
        'mac-key': 'b',
      },
      ['keys.1.id: a is there twice', 'mac-key: "b" is not the id of a key; there are: a, a'],
    ],
    ['no keys and no word for it', { keys: 'none' }, ['keys: found a secret; must be ephemeral or a list']],
    [
      'a time zone that is none',
      { 'organisation.time-zone': 'Mars/Olympus' },
      ['organisation.time-zone: found "Mars/Olympus"; must be an IANA time zone such as Europe/Berlin'],
    ],
  ])('with %s is refused with the place, what stands there, and what may', (_what, changes, problems) => {
    expect(problemsOf(() => load(changes))).toEqual(problems);
  });

  it('is refused with everything that is wrong at once', () => {
    const changes = {
      'public-url': 'nowhere',
      'listen.prot': 1,
      'store.kind': 'mysql',
      'policies.0.flow-minutes': 1,
      'directory.urls': ['ldap://dc1.corp.example.com'],
      'directory.bind-password': env('NOT_SET'),
      'policies.0.chain': ['otp-smss'],
    };
    expect(
      problemsOf(() => load(changes))
        .map((line) => line.split(':')[0])
        .sort(),
    ).toEqual([
      'directory.bind-password',
      'directory.urls.0',
      'listen.prot',
      'policies.0.chain.0',
      'policies.0.flow-minutes',
      'public-url',
      'store.kind',
    ]);
  });
});

describe('the file', () => {
  it('is named when it is not there', () => {
    const environment = readEnvironment({ LATCHKEY_CONFIG: '/nowhere/latchkey.yaml' });
    expect(problemsOf(() => loadConfiguration(environment, definitions))).toEqual([
      '/nowhere/latchkey.yaml: cannot be read (ENOENT)',
    ]);
  });

  it.each([
    ['a key twice', 'listen: 1\nlisten: 2\n', 'in line 2: Map keys must be unique'],
    ['a bracket left open', 'listen: [\n', 'in line 2: Flow sequence'],
    ['a password that reads as an alias', 'password: *hunter2\n', ': Unresolved alias'],
    ['a password that reads as a tag', 'password: !hunter2 x\n', 'in line 1: Unresolved tag'],
  ])('is refused with %s, and nothing of it is quoted', (_what, text, expected) => {
    const [problem = ''] = problemsOf(() => loadText(text));
    expect(problem).toContain('latchkey.yaml: is not valid YAML');
    expect(problem).toContain(expected);
    expect(problem).not.toContain('hunter2');
  });

  it('is refused when it is empty or a list', () => {
    expect(problemsOf(() => loadText(''))).toEqual(['the file: found nothing; must be a group of settings']);
    expect(problemsOf(() => loadText('- 1'))).toEqual(['the file: found a list of 1; must be a group of settings']);
  });
});

describe('references', () => {
  const shape = `a reference is ${env('NAME')} or ${file('/path')}, and is the whole value`;

  it('take a value from the environment and from a file without its last line break', () => {
    const name = path.join(folder, 'password');
    writeFileSync(name, ' two\nlines \n');
    expect(load({ 'directory.bind-password': file(name) }).directory).toMatchObject({
      'bind-password': ' two\nlines ',
    });
    expect(load({ 'organisation.name': env('NAME') }, { NAME: 'Fabrikam' }).organisation.name).toBe('Fabrikam');
  });

  it.each([
    [env('NOT_SET'), {}, 'the environment variable NOT_SET is not set'],
    [env('EMPTY'), { EMPTY: '' }, 'the environment variable EMPTY is empty'],
    [file('/nowhere/password'), {}, 'the file /nowhere/password cannot be read'],
    [env(''), {}, shape],
    [`prefix-${env('NAME')}`, {}, shape],
  ])('that lead nowhere are named once: %s', (reference, more, problem) => {
    expect(problemsOf(() => load({ 'directory.bind-password': reference }, more))).toEqual([
      `directory.bind-password: ${problem}`,
    ]);
  });
});

describe('a secret is in no message', () => {
  const canary = 'c4n4ry-5ecret';

  it.each<[string, Record<string, unknown>]>([
    ['in a reference of a wrong kind', { 'listen.port': env('CANARY') }],
    ['in a reference where a name is expected', { 'directory.domain': `${env('CANARY')}.x` }],
    ['as a key that is too short', { keys: [{ id: 'a', secret: canary }] }],
    ['as a key where a list belongs', { keys: canary }],
    ['as a password that is a list', { 'directory.bind-password': [canary] }],
    ['as a password that is a group', { 'directory.bind-password': { [canary]: canary } }],
    ['as the password of a database without a name', { store: { kind: 'postgresql', host: 'db', password: canary } }],
  ])('%s', (_what, changes) => {
    const problems = problemsOf(() => load(changes, { CANARY: canary }));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).not.toContain(canary);
  });

  it('as a number that should be a text', () => {
    const problems = problemsOf(() => load({ 'directory.bind-password': 8_675_309 }));
    expect(problems).toEqual(['directory.bind-password: found a secret; must be a text']);
  });
});

describe('debugging that would log secrets', () => {
  const passwords = 'NODE_DEBUG: would write passwords to the log; leave ldapts out of it';
  const numbers = 'NODE_DEBUG: would write telephone numbers to the log; leave undici and fetch out of it';

  it.each([
    ['ldapts', [passwords]],
    ['http,ldapts', [passwords]],
    ['LDAPTS', [passwords]],
    ['ldap*', [passwords]],
    ['undici', [numbers]],
    ['tls, Fetch', [numbers]],
    ['*', [passwords, numbers]],
  ])('is refused as %s', (sections, problems) => {
    expect(problemsOf(() => load({}, { NODE_DEBUG: sections }))).toEqual(problems);
  });

  it('is not mistaken for that of another part', () => {
    expect(problemsOf(() => load({}, { NODE_DEBUG: 'http,tls' }))).toEqual([]);
  });
});

describe('in production', () => {
  const production = { NODE_ENV: 'production' };
  const texts = { kind: 'smtp', host: 'mail.example.com', from: 'a@example.com', countries: ['GB'] };
  const real = {
    'policies.0.chain': ['otp-sms', 'questions'],
    'providers.texts': { ...texts, 'sms-address': '{to-digits}@sms.example.com' },
    'channels.sms': ['texts'],
  };
  const demoOnly = 'is for the demo only and not allowed when NODE_ENV is production';

  it('a real directory with real keys is taken', () => {
    expect(problemsOf(() => load(real, production))).toEqual([]);
  });

  it('6.4.2: a chain of questions alone is refused, unless the operator says that it is meant', () => {
    expect(problemsOf(() => load({}))).toEqual([]);
    expect(problemsOf(() => load({}, production))).toEqual([
      'policies.0.chain: needs a gate that proves possession, such as phone or otp-sms, as answers can be found out (or set knowledge-alone)',
    ]);
    expect(problemsOf(() => load({ 'policies.0.knowledge-alone': 'accept' }, production))).toEqual([]);
  });

  it('the demo directory, keys that are not kept and every virtual provider are refused, all at once', () => {
    const changes = {
      'policies.0.knowledge-alone': 'accept',
      directory: { kind: 'demo' },
      keys: 'ephemeral',
      providers: {
        texts: { kind: 'virtual-sms' },
        verify: { kind: 'virtual-verify' },
        calls: { kind: 'virtual-voice' },
        mail: { kind: 'virtual-email' },
      },
    };
    expect(problemsOf(() => load(changes))).toEqual([]);
    expect(problemsOf(() => load(changes, production))).toEqual([
      `directory.kind: ${demoOnly}`,
      `keys: ${demoOnly}`,
      `providers.texts.kind: ${demoOnly}`,
      `providers.verify.kind: ${demoOnly}`,
      `providers.calls.kind: ${demoOnly}`,
      `providers.mail.kind: ${demoOnly}`,
    ]);
  });

  /** Every setting that limits how often something may be tried, sent or asked for. */
  const limits = [
    ...['login', 'address', 'over-all'].flatMap((one) => [`limits.${one}.ask-proof`, `limits.${one}.most`]),
    ...['threshold', 'minutes', 'bars-until-permanent'].map((one) => `policies.0.lockout.${one}`),
    'policies.0.flow-minutes',
    'enrolment.fresh-minutes',
    'notices.after-failures',
    'notices.link-days',
    ...['calls-per-flow', 'seconds-between-calls', 'lifetime'].map((one) => `gates.phone.${one}`),
    ...['sends-per-flow', 'seconds-between-sends', 'tries-per-code', 'lifetime'].map((one) => `gates.otp-sms.${one}`),
    ...['per-destination', 'per-account', 'per-account-day', 'per-prefix', 'over-all'].map(
      (one) => `providers.texts.limits.${one}`,
    ),
  ];

  it.each(limits)('2.3.2: %s cannot be switched to unlimited', (setting) => {
    const texts = {
      'providers.texts': {
        kind: 'azure-mfa-server',
        url: 'https://mfa.example/PfWsSdk.asmx',
        username: 'svc',
        auth: { kind: 'basic', user: 'svc', password: 'secret' },
        countries: ['GB'],
      },
      'channels.sms': ['texts'],
      'channels.voice': ['texts'],
      'policies.0.chain': ['phone', 'otp-sms'],
    };
    expect(problemsOf(() => load(texts, production))).toEqual([]);
    const found = (value: unknown) => problemsOf(() => load({ ...texts, [setting]: value }, production));
    for (const value of [
      0,
      -1,
      1e9,
      1.5,
      Number.MAX_SAFE_INTEGER,
      Number.POSITIVE_INFINITY,
      'unlimited',
      null,
      false,
    ]) {
      const problems = found(value);
      expect(
        problems.some((problem) => problem.startsWith(`${setting}: `)),
        `${value}: ${problems}`,
      ).toBe(true);
    }
  });
});
