import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoPassword, demoPeople } from '../../src/directories/demo/people.ts';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import { Visitor } from './visitor.ts';
import { answers, PortalWorld } from './world.ts';

const firstVisitBytes = 60_000;

describe.skipIf(whyNoChromium() !== undefined)('the portals', () => {
  let browser: Browser;
  let world: PortalWorld;
  let visitor: Visitor;
  beforeAll(async () => {
    browser = await startChromium();
    world = await PortalWorld.open({ directory: 'demo' });
    visitor = await Visitor.open(browser, world.url);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  test('take somebody through a whole reset who has only a keyboard, and show at every moment where they are', async () => {
    const anna = demoPeople[0] ?? nobody();
    const account = await world.register(anna.samName, anna);
    const keys = new Keyboard(visitor);
    await visitor.goTo('/');
    await keys.tabTo('main a[href="/reset"]');
    await keys.enter();
    await keys.tabTo('#login');
    await keys.type(anna.samName);
    await keys.enter();
    const call = await world.ringing(anna.telephone);
    await visitor.afterPhone(() => world.phones.confirm(call.id));
    await keys.tabTo('#code');
    await keys.type('000000');
    await keys.enter();
    expect(await visitor.page.locator('.problem').evaluate((summary) => summary.matches(':focus'))).toBe(true);
    await keys.tabTo('.problem a');
    await visitor.page.keyboard.press('Enter');
    expect(await keys.focused('#code'), 'the problem leads to its field').toBe(true);
    await keys.type(await world.code(anna.mobile));
    await keys.enter();
    for (const label of await visitor.page.locator('main label').all()) {
      await keys.tabTo(`#${await label.getAttribute('for')}`);
      await keys.type(answers.get(await label.innerText()) ?? '');
    }
    await keys.enter();
    await keys.tabTo('[value="unlock"]');
    await visitor.page.keyboard.press('ArrowDown');
    expect(await keys.focused('[value="reset"]:checked')).toBe(true);
    await keys.enter();
    await keys.tabTo('#password');
    await keys.type('Green-Harbour-43');
    await keys.tabTo('#repeat');
    await keys.type('Green-Harbour-43');
    await keys.tabTo('[data-reveal]');
    await visitor.page.keyboard.press('Space');
    expect(await visitor.page.getAttribute('#password', 'type')).toBe('text');
    await keys.tabTo('main .acts button');
    await keys.enter();
    expect(visitor.path).toBe('/reset/done');
    expect(await world.latchkey.directory.authenticate(account, 'Green-Harbour-43')).toMatchObject({
      kind: 'signed-in',
    });
    expect(await world.latchkey.directory.authenticate(account, demoPassword)).toMatchObject({ kind: 'wrong' });
    expect(visitor.complaints).toEqual([]);
  });

  test('tick the password rules while somebody types, and leave the rest to the directory', async () => {
    const carla = demoPeople[2] ?? nobody();
    await world.register(carla.samName, carla);
    const { page } = visitor;
    await visitor.goTo('/reset');
    await visitor.type('login', carla.samName);
    await visitor.press('main .acts button');
    const call = await world.ringing(carla.telephone);
    await visitor.afterPhone(() => world.phones.confirm(call.id));
    await visitor.type('code', await world.code(carla.mobile));
    await visitor.press('main .acts button:first-child');
    for (const label of await page.locator('main label').all()) {
      await visitor.type((await label.getAttribute('for')) ?? '', answers.get(await label.innerText()) ?? '');
    }
    await visitor.press('main .acts button');
    await page.locator('[value="reset"]').check();
    await visitor.press('main .acts button');
    const met = (): Promise<string[]> =>
      page.locator('.rules .met').evaluateAll((rules) => rules.map((rule) => rule.getAttribute('data-rule') ?? ''));
    expect(await met()).toEqual([]);
    await visitor.type('password', 'carla');
    expect(await met()).toEqual([]);
    await visitor.type('password', 'lighthouse');
    expect(await met()).toEqual(['length', 'name']);
    await visitor.type('password', 'Lighthouse-7');
    expect(await met()).toEqual(['length', 'name', 'kinds']);
  });

  test('lead past the header at once', async () => {
    const keys = new Keyboard(visitor);
    await visitor.goTo('/help');
    await keys.tabTo('.skip');
    expect((await visitor.page.locator('.skip').boundingBox())?.y).toBeGreaterThan(0);
    await visitor.page.keyboard.press('Enter');
    await keys.tabTo('main .button');
  });

  test('cost a first visit less than 60 kB, all from this host', async () => {
    for (const path of ['/', '/reset', '/registration']) {
      const fresh = await Visitor.open(browser, world.url);
      const session = await fresh.page.context().newCDPSession(fresh.page);
      let bytes = 0;
      session.on('Network.loadingFinished', ({ encodedDataLength }) => {
        bytes += encodedDataLength;
      });
      await session.send('Network.enable');
      await fresh.page.goto(path, { waitUntil: 'networkidle' });
      expect(bytes).toBeGreaterThan(1000);
      expect(bytes, path).toBeLessThan(firstVisitBytes);
      expect(fresh.complaints).toEqual([]);
      await fresh.close();
    }
  });
});

/** Fingers that use Tab, Enter and letters, and eyes that must see where the focus is. */
class Keyboard {
  readonly #visitor: Visitor;

  constructor(visitor: Visitor) {
    this.#visitor = visitor;
  }

  /** Presses Tab until the focus is there. @throws Error when it never gets there, or cannot be seen on the way */
  async tabTo(selector: string): Promise<void> {
    const { keyboard } = this.#visitor.page;
    for (let presses = 0; presses < 30; presses += 1) {
      await keyboard.press('Tab');
      if (!(await this.#isVisible())) throw new Error(`the focus cannot be seen before ${selector}`);
      if (await this.focused(selector)) return;
    }
    throw new Error(`Tab never comes to ${selector}`);
  }

  async type(text: string): Promise<void> {
    await this.#visitor.page.keyboard.press('ControlOrMeta+A');
    await this.#visitor.page.keyboard.type(text);
  }

  async enter(): Promise<void> {
    await this.#visitor.arriveBy(() => this.#visitor.page.keyboard.press('Enter'));
  }

  focused(selector: string): Promise<boolean> {
    return this.#visitor.page
      .locator(selector)
      .first()
      .evaluate((element) => element.matches(':focus'));
  }

  /** The browser's own window bar takes a turn of Tab as well. */
  async #isVisible(): Promise<boolean> {
    const look = `{
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      document.activeElement === document.body || (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2);
    }`;
    return (await this.#visitor.page.evaluate(look)) as boolean;
  }
}

function nobody(): never {
  throw new Error('nobody is in the demo');
}
