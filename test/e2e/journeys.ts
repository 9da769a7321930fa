import type { PersonWish } from '../contracts/directory-world.ts';
import type { SambaDetails } from '../services/samba.ts';
import { runTwice, Stage, type StagePerson } from './stage.ts';
import type { Walker } from './steps.ts';
import { PortalWorld, type WorldWish } from './world.ts';

/** Somebody of the directory, and what they know and hold. */
export type Person = Walker & StagePerson;

type PortalWish = Omit<WorldWish, 'directory'>;

const wrongPasswordsThatLock = 5;

/** Runs journeys through the portals, each twice. */
export function journeys(
  name: string,
  samba: SambaDetails | undefined,
  define: (stage: PortalStage) => void,
  wish: PortalWish = {},
): void {
  runTwice(name, samba, (where) => new PortalStage(where, wish), define);
}

/** What a journey through the portals has. */
export class PortalStage extends Stage<PortalWorld> {
  readonly #wish: PortalWish;

  constructor(where: ConstructorParameters<typeof Stage>[0], wish: PortalWish) {
    super(where);
    this.#wish = wish;
  }

  protected override openWorld(): Promise<PortalWorld> {
    return PortalWorld.open({ ...this.#wish, directory: this.samba });
  }

  /** Makes somebody in the directory, with a telephone and a mobile of their own. */
  async addPerson(wish: PersonWish = {}, parent?: string): Promise<Person> {
    const person = await this.addSomebody(wish, parent);
    return { ...person, login: person.samName };
  }

  /** The same, and all gates are registered already. */
  async addRegistered(wish: PersonWish = {}): Promise<Person> {
    const person = await this.addPerson(wish);
    await this.world.register(person.samName, person);
    return person;
  }

  /** Locks somebody as an attacker would, past Latchkey. */
  async lockOut(person: Person): Promise<void> {
    await this.administrator.lock(person, wrongPasswordsThatLock);
  }
}
