import { describe, expect, test } from 'vitest';
import { longestVisitMinutes, policyFrom } from '../../src/settings/policy-settings.ts';
import { everyone, gateIds, load, problemsOf, type Settings } from './policy-configuration.ts';

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
