import { expect, test } from 'vitest';
import type { AuditEvent, AuditSearch } from '../../src/core/audit/audit.ts';
import { later, sampleEvent } from './store-samples.ts';
import type { StoreWorld } from './store-world.ts';

export function auditSearchContract(world: () => StoreWorld): void {
  const append = async (events: readonly Partial<AuditEvent>[]): Promise<void> => {
    for (const [at, event] of events.entries()) {
      await world().stores.audit.append(sampleEvent({ at: later(at), detail: { at }, ...event }));
    }
  };
  const found = async (wanted: Partial<AuditSearch> = {}): Promise<readonly number[]> =>
    (await world().other.audit.search({ limit: 50, ...wanted })).map(({ sequence }) => sequence);

  test('comes newest first, as the rows were written', async () => {
    await append([{}, { event: 'gate.passed', address: '2001:db8::1' }, { detail: { 'ä"': true } }]);
    const rows = await world().stores.audit.search({ limit: 2 });
    expect(rows).toStrictEqual((await world().stores.audit.page({ after: 1, limit: 9 })).slice().reverse());
    expect(await found()).toEqual([3, 2, 1]);
  });

  test('finds by each thing, and by several only what has all of them', async () => {
    const whole = { subject: 's', event: 'gate.passed', flow: 'f', address: '192.0.2.1', correlation: 'c' } as const;
    const names = Object.keys(whole) as (keyof typeof whole)[];
    await append([
      whole,
      { ...whole, subject: 'S' },
      { ...whole, event: 'gate.wrong' },
      { ...whole, flow: 'f ' },
      { ...whole, address: '192.0.2.10' },
      { ...whole, correlation: '' },
      { at: later(6), event: 'system.started' },
    ]);
    for (const [at, name] of names.entries()) {
      const others = [6, 5, 4, 3, 2, 1].filter((number) => number !== at + 2);
      expect(await found({ [name]: whole[name] }), name).toEqual(others);
      for (const second of names.slice(at + 1)) {
        const without = others.filter((number) => number !== names.indexOf(second) + 2);
        expect(await found({ [name]: whole[name], [second]: whole[second] }), `${name} ${second}`).toEqual(without);
      }
    }
    expect(await found(whole)).toEqual([1]);
    expect(await found({ subject: 'nobody', event: 'gate.passed' })).toEqual([]);
  });

  test('takes no text for anything else than a text', async () => {
    await append([{}, {}]);
    for (const text of ['%', '_', "' or '1'='1", '"; drop table audit; --', '\\', '', 'x'.repeat(10_000)]) {
      expect(await found({ subject: text }), text).toEqual([]);
      expect(await found({ subject: text, address: text, flow: text, correlation: text }), text).toEqual([]);
    }
    expect(await found()).toEqual([2, 1]);
  });

  test('finds a time, ends included, also where nodes disagree on the time', async () => {
    await append([0, 1, 2, 1.5, 62.5, 130, 129, 300].map((minute) => ({ at: later(minute) })));
    expect(await found({ from: later(1), to: later(2) })).toEqual([4, 3, 2]);
    expect(await found({ from: later(129) })).toEqual([8, 7, 6]);
    expect(await found({ to: later(1) })).toEqual([2, 1]);
    expect(await found({ from: later(129), to: later(129) })).toEqual([7]);
    expect(await found({ from: later(2), to: later(1) })).toEqual([]);
    expect(await found({ from: later(301) })).toEqual([]);
    expect(await found({ from: new Date(-8.64e15), to: new Date(8.64e15) })).toHaveLength(8);
    expect(await found({ from: new Date(8.64e15) })).toEqual([]);
    expect(await found({ subject: 'subject-1', from: later(2), to: later(100) })).toEqual([5, 3]);
  });

  test('turns pages in both directions without leaving out or repeating a row', async () => {
    await append(Array.from({ length: 7 }, (_, at) => ({ subject: at === 3 ? 'other' : 'one' })));
    const wanted = { subject: 'one', limit: 2 };
    expect(await found(wanted)).toEqual([7, 6]);
    expect(await found({ ...wanted, before: 6 })).toEqual([5, 3]);
    expect(await found({ ...wanted, before: 3 })).toEqual([2, 1]);
    expect(await found({ ...wanted, before: 1 })).toEqual([]);
    expect(await found({ ...wanted, after: 2 })).toEqual([5, 3]);
    expect(await found({ ...wanted, after: 5 })).toEqual([7, 6]);
    expect(await found({ ...wanted, after: 7 })).toEqual([]);
    expect(await found({ ...wanted, after: 1, before: 5, limit: 9 })).toEqual([3, 2]);
    expect(await found({ after: 0, limit: 1 })).toEqual([1]);
    expect(await found({ before: Number.MAX_SAFE_INTEGER, limit: 1 })).toEqual([7]);
  });

  test('hides no row that was made unreadable', async () => {
    await append([{}, {}]);
    await world().sql("update audit set detail = '{' where sequence = 1");
    expect(await world().stores.audit.search({ limit: 9 })).toMatchObject([{}, { detail: { unreadable: '{' } }]);
  });
}
