import { expect, test } from 'vitest';
import { later, noon } from './store-samples.ts';
import { type StoreWorld, together } from './store-world.ts';

export function sendContract(world: () => StoreWorld): void {
  const hourBefore = later(-60);

  test('so many sendings are admitted, and no more, until time has passed', async () => {
    const { sends } = world().stores;
    const quotas = [{ key: 'a', limit: 2 }];
    expect(await sends.admit(quotas, hourBefore, noon)).toBeUndefined();
    expect(await sends.admit(quotas, hourBefore, noon)).toBeUndefined();
    expect(await world().other.sends.admit(quotas, hourBefore, noon)).toBe('a');
    expect(await sends.admit([{ key: 'b', limit: 2 }], hourBefore, noon)).toBeUndefined();
    expect(await sends.admit(quotas, later(1), later(61))).toBeUndefined();
  });

  test('what is refused under one key is counted under none, and being refused makes the wait no longer', async () => {
    const { sends } = world().stores;
    expect(await sends.admit([{ key: 'person', limit: 1 }], hourBefore, noon)).toBeUndefined();
    const both = [
      { key: 'all', limit: 2 },
      { key: 'person', limit: 1 },
    ];
    for (let again = 0; again < 5; again += 1) expect(await sends.admit(both, hourBefore, later(30))).toBe('person');
    expect(await sends.admit(both, later(1), later(61))).toBeUndefined();
    expect(await sends.admit([{ key: 'all', limit: 2 }], later(1), later(61))).toBeUndefined();
    expect(await sends.admit([{ key: 'all', limit: 2 }], later(1), later(61))).toBe('all');
  });

  test('of fifty at once, on two nodes, never more than the limit are admitted', async () => {
    const { stores, other } = world();
    const quotas = [{ key: 'burst', limit: 7 }];
    const full = await together([stores, other], 50, (node) => node.sends.admit(quotas, hourBefore, noon));
    expect(full.filter((key) => key === undefined).length).toBeLessThanOrEqual(7);
  });

  test('nothing to count is always admitted', async () => {
    expect(await world().stores.sends.admit([], hourBefore, noon)).toBeUndefined();
  });

  test('old rows are cleared away, and those of the hour stay', async () => {
    const { stores, sql } = world();
    await stores.sends.admit([{ key: 'old', limit: 1 }], hourBefore, noon);
    await stores.sends.admit([{ key: 'new', limit: 1 }], hourBefore, later(24 * 60));
    await stores.purge(later(24 * 60 + 1));
    expect((await sql('select key from sends')).map((row) => row.key)).toEqual(['new']);
  });
}
