import { expect, test } from 'vitest';
import { sharedSamba } from '../services/shared-samba.ts';
import { SettableClock } from '../settable-clock.ts';
import { journeys } from './journeys.ts';
import { confirmCall, giveNumber, signIn, startReset, typeCode } from './steps.ts';

const samba = await sharedSamba();
const clock = new SettableClock(new Date());
const next = '[name="act"][value="next"]';
const again = '[name="act"][value="again"]';

journeys(
  'a call',
  samba,
  (stage) => {
    test('rings when the page opens, and the page goes on when # is pressed', async () => {
      const { world, visitor } = stage;
      const person = await stage.addRegistered();
      await startReset(visitor, person.login);
      expect(await visitor.heading()).toBe('Answer the call');
      expect(await visitor.text()).toContain(`ending in ••${person.telephone.slice(-2)}`);
      await confirmCall(visitor, world, person.telephone);
      expect(visitor.path).toBe('/reset/otp-sms');
    });

    test('that still rings when Next is pressed costs nothing: the person goes on waiting', async () => {
      const { world, visitor } = stage;
      const person = await stage.addRegistered();
      await startReset(visitor, person.login);
      const call = await world.ringing(person.telephone);
      for (let tries = 0; tries < 4; tries += 1) {
        await visitor.press(next);
        expect(visitor.path).toBe('/reset/phone');
        expect(await visitor.text()).toContain('We do not have the number yet');
      }
      await visitor.afterPhone(() => world.phones.confirm(call.id));
      expect(visitor.path).toBe('/reset/otp-sms');
    });

    test('that is hung up, or not answered, counts for nothing, and another one can be asked for', async () => {
      const { world, visitor } = stage;
      const person = await stage.addRegistered();
      await startReset(visitor, person.login);
      const first = await world.ringing(person.telephone);
      await visitor.afterPhone(() => world.phones.hangUp(first.id));
      expect(await visitor.problems()).toContain('Nothing was counted against you');
      expect(await visitor.text()).toContain('is over');

      await visitor.press(again);
      expect(await visitor.problems()).toContain('in');
      clock.pass(11);
      await visitor.press(again);
      expect(await visitor.text()).toContain('We are calling the number ending in');
      await world.ringing(person.telephone);
      await visitor.afterPhone(() => clock.pass(31));
      expect(await visitor.problems()).toContain('Nobody answered the call');

      await visitor.press(again);
      await confirmCall(visitor, world, person.telephone);
      expect(visitor.path).toBe('/reset/otp-sms');
    });

    test('ends the flow when the person at the phone says that it was not them', async () => {
      const { world, visitor } = stage;
      const person = await stage.addRegistered();
      await startReset(visitor, person.login);
      const call = await world.ringing(person.telephone);
      await visitor.afterPhone(() => world.phones.refuse(call.id));
      expect(visitor.path).toBe('/reset/refused');
      expect(await visitor.heading()).toBe('We stopped');
      expect(await visitor.text()).toContain('020 7946 0999');
    });

    test('stands in registration with another number when the first was wrong', async () => {
      const { world, visitor } = stage;
      const person = await stage.addPerson();
      await signIn(visitor, person);
      await giveNumber(visitor, '+44 20 7946 0990');
      const wrong = await world.ringing('+44 20 7946 0990');
      await visitor.press('[name="act"][value="change"]');
      expect(await visitor.heading()).toBe('Which phone can we call?');
      clock.pass(11);
      await giveNumber(visitor, '+44 20 7946 0991');
      world.phones.confirm(wrong.id);
      await visitor.press(next);
      expect(visitor.path, 'the number that was given up proves nothing').toBe('/registration/phone');
      await confirmCall(visitor, world, '+44 20 7946 0991');
      expect(visitor.path).toBe('/registration/otp-sms');
    });
  },
  { clock },
);

journeys(
  'a code',
  samba,
  (stage) => {
    test('that was sent again takes the place of the first', async () => {
      const { world, visitor } = stage;
      const person = await stage.addRegistered();
      await startReset(visitor, person.login);
      const first = await world.code(person.mobile);
      await visitor.press(again);
      expect(await visitor.problems()).toContain('seconds');
      clock.pass(11);
      await visitor.press(again);
      expect(await visitor.text()).toContain('We sent a new code');
      const second = await world.code(person.mobile);
      if (first !== second) {
        await typeCode(visitor, first);
        expect(await visitor.problems()).toContain('That code is not the one we sent');
      }
      await typeCode(visitor, second);
      expect(visitor.path).toBe('/reset/choose');
    });

    test('is sent three times and no more', async () => {
      const { world, visitor } = stage;
      const person = await stage.addRegistered();
      await startReset(visitor, person.login);
      await world.code(person.mobile);
      for (const _again of [2, 3]) {
        clock.pass(11);
        await visitor.press(again);
        await world.code(person.mobile);
      }
      expect(await visitor.page.locator(again).count()).toBe(0);
    });

    test('works as people paste it, with spaces and in the digits of their script', async () => {
      const { world, visitor } = stage;
      const person = await stage.addRegistered();
      await startReset(visitor, person.login);
      const code = await world.code(person.mobile);
      const arabic = [...code].map((digit) => String.fromCodePoint(0x0660 + Number(digit))).join('');
      await typeCode(visitor, ` ${arabic.slice(0, 3)} ${arabic.slice(3)} `);
      expect(visitor.path).toBe('/reset/choose');
    });

    test('that cannot be one is sent back without being a try', async () => {
      const { world, visitor } = stage;
      const person = await stage.addRegistered();
      await startReset(visitor, person.login);
      for (const typed of ['', '12345', 'abcdef', '1234567']) {
        await typeCode(visitor, typed);
        expect(await visitor.problems()).toMatch(/Enter the/);
      }
      await typeCode(visitor, await world.code(person.mobile));
      expect(visitor.path).toBe('/reset/choose');
    });

    test('dies after its time, and a new one can be asked for', async () => {
      const { world, visitor } = stage;
      const person = await stage.addRegistered();
      await startReset(visitor, person.login);
      const late = await world.code(person.mobile);
      clock.pass(301);
      await typeCode(visitor, late);
      expect(await visitor.problems()).toContain('does not work any more');
      await visitor.press(again);
      await typeCode(visitor, await world.code(person.mobile));
      expect(visitor.path).toBe('/reset/choose');
    });

    test('ends with the visit, which says that its time is over', async () => {
      const { world, visitor } = stage;
      const person = await stage.addRegistered();
      await startReset(visitor, person.login);
      const code = await world.code(person.mobile);
      clock.pass(20 * 60 - 1);
      await visitor.page.reload();
      expect(visitor.path).toBe('/reset/otp-sms');
      clock.pass(2);
      await typeCode(visitor, code);
      expect(visitor.path).toBe('/reset/expired');
      expect(await visitor.heading()).toBe('Your time here is over');
    });
  },
  { clock, chain: ['otp-sms'] },
);
