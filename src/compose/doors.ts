import type { Express } from 'express';
import { createApp, type Services } from '../app.ts';
import type { Configuration } from '../config.ts';
import type { Zone } from '../core/zone.ts';
import { type Listener, listenersOf } from '../settings/listeners.ts';

/** What all listeners share. */
export type SharedServices = Omit<Services, 'publicUrl' | 'zone' | 'sessionSecrets' | 'service'>;

/** One listener and what answers there. */
export interface Door {
  readonly listener: Listener;
  readonly app: Express;
}

/**
 * One app a listener, all on the same services. A zone is what the listener was given, and a session is signed for its
 * listener alone: neither can be brought along from another one.
 */
export function createDoors(
  configuration: Configuration,
  services: SharedServices,
  needs: {
    readonly mac: (purpose: string, text: string) => string;
    readonly isOpen: (zone: Zone) => Promise<boolean>;
  },
): readonly [main: Door, ...others: Door[]] {
  const door = (listener: Listener): Door => {
    const { publicUrl, zone } = listener;
    const sessionSecrets = [needs.mac('session-cookie', publicUrl.origin)];
    const service = { available: () => needs.isOpen(zone) };
    return { listener, app: createApp({ ...services, publicUrl, zone, sessionSecrets, service }) };
  };
  const [main, ...others] = listenersOf(configuration);
  if (main === undefined) throw new Error('there is no listener');
  return [door(main), ...others.map(door)];
}
