import type { Browser } from 'playwright-core';
import { guided, type Look, type TourLanguage } from './guide.ts';
import { endings, notices } from './tour-endings.ts';
import { faults } from './tour-faults.ts';
import { otherWays } from './tour-other-ways.ts';
import { frontDoor, registration } from './tour-registration.ts';
import { changes, reset } from './tour-reset.ts';
import { twoZones, zonePolicies } from './tour-zones.ts';
import { PortalWorld } from './world.ts';

/** Walks past every page of the portals that the demo can show, in one language, and looks at each. */
export async function tour(browser: Browser, language: TourLanguage, look: Look): Promise<void> {
  const party = { browser, language, look };
  await guided(
    party,
    (clock) => PortalWorld.open({ directory: 'demo', clock }),
    async (guide) => {
      for (const part of [frontDoor, registration, reset, notices, changes, endings, faults]) await part(guide);
    },
  );
  const policy = { needed: 2, 'unlock-after': 1 };
  await guided(party, (clock) => PortalWorld.open({ directory: 'demo', clock, policy }), otherWays);
  const zones = { policies: zonePolicies, intranet: true };
  await guided(party, (clock) => PortalWorld.open({ directory: 'demo', clock, ...zones }), twoZones);
}
