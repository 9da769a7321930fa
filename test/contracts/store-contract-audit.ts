import { describe, expect, test } from 'vitest';
import { auditGenesis, auditHash } from '../../src/core/audit/audit.ts';
import { Misconfigured } from '../../src/core/errors.ts';
import { sampleEvent } from './store-samples.ts';
import { type StoreWorld, together } from './store-world.ts';

export function auditContract(world: () => StoreWorld): void {
  test('rows are numbered from 1 and chained to the one before', async () => {
    const { audit } = world().stores;
    const event = sampleEvent({ portal: 'reset', flow: 'f', gate: 'g', address: '192.0.2.1', correlation: 'c' });
    const first = await audit.append(event);
    const second = await world().other.audit.append({ at: event.at, event: 'system.stopping' });
    expect(first).toStrictEqual({ ...event, sequence: 1, hash: auditHash(auditGenesis, 1, event) });
    expect(second.sequence).toBe(2);
    expect(second.hash).toBe(auditHash(first.hash, 2, { at: event.at, event: 'system.stopping' }));
    expect(await audit.verify()).toBeUndefined();
  });

  test('an empty chain is whole', async () => {
    expect(await world().stores.audit.verify()).toBeUndefined();
  });

  test('rows about a subject come newest first, as they were, and no more than asked for', async () => {
    const { audit } = world().stores;
    const rows = [];
    for (let at = 0; at < 4; at += 1) rows.push(await audit.append(sampleEvent({ detail: { at, 'ä"': true } })));
    await audit.append(sampleEvent({ subject: 'somebody else' }));
    expect(await audit.about('subject-1', 3)).toStrictEqual(rows.reverse().slice(0, 3));
    expect(await audit.about('nobody', 3)).toEqual([]);
    const passed = await audit.append(sampleEvent({ event: 'gate.passed' }));
    await audit.append(sampleEvent());
    expect(await audit.about('subject-1', 3, { only: 'gate.passed' })).toStrictEqual([passed]);
    const others = await audit.about('subject-1', 3, { except: 'gate.passed' });
    expect(others.map(({ event }) => event)).toEqual(['gate.wrong', 'gate.wrong', 'gate.wrong']);
  });

  test('the first row of a flow is found by its reference, of many at once, and of no other flow', async () => {
    const { audit } = world().stores;
    const first = await audit.append(sampleEvent({ event: 'flow.started', flow: 'f1', detail: { policy: '=1+1' } }));
    await audit.append(sampleEvent({ flow: 'f1' }));
    const second = await audit.append(sampleEvent({ flow: 'f2' }));
    await audit.append(sampleEvent({ event: 'flow.started', flow: 'F1' }));
    await audit.append({ at: first.at, event: 'system.stopping' });
    const found = await world().other.audit.firstOf(['f1', 'f2', 'f3', "') or 1=1 --", '']);
    expect(found.toSorted((a, b) => a.sequence - b.sequence)).toStrictEqual([first, second]);
    const many = Array.from({ length: 1_200 }, (_, at) => `g${at}`);
    expect(await audit.firstOf([...many, 'f1'])).toStrictEqual([first]);
    expect(await audit.firstOf([])).toEqual([]);
  });

  test('50 appends at once, on two nodes, make one chain without a fork or a gap', async () => {
    const { stores, other } = world();
    const rows = await together([stores, other], 50, (node, at) => node.audit.append(sampleEvent({ detail: { at } })));
    const numbers = rows.map((row) => row.sequence).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
    expect(await other.audit.verify()).toBeUndefined();
  });

  test('a check while others append finds nothing wrong', async () => {
    const { stores, other } = world();
    const appends = together([stores], 30, (node) => node.audit.append(sampleEvent()));
    for (let times = 0; times < 10; times += 1) expect(await other.audit.verify()).toBeUndefined();
    await appends;
    expect(await other.audit.verify()).toBeUndefined();
  });

  test('a chain longer than a page is walked to its end', async () => {
    const { stores, sql } = world();
    // In rounds: a thousand at once would wait longer for their turn on a slow machine than a store lets them.
    for (let round = 0; round < 11; round += 1)
      await together([stores], 91, (node) => node.audit.append(sampleEvent()));
    expect(await stores.audit.verify()).toBeUndefined();
    await sql("update audit set subject = 'x' where sequence = 1001");
    expect(await stores.audit.verify()).toMatchObject({ sequence: 1_001 });
  });

  describe('finds', () => {
    test.each<[string, string, number]>([
      ['an edited field', "update audit set event = 'gate.passed' where sequence = 3", 3],
      ['an edited time', 'update audit set at = at + 1 where sequence = 3', 3],
      ['an edited detail', `update audit set detail = '{"tries":2}' where sequence = 3`, 3],
      ['a detail that is not JSON', "update audit set detail = '{' where sequence = 3", 3],
      ['a time that is none', 'update audit set at = 9000000000000000 where sequence = 3', 3],
      ['a removed field', 'update audit set subject = null where sequence = 3', 3],
      ['an edited hash', `update audit set hash = '${auditGenesis}' where sequence = 3`, 3],
      ['the deleted first row', 'delete from audit where sequence = 1', 1],
      ['a deleted row', 'delete from audit where sequence = 3', 3],
      ['the deleted last row', 'delete from audit where sequence = 5', 5],
      ['all rows deleted', 'delete from audit', 1],
      ['a row inserted at the end', insert(6), 6],
      ['a row inserted far past the end', insert(60), 6],
      ['a row inserted before the first', insert(0), 0],
      ['a removed head', 'delete from audit_head', 0],
    ])('%s', async (_name, tampering, sequence) => {
      const { stores, sql } = world();
      for (let at = 0; at < 5; at += 1) await stores.audit.append(sampleEvent({ detail: { at } }));
      await sql(tampering);
      expect(await stores.audit.verify()).toMatchObject({ sequence });
    });

    test('two rows that changed places', async () => {
      const { stores, sql } = world();
      for (let at = 0; at < 5; at += 1) await stores.audit.append(sampleEvent({ detail: { at } }));
      for (const [from, to] of [
        [2, 99],
        [3, 2],
        [99, 3],
      ]) {
        await sql(`update audit set sequence = ${to} where sequence = ${from}`);
      }
      expect(await stores.audit.verify()).toMatchObject({ sequence: 2 });
    });

    test('a shorter chain whose head was set back as well, and does not build on it', async () => {
      const { stores, sql } = world();
      const rows = [];
      for (let at = 0; at < 5; at += 1) rows.push(await stores.audit.append(sampleEvent({ detail: { at } })));
      await sql('delete from audit where sequence = 5');
      await sql(`update audit_head set sequence = 4, hash = '${rows[3]?.hash}'`);
      expect(await stores.audit.verify()).toMatchObject({ sequence: 4 });
      await expect(stores.audit.append(sampleEvent())).rejects.toThrow(Misconfigured);
    });

    test('a chain that was computed anew from an edited row on', async () => {
      const { stores, sql } = world();
      const first = await stores.audit.append(sampleEvent());
      const forged = { at: first.at, event: 'gate.passed' } as const;
      const hash = auditHash(auditGenesis, 1, forged);
      await sql(`update audit set event = 'gate.passed', subject = null, detail = null, hash = '${hash}'`);
      await sql(`update audit_head set hash = '${hash}'`);
      expect(await stores.audit.verify()).toMatchObject({ sequence: 1 });
    });
  });

  test('an append that fails leaves neither row nor gap', async () => {
    const { stores } = world();
    await stores.audit.append(sampleEvent());
    await expect(stores.audit.append(sampleEvent({ at: new Date(Number.NaN) }))).rejects.toThrow();
    expect((await stores.audit.append(sampleEvent())).sequence).toBe(2);
    expect(await stores.audit.verify()).toBeUndefined();
  });
}

function insert(sequence: number): string {
  return `insert into audit (sequence, at, event, hash) values (${sequence}, 0, 'gate.passed', '${auditGenesis}')`;
}
