import { expect, test } from 'vitest';
import { later, noon } from './store-samples.ts';
import { type StoreWorld, together } from './store-world.ts';

const hour = 3600;
const of = (key: string, windowSeconds = hour) => [{ key, windowSeconds }];

export function limitContract(world: () => StoreWorld): void {
  test('each key is counted by itself, on all nodes together, until its window is over', async () => {
    const { stores, other } = world();
    expect(await stores.limits.count(of('ana'), noon)).toEqual([{ count: 1, endsAt: later(60), counted: true }]);
    expect(await other.limits.count(of('ana'), later(20))).toEqual([{ count: 2, endsAt: later(60), counted: true }]);
    expect(await stores.limits.count(of('ben'), later(20))).toEqual([{ count: 1, endsAt: later(80), counted: true }]);
    expect(await stores.limits.count(of('ana'), later(59.9))).toEqual([{ count: 3, endsAt: later(60), counted: true }]);
    expect(await stores.limits.count(of('ana'), later(60))).toEqual([{ count: 1, endsAt: later(120), counted: true }]);
  });

  test('several are counted at once, each in a window of its own', async () => {
    const { limits } = world().stores;
    await limits.count(of('one'), noon);
    const counted = await limits.count([...of('one'), ...of('two', 60), ...of('three', 86_400)], later(1));
    expect(counted).toEqual([
      { count: 2, endsAt: later(60), counted: true },
      { count: 1, endsAt: later(2), counted: true },
      { count: 1, endsAt: later(1441), counted: true },
    ]);
  });

  test('a limit that is full counts nothing more, and a window that is over begins anew', async () => {
    const { stores, other } = world();
    const upTo = (most: number) => [{ key: 'ana', windowSeconds: hour, upTo: most }];
    for (const count of [1, 2]) {
      expect(await stores.limits.count(upTo(2), noon)).toEqual([{ count, endsAt: later(60), counted: true }]);
    }
    expect(await other.limits.count(upTo(2), later(1))).toEqual([{ count: 2, endsAt: later(60), counted: false }]);
    expect(await other.limits.count(upTo(3), later(1))).toEqual([{ count: 3, endsAt: later(60), counted: true }]);
    expect(await stores.limits.count(upTo(2), later(1))).toEqual([{ count: 3, endsAt: later(60), counted: false }]);
    expect(await stores.limits.count(upTo(2), later(60))).toEqual([{ count: 1, endsAt: later(120), counted: true }]);
  });

  test('of 100 at once, on two nodes, no more are counted than the limit takes', async () => {
    const { stores, other } = world();
    const limit = [{ key: 'ana', windowSeconds: hour, upTo: 7 }];
    const counts = await together([stores, other], 100, (node) => node.limits.count(limit, noon));
    expect(counts.filter(([one]) => one?.counted)).toHaveLength(7);
    expect(Math.max(...counts.map(([one]) => one?.count ?? 0))).toBe(7);
  });

  test('of 100 at once, on two nodes, every one gets a number of its own', async () => {
    const { stores, other } = world();
    const counted = await together([stores, other], 100, (node) => node.limits.count(of('ana'), noon));
    const numbers = counted.map(([one]) => one?.count ?? 0).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  test('5.37: a flood of new keys pushes out its own, and who was limited stays limited', async () => {
    const { limits } = world().stores;
    for (let n = 0; n < 9; n += 1) await limits.count(of('victim'), noon);
    await limits.count(of('once', 10), noon);
    for (let n = 0; n < 60; n += 1) await limits.count(of(`flood-${n}`), later(1));
    expect(await limits.trim(later(2), 20)).toBe(42);
    expect(await limits.count(of('victim'), later(3))).toEqual([{ count: 10, endsAt: later(60), counted: true }]);
    expect(await limits.trim(later(200), 20)).toBe(20);
    expect(await limits.trim(later(200), 20)).toBe(0);
  });
}
