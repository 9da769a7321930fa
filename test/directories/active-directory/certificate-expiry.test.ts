import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { watchDirectory } from '../../../src/compose/directory.ts';
import { SettableClock } from '../../settable-clock.ts';
import { Controllers } from './controllers.ts';

const dayMs = 86_400_000;
const pinoLevels: Readonly<Record<number, string>> = { 30: 'info', 40: 'warn', 50: 'error' };

let world: Controllers;
beforeEach(async () => {
  world = await Controllers.open();
});
afterEach(() => world.close());

/** What the log of a running Latchkey says of certificates. */
interface Line {
  readonly level: number;
  readonly subject: string;
  readonly detail: string;
  readonly alarm?: true;
}

async function certificateEndingIn(days: number) {
  return world.authority.server(['127.0.0.1'], { notAfterDate: new Date(Date.now() + days * dayMs + dayMs / 2) });
}

describe('F6: the certificate of a running controller', () => {
  test.each([
    [31, undefined],
    [29, { level: 'warn' }],
    [8, { level: 'warn' }],
    [6, { level: 'error', alarm: true }],
  ])('that ends in %i days is told in the log as it should be', async (days, expected) => {
    const ends = await world.front(await certificateEndingIn(days));
    const lasts = await world.front(await certificateEndingIn(300));
    const lines: Line[] = [];
    const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const directory = world.directory([ends.url, lasts.url]);
    const clock = new SettableClock();
    const watch = watchDirectory(directory, { clock, log });
    for (let turn = 0; turn < 3; turn += 1) {
      watch.wake();
      await watch.idle();
      clock.pass(3600);
    }
    const said = lines.map(({ level, subject, alarm, detail }) => ({
      level: pinoLevels[level],
      subject,
      ...(alarm === undefined ? {} : { alarm }),
      days: Number(/\((\d+) days\)/.exec(detail)?.[1]),
    }));
    expect(said).toEqual(expected === undefined ? [] : [{ ...expected, subject: `${ends.url}: certificate`, days }]);
  });
});
