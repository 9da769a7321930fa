import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import type { WorldPerson } from '../contracts/directory-world.ts';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import type { SambaDetails } from '../services/samba.ts';
import { SambaAdministrator, unique } from '../services/samba-administrator.ts';
import { ConsoleWorld } from './console-world.ts';
import { Visitor } from './visitor.ts';

/** Groups and units of a real directory that a console is configured with. All names are made up for one stage. */
export interface ConsolePlaces {
  /** DNs of the groups. Members of `nested` are administrators by way of another group. */
  readonly groups: {
    readonly [name in 'administrators' | 'nested' | 'auditors' | 'north' | 'south']: {
      readonly dn: string;
      readonly name: string;
    };
  };
  /** DNs of the units; `harbour` lies in `north`. The helpdesk has a group for north and one for south. */
  readonly units: { readonly [name in 'north' | 'harbour' | 'south']: { readonly dn: string; readonly path: string } };
}

/** What a journey through the console has. */
export interface ConsoleStage {
  readonly javaScript: boolean;
  readonly world: ConsoleWorld;
  readonly visitor: Visitor;
  readonly administrator: SambaAdministrator;
  readonly places: ConsolePlaces;
  /** Somebody at the portals, with another browser of the same kind. */
  portalVisitor(): Promise<Visitor>;
  /** Another browser of the same kind. */
  anotherVisitor(): Promise<Visitor>;
  /** Makes somebody in the directory with telephones of their own, in a unit and in groups. */
  addPerson(wish?: {
    readonly unit?: keyof ConsolePlaces['units'];
    readonly groups?: readonly (keyof ConsolePlaces['groups'])[];
    readonly displayName?: string;
  }): Promise<ConsolePerson>;
  /** The same, and everything is registered. */
  addRegistered(wish?: Parameters<ConsoleStage['addPerson']>[0]): Promise<ConsolePerson>;
}

export type ConsolePerson = WorldPerson & { readonly telephone: string; readonly mobile: string };

/** What else differs of the world. */
export interface ConsoleJourneyWish {
  readonly chain?: readonly string[];
  /** Logins that staff may drive. */
  readonly testAccounts?: readonly string[];
}

let people = 500;

/**
 * Runs journeys through the console twice, with JavaScript and without, in a real browser against a real Samba AD. After
 * each, the browser must have nothing to complain of.
 * @param settings other settings of the whole file
 * @param wish what else differs of the world
 * @param samba undefined when it cannot be had here: nothing runs then, and the end of the run says so
 */
export function consoleJourneys(
  name: string,
  samba: SambaDetails | undefined,
  define: (stage: ConsoleStage) => void,
  settings: { readonly [name: string]: Json } = {},
  wish: ConsoleJourneyWish = {},
): void {
  const missing = whyNoChromium();
  describe.skipIf(samba === undefined || missing !== undefined).each([
    { kind: 'with JavaScript', javaScript: true },
    { kind: 'without JavaScript', javaScript: false },
  ])(`${name} $kind`, ({ javaScript }) => {
    if (samba === undefined || missing !== undefined) return void test('needs Samba AD and Chromium', () => {});
    const stage = new OpenStage({ samba, javaScript, settings, wish });
    beforeAll(() => stage.open());
    beforeEach(() => stage.begin());
    afterEach(() => stage.end());
    afterAll(() => stage.close());
    define(stage);
  });
}

class OpenStage implements ConsoleStage {
  readonly javaScript: boolean;
  readonly #samba: SambaDetails;
  readonly #settings: { readonly [name: string]: Json };
  readonly #wish: ConsoleJourneyWish;
  readonly #visitors: Visitor[] = [];
  #browser: Browser | undefined;
  #world: ConsoleWorld | undefined;
  #administrator: SambaAdministrator | undefined;
  #places: ConsolePlaces | undefined;

  constructor(wish: {
    readonly samba: SambaDetails;
    readonly javaScript: boolean;
    readonly settings: { readonly [name: string]: Json };
    readonly wish: ConsoleJourneyWish;
  }) {
    this.#samba = wish.samba;
    this.javaScript = wish.javaScript;
    this.#settings = wish.settings;
    this.#wish = wish.wish;
  }

  get world(): ConsoleWorld {
    return there(this.#world);
  }

  get visitor(): Visitor {
    return there(this.#visitors[0]);
  }

  get administrator(): SambaAdministrator {
    return there(this.#administrator);
  }

  get places(): ConsolePlaces {
    return there(this.#places);
  }

  async open(): Promise<void> {
    this.#administrator = await SambaAdministrator.connect(this.#samba);
    this.#places = await this.#addPlaces();
    const { groups, units } = this.#places;
    const roles = {
      administrators: [groups.administrators.name],
      auditors: [`${this.#samba.domain}\\${groups.auditors.name}`],
      helpdesk: [
        { group: groups.north.name, units: [units.north.path.toUpperCase()] },
        { group: groups.south.name, units: [units.south.path] },
      ],
    };
    this.#world = await ConsoleWorld.open({ directory: this.#samba, roles, settings: this.#settings, ...this.#wish });
    this.#browser = await startChromium();
  }

  async begin(): Promise<void> {
    await this.anotherVisitor();
  }

  async end(): Promise<void> {
    const visitors = this.#visitors.splice(0);
    for (const visitor of visitors) await visitor.close();
    expect(visitors.flatMap(({ complaints }) => complaints)).toEqual([]);
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    await this.#world?.close();
    await this.#administrator?.close();
  }

  async portalVisitor(): Promise<Visitor> {
    const visitor = await Visitor.open(there(this.#browser), this.world.portals.url, {
      javaScriptEnabled: this.javaScript,
    });
    this.#visitors.push(visitor);
    return visitor;
  }

  async anotherVisitor(): Promise<Visitor> {
    const visitor = await this.world.visitor(there(this.#browser), { javaScriptEnabled: this.javaScript });
    this.#visitors.push(visitor);
    return visitor;
  }

  async addPerson(wish: Parameters<ConsoleStage['addPerson']>[0] = {}): Promise<ConsolePerson> {
    people += 1;
    const numbers = { telephone: `+44 20 7946 0${people}`, mobile: `+44 7700 900${people}` };
    const { unit, groups = [], displayName } = wish;
    const shown = displayName === undefined ? {} : { displayName };
    const parent = unit === undefined ? undefined : this.places.units[unit].dn;
    const person = await this.administrator.addPerson({ ...numbers, ...shown }, parent);
    for (const group of groups) await this.administrator.addMember(this.places.groups[group].dn, person.id);
    return { ...person, ...numbers };
  }

  async addRegistered(wish: Parameters<ConsoleStage['addPerson']>[0] = {}): Promise<ConsolePerson> {
    const person = await this.addPerson(wish);
    await this.world.portals.register(person.samName, person);
    return person;
  }

  async #addPlaces(): Promise<ConsolePlaces> {
    const { administrator } = this;
    const group = async (): Promise<{ dn: string; name: string }> => {
      const { id, samName } = await administrator.addGroup();
      return { dn: await administrator.dnOf(id), name: samName };
    };
    const [administrators, nested, auditors, north, south] = [
      await group(),
      await group(),
      await group(),
      await group(),
      await group(),
    ];
    await administrator.addMember(administrators.dn, await administrator.idOf(nested.dn));
    const names = { north: unique('North '), harbour: 'Harbour', south: unique('South ') };
    const northDn = await administrator.addUnit(names.north);
    const harbourDn = await administrator.addUnit(names.harbour, northDn);
    const southDn = await administrator.addUnit(names.south);
    return {
      groups: { administrators, nested, auditors, north, south },
      units: {
        north: { dn: northDn, path: `People/${names.north}` },
        harbour: { dn: harbourDn, path: `People/${names.north}/${names.harbour}` },
        south: { dn: southDn, path: `People/${names.south}` },
      },
    };
  }
}

function there<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the stage is not open');
  return thing;
}
