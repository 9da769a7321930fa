import type { Json } from '../../src/core/json.ts';
import type { SambaDetails } from '../services/samba.ts';
import { unique } from '../services/samba-administrator.ts';
import { ConsoleWorld } from './console-world.ts';
import { runTwice, Stage, type StagePerson } from './stage.ts';
import type { Visitor } from './visitor.ts';

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

/** Whom a journey needs. */
export interface ConsolePersonWish {
  readonly unit?: keyof ConsolePlaces['units'];
  readonly groups?: readonly (keyof ConsolePlaces['groups'])[];
  readonly displayName?: string;
}

/** What differs of the world. */
export interface ConsoleJourneyWish {
  /** Other settings of the whole file. */
  readonly settings?: { readonly [name: string]: Json };
  readonly chain?: readonly string[];
  /** Logins that staff may drive. */
  readonly testAccounts?: readonly string[];
}

/** Runs journeys through the console, each twice. */
export function consoleJourneys(
  name: string,
  samba: SambaDetails | undefined,
  define: (stage: ConsoleStage) => void,
  wish: ConsoleJourneyWish = {},
): void {
  runTwice(name, samba, (where) => new ConsoleStage(where, wish), define);
}

/** What a journey through the console has. */
export class ConsoleStage extends Stage<ConsoleWorld> {
  readonly #wish: ConsoleJourneyWish;
  #places: ConsolePlaces | undefined;

  constructor(where: ConstructorParameters<typeof Stage>[0], wish: ConsoleJourneyWish) {
    super(where);
    this.#wish = wish;
  }

  get places(): ConsolePlaces {
    if (this.#places === undefined) throw new Error('the stage is not open');
    return this.#places;
  }

  protected override async openWorld(): Promise<ConsoleWorld> {
    this.#places = await this.#addPlaces();
    const { groups, units } = this.#places;
    const roles = {
      administrators: [groups.administrators.name],
      auditors: [`${this.samba.domain}\\${groups.auditors.name}`],
      helpdesk: [
        { group: groups.north.name, units: [units.north.path.toUpperCase()] },
        { group: groups.south.name, units: [units.south.path] },
      ],
    };
    return ConsoleWorld.open({ directory: this.samba, roles, ...this.#wish });
  }

  /** Somebody at the portals, with another browser of the same kind. */
  portalVisitor(): Promise<Visitor> {
    return this.anotherVisitor(this.world.portals.url);
  }

  /** Makes somebody in the directory with telephones of their own, in a unit and in groups. */
  async addPerson({ unit, groups = [], ...wish }: ConsolePersonWish = {}): Promise<StagePerson> {
    const person = await this.addSomebody(wish, unit === undefined ? undefined : this.places.units[unit].dn);
    for (const group of groups) await this.administrator.addMember(this.places.groups[group].dn, person.id);
    return person;
  }

  /** The same, and everything is registered. */
  async addRegistered(wish: ConsolePersonWish = {}): Promise<StagePerson> {
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
