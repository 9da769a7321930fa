import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { canaries, later, noon } from './store-samples.ts';
import { type StoreWorld, together } from './store-world.ts';

const times = { now: noon, until: later(60) };

export function pressContract(world: () => StoreWorld): void {
  test('of fifty who take one at once, on two nodes, one has it, and the others hear who', async () => {
    const { stores, other } = world();
    for (const press of ['first', 'second', 'third']) {
      const taken = await together([stores, other], 50, (node, at) => node.presses.take(press, `${at}`, times));
      const [winner] = taken.flatMap((one, at) => (one === undefined ? [`${at}`] : []));
      expect(taken.filter((one) => one === undefined)).toHaveLength(1);
      expect(taken.filter((one) => one?.by === winner)).toHaveLength(49);
      expect(await other.presses.read(press)).toStrictEqual({ by: winner });
    }
  });

  test('what came of it is known on every node until its time, and then anybody may take it', async () => {
    const { stores, other } = world();
    const press = randomUUID();
    await stores.presses.take(press, 'one', times);
    expect(await stores.presses.settle(press, 'one', { to: '/jobs/7', n: [1, null] }, later(1))).toBe(true);
    const settled = { by: 'one', outcome: { to: '/jobs/7', n: [1, null] } };
    expect(await other.presses.read(press)).toStrictEqual(settled);
    expect(await other.presses.take(press, 'two', { now: noon, until: later(60) })).toStrictEqual(settled);
    expect(await other.presses.take(press, 'two', { now: later(1), until: later(60) })).toBeUndefined();
    expect(await stores.presses.read(press)).toStrictEqual({ by: 'two' });
  });

  test('of fifty who take an old one at once, on two nodes, one has it', async () => {
    const { stores, other } = world();
    await stores.presses.take('old', 'one', times);
    await stores.presses.settle('old', 'one', null, noon);
    const taken = await together([stores, other], 50, (node, at) => node.presses.take('old', `${at}`, times));
    expect(taken.filter((one) => one === undefined)).toHaveLength(1);
  });

  test('one that was given back is anybody’s, and nobody gives back another’s', async () => {
    const { stores, other } = world();
    await stores.presses.take('back', 'one', times);
    await other.presses.release('back', 'two');
    expect(await other.presses.take('back', 'two', times)).toStrictEqual({ by: 'one' });
    await stores.presses.release('back', 'one');
    expect(await stores.presses.read('back')).toBeUndefined();
    expect(await other.presses.take('back', 'two', times)).toBeUndefined();
  });

  test('of fifty who take it over from one that fell silent, one has it, and the silent one changes nothing any more', async () => {
    const { stores, other } = world();
    await stores.presses.take('silent', 'one', times);
    const over = await together([stores, other], 50, (node, at) => node.presses.takeOver('silent', 'one', `${at}`));
    expect(over.filter(Boolean)).toHaveLength(1);
    expect(await stores.presses.settle('silent', 'one', 'late', later(9))).toBe(false);
    await stores.presses.release('silent', 'one');
    expect(await other.presses.read('silent')).toStrictEqual({ by: `${over.indexOf(true)}` });
  });

  test('nobody takes one over of which something came', async () => {
    const { stores, other } = world();
    await stores.presses.take('done', 'one', times);
    await stores.presses.settle('done', 'one', 'done', later(1));
    expect(await other.presses.takeOver('done', 'one', 'two')).toBe(false);
    expect(await other.presses.read('done')).toStrictEqual({ by: 'one', outcome: 'done' });
  });

  test('what came of it cannot be read in the database, nor moved to another press', async () => {
    const { stores, dump, sql } = world();
    await stores.presses.take('mine', 'one', times);
    await stores.presses.settle('mine', 'one', { session: canaries.sessionId }, later(1));
    expect(await dump()).not.toContain(canaries.sessionId);
    await sql("update presses set press = 'yours'");
    await expect(stores.presses.read('yours')).rejects.toThrow();
  });

  test('those past their time are purged, and all of them after a restore', async () => {
    const { stores } = world();
    await stores.presses.take('old', 'one', { now: later(-9), until: noon });
    await stores.presses.take('new', 'one', { now: noon, until: later(1) });
    expect(await stores.purge(noon)).toBe(1);
    expect([await stores.presses.read('old'), await stores.presses.read('new')]).toEqual([undefined, { by: 'one' }]);
    expect(await stores.endOpen()).toBe(1);
    expect(await stores.presses.read('new')).toBeUndefined();
  });
}
