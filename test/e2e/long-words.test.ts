import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import { Visitor } from './visitor.ts';
import { PortalWorld } from './world.ts';

/** As long as the configuration takes them, and without a place to break. */
const mail = 'itsupport@verwaltung.grossstadt.example';
const name = 'Donaudampfschifffahrtsgesellschaft';

describe.skipIf(whyNoChromium() !== undefined)('long words of the configuration, at 320 pixels', () => {
  let browser: Browser;
  let world: PortalWorld;
  beforeAll(async () => {
    browser = await startChromium();
    const organisation = { name, helpdesk: { mail } };
    world = await PortalWorld.open({ directory: 'demo', settings: { organisation } });
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  test.each(['en', 'ar'])('never make a page wider, in %s', async (locale) => {
    const visitor = await Visitor.open(browser, world.url, { locale, viewport: { width: 320, height: 568 } });
    for (const path of ['/', '/help', '/reset', '/not-me/nothing']) {
      await visitor.goTo(path);
      expect(await visitor.page.locator('body').innerText()).toContain(mail);
      expect(await visitor.page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(320);
      expect(await visitor.page.evaluate(outside), path).toEqual([]);
    }
    await visitor.close();
  });
});

/** Runs in the page: what stands over the edge of the sheet. */
const outside = `[...document.querySelectorAll('.sheet *')]
  .filter((part) => part.getBoundingClientRect().width > 1)
  .filter((part) => part.getBoundingClientRect().right > 300.5 || part.getBoundingClientRect().left < 19.5)
  .map((part) => part.outerHTML.slice(0, 80))`;
