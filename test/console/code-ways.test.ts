import { afterAll, beforeAll, expect, test } from 'vitest';
import { outside } from '../portals/outside.ts';
import type { Visitor } from '../portals/visitor.ts';
import { type Person, threshold } from '../portals/world.ts';
import { ConsoleWorld } from './world.ts';

let world: ConsoleWorld;

const lockout = { threshold, minutes: 15, 'bars-until-permanent': 3 };
const policies = [
  {
    name: 'north',
    members: { units: ['People/North'] },
    chain: ['helpdesk-code', 'otp-sms', 'phone'],
    needed: 2,
    lockout,
    'flow-minutes': 20,
  },
  { name: 'everyone', members: 'everyone', chain: ['otp-sms'], lockout },
];

beforeAll(async () => {
  world = await ConsoleWorld.open({ policies });
});
afterAll(() => world.close());

async function registered(...gates: readonly string[]): Promise<Person> {
  const person = world.personIn('north');
  await world.portals.register(person, gates);
  return person;
}

/** Has the helpdesk send a code. */
async function issued(person: Person): Promise<string> {
  const { visitor } = await world.signedIn('helpdesk');
  const page = await visitor.open(`/people/${person.id}/code`);
  await page.submit({ to: 'otp-sms', reason: 'Lost the other telephone' });
  await world.latchkey.challenges.idle();
  const texts = world.portals.phones.phone(person.mobile).texts;
  const code = /\b\d{8}\b/.exec(texts.at(-1)?.text ?? '')?.[0];
  if (code === undefined) throw new Error('no code arrived');
  return code;
}

async function toFirstGate(person: Person): Promise<Visitor> {
  world.clock.pass(11);
  return world.portals.start(person.samName);
}

const firstGate = async (person: Person): Promise<string> => (await toFirstGate(person)).path;

test('5.4: a code of the helpdesk changes no first gate: neither its person’s nor anybody else’s', async () => {
  const people = [await registered('otp-sms', 'phone'), await registered('otp-sms'), world.personIn('north')];
  const firsts = () => Promise.all(people.map(firstGate));
  const before = await firsts();
  for (const person of people.slice(0, 2)) {
    await issued(person);
    expect(await firsts()).toEqual(before);
  }
});

test('5.4: at the page that asks for a code nobody can tell for whom there is one, or whether there is anybody', async () => {
  const people = [
    await registered('otp-sms', 'phone'),
    await registered('otp-sms', 'phone'),
    await registered('otp-sms'),
  ];
  for (const person of [people[0], people[2]]) if (person !== undefined) await issued(person);
  const partly = await registered('otp-sms');
  const ghosts = Array.from({ length: 16 }, (_, at) => `ghost.code.${at}`);
  const logins = [...people, partly, world.personIn('north')].map(({ samName }) => samName);
  const seen = new Map<string, { readonly login: string; readonly shown: string }[]>();
  for (const login of [...logins, ...ghosts]) {
    const visitor = await world.portals.start(login);
    const first = visitor.path;
    // Strangers who are shown another chain are no matter here.
    if (visitor.page('button[value="helpdesk-code"]').length === 0) continue;
    const shown = [outside(visitor.answer), outside((await visitor.submit({}, 'another=helpdesk-code')).answer)];
    for (const code of ['00000000', '123', '', '99999999']) {
      shown.push(outside(await visitor.ask({ method: 'post', ...visitor.form({ code }) })));
      shown.push(outside((await visitor.open(visitor.path)).answer));
    }
    const back = first.replace('/reset/', '');
    shown.push(outside((await visitor.submit({}, `another=${back}`)).answer));
    shown.push(outside((await visitor.submit({}, 'another=helpdesk-code')).answer));
    seen.set(first, [...(seen.get(first) ?? []), { login, shown: JSON.stringify(shown) }]);
  }
  const all = [...seen.values()].flat().map(({ login }) => login);
  expect(logins.filter((login) => !all.includes(login))).toEqual([]);
  for (const group of seen.values()) {
    expect(group.some(({ login }) => login.startsWith('ghost.'))).toBe(true);
    expect(new Set(group.map(({ shown }) => shown)).size).toBe(1);
  }
});

test('whoever has one way and a code of the helpdesk passes with the two, in whatever order they are offered', async () => {
  const person = await registered('otp-sms');
  const code = await issued(person);
  const visitor = await toFirstGate(person);
  if (visitor.path !== '/reset/otp-sms') await visitor.submit({}, 'another=otp-sms');
  await world.portals.passGate(visitor, person);
  expect(visitor.path).toBe('/reset/helpdesk-code');
  await visitor.submit({ code });
  await visitor.submit({ action: 'unlock' });
  expect(visitor.path).toBe('/reset/done');
});

test('a code that is given out while the person stands at a gate passes that very visit', async () => {
  const person = await registered('otp-sms', 'phone');
  const visitor = await toFirstGate(person);
  await world.portals.passGate(visitor, person);
  expect(visitor.path).toBe('/reset/phone');
  world.clock.pass(1);
  const code = await issued(person);
  await visitor.submit({}, 'another=helpdesk-code');
  await visitor.submit({ code });
  expect(visitor.path).toBe('/reset/choose');
  await visitor.submit({ action: 'unlock' });
  expect(visitor.path).toBe('/reset/done');
});

test('a code that is given out while the person registers ends no registration', async () => {
  const person = await registered('otp-sms');
  world.clock.pass(11);
  const visitor = await world.portals.signIn(person.samName, person.password);
  await world.portals.passGate(visitor, person);
  await visitor.submit({}, 'keep=yes');
  expect(visitor.path).toBe('/registration/phone');
  world.clock.pass(1);
  await issued(person);
  await visitor.submit({ number: person.phone }, 'act=next');
  await world.portals.confirmCall(person.phone);
  await visitor.submit({}, 'act=next');
  expect(visitor.path).toBe('/registration/done');
});

test('5.15: what is registered meanwhile still ends the visit, whatever code was given out', async () => {
  const person = await registered('otp-sms', 'phone');
  const visitor = await toFirstGate(person);
  await world.portals.passGate(visitor, person);
  world.clock.pass(1);
  const code = await issued(person);
  await visitor.submit({}, 'another=helpdesk-code');
  await visitor.submit({ code });
  await world.portals.register(person, ['phone']);
  await visitor.submit({ action: 'unlock' });
  expect(visitor.path).toBe('/reset/refused');
});
