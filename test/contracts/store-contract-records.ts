import { describe, expect, test } from 'vitest';
import { mostInARow } from '../../src/core/lockout.ts';
import { sessionContract } from './store-contract-sessions.ts';
import { later, noon, sampleEntry, sampleRow } from './store-samples.ts';
import { type StoreWorld, together } from './store-world.ts';

export function recordContract(world: () => StoreWorld): void {
  describe('enrolments', () => enrolmentContract(world));
  describe('the journal', () => journalContract(world));
  describe('sessions', () => sessionContract(world));
}

function enrolmentContract(world: () => StoreWorld): void {
  const kept = { accountId: 'ana', gate: 'questions', data: { hashes: ['a', 'b'], n: 0 }, provedAt: noon };

  test('are kept for each account and gate, and replaced whole', async () => {
    const { enrolments } = world().stores;
    await enrolments.keep(kept);
    await enrolments.keep({ ...kept, gate: 'otp-sms', data: '+4930901820' });
    await enrolments.keep({ ...kept, accountId: 'ben', data: null });
    const replaced = { ...kept, data: ['new'], provedAt: later(1) };
    await world().other.enrolments.keep(replaced);
    expect(await enrolments.of('ana')).toStrictEqual([{ ...kept, gate: 'otp-sms', data: '+4930901820' }, replaced]);
    expect(await enrolments.of('ben')).toStrictEqual([{ ...kept, accountId: 'ben', data: null }]);
    expect(await enrolments.of('eve')).toStrictEqual([]);
  });

  test('are told of many accounts at once as they are told of one, without what they hold', async () => {
    const { stores, other } = world();
    const { enrolments, failures } = stores;
    await enrolments.keep(kept);
    await enrolments.keep({ ...kept, gate: 'otp-sms', provedAt: later(-9) });
    await enrolments.keep({ ...kept, accountId: 'ben' });
    await enrolments.keep({ ...kept, accountId: 'cem', gate: 'phone', provedAt: later(-8) });
    await enrolments.keep(
      { ...kept, accountId: 'cem', gate: 'phone', provedAt: later(-7) },
      { hold: { id: 'ripe', countsFrom: noon } },
    );
    await enrolments.keep({ ...kept, accountId: 'dan' }, { hold: { id: 'green', countsFrom: later(1) } });
    for (let tries = 0; tries < mostInARow; tries += 1) await failures.count('ben', 'questions', 1_000, noon);
    const ids = ['ana', 'ben', 'cem', 'dan', 'eve'];
    const found = await other.enrolments.proved(ids);
    expect(found).toStrictEqual(
      new Map([
        [
          'ana',
          [
            { gate: 'otp-sms', provedAt: later(-9) },
            { gate: 'questions', provedAt: noon },
          ],
        ],
        ['cem', [{ gate: 'phone', provedAt: later(-7) }]],
      ]),
    );
    for (const id of ids) {
      const one = (await enrolments.of(id)).map(({ gate, provedAt }) => ({ gate, provedAt }));
      expect(found.get(id) ?? [], id).toStrictEqual(one);
    }
    expect(await enrolments.proved([])).toStrictEqual(new Map());
    expect(await enrolments.proved(['ana'])).toHaveProperty('size', 1);
  });

  test('are removed one by one, and it is told whether there was one', async () => {
    const { enrolments } = world().stores;
    await enrolments.keep(kept);
    await enrolments.keep({ ...kept, gate: 'otp-sms' });
    expect(await enrolments.remove('ana', 'questions')).toBe(true);
    expect(await enrolments.remove('ana', 'questions')).toBe(false);
    expect(await enrolments.remove('ben', 'otp-sms')).toBe(false);
    expect((await enrolments.of('ana')).map(({ gate }) => gate)).toEqual(['otp-sms']);
  });

  test('5.8: what was given out counts until its end, or until one flow of many has used it up, and then for that one', async () => {
    const { stores, other } = world();
    const code = { accountId: 'ana', gate: 'helpdesk-code', data: { c: 1 }, provedAt: noon };
    const until = later(10);
    await stores.enrolments.keep({ ...code, until });
    expect(await other.enrolments.of('ana')).toStrictEqual([{ ...code, until }]);
    expect([...(await stores.enrolments.proved(['ana'])).keys()]).toEqual(['ana']);
    const spent = await together([stores, other], 20, (node, at) =>
      node.enrolments.spend('ana', 'helpdesk-code', `flow-${at}`),
    );
    expect(spent.filter(Boolean)).toHaveLength(1);
    const winner = `flow-${spent.indexOf(true)}`;
    expect(await stores.enrolments.of('ana')).toEqual([]);
    expect(await stores.enrolments.registered('ana')).toEqual([]);
    expect((await stores.enrolments.proved(['ana'])).size).toBe(0);
    expect(await stores.enrolments.of('ana', 'flow-of-somebody')).toEqual([]);
    expect(await stores.enrolments.of('ana', winner)).toStrictEqual([{ ...code, until }]);
    // A flow may last longer than what it has used up.
    await world().sql(`update enrolments set counts_until = ${later(-1).getTime()}`);
    expect(await stores.enrolments.of('ana', winner)).toHaveLength(1);
    expect(await stores.enrolments.of('ana', 'flow-of-somebody')).toEqual([]);
    await stores.enrolments.keep({ ...code, until });
    expect(await stores.enrolments.of('ana')).toHaveLength(1);
    await stores.enrolments.keep({ ...code, until: noon });
    expect(await stores.enrolments.of('ana')).toEqual([]);
    expect(await stores.enrolments.spend('ana', 'helpdesk-code', 'late')).toBe(false);
    await stores.purge(later(25 * 60));
    expect(await world().sql('select * from enrolments')).toEqual([]);
  });

  test('5.2: a new code is no new try, and what is registered is never used up', async () => {
    const { enrolments, failures } = world().stores;
    await failures.count('ana', 'helpdesk-code', 3, noon);
    const until = later(1);
    await enrolments.keep({ ...kept, gate: 'helpdesk-code', until });
    expect(await failures.count('ana', 'helpdesk-code', 3, noon)).toBe(2);
    await enrolments.keep(kept);
    expect(await enrolments.spend('ana', 'questions', 'flow')).toBe(false);
  });

  test('are removed and told of in one, and of several who remove the same one tells', async () => {
    const { stores, other } = world();
    await stores.enrolments.keep(kept);
    const removed = await together([stores, other], 10, (node) =>
      node.enrolments.remove('ana', 'questions', [sampleRow()]),
    );
    expect(removed.filter(Boolean)).toHaveLength(1);
    expect(await stores.outbox.standing()).toMatchObject({ waiting: 1 });
  });
}

function journalContract(world: () => StoreWorld): void {
  test('an entry comes back deep-equal, before and after it is settled', async () => {
    const { journal } = world().stores;
    const entry = sampleEntry();
    await journal.intend(entry);
    expect(await world().other.journal.read(entry.id)).toStrictEqual(entry);
    await journal.settle(entry.id, 'done', later(1));
    expect(await world().other.journal.read(entry.id)).toStrictEqual({ ...entry, outcome: 'done' });
    expect(await journal.read('none')).toBeUndefined();
  });

  test('what has no final outcome is found, oldest first', async () => {
    const { journal } = world().stores;
    const unknown = sampleEntry({ intendedAt: later(-1) });
    const open = sampleEntry({ intendedAt: later(-2) });
    const done = sampleEntry({ intendedAt: later(-3) });
    for (const entry of [unknown, open, done]) await journal.intend(entry);
    await journal.settle(unknown.id, 'unknown', noon);
    await journal.settle(done.id, 'done', noon);
    expect(await journal.unsettled()).toStrictEqual([open, { ...unknown, outcome: 'unknown' }]);
  });

  test('an unknown outcome gives way to a final one, and a final one to nothing', async () => {
    const { journal } = world().stores;
    const entry = sampleEntry();
    await journal.intend(entry);
    await journal.settle(entry.id, 'unknown', noon);
    await journal.settle(entry.id, 'not-done', noon);
    await world().other.journal.settle(entry.id, 'unknown', noon);
    await world().other.journal.settle(entry.id, 'done', noon);
    expect((await journal.read(entry.id))?.outcome).toBe('not-done');
  });

  test('the same write is not intended twice', async () => {
    const entry = sampleEntry();
    await world().stores.journal.intend(entry);
    await expect(world().other.journal.intend(entry)).rejects.toThrow();
  });
}
