import { describe, expect, test } from 'vitest';
import type { OutboxClaim } from '../../src/core/notices/outbox.ts';
import type { Stores } from '../../src/core/stores.ts';
import { canaries, later, noon, sampleEntry, sampleRow } from './store-samples.ts';
import { type StoreWorld, together } from './store-world.ts';

const leaseMs = 60_000;
const rules = { threshold: 5, minutes: 15, barsUntilPermanent: 3 };

function claim(stores: Stores, now = noon): Promise<OutboxClaim | undefined> {
  return stores.outbox.claim({ channels: ['email', 'sms'], now, leaseMs });
}

async function claimed(stores: Stores, now = noon): Promise<OutboxClaim> {
  const found = await claim(stores, now);
  if (found === undefined) throw new Error('nothing is due');
  return found;
}

export function outboxContract(world: () => StoreWorld): void {
  test('a row comes back deep-equal, to one worker, with what the attempt counts', async () => {
    const { stores, other } = world();
    const row = sampleRow();
    await stores.outbox.put([row]);
    const found = await claimed(other);
    expect(found).toStrictEqual({ ...row, lease: expect.stringMatching(/./), tries: 1, attempts: 1 });
    expect(await claim(stores)).toBeUndefined();
    await stores.outbox.put([]);
  });

  test('of fifty workers at once, on two nodes, exactly one gets each row', async () => {
    const { stores, other } = world();
    const rows = Array.from({ length: 5 }, () => sampleRow());
    await stores.outbox.put(rows);
    const found = (await together([stores, other], 50, (node) => claim(node))).filter((one) => one !== undefined);
    expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
    for (let left = await claim(stores); left !== undefined; left = await claim(stores)) found.push(left);
    expect(found.map(({ id }) => id).sort()).toEqual(rows.map(({ id }) => id).sort());
  });

  test('the row that has been due longest comes first, and only of the channels that are asked for', async () => {
    const { stores } = world();
    const [text, young, old] = [
      sampleRow({ channel: 'sms', createdAt: later(-9) }),
      sampleRow({ createdAt: later(-1) }),
      sampleRow({ createdAt: later(-2) }),
    ];
    await stores.outbox.put([text, young, old]);
    const mail = { channels: ['email'] as const, now: noon, leaseMs };
    expect((await stores.outbox.claim(mail))?.id).toBe(old.id);
    expect((await stores.outbox.claim(mail))?.id).toBe(young.id);
    expect(await stores.outbox.claim(mail)).toBeUndefined();
    expect(await stores.outbox.claim({ ...mail, channels: [] })).toBeUndefined();
    expect((await claimed(stores)).id).toBe(text.id);
  });

  test('what was sent is gone', async () => {
    const { stores, other, sql } = world();
    await stores.outbox.put([sampleRow()]);
    expect(await stores.outbox.sent(await claimed(stores))).toBe(true);
    expect(await claim(other, later(30))).toBeUndefined();
    expect(await sql('select id from outbox')).toEqual([]);
  });

  test('a worker that died loses the row to another, and cannot speak for it any more', async () => {
    const { stores, other } = world();
    await stores.outbox.put([sampleRow()]);
    const dead = await claimed(stores);
    expect(await claim(other, new Date(noon.getTime() + leaseMs - 1))).toBeUndefined();
    const taken = await claimed(other, new Date(noon.getTime() + leaseMs));
    expect(taken).toMatchObject({ id: dead.id, tries: 2, attempts: 2 });
    expect(await stores.outbox.postpone(dead, later(50), false)).toBe(false);
    expect(await stores.outbox.setAside(dead)).toBe(false);
    expect(await stores.outbox.sent(dead)).toBe(false);
    expect(await other.outbox.sent(taken)).toBe(true);
  });

  test('what was postponed is due again at its time; blameless attempts do not count', async () => {
    const { stores } = world();
    await stores.outbox.put([sampleRow()]);
    expect(await stores.outbox.postpone(await claimed(stores), later(5), false)).toBe(true);
    expect(await claim(stores, later(4))).toBeUndefined();
    const second = await claimed(stores, later(5));
    expect(second).toMatchObject({ tries: 2, attempts: 2 });
    await stores.outbox.postpone(second, later(6), true);
    expect(await claimed(stores, later(6))).toMatchObject({ tries: 1, attempts: 3 });
  });

  test('what was set aside is not tried again, is counted, and is kept for a month', async () => {
    const { stores, other, sql } = world();
    await stores.outbox.put([sampleRow(), sampleRow({ createdAt: later(-3) })]);
    expect(await stores.outbox.setAside(await claimed(stores))).toBe(true);
    expect(await other.outbox.standing()).toEqual({ waiting: 1, setAside: 1, oldest: noon });
    await stores.outbox.sent(await claimed(stores));
    expect(await claim(stores, later(59))).toBeUndefined();
    expect(await stores.outbox.expire(later(61))).toEqual([]);
    await stores.purge(later(60 * 24 * 29));
    expect(await sql('select id from outbox')).toHaveLength(1);
    await stores.purge(later(60 + 60 * 24 * 30));
    expect(await sql('select id from outbox')).toEqual([]);
    expect(await stores.outbox.standing()).toEqual({ waiting: 0, setAside: 0 });
  });

  test('what waits past its time is not sent, and one of several hears of it', async () => {
    const { stores, other } = world();
    const late = sampleRow({ expiresAt: noon });
    await stores.outbox.put([late, sampleRow({ expiresAt: later(1) })]);
    expect((await claimed(stores)).id).not.toBe(late.id);
    expect(await claim(stores)).toBeUndefined();
    const heard = await together([stores, other], 6, (node) => node.outbox.expire(noon));
    expect(heard.flat()).toStrictEqual([late]);
  });

  test('a row that does not open is still claimed, so that it cannot hide behind its seal', async () => {
    const { stores, sql } = world();
    await stores.outbox.put([sampleRow()]);
    await sql("update outbox set body = 'v1.first.AAAA'");
    const found = await claimed(stores);
    expect('body' in found).toBe(false);
    expect(await stores.outbox.setAside(found)).toBe(true);
  });

  test('an outcome in the journal and what is told of it are one: who settles it first tells, and nobody else', async () => {
    const { stores, other } = world();
    const entry = sampleEntry();
    await stores.journal.intend(entry);
    const [mine, yours] = [sampleRow(), sampleRow()];
    expect(await stores.journal.settle(entry.id, 'done', noon, [mine])).toBe(true);
    expect(await other.journal.settle(entry.id, 'done', noon, [yours])).toBe(false);
    expect((await claimed(stores)).id).toBe(mine.id);
    expect(await claim(stores)).toBeUndefined();
  });

  test('what cannot be told is not done either: enrolment, bar and outcome stay as they were', async () => {
    const { stores } = world();
    const [entry, row] = [sampleEntry(), sampleRow()];
    await stores.journal.intend(entry);
    await stores.outbox.put([row]);
    const kept = { accountId: 'ana', gate: 'phone', data: 1, provedAt: noon };
    await expect(stores.journal.settle(entry.id, 'done', noon, [row])).rejects.toThrow();
    await expect(stores.enrolments.keep(kept, { tell: [row] })).rejects.toThrow();
    await expect(stores.failures.bar('ana', rules, noon, [row])).rejects.toThrow();
    expect((await stores.journal.read(entry.id))?.outcome).toBeUndefined();
    expect(await stores.enrolments.of('ana')).toEqual([]);
    expect(await stores.failures.lockout('ana', noon)).toBeUndefined();
  });

  test('an enrolment and a bar take what is told of them along; a bar that stood already tells nothing', async () => {
    const { stores } = world();
    const [changed, barred, again] = [sampleRow(), sampleRow({ createdAt: later(1) }), sampleRow()];
    await stores.enrolments.keep({ accountId: 'ana', gate: 'phone', data: 1, provedAt: noon }, { tell: [changed] });
    await stores.failures.bar('ana', rules, noon, [barred]);
    await stores.failures.bar('ana', rules, later(1), [again]);
    expect((await claimed(stores, later(2))).id).toBe(changed.id);
    expect((await claimed(stores, later(2))).id).toBe(barred.id);
    expect(await claim(stores, later(2))).toBeUndefined();
  });

  describe('links', () => {
    const person = { id: 'ana', name: canaries.name, displayName: canaries.displayName };
    const link = { notice: 'notice-1', person, reference: 'flow-1', of: 'reset', expiresAt: later(60) };
    const effect = { barred: 'ana', tell: [] };

    test('a link comes back deep-equal until it is used or its time is over', async () => {
      const { stores, other } = world();
      await stores.links.create('token', link);
      expect(await other.links.read('token', later(59))).toStrictEqual(link);
      expect(await stores.links.read('token', later(60))).toBeUndefined();
      expect(await stores.links.use('token', later(60), effect)).toBe(false);
      expect(await stores.links.read('other', noon)).toBeUndefined();
      expect(await stores.links.use('other', noon, effect)).toBe(false);
      expect(await stores.failures.lockout('ana', noon)).toBeUndefined();
      await stores.purge(later(60));
      expect(await world().sql('select notice from notice_links')).toEqual([]);
    });

    test('of twenty uses at once, on two nodes and of two copies of one notice, one has its effect', async () => {
      const { stores, other } = world();
      await stores.links.create('first', link);
      await stores.links.create('second', link);
      await stores.links.create('elsewhere', { ...link, notice: 'notice-2' });
      const used = await together([stores, other], 20, (node) =>
        node.links.use('first', noon, { ...effect, tell: [sampleRow()] }),
      );
      expect(used.filter(Boolean)).toHaveLength(1);
      expect(await stores.outbox.standing()).toMatchObject({ waiting: 1 });
      expect(await stores.links.use('second', noon, effect)).toBe(false);
      expect(await stores.links.read('elsewhere', noon)).toBeDefined();
    });

    test('a used one bars until the helpdesk clears it, whatever bar stood there before', async () => {
      const { stores } = world();
      await stores.failures.count('ana', 'questions', 5, noon);
      await stores.failures.bar('ana', rules, noon);
      await stores.links.create('token', link);
      expect(await stores.links.use('token', noon, effect)).toBe(true);
      expect(await stores.failures.lockout('ana', later(60 * 24 * 365))).toStrictEqual({ bars: 2 });
      expect(await stores.failures.count('ana', 'questions', 5, later(60))).toBeUndefined();
      await stores.failures.forgive('ana');
      expect(await stores.failures.lockout('ana', later(60))).toStrictEqual({ bars: 2 });
      expect(await stores.failures.count('ana', 'questions', 5, later(60))).toBeUndefined();
      await stores.failures.unbar('ana');
      expect(await stores.failures.lockout('ana', later(60))).toBeUndefined();
      expect(await stores.failures.count('ana', 'questions', 5, later(60))).toBe(1);
    });

    test('success forgives a bar that ends by itself', async () => {
      const { stores } = world();
      await stores.failures.count('ana', 'questions', 5, noon);
      await stores.failures.bar('ana', rules, noon);
      await stores.failures.forgive('ana');
      expect(await stores.failures.lockout('ana', noon)).toBeUndefined();
      expect(await stores.failures.count('ana', 'questions', 5, noon)).toBe(1);
    });

    test('5.34: neither token nor person can be read, and a link moved to another token does not open', async () => {
      const { stores, dump, sql } = world();
      await stores.links.create('canary-token', link);
      const raw = await dump();
      for (const secret of ['canary-token', canaries.displayName]) expect(raw).not.toContain(secret);
      await stores.links.create('moved', link);
      const [mine] = await sql('select body from notice_links');
      await sql(`update notice_links set body = '${mine?.body}'`);
      const reads = await Promise.allSettled(['canary-token', 'moved'].map((token) => stores.links.read(token, noon)));
      expect(reads.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    });
  });
}
