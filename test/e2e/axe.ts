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

/** What stands out of the card, or row, that it belongs to; each may scroll by itself. */
const outOfPlace = `[...document.querySelectorAll('.cards tr, .sheet')].flatMap((card) => {
  const { left, right } = card.getBoundingClientRect();
  const parts = [...card.querySelectorAll('*')].filter((one) => !one.closest('.wide, .unseen, .cards thead'));
  const out = parts.filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width > 1 && (box.left < left - 1 || box.right > right + 1);
  });
  return out.slice(0, 1).map((one) => 'out of its card: ' + one.outerHTML.slice(0, 160));
})`;

/** The same, and whether the page must be scrolled sideways or something stands out, in a window of one size. @param name of the page */
export async function findingsAt(page: Page, name: string, size: typeof wide): Promise<readonly string[]> {
  await page.setViewportSize(size);
  const sideways = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'));
  const found = sideways > 0 ? [`${sideways} pixels too wide`] : [];
  found.push(...((await page.evaluate(outOfPlace)) as string[]));
  return [...found, ...(await axeFindings(page))].map((finding) => `${name} at ${size.width}: ${finding}`);
}
