import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outside } from './outside.ts';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld } from './world.ts';

const chain = ['otp-sms', 'questions'];
const docks = {
  name: 'docks',
  members: { units: ['People/Docks'] },
  chain,
  gates: {
    'otp-sms': { 'code-length': 8, lifetime: 120, text: { en: 'At the docks: {code}' } },
    questions: { 'reset-asks': 3, 'reset-requires': 3 },
  },
};
const everyone = { name: 'everyone', members: 'everyone', chain };

let world: PortalWorld;
beforeAll(async () => {
  world = await PortalWorld.open({ policies: [docks, everyone], chain });
  world.demo.administration.addUnitIn(world.people, 'Docks');
});
afterAll(() => world.close());

const docker = (): Promise<Person> => world.registered({ unit: `OU=Docks,${world.people}` });

/** The text that reached somebody last. */
async function lastText(person: Person): Promise<string> {
  await world.latchkey.challenges.idle();
  return world.phones.phone(person.mobile).texts.at(-1)?.text ?? '';
}

const digitsIn = (text: string): string => /\d{6,}/.exec(text)?.[0] ?? '';
const codeOf = async (person: Person): Promise<string> => digitsIn(await lastText(person));
const questionsOn = (visitor: Visitor): number => visitor.page('main input[name^="q"]').length;

describe('the settings of gates that a policy has', () => {
  test('hold for its people and for nobody else, at the same time', async () => {
    const [inside, other] = await Promise.all([docker(), world.registered()]);
    const visitors = await Promise.all([inside, other].map(({ samName }) => world.start(samName)));
    const codes = await Promise.all([inside, other].map(codeOf));
    expect(codes.map(({ length }) => length)).toEqual([8, 6]);
    expect(await lastText(inside)).toContain('At the docks: ');
    expect(visitors.map(({ text }) => /\d-digit/.exec(text)?.[0])).toEqual(['8-digit', '6-digit']);
    await Promise.all(visitors.map((visitor, at) => visitor.submit({ code: codes[at] ?? '' }, 'act=next')));
    expect(visitors.map(({ path }) => path)).toEqual(['/reset/questions', '/reset/questions']);
    expect(visitors.map(questionsOn)).toEqual([3, 2]);
    await world.passGate(visitors[0] as Visitor, inside);
    await world.passGate(visitors[1] as Visitor, other);
    expect(visitors.map(({ path }) => path)).toEqual(['/reset/choose', '/reset/choose']);
  });

  test('are asked of an answer: a shorter code is mended, a code that got old opens nothing', async () => {
    const person = await docker();
    const visitor = await world.start(person.samName);
    const code = await codeOf(person);
    await visitor.submit({ code: code.slice(0, 6) }, 'act=next');
    expect([visitor.path, visitor.problems]).toEqual(['/reset/otp-sms', 'Enter the 8 digits of the code']);
    world.clock.pass(121);
    await visitor.submit({ code }, 'act=next');
    expect(visitor.path).toBe('/reset/otp-sms');
    expect(visitor.problems).toBe('That code does not work any more. Send a new code.');
  });

  test('hold at the registration as well', async () => {
    const person = world.person({ unit: `OU=Docks,${world.people}` });
    const visitor = await world.signIn(person.samName, person.password);
    expect(visitor.path).toBe('/registration/otp-sms');
    await visitor.submit({ number: person.mobile }, 'act=next');
    const code = await codeOf(person);
    expect(code).toHaveLength(8);
    await visitor.submit({ code }, 'act=next');
    expect(visitor.path).toBe('/registration/questions');
  });

  test('are kept by a visit that began with them, whatever an operator changes meanwhile', async () => {
    const person = await docker();
    const visitor = await world.start(person.samName);
    const code = await codeOf(person);
    await world.restart({ policies: [{ ...docks, gates: { 'otp-sms': { 'code-length': 10 } } }, everyone] });
    const late = await world.start(person.samName);
    expect(await codeOf(person)).toHaveLength(10);
    expect(late.text).toContain('10-digit');
    await visitor.open('/reset/otp-sms');
    expect(visitor.text).toContain('8-digit');
    await visitor.submit({ code }, 'act=next');
    expect([visitor.path, questionsOn(visitor)]).toEqual(['/reset/questions', 3]);
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/choose');
    await world.restart({ policies: [docks, everyone] });
  });

  test('are shown to strangers and to whoever cannot pass as to its people', async () => {
    await world.restart({ policies: [{ ...docks, share: 1_000_000 }, everyone] });
    const people = [
      (await docker()).samName,
      world.person({ unit: `OU=Docks,${world.people}` }).samName,
      'nobody.there',
    ];
    const visits = await Promise.all(people.map((login) => world.start(login)));
    const pages = await Promise.all(
      visits.map(async (visit) => outside(await visit.ask({ method: 'get', path: visit.path }))),
    );
    expect(visits.map(({ text }) => text.includes('8-digit'))).toEqual([true, true, true]);
    expect(pages[1]).toEqual(pages[0]);
    expect(pages[2]).toEqual(pages[0]);
    const answers = await Promise.all(
      visits.map(async (visit) => outside((await visit.submit({ code: '12345678' }, 'act=next')).answer)),
    );
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    const short = await Promise.all(
      visits.map(async (visit) => outside((await visit.submit({ code: '123456' }, 'act=next')).answer)),
    );
    expect(short[1]).toEqual(short[0]);
    expect(short[2]).toEqual(short[0]);
    await world.restart({ policies: [docks, everyone] });
  });

  test('attack: nothing that a browser sends chooses others', async () => {
    const person = await docker();
    const visitor = world.visitor({ 'X-Latchkey-Gates': '{"otp-sms":{"code-length":6}}' });
    await visitor.open('/reset?gates[otp-sms][code-length]=6');
    await visitor.submit({ login: person.samName });
    expect(await codeOf(person)).toHaveLength(8);
    for (const extra of ['gates[otp-sms][code-length]=6', 'gates={}', 'code-length=6', 'policy=everyone']) {
      world.clock.pass(31);
      const form = visitor.form({}, 'act=again');
      const asked = { ...form, body: `${form.body}&${extra}`, method: 'post' as const };
      expect((await visitor.ask(asked)).status, extra).toBe(400);
    }
    expect(await codeOf(person)).toHaveLength(8);
  });
});
