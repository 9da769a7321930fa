import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld, type WorldWish } from './world.ts';

const hour = 3600;
const helpdesk = 'helpdesk@contoso.example';
const organisation = { name: 'Contoso', helpdesk: { mail: helpdesk } };
let numbers = 0;

/** A world of its own for the tests of a block. */
function useWorld(wish: WorldWish): () => PortalWorld {
  let world: PortalWorld | undefined;
  beforeAll(async () => {
    world = await PortalWorld.open({ chain: ['otp-sms', 'questions'], ...wish });
  });
  afterAll(() => world?.close());
  return () => {
    if (world === undefined) throw new Error('there is no world outside a test');
    return world;
  };
}

function newNumber(): string {
  numbers += 1;
  return `+4477009005${String(numbers).padStart(2, '0')}`;
}

/** Signs in, passes the old number, and proves another one. */
async function change(world: PortalWorld, person: Person, number = newNumber()): Promise<[Visitor, string]> {
  world.clock.pass(60);
  const visitor = await world.signIn(person.samName, person.password);
  expect(visitor.path).toBe('/registration/confirm-otp-sms');
  await world.passGate(visitor, person);
  await visitor.submit({ number }, 'act=next');
  await visitor.submit({ code: await world.code(number) }, 'act=next');
  await world.latchkey.outbox.idle();
  return [visitor, number];
}

const texts = (world: PortalWorld, number: string): readonly string[] =>
  world.phones.phone(number).texts.map(({ text }) => text);
const mails = (world: PortalWorld, address: string): readonly string[] =>
  (world.latchkey.mailbox?.mails(address) ?? []).map(({ text }) => text);
const linkIn = (world: PortalWorld, text = ''): string =>
  (/^https?:\/\/\S+$/m.exec(text)?.[0] ?? '').slice(world.origin.length);

/** Where a reset that begins now sends its code. */
async function codeGoesTo(
  world: PortalWorld,
  person: Person,
  candidates: readonly string[],
): Promise<string | undefined> {
  world.clock.pass(60);
  const before = candidates.map((number) => texts(world, number).length);
  const visitor = await world.start(person.samName);
  expect(visitor.path).toBe('/reset/otp-sms');
  await world.latchkey.challenges.idle();
  return candidates.find((number, at) => texts(world, number).length > (before[at] ?? 0));
}

describe('a number that is replaced', () => {
  const world = useWorld({ settings: { organisation } });

  test('is told by text, beside the mail, with a way to answer; the new one is not', async () => {
    const person = await world().registered();
    const [visitor, number] = await change(world(), person);
    expect(visitor.path).toBe('/registration/questions');
    const told = texts(world(), person.mobile).filter((text) => text.includes('/not-me/'));
    expect(told).toEqual([expect.stringContaining('Your registration was changed')]);
    expect(texts(world(), number).filter((text) => text.includes('/not-me/'))).toEqual([]);
    expect(mails(world(), person.mail)).toHaveLength(1);
    await (await world().visitor().open(linkIn(world(), told[0]))).submit({}, 'act=bar');
    expect(await world().latchkey.stores.failures.lockout(person.id, world().clock.now())).toEqual({ bars: 1 });
  });

  test('counts at once where nothing is held, and cannot be taken back by the link', async () => {
    const person = await world().registered();
    const [, number] = await change(world(), person);
    expect(await codeGoesTo(world(), person, [person.mobile, number])).toBe(number);
    const visitor = await world()
      .visitor()
      .open(linkIn(world(), mails(world(), person.mail).at(-1)));
    expect(visitor.text).not.toContain('Take the change back');
    expect((await visitor.post(visitor.path, { act: 'take-back' })).status).toBe(404);
    expect(await codeGoesTo(world(), person, [person.mobile, number])).toBe(number);
  });
});

describe('a sign-in that is too long ago', () => {
  const world = useWorld({});

  test('changes nothing any more: the person signs in again', async () => {
    const person = await world().registered();
    world().clock.pass(60);
    const visitor = await world().signIn(person.samName, person.password);
    await world().passGate(visitor, person);
    world().clock.pass(10 * 60 + 1);
    const number = newNumber();
    await visitor.submit({ number }, 'act=next');
    expect(visitor.path).toBe('/registration/expired');
    expect(texts(world(), number)).toEqual([]);
    expect((await change(world(), person))[0].path).toBe('/registration/questions');
  });

  test('between the code and its proof changes nothing either', async () => {
    const person = await world().registered();
    world().clock.pass(60);
    const visitor = await world().signIn(person.samName, person.password);
    await world().passGate(visitor, person);
    const number = newNumber();
    world().clock.pass(8 * 60);
    await visitor.submit({ number }, 'act=next');
    world().clock.pass(3 * 60);
    await visitor.submit({ code: await world().code(number) }, 'act=next');
    expect(visitor.path).toBe('/registration/expired');
    expect(await codeGoesTo(world(), person, [person.mobile, number])).toBe(person.mobile);
  });

  test('does not hurry somebody who registers for the first time', async () => {
    const person = world().person();
    const visitor = await world().signIn(person.samName, person.password);
    world().clock.pass(15 * 60);
    await visitor.submit({ number: person.mobile }, 'act=next');
    await visitor.submit({ code: await world().code(person.mobile) }, 'act=next');
    expect(visitor.path).toBe('/registration/questions');
  });
});

describe('a change that is held', () => {
  const world = useWorld({ settings: { organisation, enrolment: { 'hold-hours': 24 } } });

  test('counts only after its time; until then the old one does, and the page and the notices say so', async () => {
    const person = await world().registered();
    const [visitor, number] = await change(world(), person);
    await world().passGate(visitor, person);
    expect(visitor.heading).toBe("You're registered");
    expect(visitor.text).toContain('what you registered now counts from');
    expect(mails(world(), person.mail)[0]).toContain('until then, what was registered before does');
    expect(await codeGoesTo(world(), person, [person.mobile, number])).toBe(person.mobile);
    world().clock.pass(23.9 * hour);
    expect(await codeGoesTo(world(), person, [person.mobile, number])).toBe(person.mobile);
    world().clock.pass(0.2 * hour);
    expect(await codeGoesTo(world(), person, [person.mobile, number])).toBe(number);
    const late = await world()
      .visitor()
      .open(linkIn(world(), mails(world(), person.mail)[0]));
    expect(late.text).not.toContain('Take the change back');
  });

  test('survives a restart, and the next change starts from what counts by then', async () => {
    const person = await world().registered();
    const [, first] = await change(world(), person);
    await world().restart();
    world().clock.pass(25 * hour);
    expect(await codeGoesTo(world(), person, [person.mobile, first])).toBe(first);
    const [, second] = await change(world(), { ...person, mobile: first });
    expect(await codeGoesTo(world(), person, [person.mobile, first, second])).toBe(first);
    world().clock.pass(25 * hour);
    expect(await codeGoesTo(world(), person, [person.mobile, first, second])).toBe(second);
  });

  test.each([
    ['the mail', (person: Person) => mails(world(), person.mail)],
    ['the text to the old number', (person: Person) => texts(world(), person.mobile)],
  ])('is taken back by the link in %s: once, by its button, and the helpdesk hears of it', async (_where, inbox) => {
    const person = await world().registered();
    const [visitor, number] = await change(world(), person);
    const path = linkIn(world(), inbox(person).at(-1));
    for (let scan = 0; scan < 3; scan += 1) expect((await world().visitor().open(path)).status).toBe(200);
    expect(await world().latchkey.stores.enrolments.held(person.id)).toHaveLength(1);
    const owner = await world().visitor().open(path);
    await owner.submit({}, 'act=take-back');
    expect(owner.heading).toBe('The change was taken back');
    expect((await world().visitor().open(path)).status).toBe(404);
    expect((await visitor.open(visitor.path)).path).toBe('/registration/ended');
    expect(await world().latchkey.stores.enrolments.held(person.id)).toEqual([]);
    expect(await world().latchkey.stores.failures.lockout(person.id, world().clock.now())).toBeUndefined();
    await world().latchkey.outbox.idle();
    expect(mails(world(), helpdesk).at(-1)).toMatch(new RegExp(`${person.samName}.*took the change back`));
    expect(await world().audited(person)).toContain('enrolment.removing');
    world().clock.pass(25 * hour);
    expect(await codeGoesTo(world(), person, [person.mobile, number])).toBe(person.mobile);
  });

  test('is taken back by whoever closes the account, too', async () => {
    const person = await world().registered();
    const [, number] = await change(world(), person);
    const owner = await world()
      .visitor()
      .open(linkIn(world(), mails(world(), person.mail).at(-1)));
    await owner.submit({}, 'act=bar');
    expect(owner.heading).toBe('Your account is closed here');
    expect(await world().latchkey.stores.enrolments.held(person.id)).toEqual([]);
    await world().latchkey.stores.failures.unbar(person.id);
    world().clock.pass(25 * hour);
    expect(await codeGoesTo(world(), person, [person.mobile, number])).toBe(person.mobile);
  });

  test('is not taken back by the link of an earlier one', async () => {
    const person = await world().registered();
    await change(world(), person);
    const early = linkIn(world(), mails(world(), person.mail).at(-1));
    const [, number] = await change(world(), person);
    const visitor = await world().visitor().open(early);
    expect((await visitor.post(early, { act: 'take-back' })).status).toBe(404);
    world().clock.pass(25 * hour);
    expect(await codeGoesTo(world(), person, [person.mobile, number])).toBe(number);
  });

  test('does not hold a first registration, unless that is wanted', async () => {
    const person = world().person();
    const visitor = await world().signIn(person.samName, person.password);
    await visitor.submit({}, 'act=next');
    await visitor.submit({ code: await world().code(person.mobile) }, 'act=next');
    await world().passGate(visitor, person);
    expect(visitor.heading).toBe("You're registered");
    expect((await world().toChoice(person)).path).toBe('/reset/choose');
  });
});

describe('a first registration that is held', () => {
  const world = useWorld({ settings: { enrolment: { 'hold-hours': 2, 'hold-first': true } } });

  test('cannot pass a reset before its time, and nothing is sent; after it, it can', async () => {
    const person = world().person();
    const visitor = await world().signIn(person.samName, person.password);
    await visitor.submit({}, 'act=next');
    await visitor.submit({ code: await world().code(person.mobile) }, 'act=next');
    await world().passGate(visitor, person);
    expect(visitor.heading).toBe("You're registered");
    expect(await codeGoesTo(world(), person, [person.mobile])).toBeUndefined();
    world().clock.pass(2 * hour);
    expect((await world().toChoice(person)).path).toBe('/reset/choose');
  });
});

describe('a gate that was taken out of the chain', () => {
  const world = useWorld({ chain: ['questions'] });

  async function withPhone(gate: string): Promise<Person> {
    const person = world().person();
    const data = { number: person.phone };
    const { enrolments } = world().latchkey.stores;
    await enrolments.keep({ accountId: person.id, gate, data, provedAt: world().clock.now() });
    world().clock.pass(60);
    return person;
  }

  test('still counts as registered: a stolen password alone registers nothing over it', async () => {
    const person = await withPhone('phone');
    const visitor = await world().signIn(person.samName, person.password);
    expect(visitor.path).toBe('/registration/confirm-phone');
    await visitor.open('/registration/questions');
    expect(visitor.path).toBe('/registration/confirm-phone');
    await world().confirmCall(person.phone);
    await visitor.submit({}, 'act=next');
    expect(visitor.path).toBe('/registration/questions');
  });

  test('a hundred wrong answers and a stolen password register nothing over it either', async () => {
    const person = await withPhone('phone');
    const { failures, enrolments } = world().latchkey.stores;
    for (let n = 0; n < 100; n += 1) await failures.count(person.id, 'phone', 1000, world().clock.now());
    expect(await enrolments.of(person.id)).toEqual([]);
    const visitor = await world().signIn(person.samName, person.password);
    expect(visitor.path).toBe('/registration/refused');
    await enrolments.remove(person.id, 'phone');
    expect((await world().signIn(person.samName, person.password)).path).toBe('/registration/questions');
  });

  test('that works no more leaves the helpdesk only', async () => {
    const person = await withPhone('long-gone');
    const visitor = await world().signIn(person.samName, person.password);
    expect(visitor.path).toBe('/registration/refused');
    expect(await world().latchkey.stores.enrolments.of(person.id)).toHaveLength(1);
  });
});
