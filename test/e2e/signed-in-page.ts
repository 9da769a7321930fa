import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { ConsoleWorld } from '../console/world.ts';
import type { Person } from '../portals/world.ts';

/**
 * A page of the console with somebody of the staff signed in, and everything that the browser complains of.
 * @param expected what a browser says of answers that a test asks for
 */
export async function signedInPage(
  browser: Browser,
  needs: { readonly world: ConsoleWorld; readonly person: Person; readonly expected: RegExp },
  options: BrowserContextOptions,
): Promise<{ page: Page; complaints: string[] }> {
  const { world, person, expected } = needs;
  const context = await browser.newContext({ baseURL: world.origin, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (fault) => complaints.push(fault.message));
  page.on('console', (said) => {
    if (['error', 'warning'].includes(said.type()) && !expected.test(said.text())) complaints.push(said.text());
  });
  await page.goto('/console');
  await page.fill('#login', person.samName);
  await page.fill('#password', person.password);
  await page.click('main button');
  await page.fill('input[name="code"]', await world.portals.code(person.mobile));
  await page.click('main button');
  while (page.url().includes('/console/')) await page.click('main button');
  // The next one needs another code than this one.
  world.clock.pass(120);
  return { page, complaints };
}
