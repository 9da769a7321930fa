import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Account } from '../../../src/core/account.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { Unavailable } from '../../../src/core/errors.ts';
import { stranding } from '../../../src/core/policies/administrator-stranding.ts';
import { Policies, pinnedPolicies } from '../../../src/core/policies/policies.ts';
import type { Members, Policy } from '../../../src/core/policies/policy.ts';
import { examinePolicies, type PolicyCheckNeeds } from '../../../src/core/policies/policy-checks.ts';
import { leftoverPolicies, unreachablePolicies } from '../../../src/core/policies/policy-order.ts';
import type { Zone } from '../../../src/core/zone.ts';
import { untroubled } from '../../account-state.ts';
import { anyList, everybody, nobody, samplePolicy } from './sample-policies.ts';

const groups = new Map([
  ['Staff', { id: 'S-1', name: 'Staff', cyclic: false }],
  ['CORP\\Staff', { id: 'S-1', name: 'Staff', cyclic: false }],
  ['Sales', { id: 'S-2', name: 'Sales', cyclic: false }],
  ['Guests', { id: 'S-3', name: 'Guests', cyclic: false }],
  ['Ring', { id: 'S-9', name: 'Ring', cyclic: true }],
]);
const units = ['People', 'People/Sales', 'Labs'];
const directory: PolicyCheckNeeds['directory'] = {
  findGroup: async (name) => groups.get(name),
  findUnit: async (path) => (units.includes(path) ? { path } : undefined),
};
const needs: PolicyCheckNeeds = {
  directory,
  gateTrouble: (gate) => (gate === 'palm' ? ['gates.palm: is missing'] : []),
  askingMore: ({ gates = {} }) => Object.keys(gates),
  zones: ['extranet'],
};

const bothZones: ReadonlySet<Zone> = new Set(['intranet', 'extranet']);

const of = (changes: Partial<Members>): Members => ({ ...nobody, ...changes });
const found = async (list: readonly Policy[], changes: Partial<PolicyCheckNeeds> = {}) =>
  (await examinePolicies(list, { ...needs, ...changes })).map(({ level, message: { key, values } }) => [
    level,
    key.replace('policy-check.', ''),
    ...Object.values(values ?? {}),
  ]);

describe('before a list is taken into force', () => {
  test('warns of a policy that asks more of a gate than people registered', async () => {
    const strict = samplePolicy('Strict', {
      chain: ['phone', 'questions'],
      gates: { questions: { 'reset-requires': 4 } },
    });
    expect(await found([strict])).toEqual([['warning', 'asks-more', 'Strict', 'questions']]);
    expect(await found([samplePolicy('Plain')])).toEqual([]);
  });

  test('one with which nothing is wrong raises nothing', async () => {
    const members = of({ groups: ['Staff'], units: ['Labs'], except: { groups: ['Guests'], units: ['People'] } });
    expect(await found([samplePolicy('A', { members }), samplePolicy('B')])).toEqual([]);
  });

  test('everything that is wrong is told at once, policy by policy', async () => {
    const list = [
      samplePolicy('A', { members: of({ groups: ['Stuff', 'Ring'], units: ['Lab'] }), zone: 'intranet' }),
      samplePolicy('B', {
        members: { ...everybody, except: { groups: ['Gosts'], units: ['Moon'] } },
        chain: ['phone', 'palm'],
        zone: 'intranet',
      }),
    ];
    expect(await found(list)).toEqual([
      ['problem', 'zone-empty-extranet'],
      ['problem', 'group-missing', 'A', 'Stuff'],
      ['problem', 'group-cyclic', 'A', 'Ring'],
      ['problem', 'unit-missing', 'A', 'Lab'],
      ['problem', 'group-missing', 'B', 'Gosts'],
      ['problem', 'unit-missing', 'B', 'Moon'],
      ['problem', 'gate-unusable', 'B', 'palm', 'gates.palm: is missing'],
      ['warning', 'no-listener-intranet', 'A'],
      ['warning', 'no-listener-intranet', 'B'],
    ]);
  });

  test('each name is asked for once, however many policies have it', async () => {
    const asked: string[] = [];
    const counting = {
      findGroup: (name: string) => {
        asked.push(name);
        return directory.findGroup(name);
      },
      findUnit: directory.findUnit,
    };
    const members = of({ groups: ['Staff', 'Sales'] });
    const list = Array.from({ length: 50 }, (_, at) => samplePolicy(`P${at}`, { members }));
    await found(list, { directory: counting });
    expect(asked.toSorted()).toEqual(['Sales', 'Staff']);
  });

  test('a directory that cannot be asked lets no list through', async () => {
    const away = {
      findGroup: async () => {
        throw new Unavailable('away');
      },
      findUnit: directory.findUnit,
    };
    const list = [samplePolicy('A', { members: of({ groups: ['Staff'] }) })];
    await expect(found(list, { directory: away })).rejects.toThrow(Unavailable);
  });

  test('who could still pass is asked only of a list that works', async () => {
    const told = async () => [{ level: 'problem', message: { key: 'policy-check.strands-administrators' } }] as const;
    expect(await found([samplePolicy('A')], { stranding: told })).toEqual([['problem', 'strands-administrators']]);
    expect(await found([samplePolicy('A', { chain: ['palm'] })], { stranding: told })).toHaveLength(1);
  });

  test('a policy that can never count is a warning that names the one before it', async () => {
    expect(await found([samplePolicy('A'), samplePolicy('B')])).toEqual([['warning', 'never-matches', 'B', 'A']]);
    expect(await found([samplePolicy('in', { zone: 'intranet' }), samplePolicy('B')])).toEqual([
      ['warning', 'no-listener-intranet', 'in'],
    ]);
    const spelt = (name: string, group: string) => samplePolicy(name, { members: of({ groups: [group] }) });
    expect(await found([spelt('A', 'Staff'), spelt('B', 'CORP\\Staff')])).toEqual([
      ['warning', 'never-matches', 'B', 'A'],
    ]);
  });
});

describe('a policy behind one that is for everybody', () => {
  const rest = samplePolicy('rest', { members: { ...everybody, except: { groups: ['Guests'], units: ['Labs'] } } });
  const named = (name: string, changes: Partial<Members>, more: Partial<Policy> = {}) =>
    samplePolicy(name, { members: of(changes), ...more });

  test.each<[string, Policy[], string[]]>([
    ['is said to count for hardly anybody', [rest, named('B', { groups: ['Staff'] })], ['B behind rest']],
    ['is said to, where one of its units is another', [rest, named('B', { units: ['Labs', 'x'] })], ['B behind rest']],
    ['is fine when it is for whom that one leaves out', [rest, named('B', { groups: ['GUESTS'] })], []],
    ['is fine for a unit within one that is left out', [rest, named('B', { units: ['labs/deep'] })], []],
    ['is fine when it is for all the others', [rest, samplePolicy('B')], []],
    ['is fine in front of it', [named('B', { groups: ['Staff'] }), rest], []],
    ['is fine in another zone', [{ ...rest, zone: 'intranet' }, named('B', { groups: ['Staff'] })], []],
    [
      'is fine for privileged accounts, which the other does not serve',
      [rest, named('B', { groups: ['Staff'] }, { privileged: true })],
      [],
    ],
    [
      'is told as one that never counts when that is so',
      [{ ...rest, members: everybody }, named('B', { groups: ['Staff'] })],
      [],
    ],
  ])('%s', (_name, list, said) => {
    const left = leftoverPolicies(list, bothZones);
    expect(left.map(({ policy, behind }) => `${policy.name} behind ${behind.name}`)).toEqual(said);
  });

  test('is a warning before it is saved, and no more', async () => {
    const list = [rest, named('B', { groups: ['Staff'] })];
    expect(await found(list)).toContainEqual(['warning', 'behind-everybody', 'B', 'rest']);
  });
});

describe('a policy can never count', () => {
  const covered = (...list: Policy[]) => unreachablePolicies(list, bothZones).map(({ policy }) => policy.name);
  const policy = (name: string, changes: Partial<Policy>) => samplePolicy(name, changes);

  test.each<[string, Partial<Policy>, Partial<Policy>, boolean]>([
    ['after one for everybody', {}, { members: of({ groups: ['x'] }) }, true],
    [
      'not when that one has exceptions',
      { members: { ...everybody, except: { groups: ['x'], units: [] } } },
      {},
      false,
    ],
    [
      'when it has the same exceptions',
      { members: { ...everybody, except: { groups: ['x'], units: ['A/B'] } } },
      { members: { ...everybody, except: { groups: ['X'], units: ['a'] } } },
      true,
    ],
    ['not when that one is of another zone', { zone: 'intranet' }, { zone: 'any' }, false],
    ['when that one is of its zone', { zone: 'any' }, { zone: 'intranet' }, true],
    ['not when it alone is for privileged accounts', {}, { privileged: true }, false],
    ['when both are for privileged accounts', { privileged: true }, { privileged: true }, true],
    ['in a unit below', { members: of({ units: ['A'] }) }, { members: of({ units: ['A/B'] }) }, true],
    ['not in a unit above', { members: of({ units: ['A/B'] }) }, { members: of({ units: ['A'] }) }, false],
    ['not in one that begins alike', { members: of({ units: ['A'] }) }, { members: of({ units: ['AB'] }) }, false],
    ['not with one more group', { members: of({ groups: ['a'] }) }, { members: of({ groups: ['a', 'b'] }) }, false],
    ['not when it is for everybody', { members: of({ groups: ['a'], units: ['A'] }) }, {}, false],
  ])('%s', (_name, earlier, later, is) => {
    expect(covered(policy('A', earlier), policy('B', later))).toEqual(is ? ['B'] : []);
  });

  test('after one for each of its zones', () => {
    const list = [policy('A', { zone: 'intranet' }), policy('B', { zone: 'extranet' }), policy('C', {})];
    expect(covered(...list)).toEqual(['C']);
  });

  test('and then no account, from nowhere, comes under it', async () => {
    const account = fc.record({
      groups: fc.subarray(['S-1', 'S-2', 'S-3']),
      unit: fc.constantFrom('', 'People', 'People/Sales', 'People/Sales/North', 'Labs', 'People2'),
      privileged: fc.boolean(),
    });
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(anyList, account, fc.constantFrom('intranet', 'extranet'), async (list, state, zone) => {
        const never = unreachablePolicies(list, bothZones, (name) => groups.get(name)?.id ?? name).map(
          (one) => one.policy.name,
        );
        seen += never.length;
        const matched = await matcherOf(list).match(person('x', state), zone as Zone);
        expect(never).not.toContain(matched?.name ?? 'none');
      }),
      { numRuns: 1_000 },
    );
    expect(seen).toBeGreaterThan(50);
  });
});

describe('administrators', () => {
  const [ana, ben] = [person('ana', { groups: ['S-1'] }), person('ben', { groups: ['S-2'] })];
  const registered = new Map([
    ['ana', ['phone', 'questions']],
    ['ben', ['phone']],
  ]);
  const before = [samplePolicy('all')];
  const told = async (after: readonly Policy[], old: readonly Policy[] | 'none' = before, who = [ana, ben]) => {
    const asked: string[] = [];
    const findings = await stranding(old === 'none' ? undefined : old, after, {
      administrators: async function* () {
        for (const one of who) {
          asked.push(one.id);
          yield one;
        }
      },
      enrolments: {
        of: async (accountId) =>
          (registered.get(accountId) ?? []).map((gate) => ({ accountId, gate, data: null, provedAt: new Date(0) })),
      },
      matcherOf,
      zones: ['intranet', 'extranet'],
    });
    return { asked, said: findings.map(({ level, message }) => `${level} ${message.key.split('.')[1]}`) };
  };

  test('one who can still pass is enough, and ends the search', async () => {
    expect(await told(before)).toEqual({ asked: ['ana'], said: [] });
    expect(await told([samplePolicy('short', { chain: ['phone'] })], before, [ben, ana])).toEqual({
      asked: ['ben'],
      said: [],
    });
  });

  test('of whom none could pass any more, though one can today, make the list refused', async () => {
    const gone = { said: ['problem strands-administrators'], asked: ['ana', 'ben'] };
    expect(await told([samplePolicy('long', { chain: ['phone', 'questions', 'otp-sms'] })])).toEqual(gone);
    expect(await told([samplePolicy('others', { members: of({ groups: ['Guests'] }) })])).toEqual(gone);
    expect(
      await told([samplePolicy('all', { members: { ...everybody, except: { groups: ['Staff'], units: [] } } })]),
    ).toEqual(gone);
  });

  test('of whom none can pass today either are a warning: the list makes nothing worse', async () => {
    const warned = ['warning no-administrator'];
    const long = [samplePolicy('long', { chain: ['otp-sms'] })];
    expect((await told(long, long)).said).toEqual(warned);
    expect((await told(long, 'none')).said).toEqual(warned);
    const admin = person('ana', { privileged: true });
    expect((await told(before, before, [admin])).said).toEqual(warned);
    expect((await told(before, before, [])).said).toEqual(warned);
  });

  test('one who passes from one zone alone passes', async () => {
    expect((await told([samplePolicy('in', { zone: 'intranet' })])).said).toEqual([]);
  });
});

function matcherOf(policies: readonly Policy[]): Policies {
  const mac = (purpose: string, text: string) => `${purpose}${text}`;
  return new Policies({ source: pinnedPolicies(policies), directory, clock: systemClock, mac });
}

function person(id: string, state: Partial<Account['state']>): Account {
  return { id, name: `CORP\\${id}`, samName: id, displayName: id, state: { ...untroubled, ...state } };
}
