import { readFileSync } from 'node:fs';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dayAfter, dayOf } from '../../src/core/reports/report-counts.ts';
import { ConsoleWorld } from '../console/world.ts';
import type { Person } from '../portals/world.ts';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import { findingsAt, narrow, wide } from './axe.ts';
import { signedInPage } from './signed-in-page.ts';

/** What the browser says of answers that are asked for here. */
const expected = /the server responded with a status of 400/;
const pages = [
  '/reports',
  '/reports?from=275760-09-13',
  '/reports?policy=nowhere&gate=otp-sms',
  '/coverage',
  '/audit',
  '/audit?subject=nobody',
  '/audit/rows/1',
  '/audit/check',
] as const;

describe.skipIf(whyNoChromium() !== undefined)('reports and the audit in a browser', () => {
  let browser: Browser;
  let world: ConsoleWorld;
  let person: Person;
  beforeAll(async () => {
    browser = await startChromium();
    world = await ConsoleWorld.open({ settings: { languages: ['en', 'ar'] } });
    person = await world.staff('administrator');
    await fill(world);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  const open = (options: BrowserContextOptions) => signedInPage(browser, { world, person, expected }, options);

  test.each([
    { language: 'en', colorScheme: 'light' },
    { language: 'ar', colorScheme: 'dark' },
  ] as const)('can be read and used by everybody, in $language and $colorScheme', { timeout: 200_000 }, async (eye) => {
    const { page, complaints } = await open({ colorScheme: eye.colorScheme, bypassCSP: false });
    await page.click(`button[value="${eye.language}"]`);
    const findings: string[] = [];
    for (const path of pages) {
      for (const size of [wide, narrow]) {
        await page.setViewportSize(size);
        await page.goto(path);
        for (const summary of await page.locator('summary').all()) await summary.click();
        findings.push(...(await findingsAt(page, path, size)));
      }
    }
    expect([...findings, ...complaints]).toEqual([]);
    await page.context().close();
  });

  test('draws each table as a plot, under the content policy, and folds the table away', async () => {
    const { page, complaints } = await open({ viewport: wide });
    await page.goto('/reports');
    await page.locator('.drawing canvas').first().waitFor();
    expect(await page.locator('.drawing canvas[role="img"][aria-label]').count()).toBe(
      await page.locator('[data-plot]').count(),
    );
    expect(await page.locator('details[open]').count()).toBe(0);
    // What is drawn has more than one colour.
    const colours = await page.evaluate(`[...document.querySelectorAll('canvas')].map((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    })`);
    expect(Math.min(...(colours as number[]))).toBeGreaterThan(5);
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(() => page.locator('.drawing canvas').count()).toBe(await page.locator('[data-plot]').count());
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('draws no more than can be told apart, says what it leaves out, and leaves out nothing in silence', async () => {
    const { page, complaints } = await open({ viewport: wide });
    const drawn = (id: string) =>
      page.evaluate(`(() => {
        const { data } = Chart.getChart(document.querySelector('#${id} canvas'));
        return { labels: data.labels, sets: data.datasets.map(({ label, data, backgroundColor }) => [label, data.at(-1), backgroundColor]) };
      })()`) as Promise<{ labels: readonly string[]; sets: readonly (readonly [string, number, string])[] }>;
    await page.goto(`/reports?from=${busyDay}&to=${busyDay}`);
    await page.locator('.drawing canvas').first().waitFor();
    const { sets } = await drawn('registrations');
    expect(sets.map(([label, last]) => [label, last])).toEqual([
      ['gate-3', 3],
      ['gate-4', 4],
      ['gate-5', 5],
      ['gate-6', 6],
      ['gate-7', 7],
      ['All others', 3],
    ]);
    expect(new Set(sets.map(([, , tint]) => tint)).size).toBe(6);
    expect(await page.locator('#registrations thead th').count()).toBe(1 + 7);
    await page.goto(`/coverage?from=${busyDay}&to=${busyDay}`);
    await page.locator('.drawing canvas').first().waitFor();
    const units = await drawn('units');
    expect([units.labels.length, units.labels.at(0), units.labels.at(-1)]).toEqual([25, 'Unit 05', 'Unit 29']);
    expect(await page.locator('#units .cut').isVisible()).toBe(true);
    expect(await page.locator('#units .cut').textContent()).toMatch(/25.* largest of .*30/);
    expect(await page.locator('#units tbody tr').count()).toBe(30);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('names what it draws in two lines, with the end of a long name, in its own direction', async () => {
    const { page } = await open({ viewport: narrow });
    await page.goto('/coverage');
    await page.locator('.drawing canvas').first().waitFor();
    const names = (await page.evaluate(
      `Chart.getChart(document.querySelector('#units canvas')).scales.y.ticks.map(({ label }) => [label].flat())`,
    )) as readonly (readonly string[])[];
    const [short, other, long = []] = names;
    expect([short, other]).toEqual([['\u2068People/IT\u2069'], ['\u2068People/Sales\u2069']]);
    expect(long).toHaveLength(2);
    expect(long[0]).toMatch(/^\u2068People\/.*\u2069$/);
    expect(long[1]).toMatch(/^\u2068….*place for it\u2069$/);
    await page.context().close();
  });

  test('has all its numbers without a script', async () => {
    const { page } = await open({ javaScriptEnabled: false, viewport: narrow });
    await page.goto('/reports');
    expect(await page.locator('details[open] table').count()).toBe(await page.locator('[data-plot]').count());
    expect(await page.locator('#actions tbody tr').count()).toBe(30);
    expect(await page.locator('#actions tbody').isVisible()).toBe(true);
    await page.fill('#from', dayOf(world.clock.now()));
    await page.click('main form button');
    expect(await page.locator('#actions tbody tr').count()).toBe(1);
    await page.goto('/audit/check');
    await page.click('main form button');
    const headingNow = async () => {
      await page.reload();
      return page.locator('h1').textContent();
    };
    await expect.poll(headingNow).toBe('The chain is whole');
    await page.context().close();
  });

  test('gives the file of a plot to keep', async () => {
    const { page } = await open({ viewport: wide, acceptDownloads: true });
    await page.goto('/reports');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#actions .file a')]);
    expect(download.suggestedFilename()).toMatch(/^latchkey-actions-[\d-]+\.csv$/);
    expect(readFileSync(await download.path(), 'utf8')).toMatch(/^\ufeff"Day","New passwords","Unlocks"\r\n/);
    await page.context().close();
  });
});

/** Long before the others: more gates and more units than a plot can show. */
const busyDay = '2025-03-01';

/** Some days of use, and some units. */
async function fill({ latchkey, clock }: ConsoleWorld): Promise<void> {
  const { reports, duties, audit } = latchkey.stores;
  const now = clock.now();
  const of = { portal: 'reset', provider: '', decoy: false };
  const counts = Array.from({ length: 20 }, (_, at) => dayAfter(dayOf(now), -at)).flatMap((day, at) => [
    { ...of, day, event: 'write.done' as const, gate: '', why: at % 3 === 0 ? 'reset' : 'unlock', count: 3 + at },
    { ...of, day, event: 'gate.opened' as const, gate: 'otp-sms', why: 'verify', count: 9 },
    { ...of, day, event: 'gate.passed' as const, gate: 'otp-sms', why: 'verify', count: 7 },
    { ...of, day, event: 'enrolment.kept' as const, gate: 'otp-sms', why: '', count: 2 },
    { ...of, day, event: 'account.barred' as const, gate: 'otp-sms', why: '', count: 1 },
    { ...of, day, event: 'challenge.sent' as const, gate: '', provider: 'texts', why: 'sms', count: 12 },
    { ...of, day, event: 'flow.started' as const, gate: '', why: 'unregistered', decoy: true, count: 4 },
  ]);
  const busy = Array.from({ length: 7 }, (_, at) => ({
    ...of,
    day: busyDay,
    event: 'enrolment.kept' as const,
    gate: `gate-${at + 1}`,
    why: '',
    count: at + 1,
  }));
  await duties.hold('count', 'test', { now, until: new Date(now.getTime() + 1_000) });
  const from = (await duties.read('count')).position;
  await reports.add([...counts, ...busy], { by: 'test', from, to: (await audit.head()).sequence, now });
  const units = ['People/Sales', 'People/Sales/A unit with a name that is longer than any place for it', 'People/IT'];
  for (let at = 0; at < 5; at += 1) {
    const day = dayAfter(dayOf(now), -at);
    const snapshots = units.map((unit, index) => ({ day, unit, people: 90 + index, registered: 80 - at, ready: 70 }));
    await reports.keepCoverage(day, snapshots);
  }
  const many = Array.from({ length: 30 }, (_, at) => ({
    unit: `Unit ${String(at).padStart(2, '0')}`,
    people: 10 + at,
  }));
  const numbers = { day: busyDay, registered: 1, ready: 1 };
  await reports.keepCoverage(
    busyDay,
    many.map((one) => ({ ...numbers, ...one })),
  );
}
