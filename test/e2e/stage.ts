import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PersonWish, WorldPerson } from '../contracts/directory-world.ts';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import type { SambaDetails } from '../services/samba.ts';
import { SambaAdministrator } from '../services/samba-administrator.ts';
import { Visitor } from './visitor.ts';

/** Somebody of the directory, with telephones of their own. */
export type StagePerson = WorldPerson & { readonly telephone: string; readonly mobile: string };

let people = 0;

/** What a journey has: a world on a real directory, a person at a browser, and an administrator who looks on. */
export abstract class Stage<World extends { readonly url: string; close(): Promise<void> }> {
  readonly javaScript: boolean;
  protected readonly samba: SambaDetails;
  readonly #visitors: Visitor[] = [];
  #browser: Browser | undefined;
  #world: World | undefined;
  #administrator: SambaAdministrator | undefined;

  constructor({ samba, javaScript }: { readonly samba: SambaDetails; readonly javaScript: boolean }) {
    this.samba = samba;
    this.javaScript = javaScript;
  }

  /** Called once, when the administrator is there. */
  protected abstract openWorld(): Promise<World>;

  get world(): World {
    return there(this.#world);
  }

  get visitor(): Visitor {
    return there(this.#visitors[0]);
  }

  get administrator(): SambaAdministrator {
    return there(this.#administrator);
  }

  async open(): Promise<void> {
    this.#administrator = await SambaAdministrator.connect(this.samba);
    this.#world = await this.openWorld();
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

  /** Another browser of the same kind. @param origin where it goes; the world's own address when left out */
  async anotherVisitor(origin: string = this.world.url): Promise<Visitor> {
    const visitor = await Visitor.open(there(this.#browser), origin, { javaScriptEnabled: this.javaScript });
    this.#visitors.push(visitor);
    return visitor;
  }

  /** Makes somebody in the directory. @param parent DN of the container */
  protected async addSomebody(wish: PersonWish, parent?: string): Promise<StagePerson> {
    people += 1;
    const nth = String(people).padStart(3, '0');
    const numbers = { telephone: `+44 20 7946 0${nth}`, mobile: `+44 7700 900${nth}` };
    return { ...(await this.administrator.addPerson({ ...numbers, ...wish }, parent)), ...numbers };
  }
}

/**
 * Runs journeys twice, with JavaScript and without, in a real browser against a real Samba AD. After each, the browser
 * must have nothing to complain of.
 * @param samba undefined when it cannot be had here: nothing runs then, and the end of the run says so
 * @param build the stage of one of the two
 */
export function runTwice<
  AnyStage extends { open(): Promise<void>; begin(): Promise<void>; end(): Promise<void>; close(): Promise<void> },
>(
  name: string,
  samba: SambaDetails | undefined,
  build: (where: { readonly samba: SambaDetails; readonly javaScript: boolean }) => AnyStage,
  define: (stage: AnyStage) => void,
): void {
  const missing = whyNoChromium();
  describe.skipIf(samba === undefined || missing !== undefined).each([
    { kind: 'with JavaScript', javaScript: true },
    { kind: 'without JavaScript', javaScript: false },
  ])(`${name} $kind`, ({ javaScript }) => {
    if (samba === undefined || missing !== undefined) return void test('needs Samba AD and Chromium', () => {});
    const stage = build({ samba, javaScript });
    beforeAll(() => stage.open());
    beforeEach(() => stage.begin());
    afterEach(() => stage.end());
    afterAll(() => stage.close());
    define(stage);
  });
}

function there<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the stage is not open');
  return thing;
}
