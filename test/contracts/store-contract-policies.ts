import { expect, test } from 'vitest';
import { Misconfigured } from '../../src/core/errors.ts';
import type { Json } from '../../src/core/json.ts';
import { type PolicySave, type PolicyVersion, policiesHash } from '../../src/core/policy-store.ts';
import { later, noon } from './store-samples.ts';
import { newKey, type StoreWorld, together } from './store-world.ts';

const list: Json = [{ name: 'ä "everyone"', members: { groups: ['CANARY\\Staff'] }, chain: ['phone'], needed: 1 }];

function save(basedOn: number, changes: Partial<PolicySave> = {}): PolicySave {
  return { basedOn, by: 'account-1', byName: 'Ana', note: 'why', at: later(basedOn), policies: list, ...changes };
}

const isSaved = (one: PolicyVersion | { conflict: PolicyVersion }): one is PolicyVersion => !('conflict' in one);

export function policyContract(world: () => StoreWorld): void {
  test('nothing is in force until something was saved', async () => {
    const { policies } = world().stores;
    expect(await policies.newest()).toBe(0);
    expect(await policies.latest()).toBeUndefined();
    expect(await policies.read(1)).toBeUndefined();
    expect(await policies.list(10)).toEqual([]);
  });

  test('what was saved comes back on every node as it was, with its number, its hash and who saved it', async () => {
    const { stores, other } = world();
    const first = await stores.policies.save(save(0));
    expect(first).toStrictEqual({
      version: 1,
      at: noon,
      by: 'account-1',
      byName: 'Ana',
      note: 'why',
      policies: list,
      hash: policiesHash(list),
    });
    const second = await other.policies.save(save(1, { policies: [], note: '' }));
    expect(second).toMatchObject({ version: 2, policies: [], note: '' });
    expect(await stores.policies.newest()).toBe(2);
    expect(await stores.policies.latest()).toStrictEqual(second);
    expect(await other.policies.read(1)).toStrictEqual(first);
  });

  test('versions are listed newest first, without their lists, as many as asked for, page by page', async () => {
    const { policies } = world().stores;
    for (let at = 0; at < 4; at += 1) await policies.save(save(at, { note: `note ${at}` }));
    const listed = await policies.list(2);
    const { basedOn: _, policies: __, ...who } = save(3, { note: 'note 3' });
    expect(listed[0]).toStrictEqual({ version: 4, ...who, hash: policiesHash(list) });
    expect(listed.map(({ version }) => version)).toEqual([4, 3]);
    expect((await policies.list(10, 3)).map(({ version }) => version)).toEqual([2, 1]);
  });

  test('of two who save at once the second gets what the first saved, and nothing is lost', async () => {
    const { stores, other } = world();
    await stores.policies.save(save(0));
    const first = await stores.policies.save(save(1, { byName: 'Ana', note: 'mine' }));
    const second = await other.policies.save(save(1, { byName: 'Ben', note: 'theirs', policies: [] }));
    expect(second).toStrictEqual({ conflict: first });
    expect(await stores.policies.latest()).toStrictEqual(first);
    expect(await other.policies.save(save(2, { policies: [] }))).toMatchObject({ version: 3 });
  });

  test('of forty on two nodes, who all looked at the same version, one saves and the others hear of it', async () => {
    const { stores, other } = world();
    await stores.policies.save(save(0));
    const all = await together([stores, other], 40, (node, at) => node.policies.save(save(1, { note: String(at) })));
    const [saved, ...more] = all.filter(isSaved);
    expect(more).toEqual([]);
    expect(all.filter((one) => !isSaved(one))).toStrictEqual(Array(39).fill({ conflict: saved }));
    expect((await stores.policies.list(10)).map(({ version }) => version)).toEqual([2, 1]);
  });

  test('of ten nodes that bring the first list at once, one does', async () => {
    const { stores, other } = world();
    const all = await together([stores, other], 10, (node) => node.policies.save(save(0)));
    expect(all.filter(isSaved)).toHaveLength(1);
  });

  test.each([5, -1])('nothing is built upon version %d, which is not there', async (basedOn) => {
    const { policies } = world().stores;
    await expect(policies.save(save(basedOn))).rejects.toThrow(Misconfigured);
    const first = await policies.save(save(0));
    expect(await policies.save(save(basedOn))).toStrictEqual({ conflict: first });
    expect(await policies.newest()).toBe(1);
  });

  test('neither the list nor who changed it and why can be read in the database', async () => {
    const { stores, dump } = world();
    await stores.policies.save(save(0, { by: 'canary-id', byName: 'canary-name', note: 'canary-note' }));
    const raw = await dump();
    // The head of the audit is sealed as well.
    expect(raw.match(/v1\.first\./g)?.length, 'the dump holds the row').toBeGreaterThanOrEqual(3);
    expect(raw).not.toMatch(/canary/i);
  });

  test.each([
    ['an old list in the place of the newest', 'update policy_versions set body = (select body from old)'],
    ['an old version as the newest', 'update policy_versions set version = 9 where version = 1'],
    ['a list that nobody sealed', "update policy_versions set body = '[]'"],
    ['somebody else as the one who saved it', 'update policy_versions set data = (select data from old)'],
  ])('%s is found, and does not come into force', async (_name, forge) => {
    const { stores, sql } = world();
    await stores.policies.save(save(0));
    await stores.policies.save(save(1, { policies: [] }));
    await sql('create table old as select * from policy_versions where version = 1');
    await sql(forge);
    await expect(stores.policies.latest()).rejects.toThrow(Misconfigured);
    await sql('drop table old');
  });

  test('a list of this number that a restored backup had otherwise is found as well', async () => {
    const { stores, sql } = world();
    await stores.policies.save(save(0));
    await sql('create table old as select * from policy_versions');
    await sql('delete from policy_versions');
    await stores.policies.save(save(0, { policies: [] }));
    await sql('update policy_versions set body = (select body from old)');
    await expect(stores.policies.latest()).rejects.toThrow(/not the list that was saved/);
    await sql('drop table old');
  });

  test('a draft is one administrator’s own, comes back on every node, and is replaced by whoever has seen it', async () => {
    const { stores, other } = world();
    const { policies } = stores;
    expect(await policies.draft('ana')).toBeUndefined();
    const begun = await policies.keepDraft('ana', { revision: 0, basedOn: 3, policies: list }, noon);
    expect(begun).toStrictEqual({ revision: 1, basedOn: 3, policies: list });
    expect(await other.policies.draft('ana')).toStrictEqual(begun);
    expect(await other.policies.draft('ben')).toBeUndefined();
    const changed = await other.policies.keepDraft('ana', { revision: 1, basedOn: 4, policies: [] }, noon);
    expect(changed).toStrictEqual({ revision: 2, basedOn: 4, policies: [] });
    for (const revision of [0, 1, 3]) {
      expect(await policies.keepDraft('ana', { revision, basedOn: 9, policies: list }, noon)).toBeUndefined();
    }
    expect(await policies.draft('ana')).toStrictEqual(changed);
    await policies.dropDraft('ana');
    await policies.dropDraft('ana');
    expect(await policies.keepDraft('ana', { revision: 2, basedOn: 4, policies: [] }, noon)).toBeUndefined();
    expect(await policies.draft('ana')).toBeUndefined();
  });

  test('of twenty windows at once one keeps its draft', async () => {
    const { stores, other } = world();
    for (const revision of [0, 1]) {
      const draft = { revision, basedOn: 1, policies: list };
      const kept = await together([stores, other], 20, (node) => node.policies.keepDraft('ana', draft, noon));
      expect(kept.filter((one) => one !== undefined)).toHaveLength(1);
    }
  });

  test('a draft of another does not open as one’s own, and goes after a quarter without a change', async () => {
    const { stores, sql } = world();
    await stores.policies.keepDraft('ana', { revision: 0, basedOn: 1, policies: list }, noon);
    await stores.policies.keepDraft('ben', { revision: 0, basedOn: 1, policies: [] }, later(60));
    await sql("update policy_drafts set by = 'eve' where by = 'ana'");
    await expect(stores.policies.draft('eve')).rejects.toThrow(Misconfigured);
    expect(await stores.purge(later(90 * 24 * 60))).toBe(1);
    expect(await stores.policies.draft('eve')).toBeUndefined();
    expect(await stores.policies.draft('ben')).toBeDefined();
  });

  test('a node without the key reads nothing, and spoils nothing', async () => {
    const { stores, open } = world();
    const saved = await stores.policies.save(save(0));
    const stranger = await open([newKey('strange')]);
    await expect(stranger.policies.latest()).rejects.toThrow(Misconfigured);
    expect(await stores.policies.latest()).toStrictEqual(saved);
  });
}
