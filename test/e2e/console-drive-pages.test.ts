import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDriveWorld, testAccount } from '../console/drive-world.ts';
import type { ConsoleWorld } from '../console/world.ts';
import type { Person } from '../portals/world.ts';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import { type Eye, type Findings, findingsOn, sights } from './page-findings.ts';
import { Visitor } from './visitor.ts';

describe.skipIf(whyNoChromium() !== undefined)('the pages of the test drive in a browser', () => {
  let browser: Browser;
  let world: ConsoleWorld;
  let driven: Person;
  let agent: Person;

  beforeAll(async () => {
    browser = await startChromium();
    const policies = [
      { name: 'everyone', members: 'everyone', chain: ['otp-sms', 'phone', 'questions', 'helpdesk-code'] },
    ];
    world = await openDriveWorld({ settings: { languages: ['en', 'ar'] }, policies });
    driven = await testAccount(world, 'North');
    await world.portals.register(driven, ['otp-sms', 'phone', 'questions']);
    agent = await world.portals.registered({}, ['otp-sms', 'phone']);
    world.join(agent, 'Console Administrators');
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  async function open(options: { readonly javaScriptEnabled?: boolean } = {}): Promise<Visitor> {
    const visitor = await Visitor.open(browser, world.origin, options);
    await visitor.goTo('/console');
    await visitor.type('login', agent.samName);
    await visitor.type('password', agent.password);
    await visitor.press('main .acts button');
    await visitor.type('code', await world.portals.code(agent.mobile));
    await visitor.press('[name="act"][value="next"]');
    // The next one needs another code than this one.
    world.clock.pass(120);
    return visitor;
  }

  /** Walks a dry run through every gate, and looks at each page on the way. */
  async function walk(visitor: Visitor, look: (name: string) => Promise<void>): Promise<void> {
    await visitor.goTo('/drive');
    await look('drive-start');
    await visitor.page.locator(`[name="who"][value="${driven.id}"]`).check();
    await visitor.page.locator('[name="policy"]').selectOption('everyone');
    await visitor.page.locator('[name="registered"][value="all"]').check();
    await visitor.press('form[action="/drive"] .acts button');
    await look('drive-code');
    await visitor.type('code', '12');
    await visitor.press('[name="act"][value="next"]');
    await look('drive-code-shape');
    const text = await visitor.page.locator('.drive .phone.text').first().innerText();
    await visitor.type('code', /\b\d{6}\b/.exec(text)?.[0] ?? '');
    await visitor.press('[name="act"][value="next"]');
    await look('drive-call');
    await visitor.press('[name="end"][value="confirm"]');
    // With JavaScript the page may have gone on by itself.
    if (visitor.path.endsWith('/phone')) {
      await visitor.press('[name="act"][value="next"]').catch(() => undefined);
    }
    await visitor.page.waitForURL(/questions$/);
    await look('drive-questions');
    for (const field of await visitor.page.locator('main input[name^="q"]').all()) {
      const label = await visitor.page.locator(`label[for="${await field.getAttribute('id')}"]`).innerText();
      const line = visitor.page.locator('.drive li', { has: visitor.page.getByText(label, { exact: true }) });
      await field.fill(await line.locator('code').innerText());
    }
    await visitor.press('main form .acts button >> nth=0');
    await look('drive-stand-in');
    await visitor.press('[name="say"][value="passed"]');
    await look('drive-choose');
    await visitor.press('main form .acts button >> nth=0');
    await look('drive-done');
  }

  test.each<Eye>([
    { language: 'en', direction: 'ltr', sights: [sights.smallAndLight, sights.wideAndDark] },
    { language: 'ar', direction: 'rtl', sights: [sights.smallAndDark] },
  ])('can be read and used by everybody, in $language', { timeout: 200_000 }, async (eye) => {
    const visitor = await open();
    await visitor.press(`button[name="language"][value="${eye.language}"]`);
    const findings: Findings = [];
    const titles = new Map<string, string>();
    const look = async (name: string): Promise<void> => {
      const found = await findingsOn(visitor, eye, titles);
      findings.push(...found.map((finding) => `${name}: ${finding}`));
    };
    await walk(visitor, look);
    await visitor.goTo(`/drive/live/${driven.id}`);
    await look('drive-live');
    await visitor.press('main form .acts button >> nth=0');
    await look('drive-live-problems');
    await visitor.type('reason', 'Trying the new chain');
    await visitor.page.locator('[name="confirmed"]').check();
    await visitor.press('main form .acts button >> nth=0');
    await look('drive-live-decoy');
    await visitor.goTo('/drive/providers');
    await look('drive-providers');
    await visitor.press('[name="channel"][value="sms"]');
    await world.latchkey.challenges.idle();
    await visitor.goTo(visitor.path);
    await look('drive-trial');
    expect(findings).toEqual([]);
    await visitor.close();
  });

  test('work without JavaScript', async () => {
    const visitor = await open({ javaScriptEnabled: false });
    await walk(visitor, async () => undefined);
    expect(visitor.path).toMatch(/done$/);
    expect(await visitor.text()).toContain('Would be written: the account is unlocked');
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
  });
});
