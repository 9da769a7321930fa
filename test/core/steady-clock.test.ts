import { describe, expect, test } from 'vitest';
import { SteadyClock } from '../../src/core/steady-clock.ts';

/** A machine whose two clocks a test moves: `pass` moves both, `set` the time of day alone. */
function machine() {
  const start = Date.parse('2026-03-02T09:00:00Z');
  const time = { wall: start, monotonic: 70 };
  const steps: number[] = [];
  const clock = new SteadyClock({
    wall: () => new Date(time.wall),
    monotonicMs: () => time.monotonic,
    report: (stepMs) => void steps.push(stepMs),
  });
  return {
    steps,
    /** Seconds since the start, by the clock under test. */
    seconds: () => (clock.now().getTime() - start) / 1000,
    pass(seconds: number) {
      time.wall += seconds * 1000;
      time.monotonic += seconds * 1000;
    },
    set(seconds: number) {
      time.wall += seconds * 1000;
    },
  };
}

describe('F26: a clock', () => {
  test('that is right is followed', () => {
    const { seconds, pass, steps } = machine();
    expect(seconds()).toBe(0);
    pass(61.5);
    expect(seconds()).toBe(61.5);
    expect(steps).toEqual([]);
  });

  test('that is set back ten minutes takes no time back, and is told once', () => {
    const { seconds, pass, set, steps } = machine();
    pass(100);
    expect(seconds()).toBe(100);
    set(-600);
    expect(seconds()).toBe(100);
    pass(30);
    expect(seconds()).toBe(130);
    expect(steps).toEqual([-600_000]);
  });

  test('that comes back into line after that is followed again', () => {
    const { seconds, pass, set, steps } = machine();
    set(-600);
    pass(10);
    expect(seconds()).toBe(10);
    set(600);
    pass(10);
    expect(seconds()).toBe(20);
    expect(steps).toEqual([-600_000, 600_000]);
  });

  test('that jumps ahead, as after a sleep, is followed: what has expired has expired', () => {
    const { seconds, pass, set, steps } = machine();
    pass(5);
    set(600);
    expect(seconds()).toBe(605);
    expect(steps).toEqual([600_000]);
  });

  test('that is nudged is nobody’s business, and still never goes back', () => {
    const { seconds, pass, set, steps } = machine();
    pass(50);
    expect(seconds()).toBe(50);
    set(-2);
    expect(seconds()).toBe(50);
    pass(1);
    expect(seconds()).toBe(51);
    expect(steps).toEqual([]);
  });

  test('that loses a second again and again is told when it adds up', () => {
    const { seconds, pass, set, steps } = machine();
    for (let minute = 0; minute < 12; minute += 1) {
      pass(60);
      set(-1);
      seconds();
    }
    expect(seconds()).toBe(720);
    expect(steps.length).toBe(2);
  });
});
