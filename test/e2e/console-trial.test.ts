import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsoleWorld } from '../console/world.ts';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import { signedInPage } from './signed-in-page.ts';

describe.skipIf(whyNoChromium() !== undefined)('the trial of a provider in a browser', () => {
  let browser: Browser;
  let world: ConsoleWorld;

  beforeAll(async () => {
    browser = await startChromium();
    world = await ConsoleWorld.open();
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  test('goes on by itself when the call is answered, with one look that is written down', async () => {
    const person = await world.staff('administrator');
    await world.portals.register(person, ['phone']);
    const { page, complaints } = await signedInPage(browser, { world, person, expected: /nothing is expected/ }, {});
    await page.goto('/drive/providers');
    await page.click('button[value="voice"]');
    await page.locator('.match').waitFor();
    await page.locator('[data-job-goes-on="waiting"]').waitFor();
    const before = world.audited('console.viewed').length;
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await world.portals.confirmCall(person.phone);
    await page.getByText('Right').waitFor();
    expect(world.audited('console.viewed').length - before).toBe(1);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
