import type { Browser } from 'playwright-core';
import { dayOf } from '../../src/core/reports/report-counts.ts';
import type { Stores } from '../../src/core/stores.ts';
import { type DemoRole, demoPassword, demoStaff } from '../../src/directories/demo/people.ts';
import { type ConsolePerson, ConsoleWorld } from './console-world.ts';
import { type Guide, guided, type Look, type TourLanguage } from './guide.ts';

/** Walks past every page of the console that the demo can show, in one language, and looks at each. */
export async function consoleTour(browser: Browser, language: TourLanguage, look: Look): Promise<void> {
  await guided(
    { browser, language, look },
    (clock) => ConsoleWorld.open({ directory: 'demo', clock, settings: { 'policies-in': 'store' } }),
    async (guide) => {
      for (const part of [wayIn, home, sessions, people, policies, background, records, drives, endings])
        await part(guide);
    },
  );
}

async function wayIn(guide: Guide<ConsoleWorld>): Promise<void> {
  const { see, visitor, world } = guide;
  await visitor.goTo('/console');
  await see('console-sign-in');
  await password(guide, { samName: 'anna.berg', password: 'Not-my-password-1' });
  await see('console-sign-in-wrong');
  await password(guide, { samName: '', password: '' });
  await see('console-sign-in-empty');
  const auditor = staff('auditor');
  const account = await world.portals.latchkey.directory.find({ kind: 'bare', name: auditor.samName });
  for (const gate of ['phone', 'otp-sms']) {
    await world.portals.latchkey.stores.enrolments.remove(account?.id ?? '', gate);
  }
  await password(guide, auditor);
  await see('console-unregistered');
  await visitor.goTo('/help');
  await see('console-help');
  await password(guide, staff('helpdesk'));
  await world.portals.ringing(staff('helpdesk').telephone);
  await see('console-call');
}

async function home(guide: Guide<ConsoleWorld>): Promise<void> {
  const { see, visitor, world } = guide;
  for (const role of ['helpdesk', 'administrator'] as const) {
    await world.signIn(visitor, staff(role));
    await see(`console-home-${role}`);
  }
  await visitor.goTo('/no/such/page');
  await see('console-error-not-found');
}

/** The administrator has signed in with another browser, too. */
async function sessions(guide: Guide<ConsoleWorld>): Promise<void> {
  const { browser, clock, see, visitor, world } = guide;
  const other = await world.visitor(browser);
  clock.pass(31);
  await world.signIn(other, staff('administrator'));
  await other.close();
  await visitor.goTo('/sessions');
  await see('console-sessions');
  await visitor.press('main .acts button');
  await see('console-sessions-ended');
}

/** Somebody who is locked and barred, and a colleague who has signed in elsewhere, as an administrator sees them. */
async function people(guide: Guide<ConsoleWorld>): Promise<void> {
  const { browser, clock, see, visitor, world } = guide;
  const { stores } = world.portals.latchkey;
  const other = await world.visitor(browser);
  await world.signIn(other, staff('helpdesk'));
  await other.close();
  const stuck = await carla(guide);
  const rules = { threshold: 3, minutes: 15, barsUntilPermanent: 4 };
  await stores.failures.bar(stuck.id, rules, clock.now());
  await visitor.goTo('/people');
  await visitor.type('q', 'carla');
  await visitor.press('main form button');
  await see('console-people');
  const of = `/people/${stuck.id}`;
  const agent = await world.portals.latchkey.directory.find({ kind: 'bare', name: staff('helpdesk').samName });
  for (const [path, name] of [
    [of, 'console-person'],
    [`${of}/remove/otp-sms`, 'console-person-remove'],
    [`${of}/caller`, 'console-person-caller'],
    [`/people/${agent?.id}/sessions`, 'console-person-sessions'],
  ] as const) {
    await visitor.goTo(path);
    await see(name);
  }
}

async function carla({ world }: Guide<ConsoleWorld>) {
  const found = await world.portals.latchkey.directory.find({ kind: 'bare', name: 'carla.diaz' });
  if (found === undefined) throw new Error('the demo lost carla.diaz');
  return found;
}

/** As an administrator, who has signed in; at last somebody may be sent a code. */
async function policies(guide: Guide<ConsoleWorld>): Promise<void> {
  const { see, visitor } = guide;
  await visitor.goTo('/policies');
  await see('console-policies');
  await visitor.press('form[action="/policies/draft/begin"] button');
  await visitor.goTo('/policies/draft/policy/new');
  await visitor.press('main .acts button');
  await see('console-policies-wrong');
  await visitor.type('name', 'Warehouse');
  await visitor.type('units', 'People');
  await visitor.page.selectOption('[name="place-otp-sms"]', '1');
  await visitor.page.selectOption('[name="place-helpdesk-code"]', '2');
  await visitor.type('needed', '1');
  await visitor.press('main .acts button');
  await visitor.press('[name="way"][value="up"]');
  await see('console-policies-draft');
  await visitor.goTo('/policies/draft/review');
  await see('console-policies-review');
  await visitor.type('note', 'The warehouse has mobile telephones only');
  await visitor.press('form[action="/policies/draft/save"] .acts button');
  await visitor.goTo('/policies/versions');
  await see('console-policies-versions');
  await visitor.goTo('/policies/versions/1');
  await see('console-policies-version');
  await visitor.goTo(`/people/${(await carla(guide)).id}/code`);
  await see('console-person-code');
}

/** What looks at everybody, one login, and a campaign. */
async function background(guide: Guide<ConsoleWorld>): Promise<void> {
  const { see, visitor, world } = guide;
  const { jobs, campaigns } = world.portals.latchkey.background;
  await visitor.goTo('/simulator');
  await see('console-simulator');
  await visitor.press('form[action="/simulator"] .acts button');
  await jobs.idle();
  await visitor.goTo(visitor.path.replace('/jobs/', '/simulator/'));
  await see('console-simulation');
  await visitor.goTo('/one-login');
  await visitor.type('login', 'carla.diaz');
  await visitor.press('main .acts button');
  await see('console-one-login');
  await visitor.goTo('/campaigns/new');
  await visitor.type('units', 'People');
  await visitor.press('form[action="/campaigns/new"] .acts button');
  await see('console-campaign-new');
  await visitor.type('reason', 'Everybody registers before the summer');
  await visitor.press('form[action="/campaigns/new"] .acts button');
  await campaigns.idle();
  await visitor.goTo(visitor.path);
  await see('console-campaign');
  await visitor.goTo('/campaigns');
  await see('console-campaigns');
  await visitor.goTo('/jobs');
  await see('console-jobs');
}

/** Reports, and the audit. */
async function records(guide: Guide<ConsoleWorld>): Promise<void> {
  const { clock, see, visitor, world } = guide;
  await keepDays(world.portals.latchkey.stores, clock.now());
  for (const name of ['reports', 'coverage'] as const) {
    await visitor.goTo(`/${name}`);
    // Plots are drawn when their page is there.
    await visitor.page.locator('.drawing canvas').first().waitFor();
    await see(`console-${name}`);
  }
  await visitor.goTo('/audit?event=policies.saved');
  await see('console-audit');
  await visitor.goTo('/audit/check');
  await visitor.press('form[action="/audit/check"] button');
  await world.portals.latchkey.background.jobs.idle();
  await visitor.goTo(visitor.path);
  await see('console-audit-check');
}

/** As far as the first gate of a dry run, and before one in earnest. */
async function drives(guide: Guide<ConsoleWorld>): Promise<void> {
  const { see, visitor } = guide;
  await visitor.goTo('/drive');
  await see('console-drive');
  await visitor.press('form[action="/drive"] .acts button');
  await see('console-drive-walk');
  await visitor.goTo('/drive');
  await visitor.press('a[href^="/drive/live/"]');
  await see('console-drive-live');
  await visitor.goTo('/drive/providers');
  await see('console-drive-providers');
}

async function endings(guide: Guide<ConsoleWorld>): Promise<void> {
  const { clock, see, visitor, world } = guide;
  clock.pass(6 * 60);
  await visitor.goTo('/confirm');
  await see('console-confirm');
  await visitor.press('main .acts button');
  await visitor.press('[name="cancel"]');
  await see('console-ended-cancelled');
  await visitor.goTo('/confirm');
  await visitor.press('main .acts button');
  const { telephone } = staff('administrator');
  const call = await world.portals.ringing(telephone);
  await visitor.afterPhone(() => world.portals.phones.refuse(call.id));
  await see('console-ended-not-you');
}

async function password(
  guide: Guide<ConsoleWorld>,
  { samName, password }: Pick<ConsolePerson, 'samName' | 'password'>,
): Promise<void> {
  const { visitor } = guide;
  await visitor.goTo('/console');
  await visitor.type('login', samName);
  await visitor.type('password', password);
  await visitor.press('main .acts button');
}

function staff(role: DemoRole): ConsolePerson {
  const person = demoStaff.find((one) => one.role === role);
  if (person === undefined) throw new Error(`nobody in the demo is ${role}`);
  return { ...person, password: demoPassword };
}

/** A week as it might have been. */
async function keepDays({ reports, duties, audit }: Stores, now: Date): Promise<void> {
  await duties.hold('count', 'tour', { now, until: new Date(now.getTime() + 1_000) });
  const counts = [1, 2, 3, 4, 5, 6, 7].flatMap((ago) => {
    const day = dayOf(new Date(now.getTime() - ago * 86_400_000));
    const one = { day, portal: 'reset', gate: '', provider: '', why: '', decoy: false } as const;
    const gate = { ...one, gate: 'otp-sms', why: 'verify' };
    return [
      { ...one, event: 'write.done', why: 'unlock', count: 30 + ((ago * 11) % 17) },
      { ...one, event: 'write.done', why: 'reset', count: 12 + ((ago * 7) % 9) },
      { ...gate, event: 'gate.opened', count: 50 },
      { ...gate, event: 'gate.passed', count: 40 + (ago % 5) },
      { ...one, event: 'flow.started', why: 'unregistered', decoy: true, count: 3 },
      { ...one, event: 'challenge.sent', provider: 'texts', why: 'sms', count: 55 },
    ] as const;
  });
  await reports.add(counts, { by: 'tour', from: 0, to: (await audit.head()).sequence, now });
  for (const ago of [6, 5, 4, 3, 2, 1, 0]) {
    const snapshot = (unit: string, people: number) => ({
      day: dayOf(new Date(now.getTime() - ago * 86_400_000)),
      unit,
      people,
      registered: Math.round(people * (0.9 - ago * 0.05)),
      ready: Math.round(people * (0.85 - ago * 0.05)),
    });
    await reports.keepCoverage(snapshot('', 0).day, [snapshot('People/Dublin', 420), snapshot('People/Oslo', 180)]);
  }
}
