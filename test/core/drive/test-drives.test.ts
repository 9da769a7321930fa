import { afterEach, expect, test, vi } from 'vitest';
import type { Account } from '../../../src/core/account.ts';
import { type DryWorld, TestDrives, type TestDrivesNeeds } from '../../../src/core/drive/test-drives.ts';
import { untroubled } from '../../account-state.ts';
import { sampleFlow } from '../../contracts/store-samples.ts';
import { SettableClock } from '../../settable-clock.ts';

const request = {
  address: '192.0.2.1',
  correlation: 'c',
  language: 'en',
  zone: 'intranet',
  host: 'console.example',
} as const;
const account: Account = {
  id: 'person-1',
  name: 'CONTOSO\\test',
  samName: 'test',
  displayName: 'Test',
  state: untroubled,
};
const wish = { subject: { account, isSelf: false }, zone: 'extranet', asRegistered: true } as const;

afterEach(() => {
  vi.useRealTimers();
});

/** Drives whose worlds are counted, and take a moment to be made. */
function counted(fails: () => boolean = () => false) {
  const worlds = { open: 0, most: 0 };
  const subject = { kind: 'account', account } as const;
  const needs = {
    openDry: async () => {
      worlds.open += 1;
      worlds.most = Math.max(worlds.most, worlds.open);
      await new Promise((resolve) => setTimeout(resolve, 2));
      return {
        starter: {
          reset: async () => {
            if (fails()) throw new Error('the directory is away');
            return { kind: 'started', flow: { ...sampleFlow(), subject } };
          },
        },
        idle: async () => undefined,
        close: async () => {
          worlds.open -= 1;
        },
      } as unknown as DryWorld;
    },
    live: { starter: { reset: async () => ({ kind: 'started', flow: { ...sampleFlow(), subject } }) } },
    limits: { visit: () => ({ admit: async () => ({ kind: 'admitted' }) }) },
    policies: { explain: async () => [] },
    clock: new SettableClock(),
    nowMs: () => 0,
  } as unknown as TestDrivesNeeds;
  return { drives: new TestDrives(needs), worlds };
}

test('dry runs that one member begins at once are made one after another, and the last is the one that is open', async () => {
  const { drives, worlds } = counted();
  const begun = await Promise.all(Array.from({ length: 30 }, () => drives.beginDry('agent', wish, request)));
  expect(worlds).toEqual({ open: 1, most: 2 });
  expect(begun.filter(({ id }) => drives.find(id, 'agent') !== undefined)).toEqual([begun.at(-1)]);
  await drives.close();
  expect(worlds.open).toBe(0);
});

test('drives of one member that begin at the same time leave one open', async () => {
  const { drives } = counted();
  const begun = await Promise.all(
    Array.from({ length: 30 }, () => drives.beginLive('agent', { subject: wish.subject, zone: 'extranet' }, request)),
  );
  expect(begun.filter((drive) => drives.find(drive?.id, 'agent') !== undefined)).toEqual([begun.at(-1)]);
});

test('one that cannot begin is closed, and keeps no other from beginning', async () => {
  let calls = 0;
  const { drives, worlds } = counted(() => {
    calls += 1;
    return calls === 1;
  });
  const [failed, begun] = await Promise.allSettled([1, 2].map(() => drives.beginDry('agent', wish, request)));
  expect([failed?.status, begun?.status]).toEqual(['rejected', 'fulfilled']);
  expect(worlds.open).toBe(1);
});

test('one that is over is let go, also where nobody begins another', async () => {
  vi.useFakeTimers();
  const { drives, worlds } = counted();
  const beginning = ['one', 'other'].map((by) => drives.beginDry(by, wish, request));
  await vi.advanceTimersByTimeAsync(10);
  const [begun] = await Promise.all(beginning);
  if (begun !== undefined) await drives.end(begun);
  expect(worlds.open).toBe(1);
  await vi.advanceTimersByTimeAsync(2 * 3_600_000);
  expect(worlds.open).toBe(0);
});
