import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsoleWorld, staffGroups } from '../console/world.ts';
import { LimitedPhones } from '../limited-phones.ts';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import { findingsAt, narrow, wide } from './axe.ts';

describe.skipIf(whyNoChromium() !== undefined)('a page that waits for what a limit keeps back', () => {
  let browser: Browser;
  let phones: LimitedPhones;
  let world: ConsoleWorld;

  beforeAll(async () => {
    browser = await startChromium();
    phones = await LimitedPhones.open();
    world = await ConsoleWorld.open({ settings: phones.settings });
    phones.use(world);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
    await phones?.close();
  });

  /** Keeps every sending from being tried until it is let go. */
  function held(): () => void {
    const { sends } = world.latchkey.stores;
    const admit = sends.admit.bind(sends);
    let letGo = (): void => undefined;
    const free = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    sends.admit = async (...asked) => {
      await free;
      return admit(...asked);
    };
    return letGo;
  }

  test.each([
    ['otp-sms', 'Enter the code we sent you', 'No text was sent'],
    ['phone', 'Answer the call', 'No call was placed'],
  ])('says so by itself at %s', async (gate, before, says) => {
    const person = await world.portals.registered({}, [gate]);
    world.join(person, staffGroups.administrator);
    await phones.useUp(world.portals, person, gate);
    const letGo = held();
    const page = await (await browser.newContext({ baseURL: world.origin })).newPage();
    await page.goto('/console');
    await page.fill('#login', person.samName);
    await page.fill('#password', person.password);
    await page.click('main .acts button');
    await page.getByRole('heading', { level: 1, name: before }).waitFor();
    letGo();
    await page.getByRole('heading', { level: 1, name: says }).waitFor();
    // And then it is quiet: nothing is looked for any more.
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.waitForTimeout(3_000);
    expect(asked).toEqual([]);
    expect(new URL(page.url()).pathname).toBe(`/console/${gate}`);
    const found = [...(await findingsAt(page, gate, narrow)), ...(await findingsAt(page, gate, wide))];
    expect(found).toEqual([]);
    await page.context().close();
  });
});
