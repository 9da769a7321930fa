import { describe, expect, test } from 'vitest';
import { Misconfigured } from '../../src/core/errors.ts';
import { startNode } from './store-node.ts';
import { later, noon, sampleChallenge, sampleEntry, sampleEvent, sampleFlow } from './store-samples.ts';
import type { StoreWorld } from './store-world.ts';

const month = 31 * 24 * 60;

export function upkeepContract(world: () => StoreWorld): void {
  test('to migrate again applies nothing', async () => {
    expect(await world().other.migrate()).toEqual([]);
  });

  test('F29: before the migration, health says what to do and a query is a fault for the operator', async () => {
    const { stores, sql } = world();
    await dropAll(sql);
    expect(await stores.health()).toMatchObject({ ok: false, detail: expect.stringContaining('latchkey migrate') });
    await expect(stores.flows.read('x')).rejects.toThrow(Misconfigured);
  });

  test('F29: five nodes that migrate an empty database at once apply each step once', async () => {
    const { open, sql } = world();
    await dropAll(sql);
    const nodes = await Promise.all(Array.from({ length: 5 }, () => open()));
    const applied = await Promise.all(nodes.map((node) => node.migrate()));
    const steps = applied.flat();
    expect(steps[0]).toBe('0001-first');
    expect(steps).toEqual([...new Set(steps)].sort());
    for (const node of nodes) expect(await node.health()).toMatchObject({ ok: true });
  });

  test('F29: a database that a newer version has migrated is not touched', async () => {
    const { other, sql } = world();
    await sql("insert into kysely_migration (name, timestamp) values ('9999-future', '2999-01-01T00:00:00.000Z')");
    await expect(other.migrate()).rejects.toThrow(Misconfigured);
    expect(await other.health()).toMatchObject({ ok: true });
  });

  test('health is well when a write goes through, and writes each time', async () => {
    const { stores, sql } = world();
    expect(await stores.health()).toMatchObject({ ok: true });
    await sql('delete from probes');
    await stores.health();
    expect(Number((await sql('select at from probes'))[0]?.at)).toBe(noon.getTime());
  });

  test('health reports a closed database instead of failing', async () => {
    const { open } = world();
    const node = await open();
    await node.health();
    await node.close();
    expect(await node.health()).toMatchObject({ ok: false });
  });

  test('what is past its time is purged, and nothing else', async () => {
    const { stores } = world();
    const [old, late, open] = [later(-120), later(-10), later(10)].map((expiresAt) => sampleFlow({ expiresAt }));
    for (const flow of [old, late, open]) if (flow) await stores.flows.create(flow);
    const challenges = [later(-120), later(-10)].map((expiresAt) => sampleChallenge({ expiresAt }));
    for (const challenge of challenges) await stores.challenges.create(challenge);
    await stores.sessions.write('old', { data: 1, expires: noon });
    await stores.sessions.write('open', { data: 1, expires: later(1) });
    await stores.audit.append(sampleEvent({ at: later(-month) }));
    await stores.journal.intend(sampleEntry({ intendedAt: later(-month) }));
    expect(await stores.purge(noon)).toBe(3);
    expect(await stores.purge(noon)).toBe(0);
    expect(await stores.flows.read(old?.id ?? '')).toBeUndefined();
    expect(await stores.flows.read(late?.id ?? '')).toBeDefined();
    expect(await stores.flows.read(open?.id ?? '')).toBeDefined();
    expect(await stores.sessions.read('open', noon)).toBe(1);
    expect(await stores.journal.unsettled()).toHaveLength(1);
    expect(await stores.audit.verify()).toBeUndefined();
  });

  test('F35: after a restore nothing that was open is gone on with, and what was counted stays', async () => {
    const { stores, other } = world();
    const flow = sampleFlow({ expiresAt: later(10) });
    const challenge = sampleChallenge({ expiresAt: later(10) });
    await stores.flows.create(flow);
    await stores.challenges.create(challenge);
    await stores.sessions.write('open', { data: 1, expires: later(10) });
    await stores.failures.count('ana', 'otp-sms', 3, noon);
    await stores.failures.bar('ben', { threshold: 3, minutes: 15, barsUntilPermanent: 3 }, noon);
    await stores.journal.intend(sampleEntry());
    expect(await other.endOpen()).toBe(3);
    expect(await stores.flows.read(flow.id)).toBeUndefined();
    expect(await stores.challenges.read(challenge.id)).toBeUndefined();
    expect(await stores.sessions.read('open', noon)).toBeUndefined();
    expect(await stores.failures.count('ana', 'otp-sms', 3, noon)).toBe(2);
    expect(await stores.failures.lockout('ben', noon)).toBeDefined();
    expect(await stores.journal.unsettled()).toHaveLength(1);
  });

  test('5.37: bars for good that made-up names ran into go after a month, those of accounts and sign-ins never', async () => {
    const { stores } = world();
    const rules = { threshold: 5, minutes: 15, barsUntilPermanent: 1 };
    for (const subject of ['decoy:flood', 'decoy:fresh', 'ana', 'sign-in:ana']) {
      await stores.failures.count(subject, 'questions', 5, subject === 'decoy:fresh' ? noon : later(-month));
      await stores.failures.bar(subject, rules, later(-month));
    }
    expect(await stores.purge(noon)).toBe(2);
    expect(await stores.failures.lockout('decoy:flood', noon)).toBeUndefined();
    for (const subject of ['decoy:fresh', 'ana', 'sign-in:ana']) {
      expect(await stores.failures.lockout(subject, noon), subject).toStrictEqual({ bars: 1 });
      expect(await stores.failures.count(subject, 'questions', 5, noon)).toBeUndefined();
    }
  });

  test('writes are kept in the journal for a quarter after they were settled, and unsettled ones for ever', async () => {
    const { stores } = world();
    const [old, recent, open] = [
      sampleEntry({ id: 'old', intendedAt: later(-3 * month) }),
      sampleEntry({ id: 'recent', intendedAt: later(-2 * month) }),
      sampleEntry({ id: 'open', intendedAt: later(-9 * month) }),
    ];
    for (const entry of [old, recent, open]) await stores.journal.intend(entry);
    for (const { id } of [old, recent]) await stores.journal.settle(id, 'done', noon);
    await stores.journal.settle('open', 'unknown', noon);
    expect(await stores.purge(noon)).toBe(1);
    expect(await stores.journal.read('old')).toBeUndefined();
    expect(await stores.journal.read('recent')).toBeDefined();
    expect(await stores.journal.unsettled()).toMatchObject([{ id: 'open' }]);
  });

  test('counters and past bars are forgotten after a month without a try, and bars in force never', async () => {
    const { stores } = world();
    const rules = { threshold: 5, minutes: 15, barsUntilPermanent: 2 };
    await stores.failures.count('idle', 'questions', 5, later(-month));
    await stores.failures.count('decoy:idle', 'questions', 5, later(-month));
    await stores.failures.count('fresh', 'questions', 5, noon);
    await stores.failures.bar('past', rules, later(-month - 60));
    await stores.failures.count('for-ever', 'questions', 5, later(-month));
    await stores.failures.bar('for-ever', { ...rules, barsUntilPermanent: 1 }, later(-month));
    expect(await stores.purge(noon)).toBe(2);
    expect(await stores.failures.count('idle', 'questions', 5, noon)).toBe(1);
    expect(await stores.failures.count('fresh', 'questions', 5, noon)).toBe(2);
    expect(await stores.failures.bar('past', rules, noon)).toMatchObject({ bars: 1 });
    expect(await stores.failures.lockout('for-ever', noon)).toStrictEqual({ bars: 1 });
    expect(await stores.failures.count('for-ever', 'questions', 5, noon)).toBeUndefined();
  });

  describe('F23: a node killed with SIGKILL', () => {
    test('leaves what it had promised: the intent, the counted try and the audit row', async () => {
      const { settings, keys, stores } = world();
      const entry = sampleEntry();
      const node = startNode({ settings, keys, entry });
      await node.said('promised');
      await node.kill();
      expect(await stores.journal.unsettled()).toStrictEqual([entry]);
      expect(await stores.failures.count('ana', 'otp-sms', 5, noon)).toBe(2);
      expect(await stores.audit.verify()).toBeUndefined();
      expect((await stores.audit.append(sampleEvent())).sequence).toBe(2);
    });

    test('in the middle of many appends leaves a whole chain that goes on', async () => {
      const { settings, keys, stores } = world();
      const node = startNode({ settings, keys, entry: sampleEntry(), appendForEver: true });
      await node.said('appended 20');
      await node.kill();
      expect(await stores.audit.verify()).toBeUndefined();
      expect((await stores.audit.append(sampleEvent())).sequence).toBeGreaterThan(20);
      expect(await stores.audit.verify()).toBeUndefined();
    });
  });
}

async function dropAll(sql: StoreWorld['sql']): Promise<void> {
  const own = [
    'flows',
    'enrolments',
    'failures',
    'bars',
    'challenges',
    'call_outcomes',
    'sends',
    'limits',
    'journal',
    'outbox',
    'notice_links',
    'held_enrolments',
    'audit',
    'audit_head',
    'audit_duties',
    'policy_versions',
    'daily_counts',
    'coverage',
    'counted_policies',
    'policy_counts',
    'policy_coverage',
    'policy_drafts',
    'sessions',
    'jobs',
    'campaigns',
    'campaign_letters',
    'campaign_opt_outs',
    'presses',
  ];
  for (const table of [...own, 'probes', 'kysely_migration', 'kysely_migration_lock']) await sql(`drop table ${table}`);
}
