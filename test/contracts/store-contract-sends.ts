import { expect, test } from 'vitest';
import { later, noon } from './store-samples.ts';
import { type StoreWorld, together } from './store-world.ts';

export function sendContract(world: () => StoreWorld): void {
  const quota = (key: string, limit: number, seconds = 3600) => ({ name: key, key, limit, seconds });

  test('5.1: so many sendings are admitted, and no more, until time has passed', async () => {
    const { sends } = world().stores;
    const quotas = [quota('a', 2)];
    expect(await sends.admit(quotas, noon)).toBeUndefined();
    expect(await sends.admit(quotas, noon)).toBeUndefined();
    expect(await world().other.sends.admit(quotas, noon)).toBe('a');
    expect(await sends.admit([quota('b', 2)], noon)).toBeUndefined();
    expect(await sends.admit(quotas, later(61))).toBeUndefined();
  });

  test('what is refused under one key is counted under none, and being refused makes the wait no longer', async () => {
    const { sends } = world().stores;
    expect(await sends.admit([quota('person', 1)], noon)).toBeUndefined();
    const both = [quota('all', 2), quota('person', 1)];
    for (let again = 0; again < 5; again += 1) expect(await sends.admit(both, later(30))).toBe('person');
    expect(await sends.admit(both, later(61))).toBeUndefined();
    expect(await sends.admit([quota('all', 2)], later(61))).toBeUndefined();
    expect(await sends.admit([quota('all', 2)], later(61))).toBe('all');
  });

  test('5.1: of fifty at once, on two nodes, never more than the limit are admitted', async () => {
    const { stores, other } = world();
    const quotas = [quota('burst', 7)];
    const full = await together([stores, other], 50, (node) => node.sends.admit(quotas, noon));
    expect(full.filter((key) => key === undefined).length).toBeLessThanOrEqual(7);
  });

  test('one key may have several quotas, each in a time of its own', async () => {
    const { sends } = world().stores;
    const both = [quota('person', 2), { ...quota('person', 3, 86_400), name: 'in a day' }];
    expect(await sends.admit(both, noon)).toBeUndefined();
    expect(await sends.admit(both, later(1))).toBeUndefined();
    expect(await sends.admit(both, later(2))).toBe('person');
    expect(await sends.admit(both, later(70))).toBeUndefined();
    expect(await sends.admit(both, later(140))).toBe('in a day');
    expect(await sends.admit(both, later(24 * 60))).toBeUndefined();
  });

  test('nothing to count is always admitted', async () => {
    expect(await world().stores.sends.admit([], noon)).toBeUndefined();
  });

  test('old rows are cleared away, and those of the hour stay', async () => {
    const { stores, sql } = world();
    await stores.sends.admit([quota('old', 1)], noon);
    await stores.sends.admit([quota('new', 1)], later(24 * 60));
    await stores.purge(later(24 * 60 + 1));
    expect((await sql('select key from sends')).map((row) => row.key)).toEqual(['new']);
  });
}
