import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { demoPassword, demoPeople } from '../../src/directories/demo/people.ts';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import { eventually } from './eventually.ts';
import { choose, passAllGates, typePassword } from './steps.ts';
import { Visitor } from './visitor.ts';
import { PortalWorld } from './world.ts';

const good = 'Marmalade 3 cactus Dune 🦊';

describe.skipIf(whyNoChromium() !== undefined).each([
  { kind: 'with JavaScript', javaScriptEnabled: true },
  { kind: 'without JavaScript', javaScriptEnabled: false },
])('a new password $kind', ({ javaScriptEnabled }) => {
  let browser: Browser;
  let world: PortalWorld;
  let visitor: Visitor;

  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    world = await PortalWorld.open({ directory: 'demo' });
    visitor = await Visitor.open(browser, world.url, { javaScriptEnabled });
    const [anna] = demoPeople;
    if (anna === undefined) throw new Error('nobody lives in the demo');
    await world.register(anna.samName, anna);
    await passAllGates(visitor, world, { ...anna, login: anna.samName, password: demoPassword });
    await choose(visitor, 'reset');
    expect(visitor.path).toBe('/reset/password');
  });
  afterEach(async () => {
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
    await world.close();
  });

  test('6.2.11: is refused with every reason at once, and the fields are empty again', async () => {
    expect(await visitor.text()).toContain('What the directory asks for:');
    expect(await visitor.text()).toContain('And what we ask for, checked when you press Next:');
    await typePassword(visitor, 'contoso');
    expect(await visitor.problems()).toMatch(/at least \S+ characters[\s\S]*too simple[\s\S]*name of \S*Contoso/);
    await typePassword(visitor, 'Qwerty12345');
    expect(await visitor.problems()).toContain('one of the most common passwords');
    for (const name of ['password', 'repeat']) expect(await visitor.page.inputValue(`[name="${name}"]`)).toBe('');
    expect(await visitor.page.content()).not.toContain('Qwerty12345');
    const why = await visitor.page.getAttribute('#password', 'aria-describedby');
    expect(why).toContain('password-why');
    await typePassword(visitor, good);
    expect(visitor.path).toBe('/reset/done');
  });

  test('6.2.7: can be pasted, whole', async () => {
    const { page } = visitor;
    await page.locator('#password').focus();
    const long = `${good}${' and more of it'.repeat(20)}`;
    await page.keyboard.insertText(long);
    expect(await page.inputValue('#password')).toBe(long);
    await visitor.type('repeat', long);
    await visitor.press('main form button:not([name]):not([type="button"])');
    expect(await visitor.problems()).toContain('no more than 256');
  });

  if (!javaScriptEnabled) return;

  const rule = (id: string): Promise<string | null> => visitor.page.locator(`[data-rule="${id}"]`).textContent();
  const told = (text: string): Promise<true> =>
    eventually(`to be told ${text}`, async () => {
      const said = (await visitor.page.locator('[role="status"]').innerText()).replaceAll(/[\u2068\u2069]/g, '');
      return said === text ? true : undefined;
    });

  test('is judged while it is typed, in words and not by colour alone, and nothing of it leaves the page', async () => {
    const requests: string[] = [];
    visitor.page.on('request', (request) => requests.push(request.url()));
    expect(await rule('length')).not.toContain('met');
    await visitor.type('password', 'anna');
    expect(await rule('length')).toContain('(not met yet)');
    expect(await rule('name')).toContain('(not met yet)');
    await told('0 of 3 met so far.');
    await visitor.type('password', good);
    for (const id of ['length', 'name', 'kinds']) expect(await rule(id)).toContain('(met)');
    for (const id of ['history', 'context', 'known']) expect(await rule(id)).not.toContain('met');
    await visitor.type('repeat', good.slice(1));
    await told('3 of 3 met so far. The two passwords are not the same yet.');
    await visitor.type('repeat', good);
    await told('3 of 3 met so far. Both passwords are the same.');
    await visitor.type('password', '');
    expect(await rule('length')).not.toContain('met');
    await visitor.type('password', 'x'.repeat(300));
    expect(await rule('length')).toContain('(not met yet)');
    // The icon may come late; it has no room for a password.
    expect(requests.filter((url) => !/\/assets\/[a-z]+\.[a-z]+$/.test(url))).toEqual([]);
  });

  test('6.2.6: can be shown, and is hidden again before it is sent', async () => {
    const { page } = visitor;
    await visitor.type('password', good);
    await visitor.type('repeat', good);
    await page.locator('[data-reveal]').click();
    expect(await page.getAttribute('#password', 'type')).toBe('text');
    expect(await page.getAttribute('#password', 'spellcheck')).toBe('false');
    await page.evaluate(`document.querySelector('#password').form.addEventListener('submit', () => {
      document.cookie = 'sent-as=' + document.querySelector('#password').type + '; path=/';
    })`);
    await visitor.press('main form button:not([name]):not([type="button"])');
    const cookies = await page.context().cookies();
    expect(cookies.find(({ name }) => name === 'sent-as')?.value).toBe('password');
    expect(visitor.path).toBe('/reset/done');
  });
});
