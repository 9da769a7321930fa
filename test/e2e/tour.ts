import { randomBytes } from 'node:crypto';
import type { Browser } from 'playwright-core';
import type { WriteResult } from '../../src/core/directory.ts';
import { demoPassword, demoPeople } from '../../src/directories/demo/people.ts';
import { SettableClock } from '../settable-clock.ts';
import { eventually } from './eventually.ts';
import {
  answerQuestions,
  cancel,
  choose,
  confirmCall,
  giveNumber,
  leaveOut,
  passAllGates,
  signIn,
  startReset,
  takeOtherWay,
  typeCode,
  typePassword,
  type Walker,
} from './steps.ts';
import { ThinkingDirectory } from './thinking-directory.ts';
import { Visitor } from './visitor.ts';
import { answers, PortalWorld } from './world.ts';

/** Called on every page of the portals. `name` says where in the tour it stands, and is good for a file's name. */
export type Look = (name: string, visitor: Visitor) => Promise<void>;

/** The language that a tour is read in. */
export type TourLanguage = 'en' | 'ar';

const next = '[name="act"][value="next"]';
const again = '[name="act"][value="again"]';
const wrongCode = '000000';

/** Walks past every page that the demo can show, in one language, and looks at each. */
export async function tour(browser: Browser, language: TourLanguage, look: Look): Promise<void> {
  const guide = await Guide.start(browser, language, look);
  try {
    await guide.frontDoor();
    await guide.registration();
    await guide.reset();
    await guide.notices();
    await guide.changes();
    await guide.endings();
    await guide.faults();
    await guide.otherWays();
  } finally {
    await guide.end();
  }
}

class Guide {
  readonly #browser: Browser;
  readonly #language: TourLanguage;
  readonly #look: Look;
  readonly #clock: SettableClock;
  #world: PortalWorld;
  #visitor: Visitor;

  static async start(browser: Browser, language: TourLanguage, look: Look): Promise<Guide> {
    const clock = new SettableClock(new Date('2026-03-02T09:42:00Z'));
    const world = await PortalWorld.open({ directory: 'demo', clock });
    const visitor = await Visitor.open(browser, world.url, { locale: language });
    return new Guide({ browser, language, look, clock, world, visitor });
  }

  private constructor(parts: {
    browser: Browser;
    language: TourLanguage;
    look: Look;
    clock: SettableClock;
    world: PortalWorld;
    visitor: Visitor;
  }) {
    this.#browser = parts.browser;
    this.#language = parts.language;
    this.#look = parts.look;
    this.#clock = parts.clock;
    this.#world = parts.world;
    this.#visitor = parts.visitor;
  }

  async end(): Promise<void> {
    await this.#visitor.close();
    await this.#world.close();
  }

  async frontDoor(): Promise<void> {
    await this.#visitor.goTo('/');
    await this.#see('home');
    await this.#visitor.goTo('/help');
    await this.#see('help');
    await this.#visitor.goTo('/demo/phone');
    await this.#see('demo-phone-empty');
  }

  async registration(): Promise<void> {
    const ben = walker('not-registered');
    await this.#visitor.goTo('/registration');
    await this.#see('register-1-sign-in');
    await signIn(this.#visitor, { login: ben.login, password: 'Not-my-password-1' });
    await this.#see('register-1-sign-in-wrong');
    await signIn(this.#visitor, { login: '', password: '' });
    await this.#see('register-1-sign-in-empty');
    await signIn(this.#visitor, walker('must-change'));
    await this.#see('register-1-sign-in-must-change');
    await signIn(this.#visitor, ben);
    await this.#see('register-2-phone');
    await giveNumber(this.#visitor, 'call me');
    await this.#see('register-2-phone-problem');
    await giveNumber(this.#visitor, ben.telephone);
    await this.#world.ringing(ben.telephone);
    await this.#see('register-3-call');
    await this.#lookAtRingingPhone(ben);
    await this.#see('register-4-mobile');
    await giveNumber(this.#visitor);
    const code = await this.#world.code(ben.mobile);
    await this.#see('register-5-code');
    await typeCode(this.#visitor, code);
    await this.#see('register-6-questions');
    await answerQuestions(this.#visitor, new Map([...answers.keys()].map((question) => [question, 'same'])));
    await this.#see('register-6-questions-problems');
    await this.#answer();
    await this.#see('register-7-done');
    await this.#registerAgain(ben);
  }

  async reset(): Promise<void> {
    const carla = walker('locked');
    await this.#visitor.goTo('/reset');
    await this.#see('reset-1-start');
    await startReset(this.#visitor, 'who, me?');
    await this.#see('reset-1-start-problem');
    await this.#register(carla);
    await startReset(this.#visitor, carla.login);
    await this.#world.ringing(carla.telephone);
    await this.#see('reset-2-call');
    await this.#visitor.press(next);
    await this.#see('reset-2-call-still-ringing');
    const call = await this.#world.ringing(carla.telephone);
    await this.#visitor.afterPhone(() => this.#world.phones.hangUp(call.id));
    await this.#see('reset-2-call-over');
    this.#clock.pass(15);
    await this.#visitor.press(again);
    await confirmCall(this.#visitor, this.#world, carla.telephone);
    await this.#see('reset-3-code');
    await typeCode(this.#visitor, wrongCode);
    await this.#see('reset-3-code-wrong');
    await typeCode(this.#visitor, await this.#world.code(carla.mobile));
    await this.#see('reset-4-questions');
    await answerQuestions(this.#visitor, new Map());
    await this.#see('reset-4-questions-wrong');
    await this.#answer();
    await this.#see('reset-5-choose-locked');
    await choose(this.#visitor, 'unlock');
    await this.#see('reset-7-done-unlock');
  }

  async changes(): Promise<void> {
    const anna = walker('registered');
    await this.#register(anna);
    await this.#toChoice(anna);
    await this.#see('reset-5-choose');
    await choose(this.#visitor, 'reset');
    await this.#see('reset-6-password');
    await typePassword(this.#visitor, 'anna');
    await this.#see('reset-6-password-unmet');
    await typePassword(this.#visitor, demoPassword);
    await this.#see('reset-6-password-refused');
    await this.#whileDirectoryThinks(async () => {
      await this.#visitor.goTo('/reset');
      await this.#visitor.goTo('/reset/password');
      await this.#see('reset-7-working');
    });
    await this.#see('reset-7-done-reset');
    await this.#toChoice(anna);
    await this.#see('reset-5-choose-again');
    this.#loseAnswers();
    await choose(this.#visitor, 'unlock');
    this.#clock.pass(31);
    await this.#visitor.goTo('/reset/working');
    await this.#see('reset-7-done-uncertain');
  }

  /** What lies behind the link in the mail about the unlock, and behind that of a change that is held. */
  async notices(): Promise<void> {
    const { stores, directory, outbox, mailbox } = this.#world.latchkey;
    await outbox.idle();
    const mail = mailbox?.mails(`${walker('locked').login}@contoso.example`).at(-1)?.text ?? '';
    await this.#visitor.goTo(/^http\S+$/m.exec(mail)?.[0] ?? '');
    await this.#see('not-me-1');
    await this.#visitor.press('[name="act"][value="bar"]');
    await this.#see('not-me-2-closed');
    await this.#visitor.goTo('/not-me/used');
    await this.#see('not-me-3-over');
    const carla = await directory.find({ kind: 'bare', name: walker('locked').login });
    if (carla === undefined) throw new Error('the demo lost somebody');
    await stores.failures.unbar(carla.id);
    const token = randomBytes(32).toString('base64url');
    const now = this.#clock.now();
    const hold = { id: 'held', countsFrom: new Date(now.getTime() + 60_000) };
    await stores.enrolments.keep({ accountId: carla.id, gate: 'phone', data: {}, provedAt: now }, { hold });
    await stores.links.create(token, {
      notice: 'notice',
      person: carla,
      reference: 'flow',
      of: 'enrolment-held',
      held: { gate: 'phone', id: 'held' },
      expiresAt: hold.countsFrom,
    });
    await this.#visitor.goTo(`/not-me/${token}`);
    await this.#see('not-me-1-held');
    await this.#visitor.press('[name="act"][value="take-back"]');
    await this.#see('not-me-2-taken-back');
  }

  /** As the helpdesk or too many wrong answers would. */
  async #bar(login: string): Promise<void> {
    const { directory, stores } = this.#world.latchkey;
    const account = await directory.find({ kind: 'bare', name: login });
    const rules = { threshold: 1, minutes: 1, barsUntilPermanent: 100 };
    await stores.failures.bar(account?.id ?? '', rules, this.#clock.now());
  }

  async endings(): Promise<void> {
    const anna = walker('registered');
    await startReset(this.#visitor, anna.login);
    await cancel(this.#visitor);
    await this.#see('end-cancelled');
    // The call of the flow that was cancelled rings out.
    this.#clock.pass(31);
    await startReset(this.#visitor, anna.login);
    const call = await this.#world.ringing(anna.telephone);
    await this.#visitor.afterPhone(() => this.#world.phones.refuse(call.id));
    await this.#see('end-not-you');
    await this.#bar(anna.login);
    await signIn(this.#visitor, anna);
    await this.#see('end-not-eligible');
    this.#clock.pass(61);
    const carla = walker('locked');
    await startReset(this.#visitor, carla.login);
    await confirmCall(this.#visitor, this.#world, carla.telephone);
    for (const _try of [1, 2, 3]) await typeCode(this.#visitor, wrongCode);
    await this.#see('end-barred');
    await startReset(this.#visitor, 'nobody');
    this.#clock.pass(21 * 60);
    await this.#visitor.goTo('/reset/phone');
    await this.#see('end-expired');
  }

  async faults(): Promise<void> {
    const { latchkey } = this.#world;
    await this.#visitor.goTo('/nowhere');
    await this.#see('error-not-found');
    await this.#visitor.goTo('/reset');
    await this.#visitor.page.locator('main [name="_csrf"]').evaluate((field) => field.setAttribute('value', 'stale'));
    await this.#visitor.press('main form button');
    await this.#see('error-stale-form');
    await this.#visitor.goTo('/reset');
    await this.#visitor.page.locator('[name="login"]').evaluate((field) => field.setAttribute('name', 'somebody'));
    await this.#visitor.press('main form button');
    await this.#see('error-bad-request');
    await this.#unopened();
    Object.assign(latchkey.directory, { health: async () => ({ ok: false, servers: [] }) });
    this.#clock.pass(10);
    await this.#visitor.goTo('/reset');
    await this.#see('error-unavailable');
  }

  /** Where any two gates are enough, and one of them for the unlock. */
  async otherWays(): Promise<void> {
    await this.end();
    const clock = new SettableClock(new Date('2026-03-02T09:42:00Z'));
    this.#world = await PortalWorld.open({ directory: 'demo', clock, policy: { needed: 2, 'unlock-after': 1 } });
    this.#visitor = await Visitor.open(this.#browser, this.#world.url, { locale: this.#language });
    const ben = walker('not-registered');
    await signIn(this.#visitor, ben);
    await this.#see('ways-register-1-phone');
    await leaveOut(this.#visitor);
    await giveNumber(this.#visitor);
    await typeCode(this.#visitor, await this.#world.code(ben.mobile));
    await this.#answer();
    await this.#see('ways-register-2-done-without');
    const carla = walker('locked');
    await this.#register(carla);
    await startReset(this.#visitor, carla.login);
    await this.#world.ringing(carla.telephone);
    await this.#see('ways-reset-1-call');
    await takeOtherWay(this.#visitor, 'otp-sms');
    const code = await this.#world.code(carla.mobile);
    await this.#see('ways-reset-2-code');
    await typeCode(this.#visitor, code);
    await this.#see('ways-reset-3-choose-locked');
    await choose(this.#visitor, 'reset');
    await this.#see('ways-reset-4-questions');
    const anna = walker('registered');
    await this.#register(anna);
    await signIn(this.#visitor, anna);
    await confirmCall(this.#visitor, this.#world, anna.telephone);
    for (const _gate of [1, 2, 3]) await this.#visitor.press('main [name="keep"]');
    await this.#see('ways-register-3-done');
  }

  async #lookAtRingingPhone(ben: Walker): Promise<void> {
    const other = await Visitor.open(this.#browser, this.#world.url, { locale: this.#language });
    const call = await this.#world.ringing(ben.telephone);
    this.#world.phones.answer(call.id);
    this.#world.phones.text(ben.mobile.replaceAll(' ', ''), 'Your code is 123456.');
    await other.goTo('/demo/phone');
    await this.#look('demo-phone', other);
    await other.close();
    await this.#visitor.afterPhone(() => this.#world.phones.confirm(call.id));
    await this.#world.code(ben.mobile);
  }

  async #registerAgain(ben: Walker): Promise<void> {
    await signIn(this.#visitor, ben);
    await this.#see('register-again-1-call');
    await confirmCall(this.#visitor, this.#world, ben.telephone);
    await this.#see('register-again-2-phone');
  }

  /** A gate whose memory of the person is damaged fails when it opens, and again when asked again. */
  async #unopened(): Promise<void> {
    const anna = walker('registered');
    const account = await this.#register(anna);
    const damaged = { accountId: account.id, gate: 'phone', data: {}, provedAt: this.#clock.now() };
    await this.#world.latchkey.stores.enrolments.keep(damaged);
    await this.#visitor.goTo('/registration');
    await signIn(this.#visitor, anna);
    await this.#see('error-fault');
    const dai = walker('must-change');
    await this.#register(dai);
    await startReset(this.#visitor, dai.login);
    await this.#withDamagedNextGate(dai);
    await this.#see('error-unopened');
  }

  async #withDamagedNextGate(dai: Walker): Promise<void> {
    const account = await this.#world.latchkey.directory.find({ kind: 'bare', name: dai.login });
    const accountId = account?.id ?? '';
    await this.#world.latchkey.stores.enrolments.keep({
      accountId,
      gate: 'otp-sms',
      data: {},
      provedAt: this.#clock.now(),
    });
    await confirmCall(this.#visitor, this.#world, dai.telephone);
    await this.#visitor.goTo('/reset/otp-sms');
  }

  /** The directory takes its time over a new password; meanwhile the person looks again. */
  async #whileDirectoryThinks(meanwhile: () => Promise<void>): Promise<void> {
    const thinking = new ThinkingDirectory(this.#world.latchkey.directory);
    await this.#visitor.type('password', 'Green-Harbour-43');
    await this.#visitor.type('repeat', 'Green-Harbour-43');
    await this.#visitor.page.locator('main .acts button').click({ noWaitAfter: true });
    await thinking.asked;
    await meanwhile();
    thinking.answer();
    await eventually('the end of the reset', async () => {
      await this.#visitor.goTo('/reset/done');
      return this.#visitor.path === '/reset/done' ? true : undefined;
    });
  }

  #loseAnswers(): void {
    const away = () => Promise.reject(new Error('away'));
    const lost = async (): Promise<WriteResult> => ({ kind: 'unknown', detail: 'no answer' });
    Object.assign(this.#world.latchkey.directory, { unlock: lost, observe: away });
  }

  async #toChoice(who: Walker): Promise<void> {
    if (this.#language === 'en') return passAllGates(this.#visitor, this.#world, who);
    await startReset(this.#visitor, who.login);
    await confirmCall(this.#visitor, this.#world, who.telephone);
    await typeCode(this.#visitor, await this.#world.code(who.mobile));
    await this.#answer();
  }

  #answer(): Promise<void> {
    return answerQuestions(this.#visitor, answers);
  }

  #register(who: Walker): ReturnType<PortalWorld['register']> {
    return this.#world.register(who.login, who);
  }

  #see(name: string): Promise<void> {
    return this.#look(name, this.#visitor);
  }
}

function walker(situation: string): Walker {
  const person = demoPeople.find((one) => one.situation === situation);
  if (person === undefined) throw new Error(`nobody in the demo is ${situation}`);
  const { samName, telephone, mobile } = person;
  return { login: samName, password: demoPassword, telephone, mobile };
}
