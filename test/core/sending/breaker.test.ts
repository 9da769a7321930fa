import { beforeEach, describe, expect, test } from 'vitest';
import { OutOfService, Unavailable } from '../../../src/core/errors.ts';
import { Breaker } from '../../../src/core/sending/breaker.ts';
import { SettableClock } from '../../settable-clock.ts';

let clock: SettableClock;
let states: string[];
let breaker: Breaker;
beforeEach(() => {
  clock = new SettableClock();
  states = [];
  breaker = new Breaker({ failures: 3, seconds: 30, clock, report: (state) => states.push(state) });
});

function fail(times = 1): void {
  for (let at = 0; at < times; at += 1) breaker.failed(new Unavailable('down'));
}

describe('a breaker', () => {
  test('lets all through while its far end works, and forgets failures that were followed by a success', () => {
    fail(2);
    breaker.succeeded();
    fail(2);
    expect(breaker.isOpen()).toBe(false);
    expect(breaker.admit()).toBe(true);
    expect(states).toEqual([]);
  });

  test('opens after so many failures in a row, says so once, and admits nobody', () => {
    fail(5);
    expect(breaker.isOpen()).toBe(true);
    expect(breaker.admit()).toBe(false);
    expect(states).toEqual(['open']);
  });

  test('F20: opens at once for a far end that says it serves nobody', () => {
    breaker.failed(new OutOfService('no credit'));
    expect(breaker.isOpen()).toBe(true);
  });

  test('admits one trial when its time is over, and others only after another time', () => {
    fail(3);
    clock.pass(30);
    expect(breaker.isOpen()).toBe(false);
    expect(breaker.admit()).toBe(true);
    expect(breaker.admit()).toBe(false);
    expect(breaker.isOpen()).toBe(true);
    clock.pass(30);
    expect(breaker.admit()).toBe(true);
  });

  test('closes when the trial succeeds', () => {
    fail(3);
    clock.pass(30);
    breaker.admit();
    breaker.succeeded();
    expect(breaker.isDoubted()).toBe(false);
    expect([breaker.admit(), breaker.admit()]).toEqual([true, true]);
    expect(states).toEqual(['open', 'closed']);
  });

  test('stays open for another time when the trial fails, and one failure is enough for that', () => {
    fail(3);
    clock.pass(30);
    breaker.admit();
    clock.pass(20);
    fail();
    clock.pass(29);
    expect(breaker.isOpen()).toBe(true);
    clock.pass(1);
    expect(breaker.isOpen()).toBe(false);
    expect(states).toEqual(['open']);
  });
});
