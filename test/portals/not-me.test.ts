import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld } from './world.ts';

let world: PortalWorld;
let person: Person;

const helpdesk = 'helpdesk@contoso.example';
const organisation = { name: 'Contoso', helpdesk: { phone: '020 7946 0999', mail: helpdesk } };

beforeAll(async () => {
  world = await PortalWorld.open({ chain: ['otp-sms', 'questions'], settings: { organisation } });
});
afterAll(() => world.close());
beforeEach(async () => {
  person = await world.registered();
});

async function mails(address: string): Promise<readonly string[]> {
  await world.latchkey.outbox.idle();
  return (world.latchkey.mailbox?.mails(address) ?? []).map(({ text }) => text);
}

/** The address in the mail that arrived last, whole, as a mail program would find it. */
async function linkTo(address: string): Promise<string> {
  const text = (await mails(address)).at(-1) ?? '';
  return /^https?:\/\/\S+$/m.exec(text)?.[0] ?? '';
}

const pathOf = (link: string): string => link.slice(world.origin.length);

/** Unlocks the account, which is told by mail, and returns the path of the mail's link. */
async function told(): Promise<string> {
  const visitor = await world.toChoice(person);
  await visitor.submit({ action: 'unlock' });
  return pathOf(await linkTo(person.mail));
}

const lockout = () => world.latchkey.stores.failures.lockout(person.id, world.clock.now());

describe('the link in a notice', () => {
  test('5.26: still works after scanners have opened it three times; only its button uses it, and only once', async () => {
    const path = await told();
    for (let scan = 0; scan < 3; scan += 1) {
      expect((await world.visitor().ask({ method: 'get', path })).status).toBe(200);
      expect((await world.visitor().ask({ method: 'head', path })).status).toBe(200);
    }
    expect(await lockout()).toBeUndefined();
    const visitor = await world.visitor().open(path);
    const second = await world.visitor().open(path);
    await visitor.submit({}, 'act=bar');
    expect(visitor.heading).toBe('Your account is closed here');
    expect(await lockout()).toEqual({ bars: 1 });
    await second.submit({}, 'act=bar');
    expect([second.status, second.heading]).toEqual([404, 'This page is over']);
    expect((await world.audited(person)).filter((event) => event === 'account.barred')).toHaveLength(1);
  });

  test('bars for good: no reset, no registration, whatever time passes and whatever is already under way', async () => {
    const path = await told();
    const under = await world.toPassword(person);
    const registering = await world.signIn(person.samName, person.password);
    await (await world.visitor().open(path)).submit({}, 'act=bar');
    await under.submit({ password: 'Blue-Harbour-77', repeat: 'Blue-Harbour-77' });
    expect(under.path).not.toBe('/reset/done');
    expect(await world.bind(person, person.password)).toBe('bound');
    await registering.open(registering.path);
    expect(registering.path).toBe('/registration/ended');
    world.clock.pass(30 * 24 * 3600);
    expect(await lockout()).toEqual({ bars: 1 });
    const reached = await world.reached(person);
    const decoy = await world.start(person.samName);
    // Whoever starts under the bar is told of none, takes as many answers as anybody, and gets no code.
    for (let press = 1; press <= 3; press += 1) {
      await decoy.submit({ code: '123456' }, 'act=next');
      expect(decoy.heading).toBe(press < 3 ? 'Enter the code we sent you' : 'Too many tries');
    }
    expect(await world.reached(person)).toBe(reached);
    await world.latchkey.stores.failures.unbar(person.id);
    expect((await world.toChoice(person)).path).toBe('/reset/choose');
  });

  test('a write that ends after it does not lift the bar', async () => {
    const path = await told();
    const visitor = await world.toPassword(person);
    const { directory } = world.latchkey;
    const reset = directory.resetPassword.bind(directory);
    directory.resetPassword = async (write, password) => {
      await (await world.visitor().open(path)).submit({}, 'act=bar');
      return reset(write, password);
    };
    try {
      await visitor.submit({ password: 'Blue-Harbour-77', repeat: 'Blue-Harbour-77' });
    } finally {
      directory.resetPassword = reset;
    }
    expect(visitor.heading).toBe('Your password has been changed');
    expect(await lockout()).toEqual({ bars: 1 });
  });

  test('tells the helpdesk by mail who it was and of what', async () => {
    const path = await told();
    await (await world.visitor().open(path)).submit({}, 'act=bar');
    const [mail = ''] = (await mails(helpdesk)).slice(-1);
    expect(mail).toContain(`CONTOSO\\${person.samName}`);
    expect(mail).toContain('Your account was unlocked');
    expect(mail).not.toContain('/not-me/');
  });

  test('5.9: is made of the configured address, whatever Host or X-Forwarded-Host the request had', async () => {
    const visitor = await world.toChoice(person);
    const form = visitor.form({ action: 'unlock' });
    const evil = {
      'X-Forwarded-Host': 'evil.example',
      Forwarded: 'host=evil.example',
      'X-Original-Host': 'evil.example',
    };
    await visitor.ask({ method: 'post', ...form, headers: evil });
    expect(await linkTo(person.mail)).toMatch(new RegExp(`^${world.origin}/not-me/[0-9A-Za-z_-]{43}$`));
    expect((await mails(person.mail)).join('\n')).not.toContain('evil');
    const path = pathOf(await linkTo(person.mail));
    const misled = await world.visitor().ask({ method: 'get', path, headers: { Host: 'evil.example' } });
    expect(misled.status).toBe(421);
    expect(misled.text).not.toContain('evil');
  });

  test('5.39: is a secret: no Referer, nothing foreign on its page, not in the log, not in the database', async () => {
    const path = await told();
    const token = path.split('/').at(-1) ?? '';
    const visitor = await world.visitor().open(path);
    expect(visitor.answer.headers['referrer-policy']).toBe('no-referrer');
    expect(visitor.answer.headers['cache-control']).toBe('no-store');
    const foreign = visitor
      .page('[src], link[href]')
      .toArray()
      .map((one) => visitor.page(one).attr('src') ?? visitor.page(one).attr('href') ?? '')
      .filter((address) => !address.startsWith('/'));
    expect(foreign).toEqual([]);
    await visitor.submit({}, 'act=bar');
    await world.latchkey.outbox.idle();
    expect(token).toHaveLength(43);
    expect(world.log.join('\n')).toContain('/not-me/…');
    expect(world.log.join('\n')).not.toContain(token);
    expect(await world.raw()).not.toContain(token);
    expect(path + visitor.answer.text).not.toContain(person.samName);
  });

  test('unknown, spoilt, used and late ones look alike, in every byte', async () => {
    const used = await told();
    await (await world.visitor().open(used)).submit({}, 'act=bar');
    await world.latchkey.stores.failures.unbar(person.id);
    const late = await told();
    world.clock.pass(7 * 24 * 3600);
    const unknown = `/not-me/${'A'.repeat(43)}`;
    const spoilt = [late.slice(0, -1), `${late}A`, '/not-me/x', '/not-me/%00', `/not-me/${'x'.repeat(2000)}`];
    const seen = new Set<string>();
    for (const path of [used, late, unknown, ...spoilt]) {
      const answer = await world.visitor().ask({ method: 'get', path });
      expect(answer.status).toBe(404);
      const { 'set-cookie': _, date: __, ...headers } = answer.headers;
      const text = answer.text.replaceAll(path, '').replaceAll(/value="[0-9a-f]{100,}"/g, '');
      seen.add(JSON.stringify([headers['content-type'], headers['referrer-policy'], text]));
    }
    expect([...seen]).toHaveLength(1);
  });

  test('takes no POST without the token of the page, with other fields, or from another site', async () => {
    const path = await told();
    const post = async (visitor: Visitor, body: string, headers = {}) =>
      (await visitor.ask({ method: 'post', path, body, headers })).status;
    const visitor = await world.visitor().open(path);
    const { body } = visitor.form({}, 'act=bar');
    expect(await post(world.visitor(), 'act=bar')).toBe(403);
    expect(await post(world.visitor(), body)).toBe(403);
    expect(await post(visitor, 'act=bar')).toBe(403);
    expect(await post(visitor, `${body}&user=x`)).toBe(400);
    expect(await post(visitor, body.replace('act=bar', 'act=unbar'))).toBe(400);
    expect(await post(visitor, body, { Origin: 'https://evil.example' })).toBe(403);
    expect(await post(visitor, body, { Origin: 'null' })).toBe(403);
    expect(await post(visitor, body, { Origin: 'null', 'Sec-Fetch-Site': 'cross-site' })).toBe(403);
    expect(await lockout()).toBeUndefined();
    // What a browser says that obeys no-referrer.
    expect(await post(visitor, body, { Origin: 'null', 'Sec-Fetch-Site': 'same-origin' })).toBe(200);
    expect(await lockout()).toEqual({ bars: 1 });
  });

  test('can be read in another language, and still works', async () => {
    const path = await told();
    const visitor = await world.visitor().open(path);
    expect(visitor.page('footer input[name="back"]').attr('value')).toBe(path);
    expect((await visitor.post('/language', { language: 'ar', back: path })).headers.location).toBe(path);
    await visitor.open(path);
    expect(visitor.page('html').attr('dir')).toBe('rtl');
    await visitor.submit({}, 'act=bar');
    expect(await lockout()).toEqual({ bars: 1 });
  });
});

describe('a person is told', () => {
  test('of a bar, with the link; of an account that nobody has, nobody is', async () => {
    const before = (await mails(person.mail)).length;
    for (const login of [person.samName, 'nobody.at.all']) {
      const visitor = await world.start(login);
      for (let press = 0; press < 3; press += 1) {
        await visitor.submit({ code: await world.wrongCode(person.mobile) }, 'act=next');
      }
      expect(visitor.heading).toBe('Too many tries');
    }
    const all = await mails(person.mail);
    expect(all).toHaveLength(before + 1);
    expect(all.at(-1)).toContain('too many wrong answers');
    expect(await linkTo(person.mail)).not.toBe('');
    expect(await world.latchkey.stores.outbox.standing()).toMatchObject({ waiting: 0 });
  });

  test('of wrong passwords that bar the sign-in of the registration portal', async () => {
    const before = (await mails(person.mail)).length;
    for (let wrong = 0; wrong < 3; wrong += 1) await world.signIn(person.samName, 'Not-my-password-1');
    const all = await mails(person.mail);
    expect(all).toHaveLength(before + 1);
    expect(all.at(-1)).toContain('on our pages with wrong passwords');
  });

  test('of such a bar though the process died that should have made it, and the audit had it before', async () => {
    const before = (await mails(person.mail)).length;
    const { failures } = world.latchkey.stores;
    const { bar } = failures;
    failures.bar = () => Promise.reject(new Error('died'));
    try {
      for (let wrong = 0; wrong < 3; wrong += 1) await world.signIn(person.samName, 'Not-my-password-1');
    } finally {
      failures.bar = bar;
    }
    expect(await world.audited(person)).toContain('account.barred');
    expect(await mails(person.mail)).toHaveLength(before);
    // Until the directory has forgotten them, none is forwarded anyway.
    world.clock.pass(36 * 60);
    await world.signIn(person.samName, 'Not-my-password-1');
    expect(await mails(person.mail)).toHaveLength(before + 1);
    world.clock.pass(15 * 60);
    expect((await world.signIn(person.samName, person.password)).path).not.toBe('/registration');
  });

  test('of five wrong answers in a row, once, though no bar falls yet', async () => {
    const patient = await PortalWorld.open({ chain: ['questions'], policy: { lockout: { threshold: 9 } } });
    try {
      const somebody = await patient.registered();
      const visitor = await patient.start(somebody.samName);
      const inbox = () => patient.latchkey.mailbox?.mails(somebody.mail) ?? [];
      for (let wrong = 1; wrong <= 7; wrong += 1) {
        await visitor.submit({ q1: 'not that', q2: 'nor that' });
        await patient.latchkey.outbox.idle();
        expect(inbox()).toHaveLength(wrong < 5 ? 0 : 1);
      }
      expect(inbox()[0]?.text).toContain('5\u2069 wrong answers in a row');
    } finally {
      await patient.close();
    }
  });

  test('of five wrong answers also when they are spread over flows, and over bars when those come sooner', async () => {
    const failed = async (of: PortalWorld, somebody: Person) => {
      const visitor = await of.start(somebody.samName);
      await visitor.submit({ q1: 'not that', q2: 'nor that' });
      await of.latchkey.outbox.idle();
      return (of.latchkey.mailbox?.mails(somebody.mail) ?? []).length;
    };
    const told: number[][] = [];
    for (const threshold of [3, 9]) {
      const quiz = await PortalWorld.open({ chain: ['questions'], policy: { lockout: { threshold } } });
      try {
        const somebody = await quiz.registered();
        const counts: number[] = [];
        for (let wrong = 1; wrong <= 6; wrong += 1) {
          counts.push(await failed(quiz, somebody));
          if (threshold === 3 && wrong === 3) quiz.clock.pass(15 * 60);
        }
        told.push(counts);
      } finally {
        await quiz.close();
      }
    }
    // Of each bar, so never later than of the fifth; or of the fifth.
    expect(told).toEqual([
      [0, 0, 1, 1, 1, 2],
      [0, 0, 0, 0, 1, 1],
    ]);
  });

  test('in their own language, whatever the browser speaks that did it', async () => {
    world.demo.administration.set(person.entry, { preferredLanguage: 'ar' });
    const visitor = await world.toChoice(person);
    expect(visitor.page('html').attr('lang')).toBe('en');
    await visitor.submit({ action: 'unlock' });
    expect((await mails(person.mail)).at(-1)).toMatch(/[\u0621-\u064a]{3}/);
    expect((await mails(person.mail)).at(-1)).not.toContain('unlocked');
  });

  test('by text only where that is allowed, and never at the number that was just used', async () => {
    const wish = { chain: ['otp-sms', 'questions'], settings: { notices: { 'by-text': true } } };
    const texting = await PortalWorld.open(wish);
    try {
      const somebody = await texting.registered();
      const accountId = somebody.id;
      const data = { number: somebody.phone };
      const { enrolments } = texting.latchkey.stores;
      await enrolments.keep({ accountId, gate: 'phone', data, provedAt: texting.clock.now() });
      texting.clock.pass(60);
      const visitor = await texting.toChoice(somebody);
      await visitor.submit({ action: 'unlock' });
      await texting.latchkey.outbox.idle();
      const texts = (number: string) => texting.phones.phone(number).texts.map(({ text }) => text);
      expect(texts(somebody.phone)).toEqual([expect.stringMatching(/^.*unlocked.*\n.*\/not-me\/[0-9A-Za-z_-]{43}$/)]);
      expect(texts(somebody.mobile).filter((text) => text.includes('/not-me/'))).toEqual([]);
      expect(texting.latchkey.mailbox?.mails(somebody.mail)).toHaveLength(1);
    } finally {
      await texting.close();
    }
  });
});
