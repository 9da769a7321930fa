import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import { ConsoleWorld } from '../console/world.ts';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import { sharedSamba } from '../services/shared-samba.ts';
import { findingsAt } from './axe.ts';
import { consoleJourneys } from './console-journeys.ts';
import type { Visitor } from './visitor.ts';

const samba = await sharedSamba();

consoleJourneys(
  'changing the policies',
  samba,
  (stage) => {
    const policies = () => stage.world.portals.latchkey.stores.policies;

    /** Writes a policy into a new draft, as far as the look at it. */
    async function draft(visitor: Visitor, fields: Readonly<Record<string, string>>): Promise<void> {
      await visitor.goTo('/policies');
      const begin = visitor.page.locator('form[action="/policies/draft/begin"] button');
      if ((await begin.count()) > 0) await visitor.press('form[action="/policies/draft/begin"] button');
      await visitor.goTo('/policies/draft/policy/new');
      for (const [name, text] of Object.entries(fields)) await visitor.type(name, text);
      await visitor.page.selectOption('[name="place-otp-sms"]', '1');
      await visitor.press('main .acts button');
      await visitor.goTo('/policies/draft/review');
    }

    async function save(visitor: Visitor, note: string): Promise<void> {
      await visitor.type('note', note);
      await visitor.press('form[action="/policies/draft/save"] .acts button');
    }

    /** The first gate that somebody is shown at the portal. */
    async function firstGate(login: string): Promise<string> {
      const visitor = await stage.portalVisitor();
      await visitor.goTo('/reset');
      await visitor.type('login', login);
      await visitor.press('main .acts button');
      return visitor.path;
    }

    test('a unit gets a policy of its own, which holds for people below it but for an excepted nested group, and is taken back', async () => {
      const { visitor, world, places } = stage;
      const { groups, units } = places;
      const inside = await stage.addRegistered({ unit: 'harbour' });
      const excepted = await stage.addRegistered({ unit: 'harbour', groups: ['nested'] });
      await world.signIn(visitor, await stage.addRegistered({ groups: ['administrators'] }));
      const before = await policies().newest();
      await draft(visitor, {
        name: 'North',
        units: units.north.path.toLowerCase(),
        'except-groups': groups.administrators.name,
      });
      await visitor.goTo('/policies/draft');
      await visitor.press('[name="way"][value="up"]');
      await visitor.goTo('/policies/draft/review');
      const look = await visitor.text();
      expect(look).toContain(`“North” is for the unit ${units.north.path.toLowerCase()}.`);
      expect(look).toContain(`“North” is not for the group ${groups.administrators.name}: it is an exception.`);
      await save(visitor, 'they have no other telephone');
      expect(await visitor.text()).toContain(`Version ${before + 1} is in force.`);
      expect(await firstGate(inside.samName)).toBe('/reset/otp-sms');
      expect(await firstGate(excepted.samName)).toBe('/reset/phone');
      await visitor.goTo(`/policies/versions/${before}`);
      await visitor.press('form[action$="/restore"] button');
      expect(await visitor.text()).toContain(`Version ${before + 2} is in force.`);
      expect(await firstGate(inside.samName)).toBe('/reset/phone');
    });

    test('two groups get codes of two lengths, each in its policy, at the same time and whoever else comes', async () => {
      const { visitor, world, places } = stage;
      const { north, south } = places.groups;
      const people = {
        north: await stage.addRegistered({ groups: ['north'] }),
        south: await stage.addRegistered({ groups: ['south'] }),
        other: await stage.addRegistered(),
      };
      await world.signIn(visitor, await stage.addRegistered({ groups: ['administrators'] }));
      const before = await policies().newest();
      for (const [name, group, digits] of [
        ['Eight', north.name, '8'],
        ['Ten', south.name, '10'],
      ] as const) {
        await draft(visitor, { name, groups: group });
        await visitor.goTo('/policies/draft');
        await visitor.press(`a[aria-label*="${name}"]`);
        await visitor.page.locator('summary', { hasText: 'Code by text message' }).click();
        await visitor.type('own.otp-sms.code-length', '99');
        await visitor.press('main .acts button');
        const wrong = (await visitor.problems()).replaceAll(/[\u2068\u2069]/g, '');
        expect(wrong).toContain('enter a whole number from 6 to 10, or nothing');
        await visitor.type('own.otp-sms.code-length', digits);
        await visitor.press('main .acts button');
        await visitor.press(`[value="up"][aria-label*="${name}"]`);
      }
      await visitor.goTo('/policies/draft/review');
      expect(await visitor.text()).toContain(
        '“Digits of a code” of “Code by text message” is 10, whatever is configured.',
      );
      await save(visitor, 'longer codes at the docks');
      expect(await visitor.text()).toContain(`Version ${before + 1} is in force.`);
      const walk = async (person: (typeof people)['north']) => {
        const walker = await stage.portalVisitor();
        await walker.goTo('/reset');
        await walker.type('login', person.samName);
        await walker.press('main .acts button');
        if (walker.path !== '/reset/otp-sms') return walker.path;
        const label = /\d+-digit/.exec((await walker.text()).replaceAll(/[\u2068\u2069]/g, ''))?.[0];
        const code = await world.portals.code(person.mobile);
        await walker.type('code', code);
        await walker.press('[name="act"][value="next"]');
        return [label, code.length, walker.path];
      };
      expect(await Promise.all([people.north, people.south, people.other].map(walk))).toEqual([
        ['8-digit', 8, '/reset/choose'],
        ['10-digit', 10, '/reset/choose'],
        '/reset/phone',
      ]);
      await visitor.goTo(`/policies/versions/${before}`);
      await visitor.press('form[action$="/restore"] button');
      expect(await walk(people.north)).toBe('/reset/phone');
    });

    test('groups that are not there, groups that are members of themselves and a list that strands are refused, with every reason', async () => {
      const { visitor, world, administrator, places } = stage;
      const [one, other] = [await administrator.addGroup(), await administrator.addGroup()];
      await administrator.addMember(await administrator.dnOf(one.id), other.id);
      await administrator.addMember(await administrator.dnOf(other.id), one.id);
      await world.signIn(visitor, await stage.addRegistered({ groups: ['administrators'] }));
      const before = await policies().newest();
      await draft(visitor, { name: 'Wrong', groups: `No Such Group\n${one.samName}`, units: 'People/No Such Unit' });
      await save(visitor, 'wrong');
      const said = await visitor.text();
      expect(said).toContain('names the group No Such Group, which the directory does not have');
      expect(said).toContain(`names the group ${one.samName}, which is a member of itself`);
      expect(said).toContain('names the unit People/No Such Unit, which the directory does not have');
      await visitor.goTo('/policies/draft');
      await visitor.press('a[aria-label*="Wrong"]');
      for (const name of ['groups', 'units']) await visitor.type(name, '');
      await visitor.type('groups', places.groups.south.name);
      await visitor.press('main .acts button');
      await visitor.press('a[aria-label*="everyone"]');
      await visitor.type('except-groups', places.groups.administrators.name);
      await visitor.press('main .acts button');
      await visitor.goTo('/policies/draft/review');
      await save(visitor, 'strands us');
      expect(await visitor.text()).toContain('Under this list no administrator could pass any more');
      expect(await policies().newest()).toBe(before);
    });
  },
  { settings: { 'policies-in': 'store' } },
);

const long = 'Everybodyinthewholeorganisationwhoworksatadeskwithoutatelephoneofitsownandwithouta';
const list: Json = [
  {
    name: long.slice(0, 80),
    members: { units: [`People/${long}`] },
    chain: ['phone', 'otp-sms'],
    'include-privileged': true,
    gates: {
      phone: { 'number-matching': 'required', text: { en: long.repeat(3) } },
      'otp-sms': { 'code-length': 8, lifetime: 120 },
    },
  },
  {
    name: 'Shop floor',
    members: { groups: ['Helpdesk North'] },
    chain: ['otp-sms', 'questions'],
    needed: 1,
    'unlock-after': 1,
    'knowledge-alone': 'accept',
  },
  { name: 'everyone', members: 'everyone', chain: ['otp-sms'] },
];

describe.skipIf(whyNoChromium() !== undefined)('the pages of the policies in a browser', () => {
  let browser: Browser;
  let world: ConsoleWorld;
  let page: Page;
  const complaints: string[] = [];
  beforeAll(async () => {
    browser = await startChromium();
    world = await ConsoleWorld.open({ settings: { languages: ['en', 'ar'], 'policies-in': 'store' } });
    const { visitor, person } = await world.signedIn('administrator');
    const { policies } = world.latchkey.stores;
    const who = { by: 'account-2', byName: long, note: long.repeat(3), at: world.clock.now() };
    await policies.keepDraft(person.id, { revision: 0, basedOn: 1, policies: list }, world.clock.now());
    await policies.save({ basedOn: 1, ...who, policies: list });
    const context = await browser.newContext({ baseURL: world.origin });
    await context.addCookies([...visitor.cookies].map(([name, value]) => ({ name, value, url: world.origin })));
    page = await context.newPage();
    page.on('pageerror', (fault) => complaints.push(fault.message));
    page.on('console', (said) => {
      const isAnswer = said.text().includes('the server responded with a status of 422');
      if (['error', 'warning'].includes(said.type()) && !isAnswer) complaints.push(said.text());
    });
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  test.each([
    { language: 'en', colorScheme: 'light' },
    { language: 'ar', colorScheme: 'dark' },
  ] as const)('can be read and used by everybody, in $language and $colorScheme', { timeout: 200_000 }, async (eye) => {
    await page.emulateMedia({ colorScheme: eye.colorScheme });
    await page.goto('/policies');
    await page.click(`button[value="${eye.language}"]`);
    const findings: string[] = [];
    const paths = [
      '/policies',
      '/policies/versions',
      '/policies/versions/1',
      '/policies/draft',
      '/policies/draft/policy/0',
      '/policies/draft/policy/new',
      '/policies/draft/review',
    ];
    for (const path of paths) {
      for (const width of [1_280, 800, 320]) {
        await page.setViewportSize({ width, height: 800 });
        await page.goto(path);
        if (path.endsWith('/new')) await page.click('main .acts button');
        findings.push(...(await findingsAt(page, path, { width, height: 800 })));
      }
    }
    expect([...findings, ...complaints]).toEqual([]);
  });
});
