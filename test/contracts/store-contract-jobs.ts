import { expect, test } from 'vitest';
import type { Job } from '../../src/core/background/jobs.ts';
import { canaries, later, noon } from './store-samples.ts';
import { type StoreWorld, together } from './store-world.ts';

function sampleJob(id: string, changes: Partial<Job> = {}): Job {
  return {
    id,
    kind: 'simulation',
    by: 'ana',
    byName: canaries.displayName,
    startedAt: noon,
    progress: { done: 0 },
    state: 'running',
    ending: false,
    ...changes,
  };
}

const limits = { most: 2, deadSince: later(-1) };

export function jobContract(world: () => StoreWorld): void {
  test('a job comes back deep-equal on any node, while it runs and after it is done', async () => {
    const { stores, other } = world();
    const job = sampleJob('one');
    expect(await stores.jobs.create(job, limits)).toBe(true);
    expect(await other.jobs.read('one')).toStrictEqual(job);
    expect(await stores.jobs.beat('one', { done: 3, of: 9 }, later(1))).toBe('go-on');
    expect(await other.jobs.read('one')).toStrictEqual({ ...job, progress: { done: 3, of: 9 } });
    const result = { names: [canaries.displayName], n: 1.5, none: null };
    expect(await stores.jobs.end('one', { state: 'done', result }, later(2))).toBe(true);
    const done = { ...job, progress: { done: 3, of: 9 }, state: 'done', endedAt: later(2) };
    expect(await other.jobs.read('one')).toStrictEqual({ ...done, result });
    expect(await other.jobs.recent(9)).toStrictEqual([done]);
    expect(await other.jobs.read('none')).toBeUndefined();
  });

  test('who started it and what came out cannot be read in the database, nor moved to another job', async () => {
    const { stores, dump, sql } = world();
    await stores.jobs.create(sampleJob('one'), limits);
    await stores.jobs.end('one', { state: 'done', result: [canaries.displayName] }, noon);
    expect(await dump()).not.toContain(canaries.displayName);
    await sql("update jobs set id = 'two'");
    await expect(stores.jobs.read('two')).rejects.toThrow();
  });

  test('of twenty that are started at once, on two nodes, only as many run as may', async () => {
    const { stores, other } = world();
    const own = (id: string) => sampleJob(id, { by: `by ${id}` });
    const started = await together([stores, other], 20, (node, at) => node.jobs.create(own(`${at}`), limits));
    expect(started.filter(Boolean)).toHaveLength(2);
    const [first] = await stores.jobs.recent(9);
    await stores.jobs.end(first?.id ?? '', { state: 'cancelled' }, noon);
    expect(await other.jobs.create(own('next'), limits)).toBe(true);
    expect(await other.jobs.create(own('more'), limits)).toBe(false);
  });

  test('attack: of forty that one person starts at once, on two nodes, one of each kind runs, and leaves room for others', async () => {
    const { stores, other } = world();
    const places = { ...limits, most: 3 };
    await stores.jobs.create(sampleJob('first', { by: 'ben' }), places);
    const storm = together([stores, other], 40, (node, at) => {
      // Slots come free meanwhile, so that two may be after different ones.
      if (at === 20) return stores.jobs.end('first', { state: 'cancelled' }, noon).then(() => false);
      return node.jobs.create(sampleJob(`${at}`, { kind: at % 2 === 0 ? 'simulation' : 'audit-check' }), places);
    });
    expect((await storm).filter(Boolean)).toHaveLength(2);
    const running = (await stores.jobs.recent(99)).filter(({ state }) => state === 'running');
    expect(running.map(({ kind }) => kind).toSorted()).toEqual(['audit-check', 'simulation']);
    expect(await other.jobs.running('simulation', 'ana')).toStrictEqual(
      running.find(({ kind }) => kind === 'simulation'),
    );
    expect(await other.jobs.running('simulation', 'ben')).toBeUndefined();
    expect(await other.jobs.create(sampleJob('ben', { by: 'ben' }), places)).toBe(true);
  });

  test('one is cancelled from another node, hears of it at its next sign of life, and ends once', async () => {
    const { stores, other } = world();
    await stores.jobs.create(sampleJob('one'), limits);
    expect(await other.jobs.cancel('one')).toBe(true);
    expect(await other.jobs.read('one')).toMatchObject({ state: 'running', ending: true });
    expect(await stores.jobs.beat('one', { done: 1 }, noon)).toBe('cancel');
    expect(await stores.jobs.end('one', { state: 'cancelled' }, later(1))).toBe(true);
    expect(await stores.jobs.end('one', { state: 'done', result: 1 }, later(2))).toBe(false);
    expect(await other.jobs.cancel('one')).toBe(false);
    expect(await stores.jobs.cancel('none')).toBe(false);
    expect(await other.jobs.read('one')).toStrictEqual({
      ...sampleJob('one', { state: 'cancelled', progress: { done: 1 } }),
      endedAt: later(1),
    });
  });

  test('one that gave no sign of life is failed, makes room, and cannot end any more', async () => {
    const { stores, other } = world();
    await stores.jobs.create(sampleJob('dead'), { ...limits, most: 1 });
    await stores.jobs.beat('dead', { done: 5 }, later(1));
    expect(await other.jobs.fail(later(0.5), later(2))).toBe(0);
    expect(await other.jobs.create(sampleJob('early'), { most: 1, deadSince: later(0.5) })).toBe(false);
    const next = sampleJob('next', { startedAt: later(3) });
    expect(await other.jobs.create(next, { most: 1, deadSince: later(1) })).toBe(true);
    expect(await stores.jobs.read('dead')).toMatchObject({ state: 'failed', failure: 'died', endedAt: later(3) });
    expect(await stores.jobs.beat('dead', { done: 6 }, later(4))).toBe('lost');
    expect(await stores.jobs.end('dead', { state: 'done', result: 1 }, later(4))).toBe(false);
    expect((await stores.jobs.recent(1)).map(({ id }) => id)).toEqual(['next']);
  });

  test('they are purged a week after their last sign of life', async () => {
    const { stores } = world();
    await stores.jobs.create(sampleJob('old'), limits);
    await stores.jobs.end('old', { state: 'failed', failure: 'fault' }, noon);
    await stores.jobs.create(sampleJob('new', { startedAt: later(60) }), limits);
    const week = 7 * 24 * 60;
    expect(await stores.purge(later(week - 1))).toBe(0);
    expect(await stores.jobs.read('old')).toMatchObject({ state: 'failed', failure: 'fault' });
    expect(await stores.purge(later(week))).toBe(1);
    expect((await stores.jobs.recent(9)).map(({ id }) => id)).toEqual(['new']);
  });
}
