import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PortalWorld } from '../portals/world.ts';
import { startChromium, whyNoChromium } from '../services/chromium.ts';

describe.skipIf(whyNoChromium() !== undefined)('a form', () => {
  let browser: Browser;
  let world: PortalWorld;

  beforeAll(async () => {
    browser = await startChromium();
    world = await PortalWorld.open({});
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  test('is sent once, and once more when a browser shows the page again that it has kept', async () => {
    const context = await browser.newContext({ baseURL: world.origin });
    const page = await context.newPage();
    await page.goto('/reset');
    // Nothing leaves: the page stays as a browser keeps it, which Chromium under test does not.
    await page.evaluate(
      "window.sent = 0; addEventListener('submit', (e) => { if (!e.defaultPrevented) sent += 1; e.preventDefault(); });",
    );
    const press = async (): Promise<unknown> => {
      await page.click('main .acts button');
      return page.evaluate('window.sent');
    };
    expect([await press(), await press()]).toEqual([1, 1]);
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }))");
    expect(await press()).toBe(1);
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
    expect([await press(), await press()]).toEqual([2, 2]);
    await context.close();
  });
});
