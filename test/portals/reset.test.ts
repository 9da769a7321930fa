import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { flowMinutes, lockoutMinutes, type Person, PortalWorld, threshold } from './world.ts';

let world: PortalWorld;

beforeAll(async () => {
  world = await PortalWorld.open();
});
afterAll(() => world.close());

const newPassword = 'Correct-Horse-7-Battery';

describe('somebody who has registered', () => {
  test('passes every gate, keeps the password, and the account is unlocked', async () => {
    const person = await world.registered();
    world.lock(person);
    const visitor = await world.start(person.samName);
    expect(visitor.path).toBe('/reset/phone');
    expect(visitor.text).toContain('Step 1 of 4');
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/otp-sms');
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/questions');
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/choose');
    expect(visitor.text).toContain(person.samName);
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toBe('/reset/done');
    expect(visitor.heading).toBe('Your account is unlocked');
    expect(world.standing(person)).toMatchObject({ locked: false, badPasswords: 0 });
    expect(await world.bind(person, person.password)).toBe('bound');
  });

  test('sets a new password: the new one signs in, the old one does not, and the lock is gone', async () => {
    const person = await world.registered();
    world.lock(person);
    const visitor = await world.toPassword(person);
    expect(visitor.path).toBe('/reset/password');
    await visitor.submit({ password: newPassword, repeat: newPassword });
    expect(visitor.path).toBe('/reset/done');
    expect(visitor.heading).toBe('Your password has been changed');
    expect(world.standing(person).locked).toBe(false);
    expect(await world.bind(person, newPassword)).toBe('bound');
    expect(await world.bind(person, person.password)).toBe('52e');
  });

  test('is told by mail what was done, and by no other channel', async () => {
    const person = await world.registered();
    const visitor = await world.toChoice(person);
    const reached = await world.reached(person);
    await visitor.submit({ action: 'unlock' });
    const mails = world.latchkey.mailbox?.mails(person.mail) ?? [];
    expect(mails).toHaveLength(1);
    expect(mails[0]?.text).toMatch(/was unlocked on \u2068Mar 2, 2026, 9:00:00/);
    expect(await world.reached(person)).toBe(reached);
  });

  test('sees the rules of the directory before typing', async () => {
    const visitor = await world.toPassword(await world.registered());
    const rules = visitor
      .page('[data-rule]')
      .toArray()
      .map((one) => visitor.page(one).attr('data-rule'));
    expect(rules).toEqual(['length', 'name', 'kinds', 'history', 'context', 'known']);
    expect(visitor.text).toContain('10');
    expect(visitor.problems).toBe('');
  });

  test('F12: learns why a password does not fit, and the gates stay passed', async () => {
    const person = await world.registered();
    const before = world.standing(person);
    const visitor = await world.toPassword(person);
    await visitor.submit({ password: 'short', repeat: 'short' });
    expect(visitor.path).toBe('/reset/password');
    expect(visitor.problems).toMatch(/at least 10 characters.*too simple/i);
    await visitor.submit({ password: newPassword, repeat: `${newPassword}!` });
    expect(visitor.path).toBe('/reset/password');
    await visitor.submit({ password: '', repeat: '' });
    expect(visitor.path).toBe('/reset/password');
    expect(world.standing(person)).toEqual(before);
    await visitor.submit({ password: newPassword, repeat: newPassword });
    expect(visitor.path).toBe('/reset/done');
  });

  test('F12: learns that the directory refused an earlier password, and may try another', async () => {
    const person = await world.registered();
    const visitor = await world.toPassword(person);
    await visitor.submit({ password: person.password, repeat: person.password });
    expect(visitor.path).toBe('/reset/password');
    expect(visitor.problems).toMatch(/password/i);
    expect(await world.bind(person, person.password)).toBe('bound');
    await visitor.submit({ password: newPassword, repeat: newPassword });
    expect(visitor.path).toBe('/reset/done');
    expect(await world.bind(person, newPassword)).toBe('bound');
  });

  test('has a password taken exactly as it was typed', async () => {
    const person = await world.registered();
    const odd = '  Ümläut & 100% + ＡＢ 🦊 x  ';
    const visitor = await world.toPassword(person);
    await visitor.submit({ password: odd, repeat: odd });
    expect(visitor.path).toBe('/reset/done');
    expect(await world.bind(person, odd)).toBe('bound');
    expect(await world.bind(person, odd.trim())).toBe('52e');
  });

  test('goes back from the new password to the choice and unlocks instead', async () => {
    const person = await world.registered();
    const before = world.standing(person).passwordLastSet;
    const visitor = await world.toPassword(person);
    await visitor.submit({}, 'back=yes');
    expect(visitor.path).toBe('/reset/choose');
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toBe('/reset/done');
    expect(world.standing(person).passwordLastSet).toBe(before);
  });

  test('must change the password: is let through, and the new one signs in', async () => {
    const person = await world.registered();
    world.demo.administration.set(person.entry, { pwdLastSet: '0' });
    expect(await world.bind(person, person.password)).toBe('773');
    const visitor = await world.toPassword(person);
    await visitor.submit({ password: newPassword, repeat: newPassword });
    expect(visitor.path).toBe('/reset/done');
    expect(await world.bind(person, newPassword)).toBe('bound');
  });

  test.each(['%', `CONTOSO\\%`, '%@contoso.example', '  %  '])('may write the user name as "%s"', async (shape) => {
    const person = await world.registered();
    const visitor = await world.start(shape.replace('%', person.samName.toUpperCase()));
    expect(visitor.path).toBe('/reset/phone');
    await world.confirmCall(person.phone);
  });
});

describe('a user name that cannot be one', () => {
  test.each([
    ['', 'Enter'],
    ['   ', 'Enter'],
    ['a*b', ''],
    ['a\\b\\c', ''],
    ['two@at@signs@', ''],
    ['x'.repeat(257), ''],
  ])('%j is told on the page and starts nothing', async (login, says) => {
    const visitor = await world.start(login);
    expect(visitor.status).toBe(422);
    expect(visitor.problems).toContain(says);
    expect(visitor.page('#login').attr('aria-invalid')).toBe('true');
  });
});

describe('wrong answers', () => {
  async function atCode(person: Person) {
    const visitor = await world.start(person.samName);
    return world.passGate(visitor, person);
  }

  async function bar(person: Person) {
    const visitor = await atCode(person);
    for (let wrong = 0; wrong < threshold; wrong += 1) {
      await visitor.submit({ code: await world.wrongCode(person.mobile) }, 'act=next');
    }
    return visitor;
  }

  test('say how many tries are left, and the last one bars the account', async () => {
    const person = await world.registered();
    const before = world.standing(person);
    const visitor = await atCode(person);
    await visitor.submit({ code: await world.wrongCode(person.mobile) }, 'act=next');
    expect(visitor.problems).toBe('That code is not the one we sent.');
    expect(visitor.text).toContain('You can try 2 more times.');
    await visitor.submit({ code: await world.wrongCode(person.mobile) }, 'act=next');
    expect(visitor.text).toContain('You can try 1 more time.');
    await visitor.submit({ code: await world.wrongCode(person.mobile) }, 'act=next');
    expect(visitor.path).toBe('/reset/refused');
    expect(visitor.heading).toBe('Too many tries');
    expect(world.standing(person)).toEqual(before);
    expect(await world.bind(person, person.password)).toBe('bound');
    expect(await world.audited(person)).toContain('account.barred');
  });

  test('5.2: are not forgotten by a new flow or by a new code', async () => {
    const person = await world.registered();
    const visitor = await atCode(person);
    await visitor.submit({ code: await world.wrongCode(person.mobile) }, 'act=next');
    world.clock.pass(11);
    await visitor.submit({}, 'act=again');
    expect(visitor.text).toContain('We sent a new code');
    await visitor.submit({ code: await world.wrongCode(person.mobile) }, 'act=next');
    expect(visitor.text).toContain('You can try 1 more time.');
    const second = await atCode(person);
    await second.submit({ code: await world.wrongCode(person.mobile) }, 'act=next');
    expect(second.path).toBe('/reset/refused');
  });

  test('bar for some minutes, in which even the right answers lead nowhere, and then no longer', async () => {
    const person = await world.registered();
    await bar(person);
    const reached = await world.reached(person);
    const barred = await world.start(person.samName);
    expect(barred.path).toBe('/reset/phone');
    expect(await world.reached(person)).toBe(reached);
    world.clock.pass(lockoutMinutes * 60 + 1);
    const visitor = await world.toChoice(person);
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toBe('/reset/done');
  });

  test('bar for good after so many bars', async () => {
    const person = await world.registered();
    for (let bars = 0; bars < 3; bars += 1) {
      expect((await bar(person)).path).toBe('/reset/refused');
      world.clock.pass((bars + 1) * lockoutMinutes * 60 + 1);
    }
    world.clock.pass(30 * 86_400);
    const reached = await world.reached(person);
    await world.start(person.samName);
    expect(await world.reached(person)).toBe(reached);
    expect(await world.latchkey.stores.failures.lockout(person.id, world.clock.now())).toEqual({ bars: 3 });
  });

  test('5.21: to the questions are counted as well, and the same questions stay', async () => {
    const person = await world.registered();
    const visitor = await atCode(person);
    await world.passGate(visitor, person);
    const asked = () => visitor.page('label').text();
    const first = asked();
    await visitor.submit({ q1: 'wrong', q2: 'wrong' });
    expect(visitor.problems).toBe('One or more answers are not right. We cannot say which.');
    expect(asked()).toBe(first);
    await visitor.submit({ q1: 'wrong', q2: 'wrong' });
    await visitor.submit({ q1: 'wrong', q2: 'wrong' });
    expect(visitor.path).toBe('/reset/refused');
  });

  test('that cannot be a code are sent back without being counted', async () => {
    const person = await world.registered();
    const visitor = await atCode(person);
    for (const code of ['', '12', 'abcdef', '1234567']) await visitor.submit({ code }, 'act=next');
    expect(visitor.path).toBe('/reset/otp-sms');
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/questions');
  });
});

describe('the call', () => {
  test('F34: may still ring when Next is pressed: nothing is counted', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    for (let press = 0; press < threshold + 2; press += 1) await visitor.submit({}, 'act=next');
    expect(visitor.path).toBe('/reset/phone');
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/otp-sms');
  });

  test('is answered by "that was not me": everything stops', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    await world.latchkey.challenges.idle();
    world.phones.refuse(world.phones.phone(person.phone).calls.at(-1)?.id ?? '');
    await visitor.submit({}, 'act=next');
    expect(visitor.path).toBe('/reset/refused');
    expect(visitor.heading).toBe('We stopped');
  });

  test('is looked at by the page itself, which learns only whether something changed', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    const look = async () => (await visitor.ask({ method: 'get', path: '/reset/phone/state' })).text;
    expect(await look()).toBe('{"state":"waiting"}');
    await world.confirmCall(person.phone);
    expect(await look()).toBe('{"state":"changed"}');
    expect((await visitor.open('/reset/phone')).path).toBe('/reset/phone');
  });
});

describe('a flow', () => {
  test('ends when the person cancels', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    await visitor.submit({}, 'cancel=yes');
    expect(visitor.path).toBe('/reset/ended');
    await world.confirmCall(person.phone);
    expect((await visitor.open('/reset/phone')).path).toBe('/reset/ended');
  });

  test('ends when its time is over, and says so', async () => {
    const person = await world.registered();
    const visitor = await world.toPassword(person);
    const before = world.standing(person);
    const form = visitor.form({ password: newPassword, repeat: newPassword });
    world.clock.pass(flowMinutes * 60 - 1);
    expect((await visitor.open('/reset/password')).path).toBe('/reset/password');
    world.clock.pass(2);
    await visitor.ask({ method: 'post', ...form });
    expect(world.standing(person)).toEqual(before);
    expect((await visitor.open('/reset/password')).path).toBe('/reset/expired');
  });

  test('is over for a browser whose session is over, wherever its bookmark points', async () => {
    const visitor = await world.visitor().open('/reset/otp-sms');
    expect(visitor.path).toBe('/reset/expired');
  });

  test('keeps its place when the language changes', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    const answer = await visitor.post('/language', { language: 'ar', back: '/reset/phone' });
    expect(answer.headers.location).toBe('/reset/phone');
    await visitor.open('/reset/phone');
    expect(visitor.page('html').attr('dir')).toBe('rtl');
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/otp-sms');
    expect(visitor.page('html').attr('lang')).toBe('ar');
  });

  test('5.6: stands in one place for two tabs, and going back or looking again buys nothing', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    const other = visitor.tab();
    await world.passGate(visitor, person);
    const reached = await world.reached(person);
    expect((await other.open('/reset/phone')).path).toBe('/reset/otp-sms');
    for (let look = 0; look < 5; look += 1) await visitor.open('/reset/otp-sms');
    expect(await world.reached(person)).toBe(reached);
    await world.passGate(other, person);
    expect((await visitor.open('/reset/otp-sms')).path).toBe('/reset/questions');
  });

  test('that succeeded ends the others of the same person', async () => {
    const person = await world.registered();
    const other = await world.toPassword(person);
    const visitor = await world.toChoice(person);
    await visitor.submit({ action: 'unlock' });
    const before = world.standing(person);
    await other.submit({ password: newPassword, repeat: newPassword });
    expect(other.path).toBe('/reset/ended');
    expect(world.standing(person)).toEqual(before);
  });
});
