import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChromium, whyNoChromium } from '../services/chromium.ts';
import { newPassword } from '../services/samba-administrator.ts';
import { sharedSamba } from '../services/shared-samba.ts';
import { demoWalker } from './demo-walker.ts';
import { journeys } from './journeys.ts';
import {
  answerQuestions,
  choose,
  confirmCall,
  giveNumber,
  leaveOut,
  signIn,
  startReset,
  takeOtherWay,
  typeCode,
  typePassword,
} from './steps.ts';
import { Visitor } from './visitor.ts';
import { PortalWorld } from './world.ts';

const samba = await sharedSamba();
const policy = { needed: 2, 'unlock-after': 1 };

journeys(
  'any two gates, and one for the unlock',
  samba,
  (stage) => {
    test('somebody locked who knows the password is back after one gate', async () => {
      const { world, visitor, administrator } = stage;
      const person = await stage.addPerson();
      await world.register(person.samName, person);
      await stage.lockOut(person);
      await startReset(visitor, person.login);
      await confirmCall(visitor, world, person.telephone);
      expect(visitor.path).toBe('/reset/choose');
      expect(await visitor.page.isChecked('[name="action"][value="unlock"]')).toBe(true);
      await visitor.press('main .acts button');
      expect(await visitor.heading()).toBe('Your account is unlocked');
      expect(await administrator.look(person)).toMatchObject({ lockoutTime: '0', locked: false });
      expect(await administrator.bind(person, person.password)).toBe('bound');
    });

    test('somebody without their telephone registers without it, and sets a new password by the other two', async () => {
      const { world, visitor, administrator } = stage;
      const person = await stage.addPerson();
      await signIn(visitor, person);
      expect(visitor.path).toBe('/registration/phone');
      await leaveOut(visitor);
      await giveNumber(visitor, person.mobile);
      await typeCode(visitor, await world.code(person.mobile));
      await answerQuestions(visitor);
      expect(visitor.path).toBe('/registration/done');
      expect(await visitor.text()).toContain('You left out: Phone call.');

      await startReset(visitor, person.login);
      expect(visitor.path).toBe('/reset/otp-sms');
      await typeCode(visitor, await world.code(person.mobile));
      await choose(visitor, 'reset');
      expect(visitor.path).toBe('/reset/questions');
      await answerQuestions(visitor);
      expect(visitor.path).toBe('/reset/password');
      const password = newPassword();
      await typePassword(visitor, password);
      expect(visitor.path).toBe('/reset/done');
      expect(await administrator.bind(person, password)).toBe('bound');
    });

    test('somebody whose telephone lies at home takes another way, changes their mind, and goes on from there', async () => {
      const { world, visitor, administrator } = stage;
      const person = await stage.addPerson();
      await world.register(person.samName, person);
      await startReset(visitor, person.login);
      await world.ringing(person.telephone);
      await takeOtherWay(visitor, 'otp-sms');
      expect(await visitor.heading()).toBe('Enter the code we sent you');
      await typeCode(visitor, await world.code(person.mobile));
      await choose(visitor, 'reset');
      expect(visitor.path).toBe('/reset/questions');
      await visitor.press('main [name="back"]');
      expect(visitor.path).toBe('/reset/choose');
      await choose(visitor, 'reset');
      await takeOtherWay(visitor, 'phone');
      // The call of before still rings: there was no second one.
      await confirmCall(visitor, world, person.telephone);
      expect(world.phones.phone(person.telephone.replaceAll(' ', '')).calls).toHaveLength(1);
      expect(visitor.path).toBe('/reset/password');
      const password = newPassword();
      await typePassword(visitor, password);
      expect(await administrator.bind(person, password)).toBe('bound');
    });
  },
  { policy },
);

describe.skipIf(whyNoChromium() !== undefined).each([
  { kind: 'with JavaScript', javaScriptEnabled: true },
  { kind: 'without JavaScript', javaScriptEnabled: false },
])('the demo $kind, where any two gates are enough', ({ javaScriptEnabled }) => {
  let browser: Browser;
  let world: PortalWorld;
  beforeAll(async () => {
    browser = await startChromium();
    world = await PortalWorld.open({ directory: 'demo', policy });
  });
  afterAll(async () => {
    await world?.close();
    await browser?.close();
  });

  test('lets somebody in another way, by keyboard, and leaves nobody where they cannot go on', async () => {
    const ben = demoWalker('not-registered');
    await world.register(ben.login, ben, ['phone', 'otp-sms']);
    const visitor = await Visitor.open(browser, world.url, { javaScriptEnabled });
    await startReset(visitor, ben.login);
    await visitor.page.locator('main [name="another"]').focus();
    await visitor.arriveBy(() => visitor.page.keyboard.press('Enter'));
    await typeCode(visitor, await world.code(ben.mobile));
    await choose(visitor, 'reset');
    // Nothing else is registered: the way leads back to the call.
    expect(visitor.path).toBe('/reset/phone');
    await confirmCall(visitor, world, ben.telephone);
    expect(visitor.path).toBe('/reset/password');
    await visitor.press('main [name="back"]');
    await choose(visitor, 'unlock');
    expect(await visitor.heading()).toBe('Your account is unlocked');
    await visitor.close();
    expect(visitor.complaints).toEqual([]);
  });
});
