import { describe, expect, test } from 'vitest';
import type { PolicyCount } from '../../src/core/reports/policy-counts.ts';
import type { DailyCount } from '../../src/core/reports/report-counts.ts';
import { later, noon } from './store-samples.ts';
import { type StoreWorld, together } from './store-world.ts';

const span = { from: '2026-03-01', to: '2026-03-31' };
const day = '2026-03-29';

function wrong(changes: Partial<DailyCount> = {}): DailyCount {
  const bare = { day, event: 'gate.wrong', portal: 'reset', gate: 'otp-sms', provider: '', why: '', decoy: false };
  return { ...bare, event: 'gate.wrong', count: 1, ...changes };
}

export function reportContract(world: () => StoreWorld): void {
  const add = (counts: readonly DailyCount[], from: number, to: number, by = 'one', on = world().stores) =>
    on.reports.add(counts, { by, from, to, now: noon });
  const found = () => world().stores.reports.counts(span, ['gate.wrong', 'gate.passed']);

  describe('daily counts', () => {
    test('add up under their key, and apart under any other', async () => {
      await world().stores.duties.hold('count', 'one', { now: noon, until: later(1) });
      const others = [
        wrong({ day: '2026-03-30' }),
        wrong({ event: 'gate.passed' }),
        wrong({ portal: '' }),
        wrong({ gate: 'phone' }),
        wrong({ provider: 'texts' }),
        wrong({ why: 'ä' }),
        wrong({ decoy: true }),
      ];
      expect(await add([wrong({ count: 2 }), ...others], 0, 9)).toBe(true);
      expect(await add([wrong({ count: 3 })], 9, 12)).toBe(true);
      const counts = await found();
      expect(counts).toHaveLength(8);
      expect(counts).toEqual(expect.arrayContaining([wrong({ count: 5 }), ...others]));
      expect(await world().other.duties.read('count')).toStrictEqual({ position: 12, movedAt: noon });
    });

    test('come of the days and the events that were asked for', async () => {
      await world().stores.duties.hold('count', 'one', { now: noon, until: later(1) });
      const days = ['2026-02-28', '2026-03-01', '2026-03-31', '2026-04-01'];
      await add([...days.map((one) => wrong({ day: one })), wrong({ event: 'flow.started' })], 0, 5);
      expect((await found()).map((count) => count.day)).toEqual(days.slice(1, 3));
      expect(await world().stores.reports.events()).toEqual(['flow.started', 'gate.wrong']);
      expect(await world().stores.reports.counts(span, [])).toEqual([]);
      expect(await world().stores.reports.counts({ from: span.to, to: span.from }, ['gate.wrong'])).toEqual([]);
    });

    test('are added by the node that has the duty, from where it stands, and otherwise not at all', async () => {
      await world().stores.duties.hold('count', 'one', { now: noon, until: later(1) });
      expect(await add([wrong()], 0, 4, 'two', world().other)).toBe(false);
      expect(await add([wrong()], 1, 4)).toBe(false);
      expect(await found()).toEqual([]);
      expect((await world().stores.duties.read('count')).position).toBe(0);
    });

    test('of many who add the same page at once, one does', async () => {
      const { stores, other } = world();
      await stores.duties.hold('count', 'one', { now: noon, until: later(1) });
      const done = await together([stores, other], 10, (node) => add([wrong()], 0, 4, 'one', node));
      expect(done.filter((one) => one)).toHaveLength(1);
      expect(await found()).toEqual([wrong()]);
    });

    test('leave the position where it was when they cannot be written', async () => {
      await world().stores.duties.hold('count', 'one', { now: noon, until: later(1) });
      await expect(add([wrong(), { ...wrong({ gate: 'x' }), day: null as never }], 0, 4)).rejects.toThrow();
      expect(await found()).toEqual([]);
      expect((await world().stores.duties.read('count')).position).toBe(0);
    });
  });

  describe('daily counts by policy', () => {
    const under = (policy: string, changes: Partial<DailyCount> = {}) => ({ ...wrong(changes), policy });
    const addBy = async (counts: readonly PolicyCount[], from: number, to: number, on = world().stores) => {
      await on.duties.hold('count-policies', 'one', { now: noon, until: later(1) });
      return on.reports.addByPolicy(counts, { by: 'one', from, to, now: noon });
    };
    const of = (policy: string) => world().stores.reports.counts(span, ['gate.wrong', 'gate.passed'], policy);

    test('add up under their policy, apart from every other and from those of everybody', async () => {
      await addBy([under('Staff', { count: 2 }), under('Staff', { decoy: true }), under('Guests', { count: 9 })], 0, 9);
      await addBy([under('Staff', { count: 3 })], 9, 12);
      expect(await of('Staff')).toHaveLength(2);
      expect(await of('Staff')).toEqual(expect.arrayContaining([wrong({ count: 5 }), wrong({ decoy: true })]));
      expect(await of('Guests')).toEqual([wrong({ count: 9 })]);
      expect([await found(), await of('nobody'), await of('')]).toEqual([[], [], []]);
      expect((await world().other.duties.read('count-policies')).position).toBe(12);
      expect((await world().other.duties.read('count')).position).toBe(0);
    });

    test('come of the days and the events that were asked for', async () => {
      const days = ['2026-02-28', '2026-03-01', '2026-03-31', '2026-04-01'];
      await addBy([...days.map((one) => under('a', { day: one })), under('a', { event: 'flow.refused' })], 0, 5);
      expect((await of('a')).map((count) => count.day)).toEqual(days.slice(1, 3));
    });

    test('are kept whatever a policy is called, and one that was spelt anew is the same', async () => {
      const names = ['=1+1', '%', '_', "'; drop table audit; --", 'x'.repeat(200), '汉'.repeat(200), '𝒳 <b>', 'ä'];
      await addBy(
        names.map((name, at) => under(name, { count: at + 1 })),
        0,
        1,
      );
      for (const [at, name] of names.entries()) expect(await of(name)).toEqual([wrong({ count: at + 1 })]);
      expect((await world().other.reports.policies()).toSorted()).toEqual(names.toSorted());
      await addBy([under('Ä', { day: '2026-03-30' })], 1, 2);
      expect(await of('ä')).toHaveLength(2);
      const spelt = await world().stores.reports.policies();
      expect([spelt.length, spelt[0], spelt.includes('ä')]).toEqual([names.length, 'Ä', false]);
      await addBy([under('ä', { day: '2026-01-01' })], 2, 3);
      expect((await world().stores.reports.policies())[0]).toBe('Ä');
    });

    test('of many who add the same page at once, one does', async () => {
      const { stores, other } = world();
      await stores.duties.hold('count-policies', 'one', { now: noon, until: later(1) });
      const moved = { by: 'one', from: 0, to: 4, now: noon };
      const done = await together([stores, other], 10, (node) => node.reports.addByPolicy([under('a')], moved));
      expect(done.filter((one) => one)).toHaveLength(1);
      expect(await of('a')).toEqual([wrong()]);
    });

    test('leave position and names where they were when they cannot be written', async () => {
      await expect(addBy([under('a'), { ...under('b'), gate: null as never }], 0, 4)).rejects.toThrow();
      expect([await of('a'), await world().stores.reports.policies()]).toEqual([[], []]);
      expect((await world().stores.duties.read('count-policies')).position).toBe(0);
    });

    test('name a thousand policies at most, those that had some last', async () => {
      const many = Array.from({ length: 1_010 }, (_, at) => under(`old ${at}`, { day: '2026-01-01' }));
      await addBy([...many, under('new')], 0, 4);
      const names = await world().stores.reports.policies();
      expect([names.length, names[0]]).toEqual([1_000, 'new']);
    });
  });

  describe('coverage', () => {
    const one = (unit: string, people: number, on = day) => ({ day: on, unit, people, registered: 2, ready: 1 });
    const keep = (units: readonly string[], on = day) =>
      world().stores.reports.keepCoverage(
        on,
        units.map((unit, at) => one(unit, 10 ** at, on)),
      );

    test('is added up by day, and by unit comes of the last day that has any', async () => {
      const { reports } = world().other;
      await keep(['People/Sales', 'People/it', ''], '2026-03-02');
      await keep(['People/Sales', 'People/it']);
      await keep(['elsewhere'], '2026-04-01');
      expect(await reports.coverage(span)).toStrictEqual([
        { day: '2026-03-02', people: 111, registered: 6, ready: 3 },
        { day, people: 11, registered: 4, ready: 2 },
      ]);
      expect(await reports.coverageByUnit(span)).toStrictEqual([one('People/it', 10), one('People/Sales', 1)]);
      expect(await reports.coverageByUnit({ from: '2025-01-01', to: '2025-12-31' })).toEqual([]);
    });

    test('by policy is of the people under it, in the units that are asked for, and no part of everybody’s', async () => {
      const { reports } = world().stores;
      const of = (policy: string, unit: string, people: number, on = day) => ({ ...one(unit, people, on), policy });
      await reports.keepCoverage('2026-03-02', [one('a', 7, '2026-03-02')], [of('Staff', 'a', 4, '2026-03-02')]);
      await reports.keepCoverage(
        day,
        [one('a', 9), one('a/b', 90)],
        [of('Staff', 'a', 5), of('Staff', 'A/B', 50), of('Guests', 'a/b', 60)],
      );
      const { other } = world();
      expect(await other.reports.coverageByUnit(span, undefined, 'STAFF')).toStrictEqual([one('a', 5), one('A/B', 50)]);
      expect(await other.reports.coverageByUnit(span, ['a/b'], 'Staff')).toStrictEqual([one('A/B', 50)]);
      expect(await other.reports.coverage(span, undefined, 'Staff')).toMatchObject([{ people: 4 }, { people: 55 }]);
      expect(await other.reports.coverage(span, ['a/b'], 'Guests')).toMatchObject([{ people: 60 }]);
      expect(await other.reports.coverage(span)).toMatchObject([{ people: 7 }, { people: 99 }]);
      expect(await other.reports.coverage(span, undefined, 'nobody')).toEqual([]);
      expect((await other.reports.policies()).toSorted()).toEqual(['Guests', 'Staff']);
      await reports.keepCoverage(day, [one('a', 9)], [of('Guests', 'a', 9)]);
      expect(await other.reports.coverageByUnit(span, undefined, 'Guests')).toStrictEqual([one('a', 9)]);
      expect(await other.reports.coverageByUnit(span, undefined, 'Staff')).toStrictEqual([one('a', 4, '2026-03-02')]);
    });

    test('of a day is replaced as a whole', async () => {
      await keep(['a', 'b', 'c']);
      await keep(['b']);
      expect(await world().stores.reports.coverageByUnit(span)).toStrictEqual([one('b', 1)]);
    });

    test('of some units is theirs and of the units below, however their names are written, and of no other', async () => {
      const { reports } = world().stores;
      const units = [
        'People/Vertrieb_Öst',
        'people/vertrieb_öst/𝒳/Inside',
        'People/VertriebXÖst',
        'People/Vertrieb_Östlich',
      ];
      await keep(units);
      const names = async (within: readonly string[]) =>
        (await reports.coverageByUnit(span, within)).map(({ unit }) => unit).sort();
      expect(await names(['PEOPLE/VERTRIEB_ÖST'])).toEqual(units.slice(0, 2));
      expect(await names(['people/vertrieb_öst/𝒳'])).toEqual(units.slice(1, 2));
      expect(await names(['people/%', 'people'])).toEqual([...units].sort());
      expect(await names(['%'])).toEqual([]);
      expect(await names(["') or 1=1 --"])).toEqual([]);
      expect(await names([])).toEqual([]);
      expect(await reports.coverage(span, ['PEOPLE/VERTRIEB_ÖST'])).toMatchObject([{ people: 11 }]);
      expect(await reports.coverage(span, [])).toEqual([]);
    });

    test('of thousands of units is kept', async () => {
      await world().stores.reports.keepCoverage(
        day,
        Array.from({ length: 1_203 }, (_, at) => one(`unit ${at}`, 1)),
      );
      expect(await world().stores.reports.coverage(span)).toMatchObject([{ people: 1_203 }]);
    });
  });
}
