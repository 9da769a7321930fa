import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import { SettableClock } from '../settable-clock.ts';
import { axeFindings } from './axe.ts';
import { Visitor } from './visitor.ts';
import { PortalWorld } from './world.ts';

const [few, plenty] = [
  { 'ask-proof': 1, most: 3 },
  { 'ask-proof': 1000, most: 1000 },
];

describe.skipIf(whyNoChromium() !== undefined)('a visitor above the usual', () => {
  const clock = new SettableClock(new Date());
  let browser: Browser;
  let world: PortalWorld;
  beforeAll(async () => {
    browser = await startChromium();
    const limits = { login: few, address: plenty, 'over-all': plenty };
    world = await PortalWorld.open({ directory: 'demo', chain: ['otp-sms'], clock, settings: { limits } });
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  const start = async (login: string, javaScriptEnabled: boolean): Promise<Visitor> => {
    const visitor = await Visitor.open(browser, world.url, {
      javaScriptEnabled,
      viewport: { width: 320, height: 568 },
    });
    await visitor.goTo('/reset');
    await visitor.type('login', login);
    await visitor.press('main .acts button');
    return visitor;
  };

  test('with JavaScript goes on when the browser has done its sum, and finds nothing lost', async () => {
    await (await start('somebody.new', true)).close();
    const visitor = await start('somebody.new', true);
    expect(visitor.path).toBe('/reset');
    await visitor.page.getByText('Done. Press Next to go on.').waitFor();
    expect(await visitor.page.locator('#login').inputValue()).toBe('somebody.new');
    await visitor.press('main .acts button');
    expect(visitor.path).toBe('/reset/otp-sms');
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
  });

  test('who presses before the sum is done goes on by itself', async () => {
    await (await start('somebody.quick', true)).close();
    const visitor = await Visitor.open(browser, world.url);
    await visitor.goTo('/reset');
    await visitor.type('login', 'somebody.quick');
    await visitor.press('main .acts button');
    await visitor.page.locator('main .acts button').click();
    await visitor.page.waitForURL('**/reset/otp-sms');
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
  });

  test('without JavaScript waits twenty seconds', async () => {
    await (await start('somebody.plain', false)).close();
    const visitor = await start('somebody.plain', false);
    expect(await visitor.text()).toContain('In 20 seconds you can press Next again.');
    clock.pass(20);
    await visitor.press('main .acts button');
    expect(visitor.path).toBe('/reset/otp-sms');
    await visitor.close();
  });

  test('can use both pages with any aid, and reads when to come back', async () => {
    const page = async (): Promise<Visitor> => start('somebody.often', false);
    const prove = async (visitor: Visitor): Promise<void> => {
      // Who comes more often waits longer, and never longer than a minute.
      clock.pass(60);
      await visitor.press('main .acts button');
      expect(visitor.path).toBe('/reset/otp-sms');
      await visitor.close();
    };
    await (await page()).close();
    const asked = await page();
    expect(await violations(asked)).toEqual([]);
    await prove(asked);
    await prove(await page());
    const refused = await page();
    expect(await refused.heading()).toBe('Too many tries for now');
    expect(await violations(refused)).toEqual([]);
    expect(await refused.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
    await refused.close();
  });

  /** axe looks at a copy of the page, which may run scripts. */
  async function violations(visitor: Visitor): Promise<readonly string[]> {
    const context = await browser.newContext({ viewport: { width: 320, height: 568 }, bypassCSP: true });
    const copy = await context.newPage();
    await copy.route('**/*', (route) => route.continue());
    await copy.goto(`${world.url}/`);
    await copy.setContent(await visitor.page.content());
    const found = await axeFindings(copy);
    await context.close();
    return found;
  }
});
