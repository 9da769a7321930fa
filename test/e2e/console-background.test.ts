import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsoleWorld } from '../console/world.ts';
import type { Person } from '../portals/world.ts';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import { findingsAt, narrow, wide } from './axe.ts';
import { signedInPage } from './signed-in-page.ts';

/** What the browser says of answers that are asked for here. */
const expected = /status of 422/;

describe.skipIf(whyNoChromium() !== undefined)('the simulator, jobs and campaigns in a browser', () => {
  let browser: Browser;
  let world: ConsoleWorld;
  let person: Person;
  /** Ends the job that runs. */
  let finish = (): void => undefined;
  let moveOn: (done: number) => void = () => undefined;

  beforeAll(async () => {
    browser = await startChromium();
    const settings = { languages: ['en', 'ar'], 'policies-in': 'store' };
    world = await ConsoleWorld.open({ chain: ['otp-sms', 'questions'], settings });
    person = await world.staff('administrator');
    for (const unit of ['north', 'inNorth', 'south'] as const) world.personIn(unit);
    world.portals.person({ displayName: `A name that is ${'longer '.repeat(12)}than any place for it` });
    await world.portals.registered();
  });
  afterAll(async () => {
    finish();
    await browser?.close();
    await world?.close();
  });

  const open = (options: BrowserContextOptions) => signedInPage(browser, { world, person, expected }, options);

  /** Starts work that a test ends. The path of its page. */
  async function running(): Promise<string> {
    const work = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const job = await world.latchkey.background.jobs.start('simulation', { id: 'eve', name: 'Eve' }, async (report) => {
      moveOn = (done) => report({ done, of: 100_000 });
      moveOn(12_345);
      await work;
      return null;
    });
    const { jobs } = world.latchkey.background;
    await expect.poll(async () => (await jobs.read(job?.id ?? ''))?.progress.done, { timeout: 20_000 }).toBe(12_345);
    return `/jobs/${job?.id}`;
  }

  /** One of each page, with something on it. */
  async function pagesOf(page: Page): Promise<readonly string[]> {
    await page.goto('/simulator');
    await page.click('main .acts button');
    await world.latchkey.background.jobs.idle();
    const result = new URL(page.url()).pathname.replace('/jobs/', '/simulator/');
    const { campaigns } = world.latchkey.stores;
    const rules = { size: 200, fromHour: 0, toHour: 24, remindDays: 7, reminders: 3, groups: [], units: [] };
    const by = { by: 'eve', byName: 'Eve', startedAt: world.clock.now() };
    await campaigns.create({ id: 'spring', rules: { ...rules, kind: 'invite' }, ...by });
    await campaigns.create({ id: 'yearly', rules: { ...rules, kind: 'confirm', confirmDays: 365 }, ...by });
    world.latchkey.background.campaigns.wake();
    await world.latchkey.background.campaigns.idle();
    await campaigns.optOut({ account: 'some-account', name: 'CONTOSO\\robin', by: 'eve', at: world.clock.now() });
    const now = await running();
    return ['/simulator', result, '/one-login', '/campaigns', '/campaigns/new', '/campaigns/spring', '/jobs', now];
  }

  test.each([
    { language: 'en', colorScheme: 'light' },
    { language: 'ar', colorScheme: 'dark' },
  ] as const)('can be read and used by everybody, in $language and $colorScheme', { timeout: 200_000 }, async (eye) => {
    const { page, complaints } = await open({ colorScheme: eye.colorScheme, viewport: wide });
    await page.click(`button[value="${eye.language}"]`);
    const findings: string[] = [];
    const look = async (path: string): Promise<void> => {
      for (const size of [wide, narrow]) findings.push(...(await findingsAt(page, path, size)));
    };
    for (const path of await pagesOf(page)) {
      await page.goto(path);
      await look(path);
    }
    await page.goto('/one-login');
    await page.fill('#login', person.samName);
    await page.click('main .acts button');
    await look('the outlook of one login');
    await page.goto('/campaigns/new');
    await page.fill('#size', '5000');
    await page.fill('#units', 'People/Nowhere');
    await page.click('main .acts button');
    await look('a campaign that is refused');
    finish();
    await world.latchkey.background.jobs.idle();
    expect([...findings, ...complaints]).toEqual([]);
    await page.context().close();
  });

  test('a job moves on by itself, and its page changes when it is done', { timeout: 60_000 }, async () => {
    const { page, complaints } = await open({ viewport: wide });
    await page.goto(await running());
    const bar = page.locator('progress');
    expect(await bar.getAttribute('value')).toBe('12345');
    expect(await page.locator('meta[http-equiv]').count()).toBe(0);
    moveOn(55_000);
    await expect
      .poll(() => bar.evaluate((one) => (one as unknown as { readonly value: number }).value), { timeout: 20_000 })
      .toBe(55_000);
    expect(await page.locator('[data-job-text]').textContent()).toMatch(/55,000/);
    finish();
    await expect.poll(() => bar.count(), { timeout: 20_000 }).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('without a script its page loads itself again, and it is stopped by a press', { timeout: 60_000 }, async () => {
    const { page } = await open({ javaScriptEnabled: false, viewport: narrow });
    await page.goto(await running());
    expect(await page.locator('progress').getAttribute('value')).toBe('12345');
    moveOn(77_000);
    await expect.poll(() => page.locator('progress').getAttribute('value'), { timeout: 20_000 }).toBe('77000');
    await page.click('main form button');
    expect(await page.locator('main').textContent()).toContain('Being stopped');
    finish();
    await world.latchkey.background.jobs.idle();
    await page.reload();
    expect(await page.locator('main').textContent()).toContain('Stopped');
    await page.context().close();
  });
});
