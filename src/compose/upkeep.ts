import type { Logger } from 'pino';
import type { Clock } from '../core/clock.ts';
import type { DirectoryWatch } from '../core/directory-watch.ts';
import type { WriteDesk } from '../core/flow/write-desk.ts';
import type { OutboxWorker } from '../core/notices/outbox-worker.ts';
import type { PolicyAnnouncer } from '../core/policies/policy-announcer.ts';
import type { Challenges } from '../core/sending/challenges.ts';
import type { Stores } from '../core/stores.ts';
import type { BackgroundWork } from './background.ts';
import { mostLimitRows } from './limits.ts';

const upkeepMs = 15_000;
const purgeEvery = 40;
const coverageFrom = 4;

/** Runs what runs beside the requests, now and then until the timer is cleared; a turn that fails runs again. */
export function startUpkeep(parts: {
  challenges: Challenges;
  writes: WriteDesk;
  watch: DirectoryWatch;
  outbox: OutboxWorker;
  background: Pick<BackgroundWork, 'campaigns' | 'coverage'>;
  announcer: Pick<PolicyAnnouncer, 'wake'>;
  stores: Stores;
  clock: Clock;
  log: Logger;
}): NodeJS.Timeout {
  let turn = 0;
  const once = async (): Promise<void> => {
    parts.outbox.wake();
    parts.watch.wake();
    parts.background.campaigns.wake();
    parts.announcer.wake();
    // A start has enough to do.
    if (turn > coverageFrom) parts.background.coverage.wake();
    await parts.challenges.recover();
    await parts.challenges.probe();
    await parts.writes.recover();
    await parts.stores.limits.trim(parts.clock.now(), mostLimitRows);
    if (turn % purgeEvery === 0) await parts.stores.purge(parts.clock.now());
    turn += 1;
  };
  const run = (): void => void once().catch((err: unknown) => parts.log.error({ err }, 'upkeep failed; it runs again'));
  run();
  return setInterval(run, upkeepMs).unref();
}
