import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/core/directory.ts';
import { DirectoryWatch } from '../../src/core/directory-watch.ts';
import { SettableClock } from '../settable-clock.ts';

const hour = 3600;

function watched() {
  const clock = new SettableClock();
  const told: Finding[] = [];
  const state: { checks: number; check: () => Promise<readonly Finding[]> } = { checks: 0, check: async () => [] };
  const check = (): Promise<readonly Finding[]> => {
    state.checks += 1;
    return state.check();
  };
  const watch = new DirectoryWatch({ directory: { check }, clock, report: (finding) => void told.push(finding) });
  /** As upkeep does, every 15 seconds. */
  const pass = async (seconds: number): Promise<void> => {
    for (let at = 0; at < seconds; at += 15) {
      watch.wake();
      await watch.idle();
      clock.pass(15);
    }
  };
  return { told, state, watch, pass };
}

const late: Finding = { level: 'problem', subject: 'ldaps://dc1: certificate', detail: 'is valid until tomorrow' };
const soon: Finding = { ...late, level: 'warning', detail: 'is valid until next week' };

describe('the watch over a running directory', () => {
  test('checks once an hour and says nothing of what is well', async () => {
    const { told, state, pass } = watched();
    state.check = async () => [{ level: 'ok', subject: 'ldaps://dc1', detail: 'answers' }];
    await pass(3 * hour);
    expect(state.checks).toBe(3);
    expect(told).toEqual([]);
  });

  test('tells each thing once a day', async () => {
    const { told, state, pass } = watched();
    const other = { ...soon, subject: 'ldaps://dc2: certificate' };
    state.check = async () => [soon, other];
    await pass(24 * hour);
    expect(told).toEqual([soon, other]);
    await pass(24 * hour);
    expect(told).toEqual([soon, other, soon, other]);
  });

  test('tells at once when it gets worse, and not when it gets better', async () => {
    const { told, state, pass } = watched();
    state.check = async () => [soon];
    await pass(2 * hour);
    state.check = async () => [late];
    await pass(2 * hour);
    state.check = async () => [soon];
    await pass(2 * hour);
    expect(told).toEqual([soon, late]);
  });

  test('tells when a check itself fails, and checks again', async () => {
    const { told, state, pass } = watched();
    state.check = async () => {
      throw new Error('broken');
    };
    await pass(hour);
    expect(told).toEqual([{ level: 'problem', subject: 'directory', detail: expect.stringContaining('broken') }]);
    state.check = async () => [soon];
    await pass(hour);
    expect(told.at(-1)).toEqual(soon);
  });

  test('begins no check while one is under way', async () => {
    const { state, watch, pass } = watched();
    let end = (): void => {};
    state.check = () =>
      new Promise((resolve) => {
        end = () => resolve([]);
      });
    watch.wake();
    const idle = watch.idle();
    const passing = pass(15);
    expect(state.checks).toBe(1);
    end();
    await Promise.all([idle, passing]);
    expect(state.checks).toBe(1);
  });
});
