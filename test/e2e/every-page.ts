import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import type { Look, TourLanguage } from './guide.ts';
import { type Eye, type Findings, findingsOn, sights } from './page-findings.ts';

const eyes: readonly Eye[] = [
  { language: 'en', direction: 'ltr', sights: [sights.smallAndLight, sights.wideAndDark] },
  { language: 'ar', direction: 'rtl', sights: [sights.smallAndDark] },
];

/**
 * Looks at every page of a tour, in each language.
 * @param least as many pages as there are at least: a tour that was cut short proves nothing
 */
export function everyPage(
  name: string,
  tour: (browser: Browser, language: TourLanguage, look: Look) => Promise<void>,
  least: number,
): void {
  describe.skipIf(whyNoChromium() !== undefined)(name, () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await startChromium();
    });
    afterAll(() => browser?.close());

    test.each(eyes)('can be read and used by everybody, in $language', { timeout: 400_000 }, async (eye) => {
      const findings: Findings = [];
      const titles = new Map<string, string>();
      let pages = 0;
      await tour(browser, eye.language, async (at, visitor) => {
        pages += 1;
        const found = await findingsOn(visitor, eye, titles);
        findings.push(...found.map((finding) => `${at}: ${finding}`));
      });
      expect(findings).toEqual([]);
      expect(pages).toBeGreaterThanOrEqual(least);
    });
  });
}
