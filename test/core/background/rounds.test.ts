import { describe, expect, test } from 'vitest';
import { Rounds } from '../../../src/core/background/rounds.ts';
import { SettableClock } from '../../settable-clock.ts';

/** Rounds of work whose end the test decides. */
function world() {
  const clock = new SettableClock(new Date('2026-03-02T10:00:00Z'));
  const faults: unknown[] = [];
  const ends: { resolve(): void; reject(fault: Error): void }[] = [];
  const rounds = new Rounds({ clock, restMs: 60_000, report: (fault) => faults.push(fault) }, () => {
    return new Promise<void>((resolve, reject) => ends.push({ resolve, reject }));
  });
  return { clock, faults, ends, rounds };
}

describe('rounds', () => {
  test('are one at a time, however often they are woken', async () => {
    const { ends, rounds } = world();
    rounds.wake();
    rounds.wake();
    expect(ends).toHaveLength(1);
    ends[0]?.resolve();
    await rounds.idle();
    rounds.wake();
    expect(ends).toHaveLength(2);
  });

  test('rest after one that failed, which is told of once', async () => {
    const { clock, faults, ends, rounds } = world();
    const fault = new Error('broken');
    rounds.wake();
    ends[0]?.reject(fault);
    await rounds.idle();
    expect(faults).toEqual([fault]);
    clock.pass(59);
    rounds.wake();
    expect(ends).toHaveLength(1);
    clock.pass(1);
    rounds.wake();
    expect(ends).toHaveLength(2);
  });

  test('end with the one in hand, whose breaking off is no failure, and none begins any more', async () => {
    const { faults, ends, rounds } = world();
    rounds.wake();
    let isStopped = false;
    const stopped = rounds.stop().then(() => {
      isStopped = true;
    });
    await Promise.resolve();
    expect([rounds.ending.aborted, isStopped]).toEqual([true, false]);
    ends[0]?.reject(new Error('broken off'));
    await stopped;
    rounds.wake();
    expect([faults, ends.length]).toEqual([[], 1]);
  });
});
