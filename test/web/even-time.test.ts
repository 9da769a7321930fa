import { describe, expect, test } from 'vitest';
import { EvenTime } from '../../src/web/even-time.ts';

/** A clock that moves only while somebody works or waits. */
function world(floorMs: number, remembers = true) {
  const clock = { ms: 1_000 };
  const pass = async (ms: number): Promise<void> => {
    clock.ms += ms;
  };
  const even = new EvenTime({ floorMs, remembers, now: () => clock.ms, wait: pass });
  /** Milliseconds that work which needs `ms` takes from outside. */
  const time = async (ms: number): Promise<number> => {
    const began = clock.ms;
    const inTime = even.begin();
    await pass(ms);
    await inTime();
    return clock.ms - began;
  };
  return { time, pass };
}

describe('5.4: work of one kind', () => {
  test('takes its minimum, however quick it is', async () => {
    const { time } = world(150);
    expect([await time(3), await time(149), await time(20)]).toEqual([150, 150, 150]);
  });

  test('takes as long as the slowest of the last minutes, so that a slow directory tells nobody apart', async () => {
    const { time, pass } = world(150);
    expect([await time(900), await time(3)]).toEqual([900, 900]);
    await pass(100_000);
    expect(await time(5)).toBe(900);
    await pass(400_000);
    expect(await time(5)).toBe(150);
  });

  test('is still even in the window after the slow one', async () => {
    const { time, pass } = world(150);
    await time(900);
    await pass(150_000);
    expect([await time(4), await time(400), await time(4)]).toEqual([900, 900, 900]);
    await pass(160_000);
    expect(await time(4)).toBe(400);
  });

  test('takes its minimum and no more where what was slow is not held against others', async () => {
    const { time } = world(100, false);
    expect([await time(900), await time(3)]).toEqual([900, 100]);
  });

  test('is not held at all without a minimum', async () => {
    const { time } = world(0);
    expect([await time(900), await time(3)]).toEqual([900, 3]);
  });

  test('never waits longer than three seconds for the sake of others', async () => {
    const { time } = world(150);
    expect(await time(9_000)).toBe(9_000);
    expect(await time(4)).toBe(3_000);
  });
});
