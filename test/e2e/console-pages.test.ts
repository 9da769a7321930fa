import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import { consoleTour } from './console-tour.ts';
import { type Eye, type Findings, findingsOn, sights } from './page-findings.ts';

describe.skipIf(whyNoChromium() !== undefined)('every page of the console', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser?.close());

  const eyes: readonly Eye[] = [
    { language: 'en', direction: 'ltr', sights: [sights.smallAndLight, sights.wideAndDark] },
    { language: 'ar', direction: 'rtl', sights: [sights.smallAndDark] },
  ];
  test.each(eyes)('can be read and used by everybody, in $language', { timeout: 400_000 }, async (eye) => {
    const findings: Findings = [];
    const titles = new Map<string, string>();
    let pages = 0;
    await consoleTour(browser, eye.language, async (name, visitor) => {
      pages += 1;
      const found = await findingsOn(visitor, eye, titles);
      findings.push(...found.map((finding) => `${name}: ${finding}`));
    });
    expect(findings).toEqual([]);
    expect(pages).toBeGreaterThan(37);
  });
});
