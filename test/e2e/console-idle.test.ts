import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsoleWorld } from '../console/world.ts';
import type { Person } from '../portals/world.ts';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import { findingsAt, narrow, wide } from './axe.ts';
import { signedInPage } from './signed-in-page.ts';

const soon = 'you will soon be signed out';
const over = 'You are signed out';

describe.skipIf(whyNoChromium() !== undefined)('a page of the console on which nothing is pressed', () => {
  let browser: Browser;
  let world: ConsoleWorld;
  let agent: Person;

  beforeAll(async () => {
    browser = await startChromium();
    world = await ConsoleWorld.open();
    agent = await world.staff('auditor');
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  async function opened(): Promise<{ readonly page: Page; readonly complaints: readonly string[] }> {
    // Nobody is asked for the same code twice.
    world.clock.pass(60);
    return signedInPage(browser, { world, person: agent, expected: /nothing is expected/ }, {});
  }

  /** Time passes for the server and for these pages alike. */
  async function pass(minutes: number, ...pages: readonly Page[]): Promise<void> {
    world.clock.pass(minutes * 60);
    for (const page of pages) await page.clock.runFor(minutes * 60_000);
  }

  async function arrive(page: Page, path: string): Promise<void> {
    await page.goto(path);
    await page.locator('[data-idle]').waitFor({ state: 'attached' });
  }

  const said = (page: Page): Promise<string> => page.locator('[data-idle]').innerText();

  test('says so before anybody is signed out, where all can read it, and one press goes on', async () => {
    const { page, complaints } = await opened();
    await page.clock.install();
    await arrive(page, '/one-login');
    await page.fill('#login', 'typed');
    await pass(12.5, page);
    expect(await said(page)).toBe('');
    await pass(1, page);
    expect(await said(page)).toContain(soon);
    const findings = [...(await findingsAt(page, 'idle', wide)), ...(await findingsAt(page, 'idle, narrow', narrow))];
    expect(findings).toEqual([]);
    await page.click('[data-idle] button');
    await expect.poll(() => said(page)).toBe('');
    await pass(12, page);
    await page.click('main .acts button');
    expect(new URL(page.url()).pathname).toBe('/one-login');
    expect(await page.locator('.problem').innerText()).toContain('There is nobody of that name');
    expect(complaints.filter((one) => !one.includes('422'))).toEqual([]);
    await page.context().close();
  });

  test('counts a press in another window, and says when it is over, with what is typed still there', async () => {
    const { page, complaints } = await opened();
    await page.clock.install();
    await arrive(page, '/one-login');
    await page.fill('#login', 'typed');
    const other = await page.context().newPage();
    await pass(10, page);
    await arrive(other, '/');
    await pass(10, page);
    expect(await said(page)).toBe('');
    await pass(6, page);
    expect(await said(page)).toContain(over);
    expect(await page.inputValue('#login')).toBe('typed');
    await page.click('[data-idle] a');
    expect(new URL(page.url()).pathname).toBe('/console');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('says at the press that it is over when somebody was signed out elsewhere', async () => {
    const { page } = await opened();
    await page.clock.install();
    await arrive(page, '/one-login');
    const other = await page.context().newPage();
    await other.goto('/');
    await other.click('.who button');
    await pass(14, page);
    expect(await said(page)).toContain(soon);
    await page.click('[data-idle] button');
    await expect.poll(() => said(page)).toContain(over);
    await page.context().close();
  });
});
