import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../../src/core/json.ts';
import type { PolicyFinding } from '../../../src/core/policies/policy-checks.ts';
import { bringFirstPolicies, PolicyDesk, type PolicyWish } from '../../../src/core/policies/policy-desk.ts';
import type { ListedPolicy } from '../../../src/core/policies/policy-field-changes.ts';
import { policiesHash } from '../../../src/core/policies/policy-store.ts';
import { createSealer } from '../../../src/core/sealer.ts';
import type { Stores } from '../../../src/core/stores.ts';
import { load } from '../../../src/load.ts';
import { policyReader } from '../../../src/settings/policy-reading.ts';
import { openStores } from '../../../src/stores/open-stores.ts';
import { storeSettings } from '../../../src/stores/settings.ts';
import { SettableClock } from '../../settable-clock.ts';

const demo = await load({});
const everyone = { name: 'everyone', members: 'everyone', chain: ['otp-sms', 'questions'] };
const staff = { name: 'staff', members: { groups: ['Staff'] }, chain: ['phone'] };

let stores: Stores;
let findings: readonly PolicyFinding[];
let asked: { before: readonly ListedPolicy[] | undefined; by: string }[];
const clock = new SettableClock();

beforeEach(async () => {
  const sealer = createSealer({ keys: [{ id: 'k', secret: randomBytes(32) }] });
  stores = await openStores(storeSettings.parse({ kind: 'sqlite', file: ':memory:' }), { sealer, clock });
  await stores.migrate();
  findings = [];
  asked = [];
});
afterEach(() => stores.close());

const desk = (changes: Partial<{ store: Stores['policies'] }> = {}): PolicyDesk =>
  new PolicyDesk({
    store: stores.policies,
    audit: stores.audit,
    clock,
    read: policyReader(demo),
    check: async (_policies, about) => {
      asked.push(about);
      return findings;
    },
    ...changes,
  });

const wish = (basedOn: number, policies: Json, changes: Partial<PolicyWish> = {}): PolicyWish => ({
  basedOn,
  by: 'account-1',
  byName: 'Ana',
  note: 'why',
  policies,
  ...changes,
});

const rows = async () =>
  (await stores.audit.page({ after: 0, limit: 50 })).map(({ event, detail }) => ({ event, detail }));

describe('a list that is to come into force', () => {
  test('does, as a new version with every default written out, and is in the audit before and after, with its hash', async () => {
    const saved = await desk().save(wish(0, [everyone], { from: { address: '192.0.2.1', correlation: 'c' } }));
    expect(saved).toMatchObject({ kind: 'saved', version: { version: 1, byName: 'Ana', note: 'why' } });
    const stored = await stores.policies.latest();
    expect(stored?.policies).toMatchObject([{ ...everyone, 'flow-minutes': 20, lockout: { threshold: 3 } }]);
    const detail = { by: 'account-1', version: 1, hash: policiesHash(stored?.policies ?? null) };
    expect(await rows()).toEqual([
      { event: 'policies.saving', detail },
      { event: 'policies.saved', detail },
    ]);
    expect((await stores.audit.page({ after: 0, limit: 1 }))[0]).toMatchObject({
      address: '192.0.2.1',
      correlation: 'c',
    });
  });

  test('is compared with the one before it, which the checks are told as well', async () => {
    await desk().save(wish(0, [everyone]));
    const saved = await desk().save(wish(1, [staff, everyone]));
    expect(saved).toMatchObject({
      kind: 'saved',
      changes: [{ key: 'policy-change.added', values: { policy: 'staff', place: 1 } }, {}, {}],
    });
    expect(asked.at(-1)).toMatchObject({ before: [{ name: 'everyone' }], by: 'account-1' });
  });

  test('with everything that is wrong with its shape is refused at once, and not checked further', async () => {
    const wrong = [
      { ...everyone, chain: ['otp-smss'], lockout: { threshold: 0 } },
      { ...staff, name: 'EVERYONE', members: {} },
    ];
    const refused = await desk().save(wish(0, wrong));
    if (refused.kind !== 'unreadable') throw new Error(refused.kind);
    expect(refused.problems.map(({ setting }) => setting).toSorted()).toEqual([
      'policies.0.chain.0',
      'policies.0.lockout.threshold',
      'policies.1.members',
      'policies.1.name',
    ]);
    for (const nothing of [[], null, 'x', {}, [[]], [null]]) {
      expect(await desk().save(wish(0, nothing))).toMatchObject({ kind: 'unreadable' });
    }
    expect(asked).toEqual([]);
    expect(await stores.policies.newest()).toBe(0);
    expect(await rows()).toEqual([]);
  });

  test('with a problem is refused, and the old one stays; with a warning it is not', async () => {
    await desk().save(wish(0, [everyone]));
    findings = [{ level: 'problem', message: { key: 'policy-check.strands-administrators' } }];
    expect(await desk().save(wish(1, [staff, everyone]))).toMatchObject({ kind: 'refused', findings });
    expect(await stores.policies.newest()).toBe(1);
    expect(await rows()).toHaveLength(2);
    findings = [{ level: 'warning', message: { key: 'policy-check.no-administrator' } }];
    expect(await desk().save(wish(1, [staff, everyone]))).toMatchObject({ kind: 'saved', findings });
  });

  test('that means the same as the one in force is no new version', async () => {
    await desk().save(wish(0, [everyone]));
    expect(await desk().save(wish(1, [{ ...everyone, zone: 'any', actions: ['reset', 'unlock'] }]))).toEqual({
      kind: 'unchanged',
      version: 1,
    });
    expect(await stores.policies.newest()).toBe(1);
  });

  test('that was written upon an older one is told who changed what since, and changes nothing', async () => {
    await desk().save(wish(0, [everyone]));
    await desk().save(wish(1, [staff, everyone], { byName: 'Ben' }));
    const late = await desk().save(wish(1, [{ ...everyone, share: 5 }]));
    expect(late).toMatchObject({
      kind: 'conflict',
      newest: { version: 2, byName: 'Ben' },
      changes: [{ key: 'policy-change.added', values: { policy: 'staff', place: 1 } }, {}, {}],
    });
    expect(await stores.policies.newest()).toBe(2);
  });

  test('and that another overtakes between the look and the save hears of it all the same', async () => {
    await desk().save(wish(0, [everyone]));
    const { policies: store } = stores;
    const overtaken: Stores['policies'] = {
      ...Object.fromEntries(
        (['newest', 'standing', 'read', 'list', 'draft', 'keepDraft', 'dropDraft'] as const).map((name) => [
          name,
          store[name],
        ]),
      ),
      latest: async () => {
        const latest = await store.latest();
        if (latest?.version === 1) await desk().save(wish(1, [staff, everyone], { byName: 'Ben' }));
        return latest;
      },
      save: (save) => store.save(save),
    } as Stores['policies'];
    const second = await desk({ store: overtaken }).save(wish(1, [{ ...everyone, share: 5 }]));
    expect(second).toMatchObject({ kind: 'conflict', newest: { version: 2, byName: 'Ben' } });
    expect((await rows()).map(({ event }) => event.replace('policies.', ''))).toEqual([
      'saving',
      'saved',
      'saving',
      'saved',
      'saving',
    ]);
  });

  test('is not taken where the audit cannot be written', async () => {
    const deaf = new PolicyDesk({
      store: stores.policies,
      audit: {
        append: async () => {
          throw new Error('full');
        },
      },
      clock,
      read: policyReader(demo),
      check: async () => [],
    });
    await expect(deaf.save(wish(0, [everyone]))).rejects.toThrow('full');
    expect(await stores.policies.newest()).toBe(0);
  });

  test('a list that cannot be read any more does not keep a better one from its place', async () => {
    const old = { by: 'a', byName: 'A', note: '', at: clock.now() };
    await stores.policies.save({ basedOn: 0, ...old, policies: [{ ...everyone, chain: ['palm'] }] });
    expect(await desk().save(wish(1, [everyone]))).toMatchObject({ kind: 'saved', version: { version: 2 } });
    expect(asked).toEqual([{ before: undefined, by: 'account-1' }]);
  });
});

describe('a store whose newest list is not the one that the audit tells of', () => {
  const rolledBack: Partial<{ store: Stores['policies'] }> = {};
  beforeEach(async () => {
    await desk().save(wish(0, [everyone]));
    const told = { version: 2, hash: policiesHash([staff]) };
    const bare = Object.getPrototypeOf(stores.policies) as object;
    rolledBack.store = Object.assign(Object.create(bare), {
      ...Object.fromEntries(
        (['newest', 'latest', 'read', 'list', 'save'] as const).map((name) => [name, stores.policies[name]]),
      ),
      standing: async () => ({ version: 1, told }),
    }) as Stores['policies'];
  });

  test('is not built upon, whatever a draft says that it was begun from, and nothing is audited as if it were', async () => {
    const before = await rows();
    for (const basedOn of [0, 1, 2]) {
      const look = await desk(rolledBack).save(wish(basedOn, [staff, everyone]));
      expect(look).toMatchObject({ kind: 'rolled-back', why: expect.stringContaining('version 2 was saved last') });
    }
    expect(await rows()).toEqual(before);
    expect(asked).toHaveLength(1);
  });

  test('is settled by a list that says so: also by the same list, which is said, checked and audited', async () => {
    findings = [{ level: 'problem', message: { key: 'policy-check.strands-administrators' } }];
    const settling = wish(1, [everyone], { settles: true });
    expect(await desk(rolledBack).save(settling)).toMatchObject({ kind: 'refused' });
    findings = [];
    const saved = await desk(rolledBack).save(settling);
    expect(saved).toMatchObject({ kind: 'saved', changes: [{ key: 'policy-change.settled' }] });
    expect((await rows()).map(({ event, detail }) => [event, detail?.version]).slice(2)).toEqual([
      ['policies.saving', 3],
      ['policies.saved', 2],
    ]);
  });

  test('is not filled with the list of the file when it is empty', async () => {
    const store = { ...stores.policies, standing: async () => ({ version: 0, told: { version: 1, hash: '' } }) };
    await bringFirstPolicies([staff], { store, audit: stores.audit, clock });
    expect(await stores.policies.newest()).toBe(1);
    expect(await rows()).toHaveLength(2);
  });
});

test('the first list is brought once, however many nodes start, and never over a later one', async () => {
  const needs = { store: stores.policies, audit: stores.audit, clock };
  await Promise.all(Array.from({ length: 5 }, () => bringFirstPolicies([everyone], needs)));
  expect(await stores.policies.list(9)).toMatchObject([{ version: 1, by: 'operator' }]);
  await desk().save(wish(1, [staff]));
  await bringFirstPolicies([everyone], needs);
  expect(await stores.policies.newest()).toBe(2);
  const saved = (await rows()).filter(({ event }) => event === 'policies.saved');
  expect(saved.map(({ detail }) => detail?.version)).toEqual([1, 2]);
});
