import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfiguration, readEnvironment } from '../src/config.ts';
import { gateTrouble } from '../src/settings/policy-reading.ts';
import { definitions, env, file, folder, load, loadText, problemsOf, secret } from './sample-configuration.ts';

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

  test.each([
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
  test('is read, with its defaults in place', () => {
    const { policies, channels, directory } = load({});
    expect(policies[0]?.lockout).toEqual({ threshold: 3, minutes: 15, 'bars-until-permanent': 3 });
    expect(policies[0]?.actions).toEqual(['unlock', 'reset']);
    expect(channels).toEqual({ sms: [], voice: [], email: [] });
    expect(directory).toMatchObject({ 'bind-password': 'from the environment', 'pool-size': 4 });
  });

  test.each<[what: string, changes: Record<string, unknown>, problems: string[]]>([
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
      'a gate of codes of the helpdesk that nothing can deliver',
      { 'policies.0.chain': ['helpdesk-code', 'questions'] },
      [
        'channels.sms: names no provider, nor does channels.email, and the gate helpdesk-code is given out by one of them',
      ],
    ],
    [
      'codes of the helpdesk that are not as long as its only provider makes them',
      {
        'policies.0.chain': ['helpdesk-code', 'questions'],
        'providers.one': {
          kind: 'twilio-verify',
          'account-sid': `AC${'0'.repeat(32)}`,
          'service-sid': `VA${'0'.repeat(32)}`,
          'auth-token': 'x',
          countries: ['GB'],
        },
        channels: { sms: ['one'] },
      },
      ['gates.helpdesk-code: code-length must be 6, as the provider makes its codes (one)'],
    ],
    [
      'such a gate among those of which one is enough',
      { 'policies.0.chain': ['questions', 'helpdesk-code'], 'policies.0.needed': 1 },
      [
        'channels.sms: names no provider, nor does channels.email, and the gate helpdesk-code is given out by one of them',
      ],
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

  test.each([
    ['sms', { kind: 'virtual-sms' }],
    ['email', { kind: 'virtual-email' }],
  ])('takes codes of the helpdesk where only %s delivers them', (channel, provider) => {
    const changes = { 'providers.one': provider, channels: { [channel]: ['one'] } };
    expect(load({ 'policies.0.chain': ['helpdesk-code', 'questions'], ...changes }).policies).toHaveLength(1);
  });

  test('says of a gate that a stored list wants and nothing can deliver what a start would', () => {
    const world = { configuration: load({}), definitions, environment: { production: false, variables: {} } };
    expect(gateTrouble(world)('helpdesk-code')).toEqual([
      'channels.sms: names no provider, nor does channels.email, and the gate helpdesk-code is given out by one of them',
    ]);
    expect(gateTrouble(world)('questions')).toEqual([]);
  });

  test('is refused with everything that is wrong at once', () => {
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
  test('is named when it is not there', () => {
    const environment = readEnvironment({ LATCHKEY_CONFIG: '/nowhere/latchkey.yaml' });
    expect(problemsOf(() => loadConfiguration(environment, definitions))).toEqual([
      '/nowhere/latchkey.yaml: cannot be read (ENOENT)',
    ]);
  });

  test.each([
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

  test('is refused when it is empty or a list', () => {
    expect(problemsOf(() => loadText(''))).toEqual(['the file: found nothing; must be a group of settings']);
    expect(problemsOf(() => loadText('- 1'))).toEqual(['the file: found a list of 1; must be a group of settings']);
  });
});

describe('references', () => {
  const shape = `a reference is ${env('NAME')} or ${file('/path')}, and is the whole value`;

  test('take a value from the environment and from a file without its last line break', () => {
    const name = path.join(folder, 'password');
    writeFileSync(name, ' two\nlines \n');
    expect(load({ 'directory.bind-password': file(name) }).directory).toMatchObject({
      'bind-password': ' two\nlines ',
    });
    expect(load({ 'organisation.name': env('NAME') }, { NAME: 'Fabrikam' }).organisation.name).toBe('Fabrikam');
  });

  test.each([
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
