import { afterEach, beforeEach, expect, test } from 'vitest';
import { type JobStore, Jobs, mostJobs } from '../../../src/core/background/jobs.ts';
import { Unavailable } from '../../../src/core/errors.ts';
import { createSealer } from '../../../src/core/sealer.ts';
import type { Stores } from '../../../src/core/stores.ts';
import { openStores } from '../../../src/stores/open-stores.ts';
import { storeSettings } from '../../../src/stores/settings.ts';
import { newKey } from '../../contracts/store-world.ts';
import { SettableClock } from '../../settable-clock.ts';

const ana = { id: 'ana', name: 'DEMO\\ana' };
let stores: Stores;
let clock: SettableClock;
let faults: unknown[];

beforeEach(async () => {
  clock = new SettableClock();
  faults = [];
  const settings = storeSettings.parse({ kind: 'sqlite', file: ':memory:' });
  stores = await openStores(settings, { sealer: createSealer({ keys: [newKey('one')] }), clock });
  await stores.migrate();
});
afterEach(() => stores.close());

function createJobs(store: JobStore = stores.jobs): Jobs {
  return new Jobs({ store, clock, beatMs: 5, report: (_job, fault) => faults.push(fault) });
}

/** Work that goes on until it is told to end. */
function endless(_report: unknown, signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
}

test('work is not waited for; its progress and then its result are seen by every node', async () => {
  const [jobs, other] = [createJobs(), createJobs()];
  let go = (): void => undefined;
  const gone = new Promise<void>((resolve) => {
    go = resolve;
  });
  const job = await jobs.start('simulation', ana, async (report) => {
    report({ done: 7, of: 10 });
    await gone;
    return { found: 3 };
  });
  const id = job?.id ?? '';
  await expect.poll(async () => (await other.read(id))?.progress).toEqual({ done: 7, of: 10 });
  expect(await other.read(id)).toMatchObject({ kind: 'simulation', by: 'ana', byName: 'DEMO\\ana', state: 'running' });
  go();
  await jobs.idle();
  expect(await other.read(id)).toMatchObject({ state: 'done', result: { found: 3 }, progress: { done: 7, of: 10 } });
  expect(faults).toEqual([]);
});

test('what threw is shown as failed, and told of to the log only', async () => {
  const jobs = createJobs();
  const job = await jobs.start('simulation', ana, async () => Promise.reject(new Error('CN=secret')));
  await jobs.idle();
  expect(await jobs.read(job?.id ?? '')).toMatchObject({ state: 'failed', failure: 'fault' });
  expect(JSON.stringify(await jobs.read(job?.id ?? ''))).not.toContain('secret');
  expect(faults).toEqual([new Error('CN=secret')]);
});

test('a job is cancelled from another node while it works', async () => {
  const [jobs, other] = [createJobs(), createJobs()];
  const job = await jobs.start('simulation', ana, endless);
  expect(await other.cancel(job?.id ?? '')).toBe(true);
  await jobs.idle();
  expect(await other.read(job?.id ?? '')).toMatchObject({ state: 'cancelled', ending: false });
  expect(await other.cancel(job?.id ?? '')).toBe(false);
  expect(faults).toEqual([]);
});

test('work that comes to its end all the same after it was cancelled has no result', async () => {
  const jobs = createJobs();
  const job = await jobs.start('simulation', ana, async (_report, signal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return 'too late';
  });
  await jobs.cancel(job?.id ?? '');
  await jobs.idle();
  const ended = await jobs.read(job?.id ?? '');
  expect(ended?.state).toBe('cancelled');
  expect(ended).not.toHaveProperty('result');
});

test('at most a few run at once', async () => {
  const jobs = createJobs();
  const started = await Promise.all(
    Array.from({ length: mostJobs + 2 }, (_, at) => jobs.start('simulation', { ...ana, id: `ana-${at}` }, endless)),
  );
  expect(started.filter((job) => job !== undefined)).toHaveLength(mostJobs);
  await jobs.stop();
});

test('nobody fills all places: one of a kind for each person, whom the next is told of', async () => {
  const jobs = createJobs();
  const tries = Array.from({ length: 10 }, () => jobs.start('simulation', ana, endless));
  const [job, ...more] = (await Promise.all(tries)).filter((one) => one !== undefined);
  expect(more).toEqual([]);
  expect(await createJobs().running('simulation', ana.id)).toMatchObject({ id: job?.id, state: 'running' });
  expect(await jobs.running('simulation', 'ben')).toBeUndefined();
  expect(await jobs.running('audit-check', ana.id)).toBeUndefined();
  await jobs.cancel(job?.id ?? '');
  await jobs.idle();
  expect(await jobs.running('simulation', ana.id)).toBeUndefined();
  expect(await jobs.start('simulation', ana, endless)).toBeDefined();
  await jobs.stop();
});

test('one whose process died keeps nobody from starting another', async () => {
  const silent: JobStore = { ...bound(stores.jobs), beat: async () => 'go-on', end: async () => true };
  const dead = createJobs(silent);
  await dead.start('simulation', ana, endless);
  clock.pass(61);
  expect(await createJobs().running('simulation', ana.id)).toBeUndefined();
  const jobs = createJobs();
  expect(await jobs.start('simulation', ana, endless)).toBeDefined();
  await jobs.stop();
  await dead.stop();
});

test('at the end of the process, work is cut, waited for and shown as failed, and nothing more begins', async () => {
  const jobs = createJobs();
  let ended = false;
  const job = await jobs.start('simulation', ana, async (_report, signal) => {
    await endless(undefined, signal).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    ended = true;
    return 1;
  });
  await jobs.stop();
  expect(ended).toBe(true);
  expect(await createJobs().read(job?.id ?? '')).toMatchObject({ state: 'failed', failure: 'stopped' });
  expect(await jobs.start('simulation', ana, endless)).toBeUndefined();
});

test('a job whose process died is shown as failed after a while, not before', async () => {
  const silent: JobStore = { ...bound(stores.jobs), beat: async () => 'go-on', end: async () => true };
  const job = await createJobs(silent).start('simulation', ana, endless);
  clock.pass(59);
  expect(await createJobs().read(job?.id ?? '')).toMatchObject({ state: 'running' });
  clock.pass(1);
  expect(await createJobs().recent()).toMatchObject([{ state: 'failed', failure: 'died' }]);
});

test('one that was given up for dead although it lives ends by itself and changes nothing any more', async () => {
  const jobs = createJobs();
  let aborted = false;
  const job = await jobs.start('simulation', ana, async (_report, signal) => {
    await endless(undefined, signal).catch(() => undefined);
    aborted = true;
    return 1;
  });
  await stores.jobs.fail(clock.now(), clock.now());
  await jobs.idle();
  expect(aborted).toBe(true);
  expect(await jobs.read(job?.id ?? '')).toMatchObject({ state: 'failed', failure: 'died' });
});

test('a store that is away for a moment ends no job and loses no result', async () => {
  let away = 4;
  const flaky =
    <Args extends unknown[], Result>(run: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      away -= 1;
      if (away >= 0) throw new Unavailable('away');
      return run(...args);
    };
  const store = bound(stores.jobs);
  const jobs = createJobs({ ...store, beat: flaky(store.beat), end: flaky(store.end) });
  const job = await jobs.start('simulation', ana, async () => 'kept');
  await jobs.idle();
  expect(away).toBeLessThan(0);
  expect(await jobs.read(job?.id ?? '')).toMatchObject({ state: 'done', result: 'kept' });
});

function bound(store: JobStore): JobStore {
  return {
    create: (...args) => store.create(...args),
    beat: (...args) => store.beat(...args),
    end: (...args) => store.end(...args),
    cancel: (...args) => store.cancel(...args),
    read: (...args) => store.read(...args),
    running: (...args) => store.running(...args),
    recent: (...args) => store.recent(...args),
    fail: (...args) => store.fail(...args),
  };
}
