import type { Browser } from 'playwright-core';
import { dayOf } from '../../src/core/report-counts.ts';
import type { Stores } from '../../src/core/stores.ts';
import { type DemoRole, demoPassword, demoStaff } from '../../src/directories/demo/people.ts';
import { SettableClock } from '../settable-clock.ts';
import { type ConsolePerson, ConsoleWorld } from './console-world.ts';
import type { Look, TourLanguage } from './tour.ts';
import type { Visitor } from './visitor.ts';

/** Walks past every page of the console that the demo can show, in one language, and looks at each. */
export async function consoleTour(browser: Browser, language: TourLanguage, look: Look): Promise<void> {
  const guide = await ConsoleGuide.start(browser, language, look);
  try {
    await guide.wayIn();
    await guide.home();
    await guide.sessions(browser);
    await guide.people();
    await guide.policies();
    await guide.background();
    await guide.records();
    await guide.drives();
    await guide.endings();
  } finally {
    await guide.end();
  }
}

/** Knows the way around in the console, as whom it takes. */
class ConsoleGuide {
  readonly #look: Look;
  readonly #clock: SettableClock;
  readonly #world: ConsoleWorld;
  readonly #visitor: Visitor;

  static async start(browser: Browser, language: TourLanguage, look: Look): Promise<ConsoleGuide> {
    const clock = new SettableClock(new Date('2026-03-02T09:42:00Z'));
    const world = await ConsoleWorld.open({ directory: 'demo', clock, settings: { 'policies-in': 'store' } });
    const visitor = await world.visitor(browser, { locale: language });
    return new ConsoleGuide({ look, clock, world, visitor });
  }

  private constructor(parts: { look: Look; clock: SettableClock; world: ConsoleWorld; visitor: Visitor }) {
    this.#look = parts.look;
    this.#clock = parts.clock;
    this.#world = parts.world;
    this.#visitor = parts.visitor;
  }

  async end(): Promise<void> {
    await this.#visitor.close();
    await this.#world.close();
  }

  async wayIn(): Promise<void> {
    await this.#visitor.goTo('/console');
    await this.#see('console-sign-in');
    await this.#password({ samName: 'anna.berg', password: 'Not-my-password-1' });
    await this.#see('console-sign-in-wrong');
    await this.#password({ samName: '', password: '' });
    await this.#see('console-sign-in-empty');
    const auditor = staff('auditor');
    const account = await this.#world.portals.latchkey.directory.find({ kind: 'bare', name: auditor.samName });
    for (const gate of ['phone', 'otp-sms']) {
      await this.#world.portals.latchkey.stores.enrolments.remove(account?.id ?? '', gate);
    }
    await this.#password(auditor);
    await this.#see('console-unregistered');
    await this.#visitor.goTo('/help');
    await this.#see('console-help');
    await this.#password(staff('helpdesk'));
    await this.#world.portals.ringing(staff('helpdesk').telephone);
    await this.#see('console-call');
  }

  async home(): Promise<void> {
    for (const role of ['helpdesk', 'administrator'] as const) {
      await this.#world.signIn(this.#visitor, staff(role));
      await this.#see(`console-home-${role}`);
    }
    await this.#visitor.goTo('/no/such/page');
    await this.#see('console-error-not-found');
  }

  /** The administrator has signed in with another browser, too. */
  async sessions(browser: Browser): Promise<void> {
    const other = await this.#world.visitor(browser);
    this.#clock.pass(31);
    await this.#world.signIn(other, staff('administrator'));
    await other.close();
    await this.#visitor.goTo('/sessions');
    await this.#see('console-sessions');
    await this.#visitor.press('main .acts button');
    await this.#see('console-sessions-ended');
  }

  /** Somebody who is locked and barred, as an administrator sees them. */
  async people(): Promise<void> {
    const { directory, stores } = this.#world.portals.latchkey;
    const stuck = await directory.find({ kind: 'bare', name: 'carla.diaz' });
    if (stuck === undefined) throw new Error('the demo lost carla.diaz');
    const rules = { threshold: 3, minutes: 15, barsUntilPermanent: 4 };
    await stores.failures.bar(stuck.id, rules, this.#clock.now());
    await this.#visitor.goTo('/people');
    await this.#visitor.type('q', 'carla');
    await this.#visitor.press('main form button');
    await this.#see('console-people');
    const of = `/people/${stuck.id}`;
    for (const [path, name] of [
      [of, 'console-person'],
      [`${of}/remove/otp-sms`, 'console-person-remove'],
      [`${of}/code`, 'console-person-code'],
      [`${of}/caller`, 'console-person-caller'],
    ] as const) {
      await this.#visitor.goTo(path);
      await this.#see(name);
    }
  }

  /** As an administrator, who has signed in. */
  async policies(): Promise<void> {
    const visitor = this.#visitor;
    await visitor.goTo('/policies');
    await this.#see('console-policies');
    await visitor.press('form[action="/policies/draft/begin"] button');
    await visitor.goTo('/policies/draft/policy/new');
    await visitor.press('main .acts button');
    await this.#see('console-policies-wrong');
    await visitor.type('name', 'Warehouse');
    await visitor.type('units', 'People');
    await visitor.page.selectOption('[name="place-otp-sms"]', '1');
    await visitor.press('main .acts button');
    await visitor.press('[name="way"][value="up"]');
    await this.#see('console-policies-draft');
    await visitor.goTo('/policies/draft/review');
    await this.#see('console-policies-review');
    await visitor.type('note', 'The warehouse has mobile telephones only');
    await visitor.press('form[action="/policies/draft/save"] .acts button');
    await visitor.goTo('/policies/versions');
    await this.#see('console-policies-versions');
    await visitor.goTo('/policies/versions/1');
    await this.#see('console-policies-version');
  }

  /** What looks at everybody, one login, and a campaign. */
  async background(): Promise<void> {
    const visitor = this.#visitor;
    const { jobs, campaigns } = this.#world.portals.latchkey.background;
    await visitor.goTo('/simulator');
    await this.#see('console-simulator');
    await visitor.press('form[action="/simulator"] .acts button');
    await jobs.idle();
    await visitor.goTo(visitor.path.replace('/jobs/', '/simulator/'));
    await this.#see('console-simulation');
    await visitor.goTo('/one-login');
    await visitor.type('login', 'carla.diaz');
    await visitor.press('main .acts button');
    await this.#see('console-one-login');
    await visitor.goTo('/campaigns/new');
    await visitor.type('units', 'People');
    await visitor.press('form[action="/campaigns/new"] .acts button');
    await this.#see('console-campaign-new');
    await visitor.type('reason', 'Everybody registers before the summer');
    await visitor.press('form[action="/campaigns/new"] .acts button');
    await campaigns.idle();
    await visitor.goTo(visitor.path);
    await this.#see('console-campaign');
    await visitor.goTo('/campaigns');
    await this.#see('console-campaigns');
    await visitor.goTo('/jobs');
    await this.#see('console-jobs');
  }

  /** Reports, and the audit. */
  async records(): Promise<void> {
    const visitor = this.#visitor;
    await keepDays(this.#world.portals.latchkey.stores, this.#clock.now());
    for (const name of ['reports', 'coverage'] as const) {
      await visitor.goTo(`/${name}`);
      // Plots are drawn when their page is there.
      await visitor.page.locator('.drawing canvas').first().waitFor();
      await this.#see(`console-${name}`);
    }
    await visitor.goTo('/audit?event=policies.saved');
    await this.#see('console-audit');
    await visitor.goTo('/audit/check');
    await visitor.press('form[action="/audit/check"] button');
    await this.#world.portals.latchkey.background.jobs.idle();
    await visitor.goTo(visitor.path);
    await this.#see('console-audit-check');
  }

  /** As far as the first gate of a dry run, and before one in earnest. */
  async drives(): Promise<void> {
    const visitor = this.#visitor;
    await visitor.goTo('/drive');
    await this.#see('console-drive');
    await visitor.press('form[action="/drive"] .acts button');
    await this.#see('console-drive-walk');
    await visitor.goTo('/drive');
    await visitor.press('a[href^="/drive/live/"]');
    await this.#see('console-drive-live');
    await visitor.goTo('/drive/providers');
    await this.#see('console-drive-providers');
  }

  async endings(): Promise<void> {
    this.#clock.pass(6 * 60);
    await this.#visitor.goTo('/confirm');
    await this.#see('console-confirm');
    await this.#visitor.press('main .acts button');
    await this.#visitor.press('[name="cancel"]');
    await this.#see('console-ended-cancelled');
    await this.#visitor.goTo('/confirm');
    await this.#visitor.press('main .acts button');
    const { telephone } = staff('administrator');
    const call = await this.#world.portals.ringing(telephone);
    await this.#visitor.afterPhone(() => this.#world.portals.phones.refuse(call.id));
    await this.#see('console-ended-not-you');
  }

  async #password({ samName, password }: Pick<ConsolePerson, 'samName' | 'password'>): Promise<void> {
    await this.#visitor.goTo('/console');
    await this.#visitor.type('login', samName);
    await this.#visitor.type('password', password);
    await this.#visitor.press('main .acts button');
  }

  #see(name: string): Promise<void> {
    return this.#look(name, this.#visitor);
  }
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
