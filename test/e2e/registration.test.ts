import { expect, test } from 'vitest';
import { newPassword } from '../services/samba-administrator.ts';
import { sharedSamba } from '../services/shared-samba.ts';
import { journeys } from './journeys.ts';
import { answerQuestions, confirmCall, giveNumber, signIn, startReset, typeCode } from './steps.ts';

const samba = await sharedSamba();

journeys('registering', samba, (stage) => {
  test('signs in with the directory password, proves each number, and says what this person can now do', async () => {
    const { world, visitor } = stage;
    const person = await stage.addPerson();
    await signIn(visitor, person);
    expect(visitor.path).toBe('/registration/phone');
    expect(await visitor.page.inputValue('[name="number"]')).toBe(person.telephone);
    await giveNumber(visitor);
    await confirmCall(visitor, world, person.telephone);
    expect(visitor.path).toBe('/registration/otp-sms');
    await giveNumber(visitor);
    await typeCode(visitor, await world.code(person.mobile));
    expect(visitor.path).toBe('/registration/questions');
    await answerQuestions(visitor);

    expect(visitor.path).toBe('/registration/done');
    const said = await visitor.text();
    for (const sentence of ['You’re registered', 'Answer the call', 'Enter the code', 'Answer your questions']) {
      expect(said.replaceAll("'", '’')).toContain(sentence);
    }
    expect(said).toContain('Unlock your account, or choose a new password.');
    const account = await world.latchkey.directory.find({ kind: 'bare', name: person.samName });
    const enrolled = await world.latchkey.stores.enrolments.of(account?.id ?? '');
    expect(enrolled.map(({ gate }) => gate).sort()).toEqual(['otp-sms', 'phone', 'questions']);
    expect(world.log).not.toContain(person.password);
  });

  test('takes a number that the person types in their own way, and proves that one', async () => {
    const { world, visitor } = stage;
    const person = await stage.addPerson();
    await signIn(visitor, person);
    await giveNumber(visitor, '020 7946 0999');
    expect(await visitor.text()).toContain('ending in ••99');
    await confirmCall(visitor, world, '+44 20 7946 0999');
    expect(visitor.path).toBe('/registration/otp-sms');
  });

  test('tells what is wrong with a number, keeps what was typed, and calls nobody', async () => {
    const { world, visitor } = stage;
    const person = await stage.addPerson();
    const before = world.sent;
    await signIn(visitor, person);
    await giveNumber(visitor, 'call me');
    expect(await visitor.problems()).toContain('not a telephone number');
    expect(await visitor.page.inputValue('[name="number"]')).toBe('call me');
    await giveNumber(visitor, '');
    expect(await visitor.problems()).toContain('Enter a telephone number');
    expect(world.sent).toBe(before);
  });

  test('tells a wrong password and forwards none that could lock the account', async () => {
    const { visitor, administrator } = stage;
    const person = await stage.addPerson();
    for (let tries = 0; tries < 6; tries += 1) {
      await signIn(visitor, { login: person.login, password: newPassword() });
      expect(visitor.path).toBe('/registration');
      expect(await visitor.problems()).toContain('We could not sign you in');
      expect(await visitor.page.inputValue('[name="login"]')).toBe(person.login);
      expect(await visitor.page.inputValue('[name="password"]')).toBe('');
    }
    expect((await administrator.look(person)).locked).toBe(false);
  });

  test('says the same to a locked person, an unknown login and a wrong password', async () => {
    const { visitor } = stage;
    const locked = await stage.addPerson();
    await stage.lockOut(locked);
    const known = await stage.addPerson();
    const said: string[] = [];
    const tries = [locked, { ...known, password: newPassword() }, { login: 'nobody.here', password: newPassword() }];
    for (const walker of tries) {
      await signIn(visitor, walker);
      said.push((await visitor.page.locator('main').innerText()).trim());
    }
    expect(new Set(said).size).toBe(1);
  });

  test('asks whoever registered before to prove a gate first, and lets them keep what they have', async () => {
    const { world, visitor } = stage;
    const person = await stage.addRegistered();
    await signIn(visitor, person);
    expect(visitor.path).toBe('/registration/confirm-phone');
    await confirmCall(visitor, world, person.telephone);
    expect(visitor.path).toBe('/registration/phone');
    for (const gate of ['phone', 'otp-sms', 'questions']) {
      expect(visitor.path).toBe(`/registration/${gate}`);
      await visitor.press('[name="keep"]');
    }
    expect(visitor.path).toBe('/registration/done');
    await startReset(visitor, person.login);
    expect((await world.ringing(person.telephone)).to).toBe(person.telephone.replaceAll(' ', ''));
  });

  test('finds what is wrong with answers, field by field, and keeps what is right only when all is', async () => {
    const { world, visitor } = stage;
    const person = await stage.addPerson();
    await signIn(visitor, person);
    await giveNumber(visitor);
    await confirmCall(visitor, world, person.telephone);
    await giveNumber(visitor);
    await typeCode(visitor, await world.code(person.mobile));
    await answerQuestions(visitor, new Map());
    expect(await visitor.problems()).toContain('You gave this answer to another question already');
    expect(await visitor.page.locator('input[aria-invalid="true"]').count()).toBe(2);
    await answerQuestions(visitor);
    expect(visitor.path).toBe('/registration/done');
  });
});
