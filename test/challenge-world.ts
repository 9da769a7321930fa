import { randomBytes } from 'node:crypto';
import type { ProviderRoutes, SendingReport } from '../src/core/challenge-sender.ts';
import { Challenges } from '../src/core/challenges.ts';
import { courierProvider } from '../src/core/courier-provider.ts';
import { enrolledDestinations } from '../src/core/enrolled-number.ts';
import { createSealer, type Sealer } from '../src/core/sealer.ts';
import type { Stores } from '../src/core/stores.ts';
import { virtualSms } from '../src/providers/demo/virtual-sms.ts';
import { virtualVoice } from '../src/providers/demo/virtual-voice.ts';
import { openStores } from '../src/stores/open-stores.ts';
import { BreakablePhones } from './breakable-phones.ts';
import { SettableClock } from './settable-clock.ts';

/** A store, phones and a challenge service around one clock; `restarted` is the same store after a crash. */
export interface ChallengeWorld {
  readonly clock: SettableClock;
  readonly phones: BreakablePhones;
  readonly sealer: Sealer;
  readonly stores: Stores;
  readonly challenges: Challenges;
  readonly reports: SendingReport[];
  restarted(routes?: ProviderRoutes): Challenges;
  close(): Promise<void>;
}

export const ringSeconds = 30;
export const sendSeconds = 120;

/** @param routes other providers than the virtual ones */
export async function challengeWorld(routes?: ProviderRoutes): Promise<ChallengeWorld> {
  const clock = new SettableClock();
  const phones = new BreakablePhones({ production: false, clock, ringSeconds });
  const sealer = createSealer({ keys: [{ id: 'test', secret: randomBytes(32) }] });
  const stores = await openStores({ kind: 'sqlite', file: ':memory:', 'busy-timeout-ms': 1000 }, { sealer, clock });
  await stores.migrate();
  const reports: SendingReport[] = [];
  const virtual: ProviderRoutes = {
    sms: [courierProvider({ courier: virtualSms(phones), clock, sealer })],
    voice: [virtualVoice(phones)],
  };
  const make = (used: ProviderRoutes): Challenges =>
    new Challenges({
      store: stores.challenges,
      routes: used,
      destinations: enrolledDestinations(stores.enrolments),
      clock,
      sendSeconds,
      ringSeconds,
      report: (report) => reports.push(report),
    });
  const challenges = make(routes ?? virtual);
  return {
    clock,
    phones,
    sealer,
    stores,
    challenges,
    reports,
    restarted: (other) => make(other ?? routes ?? virtual),
    close: async () => {
      await challenges.idle();
      await stores.close();
    },
  };
}
