import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Account, AccountState } from '../../../src/core/account.ts';
import { Misconfigured, Unavailable } from '../../../src/core/errors.ts';
import { Policies, pinnedPolicies } from '../../../src/core/policies/policies.ts';
import type { Members, Policy } from '../../../src/core/policies/policy.ts';
import type { Zone } from '../../../src/core/zone.ts';
import { untroubled } from '../../account-state.ts';
import { forEverybody } from '../../for-everybody.ts';
import { SettableClock } from '../../settable-clock.ts';

const groupIds: Readonly<Record<string, string>> = { Sales: 's-1', Leavers: 's-2', 'Server Admins': 's-3' };
const everybody = forEverybody.members;

function policy(
  name: string,
  of: Partial<Omit<Policy, 'members'>> & { readonly members?: Partial<Members> } = {},
): Policy {
  return {
    chain: ['phone'],
    actions: ['reset'],
    lockout: { threshold: 3, minutes: 15, barsUntilPermanent: 3 },
    flowSeconds: 1200,
    privileged: false,
    unknownLogins: 'decoy',
    ...forEverybody,
    ...of,
    name,
    members: of.members === undefined ? everybody : { ...everybody, everyone: false, ...of.members },
  };
}

function account(state: Partial<AccountState> = {}): Account {
  return { id: 'a', name: 'CORP\\anna', samName: 'anna', displayName: 'Anna', state: { ...untroubled, ...state } };
}

class World {
  readonly clock = new SettableClock();
  readonly asked: string[] = [];
  groups: Readonly<Record<string, string>> = groupIds;
  fault: Error | undefined;
  list: readonly Policy[];
  readonly policies: Policies;

  constructor(list: readonly Policy[]) {
    this.list = list;
    const directory = {
      findGroup: async (name: string) => {
        this.asked.push(name);
        if (this.fault !== undefined) throw this.fault;
        const id = Object.entries(this.groups).find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1];
        return id === undefined ? undefined : { id, name, cyclic: false };
      },
      findUnit: async (path: string) => (path.toLowerCase().startsWith('people') ? { path } : undefined),
    };
    const source = { current: () => pinnedPolicies(this.list).current() };
    const mac = (purpose: string, text: string) => createHmac('sha256', `key ${purpose}`).update(text).digest('hex');
    this.policies = new Policies({ source, directory, clock: this.clock, mac });
  }

  async name(state: Partial<AccountState>, zone: Zone = 'extranet'): Promise<string | undefined> {
    return (await this.policies.match(account(state), zone))?.name;
  }
}

describe('which policy somebody comes under', () => {
  test('is the first that matches, and no other', async () => {
    const world = new World([
      policy('sales', { members: { groups: ['Sales'] } }),
      policy('berlin', { members: { units: ['People/Berlin'] } }),
      policy('rest'),
    ]);
    expect(await world.name({ groups: ['s-1'], unit: 'People/Berlin' })).toBe('sales');
    expect(await world.name({ groups: ['s-9'], unit: 'People/Berlin' })).toBe('berlin');
    expect(await world.name({ groups: ['s-9'], unit: 'People' })).toBe('rest');
  });

  test('is none where none matches', async () => {
    expect(await new World([policy('sales', { members: { groups: ['Sales'] } })]).name({})).toBeUndefined();
  });

  test('goes by any one of the groups that the directory counts, nested ones among them', async () => {
    const world = new World([policy('sales', { members: { groups: ['Leavers', 'sales'] } })]);
    expect(await world.name({ groups: ['s-7', 's-1', 's-8'] })).toBe('sales');
  });

  test.each([
    ['People/Sales', 'berlin'],
    ['people/SALES', 'berlin'],
    ['People/Sales/Inside/Deep', 'berlin'],
    ['People/Salesroom', undefined],
    ['People', undefined],
    ['Other/People/Sales', undefined],
    ['', undefined],
  ])('goes by the unit and what lies below it: %s', async (unit, name) => {
    expect(await new World([policy('berlin', { members: { units: ['People/Sales'] } })]).name({ unit })).toBe(name);
  });

  test.each<[string, Partial<Members>]>([
    ['everyone', { everyone: true }],
    ['a group', { groups: ['Sales'] }],
    ['a unit', { units: ['People'] }],
  ])('has exceptions that win over %s', async (_who, members) => {
    const except = { groups: ['Leavers'], units: ['People/Gone'] };
    const world = new World([policy('first', { members: { ...members, except } }), policy('rest')]);
    expect(await world.name({ groups: ['s-1'], unit: 'People/Here' })).toBe('first');
    expect(await world.name({ groups: ['s-1', 's-2'], unit: 'People/Here' })).toBe('rest');
    expect(await world.name({ groups: ['s-1'], unit: 'People/Gone/Long' })).toBe('rest');
  });

  test('differs by zone', async () => {
    const world = new World([
      policy('inside', { zone: 'intranet' }),
      policy('outside', { zone: 'extranet', members: { groups: ['Sales'] } }),
      policy('anywhere', { members: { units: ['People'] } }),
    ]);
    expect(await world.name({ groups: ['s-1'] }, 'intranet')).toBe('inside');
    expect(await world.name({ groups: ['s-1'] }, 'extranet')).toBe('outside');
    expect(await world.name({ unit: 'People' }, 'extranet')).toBe('anywhere');
    expect(await world.name({}, 'extranet')).toBeUndefined();
  });

  test('5.32: is for the privileged only one that names them', async () => {
    const world = new World([
      policy('everyone'),
      policy('admins', { privileged: true, members: { groups: ['Server Admins'] } }),
    ]);
    expect(await world.name({ privileged: true })).toBeUndefined();
    expect(await world.name({ privileged: true, groups: ['s-3'] })).toBe('admins');
    expect(await world.name({ groups: ['s-3'] })).toBe('everyone');
  });

  test('is explained policy by policy', async () => {
    const world = new World([
      policy('inside', { zone: 'intranet' }),
      policy('sales', { members: { groups: ['Sales'], except: { groups: [], units: ['People/Gone'] } } }),
      policy('few', { members: { groups: ['Leavers'] } }),
      policy('people', { members: { units: ['People'] } }),
      policy('rest'),
    ]);
    const steps = await world.policies.explain(account({ groups: ['s-1'], unit: 'People/Gone' }), 'extranet');
    expect(steps.map(({ policy: { name }, matched, why }) => [name, matched, why])).toEqual([
      ['inside', false, { kind: 'other-zone' }],
      ['sales', false, { kind: 'except-unit', name: 'People/Gone' }],
      ['few', false, { kind: 'no-member' }],
      ['people', true, { kind: 'unit', name: 'People' }],
    ]);
  });

  test('property: is what a plain reading of the list says', async () => {
    const names = fc.subarray(Object.keys(groupIds));
    const units = fc.subarray(['People', 'People/A', 'People/A/B', 'People/C']);
    const named = fc.record({ groups: names, units });
    const members = fc.record({ everyone: fc.boolean(), groups: names, units, except: named });
    const zones = fc.constantFrom<Policy['zone']>('any', 'intranet', 'extranet');
    const one = fc.record({ members, zone: zones, privileged: fc.boolean() });
    const who = fc.record({
      groups: fc.subarray(Object.values(groupIds)),
      unit: fc.constantFrom('', 'People', 'People/A', 'People/A/B', 'People/C', 'People/AB'),
      privileged: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(one, { maxLength: 5 }),
        who,
        fc.constantFrom<Zone>('intranet', 'extranet'),
        async (list, state, zone) => {
          const policies = list.map((of, index) => policy(String(index), of));
          const within = (paths: readonly string[]) => paths.some((path) => `${state.unit}/`.startsWith(`${path}/`));
          const among = (groups: readonly string[]) =>
            groups.some((name) => state.groups.includes(groupIds[name] ?? ''));
          const expected = policies.find(({ members: m, zone: z, privileged }) => {
            if (z !== 'any' && z !== zone) return false;
            if (state.privileged && !privileged) return false;
            if (among(m.except.groups) || within(m.except.units)) return false;
            return m.everyone || among(m.groups) || within(m.units);
          });
          expect(await new World(policies).name(state, zone)).toBe(expected?.name);
        },
      ),
    );
  });
});

describe('a group that a policy names', () => {
  const list = [
    policy('first', { members: { everyone: true, except: { groups: ['Leavers'], units: [] } } }),
    policy('last', { members: { groups: ['Sales'] } }),
  ];

  test('and that is not there is a fault for everybody alike, and never skipped', async () => {
    const world = new World(list);
    world.groups = { Sales: 's-1' };
    const runs = [
      () => world.policies.match(account(), 'extranet'),
      () => world.policies.match(undefined, 'extranet'),
      () => world.policies.shownTo(undefined, 'seed', 'extranet'),
      () => world.policies.shownTo(undefined, 'seed', 'intranet'),
      () => world.policies.explain(account(), 'extranet'),
    ];
    for (const run of runs) await expect(run()).rejects.toThrow(Misconfigured);
    world.groups = groupIds;
    for (const run of runs) await expect(run()).resolves.not.toThrow();
  });

  test('is a fault also in a policy that comes after the one that matches, and in another zone', async () => {
    const world = new World([policy('everyone'), policy('late', { zone: 'intranet', members: { groups: ['Gone'] } })]);
    await expect(world.policies.match(account(), 'extranet')).rejects.toThrow(Misconfigured);
  });

  test('is asked for once, by however many at once, and again after a minute', async () => {
    const world = new World(list);
    await Promise.all(Array.from({ length: 20 }, () => world.policies.match(account(), 'extranet')));
    expect(world.asked.toSorted()).toEqual(['Leavers', 'Sales']);
    world.clock.pass(59);
    await world.policies.match(account(), 'extranet');
    expect(world.asked).toHaveLength(2);
    world.clock.pass(2);
    world.groups = { ...groupIds, Leavers: 's-20' };
    expect(await world.name({ groups: ['s-20'] })).toBeUndefined();
    expect(world.asked).toHaveLength(4);
  });

  test('is forgotten when no policy names it any more', async () => {
    const [sales, leavers] = ['Sales', 'Leavers'].map((name) => [policy('one', { members: { groups: [name] } })]);
    const world = new World(sales ?? []);
    for (const list of [sales, leavers, leavers, sales]) {
      world.list = list ?? [];
      await world.name({});
    }
    expect(world.asked).toEqual(['Sales', 'Leavers', 'Sales']);
  });

  test('that cannot be asked for is a fault that passes by itself', async () => {
    const world = new World(list);
    world.fault = new Unavailable('no server');
    await expect(world.policies.match(account(), 'extranet')).rejects.toThrow(Unavailable);
    world.fault = undefined;
    expect(await world.name({})).toBe('first');
  });

  test('goes for a unit as well', async () => {
    const world = new World([
      policy('first', { members: { everyone: true, except: { groups: [], units: ['Gone'] } } }),
    ]);
    await expect(world.policies.match(account(), 'extranet')).rejects.toThrow(/unit Gone/);
  });
});

describe('5.4: the policy that a decoy shows', () => {
  const seeds = Array.from({ length: 4000 }, (_, n) => `seed ${n}`);
  const shares = async (
    list: readonly Policy[],
    zone: Zone = 'extranet',
  ): Promise<Readonly<Record<string, number>>> => {
    const { policies } = new World(list);
    const names = await Promise.all(seeds.map(async (seed) => (await policies.shownTo(undefined, seed, zone)).name));
    return Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));
  };

  test('is the same every time, on every node', async () => {
    const list = [policy('a'), policy('b'), policy('c')];
    const [one, two] = [new World(list), new World(list)];
    for (const seed of seeds.slice(0, 50)) {
      const first = await one.policies.shownTo(undefined, seed, 'extranet');
      expect((await one.policies.shownTo(undefined, seed, 'extranet')).name).toBe(first.name);
      expect((await two.policies.shownTo(undefined, seed, 'extranet')).name).toBe(first.name);
    }
  });

  test('is each as often as its share says', async () => {
    const found = await shares([
      policy('few', { share: 100 }),
      policy('some', { share: 900 }),
      policy('most', { share: 3000 }),
    ]);
    // Of 4000; five standard deviations leave one run in a million.
    expect(Math.abs((found.few ?? 0) - 100)).toBeLessThan(50);
    expect(Math.abs((found.some ?? 0) - 900)).toBeLessThan(132);
  });

  test('is each as often as any other where no share is said', async () => {
    const found = await shares([policy('a'), policy('b')]);
    expect(Math.abs((found.a ?? 0) - 2000)).toBeLessThan(158);
  });

  test('is never one of another zone', async () => {
    const list = [policy('in', { zone: 'intranet', share: 1000 }), policy('out', { zone: 'extranet' }), policy('any')];
    expect(Object.keys(await shares(list)).toSorted()).toEqual(['any', 'out']);
    expect(Object.keys(await shares(list, 'intranet')).toSorted()).toEqual(['any', 'in']);
  });

  test('stays for all but those who come to a new policy', async () => {
    const [before, after] = [
      new World([policy('a'), policy('b')]),
      new World([policy('new'), policy('b'), policy('a')]),
    ];
    for (const seed of seeds.slice(0, 300)) {
      const now = (await after.policies.shownTo(undefined, seed, 'extranet')).name;
      if (now !== 'new') expect(now).toBe((await before.policies.shownTo(undefined, seed, 'extranet')).name);
    }
  });

  test('is a fault where the zone has none', async () => {
    const world = new World([policy('in', { zone: 'intranet' })]);
    await expect(world.policies.shownTo(undefined, 'seed', 'extranet')).rejects.toThrow(Misconfigured);
  });

  test('is their own for somebody who comes under one, privileged or not', async () => {
    const { policies } = new World([
      policy('sales', { members: { groups: ['Sales'] } }),
      policy('rest', { share: 1_000_000 }),
    ]);
    for (const privileged of [false, true]) {
      const shown = await policies.shownTo(account({ groups: ['s-1'], privileged }), 'seed', 'extranet');
      expect(shown.name).toBe('sales');
    }
  });
});
