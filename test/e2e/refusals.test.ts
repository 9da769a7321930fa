import { expect, test } from 'vitest';
import { newPassword } from '../services/samba-administrator.ts';
import { sharedSamba } from '../services/shared-samba.ts';
import { journeys, type PortalStage } from './journeys.ts';
import { answerQuestions, cancel, confirmCall, passAllGates, signIn, startReset, typeCode } from './steps.ts';

const samba = await sharedSamba();
const wrongAnswers = new Map<string, string>();

journeys('being stopped', samba, (stage) => {
  test('bars after three wrong codes, though each was of a code that still works, and says so on every way in', async () => {
    const { world, visitor, administrator } = stage;
    const person = await stage.addRegistered();
    await startReset(visitor, person.login);
    await confirmCall(visitor, world, person.telephone);
    const code = await world.code(person.mobile);
    for (const left of [2, 1]) {
      await typeCode(visitor, otherThan(code));
      expect(await visitor.problems()).toContain('That code is not the one we sent');
      expect(await visitor.text()).toContain(`You can try ${left} more time`);
    }
    await typeCode(visitor, otherThan(code));
    expect(visitor.path).toBe('/reset/refused');
    expect(await visitor.heading()).toBe('Too many tries');
    expect(await visitor.text()).toContain('020 7946 0999');

    // From now on the account looks as one that never registered: nothing rings.
    const sent = world.sent;
    const another = await stage.anotherVisitor();
    await startReset(another, person.login);
    expect(another.path).toBe('/reset/phone');
    expect(world.sent).toBe(sent);
    // The directory's own lock is never touched.
    expect(await administrator.look(person)).toMatchObject({ locked: false, badPasswordCount: 0 });
    expect(await administrator.bind(person, person.password)).toBe('bound');
  });

  test('counts wrong answers over flows: a new one resets nothing', async () => {
    const { world } = stage;
    const person = await stage.addRegistered();
    for (const end of ['/reset/questions', '/reset/questions', '/reset/refused']) {
      const visitor = await stage.anotherVisitor();
      await startReset(visitor, person.login);
      await confirmCall(visitor, world, person.telephone);
      await typeCode(visitor, await world.code(person.mobile));
      await answerQuestions(visitor, wrongAnswers);
      expect(visitor.path).toBe(end);
      if (end === '/reset/questions') expect(await visitor.problems()).toContain('We cannot say which');
    }
  });

  test('shows an unknown login the same page, byte for byte, and sends nothing', async () => {
    const { world } = stage;
    const person = await stage.addRegistered();
    const unregistered = await stage.addPerson();
    const known = await firstPage(stage, person.login);
    await world.ringing(person.telephone);
    const sent = world.sent;
    const unknown = await firstPage(stage, 'nobody.at.all');
    const notRegistered = await firstPage(stage, unregistered.login);
    expect(unknown).toEqual(known);
    expect(notRegistered).toEqual(known);
    expect(world.sent).toBe(sent);
  });

  test('keeps an unknown login waiting at a call that never comes, and shows it the same number each time', async () => {
    const { world, visitor } = stage;
    const sent = world.sent;
    await startReset(visitor, 'nobody.either');
    const first = withoutDigits(await visitor.text());
    await visitor.press('[name="act"][value="next"]');
    expect(visitor.path).toBe('/reset/phone');
    expect(await visitor.text()).toContain('We do not have the number yet');
    const another = await stage.anotherVisitor();
    await startReset(another, 'nobody.either@corp.example.test');
    expect(withoutDigits(await another.text())).toBe(first);
    expect(world.sent).toBe(sent);
  });

  test('tells the shape of a user name before anything else is done', async () => {
    const { visitor } = stage;
    await startReset(visitor, '');
    expect(await visitor.problems()).toContain('Enter your user name');
    await startReset(visitor, 'what? me');
    expect(visitor.path).toBe('/reset');
    expect(await visitor.problems()).toContain('one of the three ways shown');
    expect(await visitor.page.inputValue('[name="login"]')).toBe('what? me');
  });

  test('cancels: the flow is over, nothing is changed, and every old address of it leads to the end', async () => {
    const { world, visitor, administrator } = stage;
    const person = await stage.addRegistered();
    await passAllGates(visitor, world, person);
    await cancel(visitor);
    expect(visitor.path).toBe('/reset/ended');
    expect(await visitor.heading()).toBe('This visit has ended');
    for (const page of ['phone', 'choose', 'password', 'done']) {
      await visitor.goTo(`/reset/${page}`);
      expect(visitor.path).toBe('/reset/ended');
    }
    expect(await administrator.bind(person, person.password)).toBe('bound');
    await visitor.press('main .button');
    expect(visitor.path).toBe('/reset');
  });

  test('cancels a registration: nothing is kept', async () => {
    const { world, visitor } = stage;
    const person = await stage.addPerson();
    await signIn(visitor, person);
    await cancel(visitor);
    expect(visitor.path).toBe('/registration/ended');
    expect(await world.latchkey.stores.enrolments.of(person.id)).toEqual([]);
  });

  test('leads any other address of a flow back to where it stands', async () => {
    const { world, visitor } = stage;
    const person = await stage.addRegistered();
    await startReset(visitor, person.login);
    for (const page of ['otp-sms', 'questions', 'choose', 'password', 'done', 'made-up']) {
      await visitor.goTo(`/reset/${page}`);
      expect(visitor.path).toBe('/reset/phone');
    }
    await confirmCall(visitor, world, person.telephone);
    await visitor.page.goBack();
    await visitor.page.reload();
    expect(visitor.path).toBe('/reset/otp-sms');
  });

  test("ends the browser's visit: after a reset the back button changes nothing", async () => {
    const { world, visitor } = stage;
    const person = await stage.addRegistered();
    await passAllGates(visitor, world, person);
    await visitor.page.locator('[value="unlock"]').check();
    await visitor.press('main .acts button');
    expect(visitor.path).toBe('/reset/done');
    await visitor.goTo('/reset/choose');
    expect(visitor.path).toBe('/reset/done');
    const stranger = await stage.anotherVisitor();
    await stranger.goTo('/reset/choose');
    expect(stranger.path).toBe('/reset/expired');
  });

  test('never lets a privileged account through, and does not say so', async () => {
    const { world, visitor, administrator } = stage;
    const person = await stage.addRegistered();
    await administrator.set(person.id, { adminCount: '1' });
    const sent = world.sent;
    await startReset(visitor, person.login);
    expect(visitor.path).toBe('/reset/phone');
    expect(world.sent).toBe(sent);
    await signIn(visitor, person);
    expect(visitor.path).toBe('/registration');
    expect(await visitor.text()).toContain('We could not sign you in');
  });

  test('checks again at the last step: whoever became disabled meanwhile gets nothing', async () => {
    const { world, visitor, administrator } = stage;
    const person = await stage.addRegistered();
    await passAllGates(visitor, world, person);
    await visitor.page.locator('[value="reset"]').check();
    await visitor.press('main .acts button');
    await administrator.set(person.id, { userAccountControl: String(0x202) });
    const before = await administrator.look(person);
    const password = newPassword();
    await visitor.type('password', password);
    await visitor.type('repeat', password);
    await visitor.press('main .acts button');
    expect(visitor.path).toBe('/reset/refused');
    expect(await administrator.look(person)).toEqual(before);
  });
});

function otherThan(code: string): string {
  return code === '111111' ? '222222' : '111111';
}

/** All that the first page of a reset tells, without what differs by nature: the token, and the two digits of a mask. */
async function firstPage(
  stage: PortalStage,
  login: string,
): Promise<{ status: number; headers: string[]; html: string }> {
  const visitor = await stage.anotherVisitor();
  const arrived = visitor.page.waitForResponse(
    (response) => response.request().isNavigationRequest() && response.url().endsWith('/reset/phone'),
  );
  await startReset(visitor, login);
  const response = await arrived;
  const html = (await response.text())
    .replaceAll(/value="[0-9a-f]{64,}"/g, 'token')
    .replaceAll(/••\d\d/g, 'mask')
    .replaceAll(/>\d\d</g, '>digits<');
  return { status: response.status(), headers: Object.keys(await response.allHeaders()).sort(), html };
}

/** A page without the two digits to key in, which every flow draws anew. A masked number stays. */
function withoutDigits(text: string): string {
  return text.replaceAll(/(?<![•\d:])\d\d(?![\d:])/g, 'digits');
}
