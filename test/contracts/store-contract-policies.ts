import { describe, expect, test } from 'vitest';
import { Misconfigured } from '../../src/core/errors.ts';
import type { Json } from '../../src/core/json.ts';
import { newestPolicies, rollbackOf } from '../../src/core/policies/policy-standing.ts';
import { type PolicySave, type PolicyVersion, policiesHash } from '../../src/core/policies/policy-store.ts';
import { createSealer } from '../../src/core/sealer.ts';
import { sealHead } from '../../src/stores/audit-head.ts';
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

  test('neither the list nor the name of whoever changed it and why can be read in the database', async () => {
    const { stores, dump } = world();
    await stores.policies.save(save(0, { byName: 'canary-name', note: 'canary-note' }));
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
    await sql('create table old_head as select * from audit_head');
    await stores.policies.save(save(0));
    await sql('create table old as select * from policy_versions');
    await sql('delete from policy_versions');
    await sql('delete from audit');
    await sql('delete from audit_head');
    await sql('insert into audit_head select * from old_head');
    await stores.policies.save(save(0, { policies: [] }));
    await sql('update policy_versions set body = (select body from old)');
    await expect(stores.policies.latest()).rejects.toThrow(/not the list that was saved/);
    await sql('drop table old');
    await sql('drop table old_head');
  });

  const rows = async () =>
    (await world().stores.audit.page({ after: 0, limit: 50 })).map(({ event, detail }) => [event, detail]);

  test('a save is in the audit by itself, and what stands noted as saved last is it, on every node', async () => {
    const { stores, other } = world();
    expect(await stores.policies.standing()).toEqual({ version: 0 });
    const from = { address: '192.0.2.1', correlation: 'c', portal: 'console' };
    await stores.policies.save(save(0, { from }));
    const mark = { version: 1, hash: policiesHash(list) };
    expect(await stores.audit.page({ after: 0, limit: 9 })).toMatchObject([
      { at: noon, event: 'policies.saved', ...from, detail: { by: 'account-1', ...mark } },
    ]);
    await stores.audit.append({ at: noon, event: 'system.started' });
    expect(await other.policies.standing()).toEqual({ version: 1, told: mark });
    expect(await stores.audit.verify()).toBeUndefined();
    expect(await stores.health()).toMatchObject({ ok: true });
  });

  test('of forty who save at once and as many other rows, the audit tells of what was saved, and nothing else', async () => {
    const { stores, other } = world();
    await stores.policies.save(save(0));
    await together([stores, other], 80, async (node, at) => {
      if (at % 2 === 0) return node.policies.save(save(1, { note: String(at) }));
      const standing = await node.policies.standing();
      // Never the one without the other.
      expect(standing.told?.version).toBe(standing.version);
      return node.audit.append({ at: noon, event: 'flow.started' });
    });
    expect((await rows()).filter(([event]) => event === 'policies.saved')).toHaveLength(2);
    expect(await stores.policies.standing()).toMatchObject({ version: 2, told: { version: 2 } });
    expect(await stores.audit.verify()).toBeUndefined();
  });

  test.each([
    ['the newest version', 'delete from policy_versions where version = 2', 'version 1 of the policies'],
    ['every version', 'delete from policy_versions', 'no policies'],
  ])(
    'attack: %s that was deleted is missed, also with its row of the audit, and nothing is built upon it',
    async (_name, forge, there) => {
      const { stores, other, sql } = world();
      await stores.policies.save(save(0));
      await stores.policies.save(save(1, { policies: [] }));
      await stores.audit.append({ at: noon, event: 'system.started' });
      await sql(forge);
      await sql("delete from audit where event = 'policies.saved' and sequence = 2");
      await stores.audit.append({ at: noon, event: 'system.started' });
      const standing = await other.policies.standing();
      expect(rollbackOf(standing)).toContain(
        `the store has ${there}, and the audit says that version 2 was saved last`,
      );
      for (const basedOn of [0, 1, 2]) {
        await expect(stores.policies.save(save(basedOn))).rejects.toThrow(/audit says that version 2 was saved last/);
      }
      expect((await rows()).filter(([event]) => event === 'policies.saved')).toHaveLength(1);
    },
  );

  test('attack: an older note under the end of the chain is found before anything is written or read', async () => {
    const { stores, other, sql } = world();
    await stores.policies.save(save(0));
    await sql('create table old_head as select * from audit_head');
    await stores.policies.save(save(1, { policies: [] }));
    await sql('delete from policy_versions where version = 2');
    await sql('update audit_head set seal = (select seal from old_head)');
    await expect(other.policies.standing()).rejects.toThrow(Misconfigured);
    await expect(stores.policies.save(save(1))).rejects.toThrow(Misconfigured);
    await expect(stores.audit.append({ at: noon, event: 'system.started' })).rejects.toThrow(Misconfigured);
    await sql('drop table old_head');
  });

  test('attack: another list under the number that was saved last is not built upon', async () => {
    const { stores, sql } = world();
    await sql('create table old_head as select * from audit_head');
    await stores.policies.save(save(0));
    await sql('create table old as select * from policy_versions');
    for (const table of ['policy_versions', 'audit', 'audit_head']) await sql(`delete from ${table}`);
    await sql('insert into audit_head select * from old_head');
    await stores.policies.save(save(0, { policies: [] }));
    await sql('delete from policy_versions');
    await sql('insert into policy_versions select * from old');
    const { newest, why } = await newestPolicies(stores.policies);
    expect([newest?.policies, why]).toEqual([list, expect.stringContaining('not the list that the audit says')]);
    await expect(stores.policies.save(save(1))).rejects.toThrow(/not the list that the audit says/);
    expect(await stores.policies.save(save(1, { settles: true }))).toMatchObject({ version: 2 });
    await sql('drop table old');
    await sql('drop table old_head');
  });

  test('what is amiss is settled by a version after all that there ever were, and the audit names the one that was lost', async () => {
    const { stores, other, sql } = world();
    for (const basedOn of [0, 1, 2]) await stores.policies.save(save(basedOn));
    await sql('delete from policy_versions where version > 1');
    const all = await together([stores, other], 10, (node) => node.policies.save(save(1, { settles: true })));
    expect(all.filter(isSaved)).toMatchObject([{ version: 4 }]);
    expect(await stores.policies.standing()).toMatchObject({ version: 4, told: { version: 4 } });
    expect((await rows()).at(-1)).toEqual([
      'policies.saved',
      { by: 'account-1', version: 4, hash: policiesHash(list), instead: 3 },
    ]);
    expect((await stores.policies.list(9)).map(({ version }) => version)).toEqual([4, 1]);
    expect(await stores.policies.save(save(4))).toMatchObject({ version: 5 });
  });

  test('a newest row that nobody can open is settled too', async () => {
    const { stores, sql } = world();
    await stores.policies.save(save(0));
    await sql("update policy_versions set data = 'x', body = 'y'");
    await expect(stores.policies.save(save(1))).rejects.toThrow(Misconfigured);
    expect(await stores.policies.save(save(1, { settles: true, policies: [] }))).toMatchObject({ version: 2 });
    expect((await stores.policies.latest())?.policies).toEqual([]);
  });

  describe('from before the head of the audit noted what was saved', () => {
    /** Takes the note away, as no tamperer could: the head is sealed. */
    const forget = async (): Promise<void> => {
      const { stores, sql, keys } = world();
      const seal = sealHead(createSealer({ keys }), await stores.audit.head());
      await sql(`update audit_head set seal = '${seal}'`);
    };

    test('the last row of the audit that tells of a save is gone by, until the next save notes it', async () => {
      const { stores, other, sql } = world();
      await stores.policies.save(save(0));
      await stores.policies.save(save(1, { policies: [] }));
      await forget();
      expect(await other.policies.standing()).toEqual({ version: 2, told: { version: 2, hash: policiesHash([]) } });
      await sql('create table old as select * from policy_versions where version = 2');
      await sql('delete from policy_versions where version = 2');
      await expect(stores.policies.save(save(1))).rejects.toThrow(/version 2 was saved last/);
      await sql('insert into policy_versions select * from old');
      await sql('drop table old');
      expect(await stores.policies.save(save(2))).toMatchObject({ version: 3 });
      await sql("delete from audit where event = 'policies.saved'");
      expect(await other.policies.standing()).toMatchObject({ version: 3, told: { version: 3 } });
    });

    test('a version whose row was never written, or is not written yet, counts; no row at all says nothing', async () => {
      const { stores, sql } = world();
      await stores.policies.save(save(0));
      await stores.policies.save(save(1));
      await forget();
      await sql('delete from audit where sequence = 2');
      expect(await stores.policies.standing()).toEqual({ version: 2 });
      await sql('delete from audit');
      expect(await stores.policies.standing()).toEqual({ version: 2 });
    });

    test('a row that was made unreadable closes, and does not open', async () => {
      const { stores, sql } = world();
      await stores.policies.save(save(0));
      await forget();
      for (const detail of ["'{'", 'null', "'{}'"]) {
        await sql(`update audit set detail = ${detail}`);
        await expect(stores.policies.standing()).rejects.toThrow(Misconfigured);
      }
    });
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
