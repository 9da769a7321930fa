import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsoleWorld } from '../console/world.ts';
import type { Person } from '../portals/world.ts';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import { findingsAt, narrow, wide } from './axe.ts';
import { signedInPage } from './signed-in-page.ts';

/** What the browser says of answers that are asked for here. */
const expected = /responded with a status of 4(04|22)/;

describe.skipIf(whyNoChromium() !== undefined)('the pages of people in a browser', () => {
  let browser: Browser;
  let world: ConsoleWorld;
  let agent: Person;
  let person: Person;
  let fresh: Person;
  let well: Person;

  beforeAll(async () => {
    browser = await startChromium();
    const one = { members: 'everyone', chain: ['otp-sms', 'phone', 'helpdesk-code'], needed: 2 };
    world = await ConsoleWorld.open({
      settings: { languages: ['en', 'ar'] },
      policies: [{ name: 'everyone', ...one }],
    });
    agent = await world.portals.registered({}, ['otp-sms']);
    world.join(agent, 'Helpdesk North');
    person = world.personIn('north');
    await world.portals.register(person, ['otp-sms', 'phone']);
    fresh = world.personIn('north');
    well = world.personIn('north');
    await world.portals.register(well, ['otp-sms', 'phone']);
    await fill(world, person);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  const open = (options: BrowserContextOptions, by = agent) =>
    signedInPage(browser, { world, person: by, expected }, options);

  /** What stands wrong on the page that is open, wide and narrow. */
  async function findings(page: Page, name: string): Promise<readonly string[]> {
    await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
    return [...(await findingsAt(page, name, wide)), ...(await findingsAt(page, name, narrow))];
  }

  test.each([
    { language: 'en', colorScheme: 'light' },
    { language: 'ar', colorScheme: 'dark' },
  ] as const)('can be read and used by everybody, in $language and $colorScheme', { timeout: 200_000 }, async (eye) => {
    const { page, complaints } = await open({ colorScheme: eye.colorScheme });
    await page.click(`button[value="${eye.language}"]`);
    const of = `/people/${person.id}`;
    const paths = [
      '/people',
      '/people?q=a',
      '/people?q=person',
      of,
      `/people/${fresh.id}`,
      `/people/${well.id}`,
      `${of}/remove/phone`,
    ];
    const found: string[] = [];
    for (const path of [
      ...paths,
      `${of}/code`,
      `${of}/caller`,
      `/people/${fresh.id}/code`,
      `/people/${fresh.id}/caller`,
    ]) {
      await page.goto(path);
      expect(new URL(page.url()).pathname).toBe(path.split('?')[0]);
      found.push(...(await findings(page, path)));
    }
    await page.goto(`${of}/remove/phone`);
    await page.click('main .acts button');
    found.push(...(await findings(page, 'remove without a reason')));
    await page.goto(`${of}/caller`);
    await page.check('[name="gate"][value="otp-sms"]');
    await page.fill('[name="reason"]', 'Called');
    await page.click('[value="start"]');
    await page.locator('.phrase').waitFor();
    found.push(...(await findings(page, 'a check of a caller')));
    await page.click('[value="stop"]');
    found.push(...(await findings(page, 'a caller who is not verified')));
    expect([...found, ...complaints]).toEqual([]);
    await page.context().close();
  });

  test.each([
    { language: 'en', colorScheme: 'light', javaScriptEnabled: true },
    { language: 'ar', colorScheme: 'dark', javaScriptEnabled: true },
    { language: 'en', colorScheme: 'light', javaScriptEnabled: false },
  ] as const)(
    'of a colleague lead an administrator to the end of their sessions: %o',
    { timeout: 200_000 },
    async (eye) => {
      const { language, ...options } = eye;
      const colleague = await world.signedIn('auditor');
      const { page, complaints } = await open({ ...options, viewport: narrow }, await world.staff('administrator'));
      await page.click(`button[value="${language}"]`);
      const look = async (name: string) => (eye.javaScriptEnabled ? findings(page, name) : []);
      await page.goto(`/people/${colleague.person.id}`);
      const found = [...(await look('a colleague'))];
      await page.click('main a[href$="/sessions"]');
      found.push(...(await look('the end of their sessions')));
      await page.click('main .acts button');
      await page.locator('#reason[aria-invalid]').waitFor();
      found.push(...(await look('the end of their sessions without a reason')));
      await page.fill('#reason', 'The laptop was stolen');
      await page.click('main .acts button');
      await page.locator('.notice').waitFor();
      expect(await page.locator('main').innerText()).toContain('The laptop was stolen');
      expect((await colleague.visitor.open('/')).path).toBe('/console');
      expect([...found, ...complaints]).toEqual([]);
      await page.context().close();
    },
  );

  test('work without a script, by keyboard alone', async () => {
    const { page } = await open({ javaScriptEnabled: false, viewport: narrow });
    await page.goto(`/people/${person.id}`);
    await page.locator('main details summary').first().focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Called back');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('.notice').waitFor();
    expect(await page.locator('main').innerText()).toContain('Called back');
    await page.context().close();
  });
});

/** Somebody to whom everything has happened. */
async function fill({ latchkey, clock, portals }: ConsoleWorld, person: Person): Promise<void> {
  const { failures, audit } = latchkey.stores;
  portals.lock(person);
  const now = clock.now();
  await failures.bar(person.id, { threshold: 3, minutes: 60, barsUntilPermanent: 4 }, now);
  const about = { subject: person.id, gate: 'otp-sms', portal: 'reset' } as const;
  await audit.append({ at: now, event: 'flow.started', subject: person.id, portal: 'reset', address: '192.0.2.7' });
  await audit.append({ at: now, event: 'gate.wrong', ...about, detail: { tries: 2 } });
  await audit.append({ at: now, event: 'account.barred', ...about });
  const detail = { by: 'x', byName: 'Robin of the helpdesk', reason: `${'A long reason with a-long-word'.repeat(12)}` };
  await audit.append({ at: now, event: 'registration.asked', subject: person.id, portal: 'console', detail });
}
