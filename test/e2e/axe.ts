import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The sizes that pages of the console are looked at in. The narrow one is that of WCAG 1.4.10. */
export const narrow = { width: 320, height: 640 };
export const wide = { width: 1280, height: 800 };

/** What breaks a rule of axe on the page that is open, best practices included. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  const { violations } = (await page.evaluate('axe.run({ resultTypes: ["violations"] })')) as AxeResults;
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

/** The same, and whether the page must be scrolled sideways, in a window of one size. @param name of the page */
export async function findingsAt(page: Page, name: string, size: typeof wide): Promise<readonly string[]> {
  await page.setViewportSize(size);
  const sideways = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'));
  const found = sideways > 0 ? [`${sideways} pixels too wide`] : [];
  return [...found, ...(await axeFindings(page))].map((finding) => `${name} at ${size.width}: ${finding}`);
}
