import type { Logger } from 'pino';
import type { Clock } from '../core/clock.ts';
import { SteadyClock } from '../core/steady-clock.ts';

/** The machine's clock, which never goes back; whoever set it is told. */
export function steadyClock(log: Logger): Clock {
  return new SteadyClock({
    wall: () => new Date(),
    monotonicMs: () => performance.now(),
    report: (stepMs) =>
      log.error(
        { stepMs },
        'the clock of this machine was set; times go on from where they were, see to its time service',
      ),
  });
}
