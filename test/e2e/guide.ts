import type { Browser } from 'playwright-core';
import { SettableClock } from '../settable-clock.ts';
import { Visitor } from './visitor.ts';

/** Called on every page of a tour. `name` says where in the tour it stands, and is good for a file's name. */
export type Look = (name: string, visitor: Visitor) => Promise<void>;

/** The language that a tour is read in. */
export type TourLanguage = 'en' | 'ar';

/** Who is led around. */
export interface Party {
  readonly browser: Browser;
  readonly language: TourLanguage;
  readonly look: Look;
}

/** What whoever leads a tour has at hand: a world whose clock stands still, and a visitor in it. */
export interface Guide<World> extends Party {
  readonly clock: SettableClock;
  readonly world: World;
  readonly visitor: Visitor;
  /** Looks at the page that the visitor has before them. */
  readonly see: (name: string) => Promise<void>;
}

/** Leads a party through a world that is opened for them. */
export async function guided<World extends { readonly url: string; close(): Promise<void> }>(
  party: Party,
  open: (clock: SettableClock) => Promise<World>,
  walk: (guide: Guide<World>) => Promise<void>,
): Promise<void> {
  const clock = new SettableClock(new Date('2026-03-02T09:42:00Z'));
  const world = await open(clock);
  try {
    const visitor = await Visitor.open(party.browser, world.url, { locale: party.language });
    await walk({ ...party, clock, world, visitor, see: (name) => party.look(name, visitor) });
    await visitor.close();
  } finally {
    await world.close();
  }
}
