import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld, threshold } from './world.ts';

let world: PortalWorld;

beforeAll(async () => {
  world = await PortalWorld.open();
});
afterAll(() => world.close());

const enrolled = async (person: Person): Promise<Readonly<Record<string, unknown>>> =>
  Object.fromEntries((await world.latchkey.stores.enrolments.of(person.id)).map(({ gate, data }) => [gate, data]));

/** Registers the number that stands in the field already, and proves it. */
async function enrolCall(visitor: Visitor, person: Person): Promise<void> {
  await visitor.submit({}, 'act=next');
  await world.confirmCall(person.phone);
  await visitor.submit({}, 'act=next');
}

async function enrolText(visitor: Visitor, person: Person): Promise<void> {
  await visitor.submit({}, 'act=next');
  await visitor.submit({ code: await world.code(person.mobile) }, 'act=next');
}

describe('somebody who signs in for the first time', () => {
  test('registers each gate and learns what can be done with them, and then a reset works with them', async () => {
    const person = world.person();
    const visitor = await world.signIn(person.samName, person.password);
    expect(visitor.path).toBe('/registration/phone');
    expect(visitor.page('#number').attr('value')).toBe(person.phone.replace('+44207946', '+44 20 7946 '));
    await enrolCall(visitor, person);
    expect(visitor.path).toBe('/registration/otp-sms');
    await enrolText(visitor, person);
    expect(visitor.path).toBe('/registration/questions');
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/registration/done');
    expect(visitor.text).toContain('Answer the call to your phone');
    expect(visitor.text).toContain('Enter the code that we text');
    expect(await enrolled(person)).toMatchObject({
      phone: { number: person.phone },
      'otp-sms': { number: person.mobile },
    });
    const reset = await world.toChoice(person);
    expect(reset.path).toBe('/reset/choose');
  });

  test('has nothing kept that was not proved', async () => {
    const person = world.person();
    const visitor = await world.signIn(person.samName, person.password);
    await visitor.submit({ number: '+44 7700 900555' }, 'act=next');
    await visitor.submit({}, 'act=next');
    expect(visitor.path).toBe('/registration/phone');
    expect(await enrolled(person)).toEqual({});
    await world.confirmCall('+447700900555');
    await visitor.submit({}, 'act=next');
    expect(await enrolled(person)).toEqual({ phone: { number: '+447700900555' } });
  });

  test('proves the number that rang, not one that was typed meanwhile', async () => {
    const person = world.person();
    const visitor = await world.signIn(person.samName, person.password);
    await visitor.submit({ number: '+44 7700 900556' }, 'act=next');
    await world.confirmCall('+447700900556');
    expect((await visitor.post('/registration/phone', { act: 'next', number: '+447700900999' })).status).toBe(400);
    await visitor.submit({}, 'act=next');
    expect(await enrolled(person)).toEqual({ phone: { number: '+447700900556' } });
  });

  test('may cancel, and what was proved before stays', async () => {
    const person = world.person();
    const visitor = await world.signIn(person.samName, person.password);
    await enrolCall(visitor, person);
    await visitor.submit({}, 'cancel=yes');
    expect(visitor.path).toBe('/registration/ended');
    expect(Object.keys(await enrolled(person))).toEqual(['phone']);
  });

  test('5.15: is told by mail of every gate, so that a thief of the password cannot do it in silence', async () => {
    const person = world.person();
    const visitor = await world.signIn(person.samName, person.password);
    await enrolCall(visitor, person);
    const mails = world.latchkey.mailbox?.mails(person.mail) ?? [];
    expect(mails.map(({ text }) => text).join()).toContain('was registered or changed for your account');
  });

  test('gets no further, and has nothing kept, once the account is disabled or barred', async () => {
    const rules = { threshold, minutes: 15, barsUntilPermanent: 3 };
    const changes = [
      (person: Person) => world.demo.administration.set(person.entry, { userAccountControl: '514' }),
      (person: Person) => world.demo.administration.set(person.entry, { adminCount: '1' }),
      (person: Person) => world.latchkey.stores.failures.bar(person.id, rules, world.clock.now()),
      (person: Person) => world.demo.administration.remove(person.entry),
    ];
    for (const change of changes) {
      const person = world.person();
      const visitor = await world.signIn(person.samName, person.password);
      await visitor.submit({}, 'act=next');
      await world.confirmCall(person.phone);
      await change(person);
      await visitor.submit({}, 'act=next');
      expect(visitor.path).toBe('/registration/refused');
      expect(await enrolled(person)).toEqual({});
    }
  });
});

describe('somebody who has registered before', () => {
  test('5.14: must first pass a gate of possession, and the password alone changes nothing', async () => {
    const person = await world.registered();
    const before = await enrolled(person);
    const visitor = await world.signIn(person.samName, person.password);
    expect(visitor.path).toBe('/registration/confirm-phone');
    expect(visitor.answer.text).not.toContain(person.phone);
    for (const page of ['phone', 'otp-sms', 'questions', 'done']) {
      const answer = await visitor.post(`/registration/${page}`, { act: 'next', number: '+447700900999' });
      expect(answer.headers.location).toBe('/registration/confirm-phone');
      expect((await visitor.open(`/registration/${page}`)).path).toBe('/registration/confirm-phone');
    }
    expect((await visitor.post('/registration/confirm-phone', { keep: 'yes' })).status).toBe(400);
    expect(await enrolled(person)).toEqual(before);
    expect(world.phones.phone('+447700900999').calls).toHaveLength(0);
  });

  test('keeps what is registered, gate by gate', async () => {
    const person = await world.registered();
    const before = await enrolled(person);
    const visitor = await world.signIn(person.samName, person.password);
    await world.confirmCall(person.phone);
    await visitor.submit({}, 'act=next');
    for (const gate of ['phone', 'otp-sms', 'questions']) {
      expect(visitor.path).toBe(`/registration/${gate}`);
      await visitor.submit({}, 'keep=yes');
    }
    expect(visitor.path).toBe('/registration/done');
    expect(await enrolled(person)).toEqual(before);
  });

  test('replaces a number by another one that is proved', async () => {
    const person = await world.registered();
    const visitor = await world.signIn(person.samName, person.password);
    await world.confirmCall(person.phone);
    await visitor.submit({}, 'act=next');
    await visitor.submit({ number: '+44 7700 900557' }, 'act=next');
    await world.confirmCall('+447700900557');
    await visitor.submit({}, 'act=next');
    expect(await enrolled(person)).toMatchObject({ phone: { number: '+447700900557' } });
  });

  test('cannot keep what was never there', async () => {
    const person = world.person();
    const visitor = await world.signIn(person.samName, person.password);
    expect(visitor.page('button[name="keep"]')).toHaveLength(0);
    expect((await visitor.post('/registration/phone', { keep: 'yes' })).status).toBe(400);
    expect((await visitor.open('/registration/phone')).path).toBe('/registration/phone');
  });
});

describe('signing in', () => {
  const wrongText = async (login: string, password: string): Promise<string> => {
    const visitor = await world.signIn(login, password);
    expect(visitor.status).toBe(422);
    return visitor.problems;
  };

  test('says one and the same to whoever has not proved the password', async () => {
    const disabled = world.person();
    world.demo.administration.set(disabled.entry, { userAccountControl: '514' });
    const locked = world.person();
    world.lock(locked);
    const said = new Set([
      await wrongText('nobody.at.all', 'a password'),
      await wrongText(world.person().samName, 'a password'),
      await wrongText(disabled.samName, 'a password'),
      await wrongText(disabled.samName, disabled.password),
      await wrongText(locked.samName, locked.password),
      await wrongText('FABRIKAM\\somebody', 'a password'),
    ]);
    expect([...said]).toHaveLength(1);
  });

  test('tells somebody who proved a password that must be changed where to go', async () => {
    const person = world.person();
    world.demo.administration.set(person.entry, { pwdLastSet: '0' });
    const visitor = await world.signIn(person.samName, person.password);
    expect(visitor.problems).not.toBe(await wrongText('nobody.at.all', 'a password'));
    expect(await wrongText(person.samName, 'wrong')).toBe(await wrongText('nobody.at.all', 'a password'));
  });

  test('5.32: tells nobody whether a password is that of a privileged person, and never asks the directory', async () => {
    const person = world.person();
    world.demo.administration.set(person.entry, { adminCount: '1' });
    const right = await world.signIn(person.samName, person.password);
    const wrong = await world.signIn(person.samName, 'not-the-password');
    expect(right.path).toBe('/registration');
    expect(right.problems).toBe(wrong.problems);
    expect(world.standing(person).badPasswords).toBe(0);
  });

  test('replaces nothing that the owner registered after the sign-in', async () => {
    const person = world.person();
    const thief = await world.signIn(person.samName, person.password);
    world.clock.pass(1);
    await world.register(person);
    const kept = await world.latchkey.stores.enrolments.of(person.id);
    await thief.submit({ number: '+44 7700 900999' }, 'act=next');
    expect(thief.path).toBe('/registration/refused');
    expect(await world.latchkey.stores.enrolments.of(person.id)).toEqual(kept);
  });

  test.each(['', ' ', '   ', '\t', '\u00a0', '\0', '\0x', 'x\0'])(
    '5.29: never sends %j to a bind',
    async (password) => {
      const person = world.person();
      const visitor = await world.signIn(person.samName, password);
      expect(visitor.status).toBe(422);
      expect(world.standing(person).badPasswords).toBe(0);
    },
  );

  test('takes a password exactly as it is typed', async () => {
    const person = world.person();
    world.demo.administration.setPassword(person.entry, '  spaces & Ümläut 7  ');
    expect((await world.signIn(person.samName, 'spaces & Ümläut 7')).status).toBe(422);
    expect((await world.signIn(person.samName, '  spaces & Ümläut 7  ')).path).toBe('/registration/phone');
  });
});

describe('wrong passwords', () => {
  const directoryThreshold = 5;

  test('5.22: ten times as many as the directory takes never lock the account, and the reset stays open', async () => {
    const person = await world.registered();
    for (let wrong = 0; wrong < 10 * directoryThreshold; wrong += 1) {
      await world.signIn(person.samName, `wrong ${wrong}`);
    }
    expect(world.standing(person).locked).toBe(false);
    expect(world.standing(person).badPasswords).toBeLessThanOrEqual(directoryThreshold - 2);
    expect(await world.bind(person, person.password)).toBe('bound');
    const reset = await world.toChoice(person);
    expect(reset.path).toBe('/reset/choose');
  });

  test('5.22: fifty at the same time never lock the account either', async () => {
    const person = await world.registered();
    const visitors = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const visitor = world.visitor();
        return visitor.open('/registration');
      }),
    );
    await Promise.all(visitors.map((visitor, n) => visitor.submit({ login: person.samName, password: `wrong ${n}` })));
    expect(world.standing(person).locked).toBe(false);
    expect(world.standing(person).badPasswords).toBeLessThanOrEqual(directoryThreshold - 2);
    expect(await world.bind(person, person.password)).toBe('bound');
    expect((await world.toChoice(person)).path).toBe('/reset/choose');
  });

  test('are forwarded one at a time, even where Latchkey itself would bar later than the directory', async () => {
    const patient = await PortalWorld.open({ chain: ['otp-sms'], policy: { lockout: { threshold: 100 } } });
    try {
      const person = await patient.registered();
      const visitors = await Promise.all(Array.from({ length: 30 }, () => patient.visitor().open('/registration')));
      await Promise.all(visitors.map((one, n) => one.submit({ login: person.samName, password: `wrong ${n}` })));
      expect(patient.standing(person)).toMatchObject({ locked: false, badPasswords: directoryThreshold - 2 });
    } finally {
      await patient.close();
    }
  });

  test('are forwarded as often as Latchkey takes, even where the directory never locks', async () => {
    const person = await world.registered();
    const { administration } = world.demo;
    const lenient = { minLength: 8, complexity: true, historyLength: 0, minAgeSeconds: 0, lockoutWindowSeconds: 1800 };
    const settings = administration.addPasswordSettings('Never locks', 1, { ...lenient, lockoutThreshold: 0 });
    settings.appliesTo.add(person.entry);
    const forwarded = vi.spyOn(world.latchkey.directory, 'authenticate');
    for (let wrong = 0; wrong < 10; wrong += 1) await world.signIn(person.samName, `wrong ${wrong}`);
    expect((await world.signIn(person.samName, person.password)).status).toBe(422);
    expect(forwarded).toHaveBeenCalledTimes(threshold);
    forwarded.mockRestore();
    expect((await world.toChoice(person)).path).toBe('/reset/choose');
  });

  test('that somebody typed elsewhere count too: none is forwarded that could be the last', async () => {
    const person = world.person();
    for (let wrong = 0; wrong < directoryThreshold - 2; wrong += 1) await world.bind(person, 'wrong');
    expect((await world.signIn(person.samName, person.password)).status).toBe(422);
    expect(world.standing(person).badPasswords).toBe(directoryThreshold - 2);
  });

  test('over days never lock the account, however long somebody goes on', async () => {
    const person = world.person();
    for (let hour = 0; hour < 12; hour += 1) {
      for (let wrong = 0; wrong < 4; wrong += 1) await world.signIn(person.samName, `wrong ${wrong}`);
      expect(world.standing(person).locked).toBe(false);
      world.clock.pass(1000);
    }
  });

  test('are forgiven by the right one', async () => {
    const person = world.person();
    for (let round = 0; round < 3; round += 1) {
      await world.signIn(person.samName, 'wrong');
      await world.signIn(person.samName, 'wrong');
      expect((await world.signIn(person.samName, person.password)).path).toBe('/registration/phone');
    }
  });
});
