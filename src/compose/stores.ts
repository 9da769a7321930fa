import type { Configuration } from '../config.ts';
import { systemClock } from '../core/clock.ts';
import { createSealer } from '../core/sealer.ts';
import type { Stores } from '../core/stores.ts';
import { sealingKeys } from '../settings/configured.ts';
import { openStores } from '../stores/open-stores.ts';

/** The store and nothing else: for the commands that need no directory. */
export async function openConfiguredStores(configuration: Configuration): Promise<Stores> {
  return openStores(configuration.store, { sealer: createSealer(sealingKeys(configuration)), clock: systemClock });
}
