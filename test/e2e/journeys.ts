import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PersonWish, WorldPerson } from '../contracts/directory-world.ts';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import type { SambaDetails } from '../services/samba.ts';
import { newPassword, SambaAdministrator, unique } from '../services/samba-administrator.ts';
import type { Walker } from './steps.ts';
import { Visitor } from './visitor.ts';
import { PortalWorld, type WorldWish } from './world.ts';

/** What a journey has: a Latchkey on a real directory, a person at a browser, and an administrator who looks on. */
export interface Stage {
  readonly javaScript: boolean;
  readonly world: PortalWorld;
  readonly visitor: Visitor;
  readonly administrator: SambaAdministrator;
  /** Another browser of the same kind. */
  anotherVisitor(): Promise<Visitor>;
  /** Makes somebody in the directory, with a telephone and a mobile of their own. */
  addPerson(wish?: PersonWish, parent?: string): Promise<Person>;
}

/** Somebody of the directory, and what they know and hold. */
export type Person = Walker & WorldPerson;

const wrongPasswordsThatLock = 5;
let people = 0;

/**
 * Runs journeys twice, with JavaScript and without, in a real browser against a real Samba AD. After each, the browser
 * must have nothing to complain of.
 * @param samba undefined when it cannot be had here: nothing runs then, and the end of the run says so
 */
export function journeys(
  name: string,
  samba: SambaDetails | undefined,
  define: (stage: Stage) => void,
  wish: Omit<WorldWish, 'directory'> = {},
): void {
  const missing = whyNoChromium();
  describe.skipIf(samba === undefined || missing !== undefined).each([
    { kind: 'with JavaScript', javaScript: true },
    { kind: 'without JavaScript', javaScript: false },
  ])(`${name} $kind`, ({ javaScript }) => {
    if (samba === undefined || missing !== undefined) return void test('needs Samba AD and Chromium', () => {});
    const stage = new OpenStage(samba, javaScript, wish);
    beforeAll(() => stage.open());
    beforeEach(() => stage.begin());
    afterEach(() => stage.end());
    afterAll(() => stage.close());
    define(stage);
  });
}

class OpenStage implements Stage {
  readonly javaScript: boolean;
  readonly #samba: SambaDetails;
  readonly #wish: Omit<WorldWish, 'directory'>;
  readonly #visitors: Visitor[] = [];
  #browser: Browser | undefined;
  #world: PortalWorld | undefined;
  #administrator: SambaAdministrator | undefined;

  constructor(samba: SambaDetails, javaScript: boolean, wish: Omit<WorldWish, 'directory'>) {
    this.#samba = samba;
    this.javaScript = javaScript;
    this.#wish = wish;
  }

  get world(): PortalWorld {
    return there(this.#world);
  }

  get visitor(): Visitor {
    return there(this.#visitors[0]);
  }

  get administrator(): SambaAdministrator {
    return there(this.#administrator);
  }

  async open(): Promise<void> {
    this.#administrator = await SambaAdministrator.connect(this.#samba);
    this.#world = await PortalWorld.open({ ...this.#wish, directory: this.#samba });
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

  async anotherVisitor(): Promise<Visitor> {
    const options = { javaScriptEnabled: this.javaScript };
    const visitor = await Visitor.open(there(this.#browser), this.world.url, options);
    this.#visitors.push(visitor);
    return visitor;
  }

  async addPerson(wish: PersonWish = {}, parent?: string): Promise<Person> {
    people += 1;
    const nth = String(people).padStart(3, '0');
    const numbers = { telephone: `+44 20 7946 0${nth}`, mobile: `+44 7700 900${nth}` };
    const person = await this.administrator.addPerson({ ...numbers, ...wish }, parent);
    return { ...person, ...numbers, login: person.samName };
  }
}

/** Locks somebody as an attacker would, past Latchkey. */
export async function lockOut(stage: Stage, person: Person): Promise<void> {
  await stage.administrator.lock(person, wrongPasswordsThatLock);
}

/** Somebody who has registered all gates already. */
export async function addRegistered(stage: Stage, wish: PersonWish = {}): Promise<Person> {
  const person = await stage.addPerson(wish);
  await stage.world.register(person.samName, person);
  return person;
}

export { newPassword, unique };

function there<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the stage is not open');
  return thing;
}
