import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { checkPolicies } from '../../src/commands/check-policies.ts';
import { ConfigurationError, loadConfiguration, readEnvironment } from '../../src/config.ts';
import { loadDefinitions } from '../../src/definitions.ts';
import { longestVisitMinutes, policyFrom } from '../../src/settings/policy-settings.ts';

const definitions = await loadDefinitions([]);
const gateIds = definitions.gates.map(({ id }) => id).join(', ');
const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-policies-'));

type Settings = Readonly<Record<string, unknown>>;
const everyone = { name: 'everyone', members: 'everyone', chain: ['phone', 'otp-sms'] };

/** A whole configuration with these policies. */
function load(policies: unknown, more: Settings = {}, production = false) {
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

function problemsOf(...wanted: Parameters<typeof load>): readonly string[] {
  try {
    load(...wanted);
  } catch (fault) {
    if (!(fault instanceof ConfigurationError)) throw fault;
    return fault.message.split('\n');
  }
  return [];
}

describe('a list of policies', () => {
  test('is taken with everything left out that may be', () => {
    const [policy] = load([{ name: 'all', members: 'everyone', chain: ['phone'] }]).policies.map(policyFrom);
    expect(policy).toEqual({
      name: 'all',
      members: { everyone: true, groups: [], units: [], except: { groups: [], units: [] } },
      zone: 'any',
      chain: ['phone'],
      actions: ['unlock', 'reset'],
      lockout: { threshold: 3, minutes: 15, barsUntilPermanent: 3 },
      flowSeconds: 1200,
      privileged: false,
      unknownLogins: 'decoy',
      share: 1,
    });
  });

  test('is taken with everything in it', () => {
    const policy = {
      name: 'Sales, from home',
      members: {
        groups: ['Sales', 'CORP\\Sales Partners'],
        units: ['People/Sales', 'People/R\\/D'],
        except: { groups: ['Leavers'], units: ['People/Sales/Temps'] },
      },
      zone: 'extranet',
      chain: ['phone', 'otp-sms', 'questions'],
      needed: 2,
      'unlock-after': 1,
      actions: ['unlock', 'reset'],
      share: 500,
      channels: { sms: ['mfa'], voice: ['mfa'] },
    };
    expect(load([policy]).policies.map(policyFrom)[0]).toMatchObject({
      members: { everyone: false, ...policy.members },
      zone: 'extranet',
      needed: 2,
      unlockAfter: 1,
      share: 500,
      channels: { sms: ['mfa'], voice: ['mfa'] },
    });
    const [nothing] = load([{ ...everyone, channels: {} }]).policies.map(policyFrom);
    expect(nothing).not.toHaveProperty('channels');
  });

  test.each<[what: string, policies: unknown, problems: readonly string[]]>([
    ['is empty', [], ['policies: found a list of 0; must have at least 1 entry']],
    ['is none', everyone, ['policies: found a group of settings; must be a list']],
    ['is missing', undefined, ['policies: found nothing; must be a list']],
    [
      'names a provider that is not there',
      [everyone, { ...everyone, name: 'b', channels: { sms: ['mfa', 'nobody'] } }],
      ['policies.1.channels.sms.1: there is no provider called "nobody"'],
    ],
    [
      'names a provider twice, none, or for a channel that is none',
      [{ ...everyone, channels: { sms: ['mfa', 'mfa'], voice: [], fax: ['mfa'] } }],
      [
        'policies.0.channels.sms: found a list of 2; names a provider twice',
        'policies.0.channels.voice: found a list of 0; must have at least 1 entry',
        'policies.0.channels.fax: is not a setting; check its spelling and where it stands',
      ],
    ],
    [
      'names providers for a channel that no gate of the chain sends by',
      [{ ...everyone, chain: ['phone'], channels: { sms: ['mfa'], email: ['mfa'] } }],
      [
        'policies.0.channels.sms: found a list of 1; is of no use: no gate of the chain sends by it',
        'policies.0.channels.email: found a list of 1; is of no use: no gate of the chain sends by it',
      ],
    ],
    [
      'has two of one name, in whatever case',
      [everyone, { ...everyone, name: 'Everyone' }],
      ['policies.1.name: found "Everyone"; is the name of an earlier one too'],
    ],
    [
      'has one without a name',
      [{ ...everyone, name: '' }],
      ['policies.0.name: found ""; must have at least 1 character'],
    ],
    [
      'has a name that would break a line',
      [{ ...everyone, name: 'a\nb' }],
      ['policies.0.name: found "a\\nb"; must not begin or end with a space, or hold a line break'],
    ],
    [
      'does not say who comes under one',
      [{ name: 'a', chain: ['phone'] }],
      ['policies.0.members: found nothing; must be everyone or a group of settings'],
    ],
    [
      'names nobody',
      [{ ...everyone, members: { except: { groups: ['Leavers'] } } }],
      ['policies.0.members: found a group of settings; must name somebody: everyone, groups or units'],
    ],
    [
      'has everyone and somebody',
      [{ ...everyone, members: { everyone: true, groups: ['Sales'] } }],
      ['policies.0.members: found a group of settings; must be everyone, or groups and units, and not both'],
    ],
    [
      'has a unit that is no path',
      [{ ...everyone, members: { units: ['People/Sales', '/People', 'People//Sales', 'a\\b', 'OU=People/'] } }],
      ['/People', 'People//Sales', 'a\\b', 'OU=People/'].map(
        (unit, index) =>
          `policies.0.members.units.${index + 1}: found ${JSON.stringify(unit)}; must be a path such as People/Sales, without the domain`,
      ),
    ],
    [
      'has a zone that is none',
      [{ ...everyone, zone: 'home' }],
      ['policies.0.zone: found "home"; must be one of intranet, extranet, any'],
    ],
    [
      'has an unknown gate',
      [{ ...everyone, chain: ['phone', 'otp-smss'] }],
      [`policies.0.chain.1: found "otp-smss"; must be one of ${gateIds}`],
    ],
    [
      'has a gate twice',
      [{ ...everyone, chain: ['phone', 'phone'] }],
      ['policies.0.chain: found a list of 2; names a gate twice'],
    ],
    [
      'needs more gates than there are',
      [{ ...everyone, needed: 3 }],
      ['policies.0.needed: found 3; must be at most 2, as many as the chain has gates'],
    ],
    ['needs no gate', [{ ...everyone, needed: 0 }], ['policies.0.needed: found 0; must be at least 1']],
    ['needs half a gate', [{ ...everyone, needed: 1.5 }], ['policies.0.needed: found 1.5; must be a whole number']],
    [
      'unlocks later than it resets',
      [{ ...everyone, needed: 1, 'unlock-after': 2 }],
      ['policies.0.unlock-after: found 2; must be at most 1, as many gates as a reset needs'],
    ],
    [
      'unlocks earlier and never',
      [{ ...everyone, 'unlock-after': 1, actions: ['reset'] }],
      ['policies.0.unlock-after: found 1; is of no use where actions does not have unlock'],
    ],
    [
      'unlocks earlier and leads to nothing more',
      [{ ...everyone, chain: ['otp-sms', 'questions'], 'unlock-after': 1, actions: ['unlock'] }],
      ['policies.0.unlock-after: found 1; is less than needed, and there is nothing to go on to without reset'],
    ],
    [
      'has numbers out of range',
      [{ ...everyone, lockout: { threshold: 101 }, 'flow-minutes': 61, share: 0 }],
      [
        'policies.0.lockout.threshold: found 101; must be at most 100',
        'policies.0.flow-minutes: found 61; must be at most 60',
        'policies.0.share: found 0; must be at least 1',
      ],
    ],
    [
      'asks administrators questions',
      [{ ...everyone, chain: ['phone', 'questions'], 'include-privileged': true }],
      [
        'policies.0.chain: found a list of 2; must be without questions where include-privileged is true, as answers can be found out',
      ],
    ],
    [
      'has nothing for a zone that people come from',
      [{ ...everyone, zone: 'intranet' }],
      ['policies: none is for the zone extranet, and there is a listener for it'],
    ],
    ['has a gate without a provider, in any policy', [everyone, { ...everyone, name: 'b', chain: ['otp-sms'] }], []],
  ])('that %s is told so', (_what, policies, problems) => {
    expect(problemsOf(policies)).toEqual(problems);
  });

  test('says how long a session may be idle: as long as its longest visit, or as any stored one could be', () => {
    const two = [
      { ...everyone, 'flow-minutes': 10 },
      { ...everyone, name: 'b', 'flow-minutes': 25 },
    ];
    expect(longestVisitMinutes(load(two))).toBe(25);
    expect(longestVisitMinutes(load(two, { 'policies-in': 'store' }))).toBe(60);
  });

  test('that uses a channel without a provider in its second policy is told so', () => {
    const more = { channels: { voice: ['mfa'] } };
    expect(
      problemsOf(
        [
          { ...everyone, chain: ['phone'] },
          { ...everyone, name: 'b' },
        ],
        more,
      ),
    ).toEqual(['channels.sms: names no provider, and the gate otp-sms needs one']);
  });

  test('that is still one policy is told what to write, and nothing else', () => {
    expect(problemsOf(undefined, { policy: { chain: ['phone'] } })).toEqual([
      'policy: is a list now, called policies — Write "policies:", below it "- name: everyone" and "members: everyone", and below these what stands below policy (without its name)',
    ]);
  });

  test('6.4.2: whose second policy can be passed by questions alone does not start in production', () => {
    const problem =
      'needs a gate that proves possession, such as phone or otp-sms, as answers can be found out (or set knowledge-alone)';
    const weak = { ...everyone, name: 'b', chain: ['phone', 'questions'], needed: 1 };
    expect(problemsOf([everyone, weak])).toEqual([]);
    expect(problemsOf([everyone, weak], {}, true)).toEqual([`policies.1.chain: ${problem}`]);
    expect(problemsOf([everyone, { ...weak, needed: 2 }], {}, true)).toEqual([]);
    expect(problemsOf([everyone, { ...weak, 'knowledge-alone': 'accept' }], {}, true)).toEqual([]);
  });
});

describe('listeners', () => {
  const inside = { 'public-url': 'https://inside.example.com', port: 3001, zone: 'intranet' };

  test('are several, each with its zone', () => {
    const { listen, 'more-listeners': more } = load([everyone], { 'more-listeners': [inside] });
    expect([listen.zone, more[0]?.zone]).toEqual(['extranet', 'intranet']);
  });

  test.each<[what: string, more: Settings, problems: readonly string[]]>([
    [
      'the public address of another',
      { ...inside, 'public-url': 'https://password.example.com' },
      ['more-listeners.0.public-url: is that of listen too'],
    ],
    ['the port of another', { ...inside, port: 3000 }, ['more-listeners.0.port: is that of listen too']],
    [
      'no zone',
      { ...inside, zone: undefined },
      ['more-listeners.0.zone: found nothing; must be one of intranet, extranet'],
    ],
    [
      'two zones',
      { ...inside, zone: 'any' },
      ['more-listeners.0.zone: found "any"; must be one of intranet, extranet'],
    ],
    [
      'a public address without TLS',
      { ...inside, 'public-url': 'http://inside.example.com' },
      [
        'more-listeners.0.public-url: found "http://inside.example.com"; must begin with https:// (http:// only for localhost)',
      ],
    ],
  ])('with %s are told so', (_what, more, problems) => {
    expect(problemsOf([everyone], { 'more-listeners': [more] })).toEqual(problems);
  });

  test('for a zone without a policy are told so', () => {
    expect(problemsOf([{ ...everyone, zone: 'extranet' }], { 'more-listeners': [inside] })).toEqual([
      'policies: none is for the zone intranet, and there is a listener for it',
    ]);
  });
});

describe('latchkey check', () => {
  const inside = { 'more-listeners': [{ 'public-url': 'https://inside.example.com', port: 3001, zone: 'intranet' }] };
  const said = (...wanted: Parameters<typeof load>): readonly string[] =>
    checkPolicies(load(...wanted), definitions).map(({ level, subject, detail }) => `${level} ${subject}: ${detail}`);
  test('says what each policy is worth', () => {
    const any = { ...everyone, name: 'any two', chain: ['phone', 'otp-sms', 'questions'], needed: 2 };
    const weak = { ...everyone, name: 'weak', zone: 'extranet', chain: ['questions'] };
    const few = { ...everyone, name: 'few', members: { groups: ['Few'] } };
    const worth = said([few, { ...any, members: { units: ['A'] } }, weak]).filter(
      (line) => !line.startsWith('warning'),
    );
    expect(worth.map((line) => line.split(':')[0])).toEqual([
      'ok policy few',
      'ok policy any two',
      'problem policy weak',
    ]);
    expect(said([any])[0]).toContain('any 2 of phone, otp-sms, questions: counts as 1 of the 2');
  });

  test.each<[what: string, policies: readonly Settings[], more: Settings, late: readonly string[]]>([
    ['behind everyone', [everyone, { ...everyone, name: 'late' }], {}, ['everybody comes under everyone before']],
    [
      'behind everyone of each zone',
      [
        { ...everyone, zone: 'intranet' },
        { ...everyone, name: 'outside', zone: 'extranet' },
        { ...everyone, name: 'late', members: { groups: ['Few'] } },
      ],
      inside,
      ['everybody comes under everyone or outside before'],
    ],
    [
      'in a zone that no listener has',
      [{ ...everyone, name: 'late', zone: 'intranet' }, everyone],
      {},
      ['no listener is in the zone intranet'],
    ],
    [
      'behind some',
      [
        { ...everyone, members: { groups: ['Few'] } },
        { ...everyone, name: 'late' },
      ],
      {},
      [],
    ],
    [
      'behind everyone with exceptions',
      [
        { ...everyone, members: { everyone: true, except: { groups: ['Few'] } } },
        { ...everyone, name: 'late' },
      ],
      {},
      [],
    ],
    [
      'behind everyone elsewhere',
      [
        { ...everyone, zone: 'intranet' },
        { ...everyone, name: 'late' },
      ],
      inside,
      [],
    ],
    [
      'behind everyone who is not privileged',
      [everyone, { ...everyone, name: 'late', members: { groups: ['Admins'] }, 'include-privileged': true }],
      {},
      [],
    ],
  ])('warns of a policy %s', (_what, policies, more, late) => {
    const found = said(policies, more).filter((line) => line.includes('never matches'));
    expect(found).toEqual(late.map((why) => `warning policy late: never matches: ${why}`));
  });

  test('warns of a policy that tells strangers who can pass', () => {
    const frank = { ...everyone, 'unknown-logins': 'say-so' };
    const outside = { ...everyone, name: 'outside' };
    expect(said([frank]).at(-1)).toMatch(/^warning policy everyone: tells strangers who can pass/);
    expect(
      said([{ ...frank, zone: 'intranet' }, outside], inside).filter((line) => line.includes('strangers')),
    ).toEqual([]);
  });

  test('warns of a policy that takes every administrator', () => {
    const wide = { ...everyone, 'include-privileged': true };
    expect(said([wide]).at(-1)).toMatch(/^warning policy everyone: includes privileged accounts and has everyone/);
    expect(said([{ ...wide, members: { groups: ['Admins'] } }]).join()).not.toContain('includes privileged');
  });
});

describe('the providers of a policy', () => {
  const mfa = {
    kind: 'azure-mfa-server',
    url: 'https://mfa.example/PfWsSdk.asmx',
    username: 'svc',
    auth: { kind: 'basic', user: 'svc', password: 'x' },
    countries: ['GB'],
  };
  const mail = {
    kind: 'smtp',
    host: 'mail.example.com',
    from: 'a@example.com',
    'sms-address': '{to-digits}@example.com',
  };
  const more = (providers: Settings, gates: Settings = {}): Settings => ({ providers: { mfa, ...providers }, gates });

  test('may be spare: no channel of the configuration has to name them', () => {
    const own = { ...everyone, channels: { sms: ['mail'] } };
    expect(problemsOf([own], more({ mail: { ...mail, countries: ['GB'] } }))).toEqual([]);
  });

  test('must be able to do what they are named for', () => {
    const own = { ...everyone, channels: { voice: ['mail'] } };
    expect(problemsOf([own], more({ mail: { ...mail, countries: ['GB'] } }))).toEqual([
      'policies.0.channels.voice.0: the provider mail (smtp) cannot do voice',
    ]);
  });

  test('must say where texts may go, as all do that cost money', () => {
    expect(problemsOf([{ ...everyone, channels: { sms: ['mail'] } }], more({ mail }))).toEqual([
      'policies.0.channels.sms.0: the provider mail names no countries that texts and calls may go to',
    ]);
    expect(problemsOf([everyone], more({ mail }))).toEqual([]);
  });

  test('must do what the gate asks of every one', () => {
    const calls = {
      kind: 'custom-http',
      url: 'https://calls.example',
      secret: '5e'.repeat(32),
      'number-matching': true,
    };
    const settings = {
      ...more({ calls: { ...calls, countries: ['GB'] } }, { phone: { 'number-matching': 'required' } }),
      channels: { voice: ['calls'], sms: ['mfa'] },
    };
    const own = { ...everyone, chain: ['phone'] };
    expect(problemsOf([{ ...own, channels: { voice: ['calls'] } }], settings)).toEqual([]);
    expect(problemsOf([{ ...own, channels: { voice: ['calls', 'mfa'] } }], settings)).toEqual([
      'policies.0.channels.voice.1: for the gate phone, number-matching cannot be required: the provider cannot ask for digits (mfa)',
    ]);
  });
});

describe('the settings of gates of a policy', () => {
  const own = (gates: unknown, more: Settings = {}) => ({ ...everyone, gates, ...more });
  const questions = { ...everyone, chain: ['otp-sms', 'questions'] };

  test('stand over those of the configuration, one by one, and are kept as they were said, in one order', () => {
    const [policy] = load([own({ phone: { lifetime: 90, 'calls-per-flow': 2 }, 'otp-sms': {} })]).policies.map(
      policyFrom,
    );
    expect(policy?.gates).toEqual({ phone: { 'calls-per-flow': 2, lifetime: 90 } });
    expect(JSON.stringify(policy?.gates)).toBe('{"phone":{"calls-per-flow":2,"lifetime":90}}');
    for (const nothing of [undefined, {}, { phone: {} }]) {
      expect(policyFrom(load([own(nothing)]).policies[0] as never)).not.toHaveProperty('gates');
    }
  });

  test('are texts and lists as well, each as a whole', () => {
    const text = { ar: '{code} رمزك', en: 'Your code is {code}.' };
    const asked = ['d', 'e'].map((id) => ({ id, text: { en: id } }));
    const counts = { 'registration-shows': 2, 'registration-requires': 2, 'reset-asks': 2, 'reset-requires': 2 };
    const gates = { 'otp-sms': { text }, questions: { ...counts, questions: asked } };
    expect(policyFrom(load([{ ...questions, gates }]).policies[0] as never).gates).toEqual(gates);
  });

  test.each<[what: string, policies: readonly unknown[], problems: readonly string[]]>([
    [
      'out of range, of another kind, or none that the gate has',
      [everyone, own({ 'otp-sms': { 'code-length': 11, lifetime: 'long', digits: 8 } }, { name: 'b' })],
      [
        'policies.1.gates.otp-sms.code-length: found 11; must be at most 10',
        'policies.1.gates.otp-sms.lifetime: found "long"; must be a number',
        'policies.1.gates.otp-sms.digits: is not a setting; check its spelling and where it stands',
      ],
    ],
    [
      'of a gate that the chain does not have, or nobody knows',
      [own({ questions: { 'reset-asks': 2 }, badge: { colour: 'red' } })],
      [
        'policies.0.gates.badge: is not a setting; check its spelling and where it stands',
        'policies.0.gates.questions: found a group of settings; is of no use: the chain has no such gate',
      ],
    ],
    [
      'of a gate that the helpdesk gives codes out for',
      [own({ 'helpdesk-code': { 'code-length': 10 } }, { chain: ['phone', 'helpdesk-code'] })],
      [
        'policies.0.gates.helpdesk-code: found a group of settings; must stand in the configuration: its codes are given out for every policy alike',
      ],
    ],
    [
      'that are secrets',
      [own({ phone: { 'api-token': 'abc' } })],
      [
        'policies.0.gates.phone.api-token: found a secret; must stand in the configuration: a list of policies is shown, and handed on in files',
      ],
    ],
    [
      'that are no settings',
      [own({ phone: 'required' }), own([], { name: 'b' }), own({ phone: { lifetime: null } }, { name: 'c' })],
      [
        'policies.0.gates.phone: found "required"; must be a group of settings',
        'policies.1.gates: found a list of 0; must be a group of settings',
      ],
    ],
    [
      'that fit by themselves and not to the rest',
      [{ ...questions, gates: { questions: { 'reset-asks': 4 } } }],
      [
        'policies.0.gates.questions.reset-asks: found 4; is 4 and must not be more than registration-requires, which is 3',
      ],
    ],
    [
      'that the rest does not fit to',
      [{ ...questions, gates: { questions: { 'registration-shows': 2 } } }],
      [
        'policies.0.gates.questions.registration-requires: found 3; is 3 and must not be more than registration-shows, which is 2',
      ],
    ],
    [
      'that no flow could carry',
      [own({ 'otp-sms': { text: { en: `{code} ${'x'.repeat(16_000)}` } } })],
      ['policies.0.gates: found a group of settings; must be at most 16000 characters in all'],
    ],
    [
      'that its providers cannot do',
      [own({ phone: { 'number-matching': 'required' } })],
      ['policies.0.gates.phone: number-matching cannot be required: the provider cannot ask for digits (mfa)'],
    ],
    [
      'that the providers which it chose cannot do',
      [own({ phone: { 'number-matching': 'required' } }, { channels: { voice: ['mfa'] } })],
      [
        'policies.0.channels.voice.0: for the gate phone, number-matching cannot be required: the provider cannot ask for digits (mfa)',
      ],
    ],
  ])('%s are refused', (_what, policies, problems) => {
    expect(problemsOf(policies)).toEqual(problems);
  });

  test('attack: a name that means something to the language means nothing as a setting', () => {
    const list = [own({ phone: JSON.parse('{"__proto__":{"lifetime":60},"constructor":1}') })];
    expect(problemsOf(list)).toEqual([
      'policies.0.gates.phone.constructor: is not a setting; check its spelling and where it stands',
    ]);
    expect(problemsOf([own(JSON.parse('{"__proto__":{"lifetime":60}}'))])).toEqual([
      'policies.0.gates.__proto__: is not a setting; check its spelling and where it stands',
    ]);
    expect(({} as { readonly lifetime?: number }).lifetime).toBeUndefined();
  });

  test('may ask less of its providers than the configuration, and no less than it says itself', () => {
    const calls = { kind: 'custom-http', url: 'https://calls.example', secret: '5e'.repeat(32), countries: ['GB'] };
    const settings = {
      providers: {
        matching: { ...calls, 'number-matching': true },
        plain: calls,
      },
      channels: { voice: ['matching'] },
      gates: { phone: { 'number-matching': 'required' } },
    };
    const calling = { ...everyone, chain: ['phone'], channels: { voice: ['plain'] } };
    expect(problemsOf([calling], settings)).toEqual([
      'policies.0.channels.voice.0: for the gate phone, number-matching cannot be required: the provider cannot ask for digits (plain)',
    ]);
    expect(problemsOf([{ ...calling, gates: { phone: { 'number-matching': 'off' } } }], settings)).toEqual([]);
  });

  const asked = (ids: string) => [...ids].map((id) => ({ id, text: { en: id } }));
  test.each<[what: string, own: Settings, found: number]>([
    ['more right answers', { 'registration-requires': 4, 'reset-asks': 4, 'reset-requires': 4 }, 1],
    ['as many, of other questions', { questions: asked('abce') }, 1],
    ['as many, of more questions', { questions: asked('abcde') }, 0],
    ['as many, and more only at the registration', { 'registration-requires': 4, 'reset-asks': 4 }, 0],
    ['fewer', { 'reset-requires': 2 }, 0],
  ])('that ask %s than others must register are a warning of latchkey check or none', (_what, own, found) => {
    const configured = { gates: { questions: { questions: asked('abcd'), 'registration-shows': 4 } } };
    const list = [{ ...questions, gates: { questions: own } }];
    const said = checkPolicies(load(list, configured), definitions).map(({ detail }) => detail);
    expect(said.filter((detail) => detail.includes('asks more of questions'))).toHaveLength(found);
  });

  test('are asked of the configuration that stands beside them: a list that fitted once may fit no more', () => {
    const list = [{ ...questions, gates: { questions: { 'reset-asks': 3 } } }];
    expect(problemsOf(list)).toEqual([]);
    const fewer = { questions: ['a', 'b'].map((id) => ({ id, text: { en: id } })) };
    const counts = { 'registration-shows': 2, 'registration-requires': 2, 'reset-asks': 2, 'reset-requires': 2 };
    expect(problemsOf(list, { gates: { questions: { ...fewer, ...counts } } })).toEqual([
      'policies.0.gates.questions.reset-asks: found 3; is 3 and must not be more than registration-requires, which is 2',
    ]);
  });
});
