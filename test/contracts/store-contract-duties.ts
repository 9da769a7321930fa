import { describe, expect, test } from 'vitest';
import { later, noon, sampleEvent, sampleRow } from './store-samples.ts';
import { type StoreWorld, together } from './store-world.ts';

const minute = { now: noon, until: later(1) };

export function dutyContract(world: () => StoreWorld): void {
  test('a duty begins at nothing, and keeps how far it has come', async () => {
    const { stores, other } = world();
    expect(await stores.duties.read('ship')).toStrictEqual({ position: 0 });
    expect(await stores.duties.hold('ship', 'one', minute)).toStrictEqual({ position: 0 });
    expect(await stores.duties.move('ship', 'one', { position: 7, now: noon })).toBe(true);
    expect(await other.duties.read('ship')).toStrictEqual({ position: 7, movedAt: noon });
    expect(await other.duties.read('sign')).toStrictEqual({ position: 0 });
  });

  test('one node has a duty at a time, until it ends, is given back or kept on', async () => {
    const { stores, other } = world();
    expect(await stores.duties.hold('ship', 'one', minute)).toBeDefined();
    expect(await other.duties.hold('ship', 'two', minute)).toBeUndefined();
    expect(await other.duties.hold('sign', 'two', minute)).toBeDefined();
    expect(await stores.duties.hold('ship', 'one', { now: later(0.5), until: later(2) })).toBeDefined();
    expect(await other.duties.hold('ship', 'two', { now: later(1), until: later(3) })).toBeUndefined();
    expect(await other.duties.hold('ship', 'two', { now: later(2), until: later(3) })).toBeDefined();
    await other.duties.hold('ship', 'two', { now: later(2), until: later(2) });
    expect(await stores.duties.hold('ship', 'one', { now: later(2), until: later(3) })).toBeDefined();
  });

  test('of many who want it at once, one gets it', async () => {
    const { stores, other } = world();
    const got = await together([stores, other], 20, (node, at) => node.duties.hold('ship', `node-${at}`, minute));
    expect(got.filter((duty) => duty !== undefined)).toHaveLength(1);
  });

  test('what is told of a move is in the outbox with it, or not at all', async () => {
    const { stores, other } = world();
    const row = (id: string) => sampleRow({ id, createdAt: noon });
    const waiting = async () => (await other.outbox.standing()).waiting;
    await stores.duties.hold('policies', 'one', minute);
    expect(await other.duties.move('policies', 'two', { position: 1, now: noon, tell: [row('lost')] })).toBe(false);
    expect(await waiting()).toBe(0);
    const tell = [row('first'), row('second')];
    expect(await stores.duties.move('policies', 'one', { position: 1, now: noon, tell })).toBe(true);
    expect(await waiting()).toBe(2);
    // A row that cannot be written leaves the duty where it was.
    const broken = stores.duties.move('policies', 'one', {
      position: 2,
      now: noon,
      tell: [row('third'), row('first')],
    });
    await expect(broken).rejects.toThrow();
    expect([(await other.duties.read('policies')).position, await waiting()]).toEqual([1, 2]);
  });

  test('of policies that were saved before anybody told of them, nobody is told after an update', async () => {
    const { stores, other, sql } = world();
    for (const basedOn of [0, 1]) {
      await stores.policies.save({ basedOn, by: 'ana', byName: 'Ana', note: '', policies: [], at: noon });
    }
    // As it was before that step: what later ones made is gone too.
    const later = ['presses', 'counted_policies', 'policy_counts', 'policy_coverage'];
    for (const table of later) await sql(`drop table if exists ${table}`);
    await sql("delete from audit_duties where name in ('policies', 'count-policies')");
    await sql("delete from kysely_migration where name >= '0015'");
    expect((await other.migrate())[0]).toBe('0015-policy-notices');
    expect(await stores.duties.read('policies')).toStrictEqual({ position: 2 });
  });

  test('whoever lost a duty notes nothing, and nobody goes back', async () => {
    const { stores, other } = world();
    await stores.duties.hold('ship', 'one', minute);
    await stores.duties.move('ship', 'one', { position: 5, now: noon });
    expect(await stores.duties.move('ship', 'one', { position: 4, now: noon })).toBe(false);
    await other.duties.hold('ship', 'two', { now: later(1), until: later(2) });
    expect(await stores.duties.move('ship', 'one', { position: 9, now: later(1) })).toBe(false);
    expect((await other.duties.read('ship')).position).toBe(5);
  });
}

export function auditReadingContract(world: () => StoreWorld): void {
  async function rows(count: number) {
    const { audit } = world().stores;
    const made = [];
    for (let at = 0; at < count; at += 1) made.push(await audit.append(sampleEvent({ at: later(at), detail: { at } })));
    return made;
  }

  test('pages come in order, as the rows were written, between their ends, and of one event', async () => {
    const { audit } = world().stores;
    const made = await rows(5);
    const signed = await audit.append({ at: later(9), event: 'audit.head-signed' });
    expect(await audit.page({ after: 0, limit: 2 })).toStrictEqual(made.slice(0, 2));
    expect(await audit.page({ after: 2, upTo: 4, limit: 9 })).toStrictEqual(made.slice(2, 4));
    expect(await audit.page({ after: 0, event: 'audit.head-signed', limit: 9 })).toStrictEqual([signed]);
    expect(await audit.page({ after: 6, limit: 9 })).toEqual([]);
  });

  test('rows from one moment to another are found by their numbers', async () => {
    const { audit } = world().stores;
    await rows(5);
    expect(await audit.between(later(1), later(3))).toStrictEqual({ first: 2, last: 4 });
    expect(await audit.between(later(0.5), later(99))).toStrictEqual({ first: 2, last: 5 });
    expect(await audit.between(later(50), later(99))).toBeUndefined();
  });

  test('a row that was made unreadable hides nothing: it comes as far as it can be read', async () => {
    const { stores, sql } = world();
    await rows(3);
    await sql("update audit set detail = '{', at = 9000000000000000 where sequence = 2");
    const page = await stores.audit.page({ after: 0, limit: 9 });
    expect(page.map((row) => row.sequence)).toEqual([1, 2, 3]);
    expect(page[1]).toMatchObject({ detail: { unreadable: '{' }, at: new Date(8.64e15) });
  });

  test('the head is where the chain ends, and is not told when it was set from outside', async () => {
    const { stores, sql } = world();
    const made = await rows(2);
    expect(await stores.audit.head()).toStrictEqual({ sequence: 2, hash: made[1]?.hash });
    await sql(`update audit_head set sequence = 1, hash = '${made[0]?.hash}'`);
    await expect(stores.audit.head()).rejects.toThrow('changed from outside');
  });

  describe('a witness', () => {
    test('is asked for each row that fits, and names the first that does not', async () => {
      const { audit } = world().stores;
      const made = await rows(4);
      const asked: number[] = [];
      const witness = {
        objection: (row: { sequence: number; hash: string }) => {
          asked.push(row.sequence);
          expect(row.hash).toBe(made[row.sequence - 1]?.hash);
          return row.sequence === 3 ? 'it was another' : undefined;
        },
        missing: () => 'never asked',
      };
      expect(await audit.verify(witness)).toStrictEqual({ sequence: 3, reason: 'it was another' });
      expect(asked).toEqual([1, 2, 3]);
    });

    test('may know of rows past the end', async () => {
      await rows(2);
      const witness = { objection: () => undefined, missing: (last: number) => `more than ${last}` };
      expect(await world().stores.audit.verify(witness)).toStrictEqual({ sequence: 3, reason: 'more than 2' });
    });
  });
}
