import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld } from './world.ts';

/** A light chain in the office, and another one at home. */
const inside = { name: 'inside', members: 'everyone', zone: 'intranet', chain: ['questions'] };
const outside = { name: 'outside', members: 'everyone', zone: 'extranet', chain: ['otp-sms', 'phone'] };
const settings = {
  providers: {
    texts: { kind: 'virtual-sms' },
    'own-texts': { kind: 'virtual-sms' },
    calls: { kind: 'virtual-voice' },
    mail: { kind: 'virtual-email' },
  },
};

let world: PortalWorld;
let changed = false;
beforeAll(async () => {
  world = await PortalWorld.open({ policies: [inside, outside], intranet: true, settings });
});
afterEach(async () => {
  if (changed) await world.restart({ policies: [inside, outside] });
  changed = false;
});
afterAll(() => world.close());

async function under(...policies: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
  changed = true;
  await world.restart({ policies });
}

const inOffice = (person: Person): Promise<Visitor> =>
  world.signIn(person.samName, person.password, world.visitorInside());
const atHome = (person: Person): Promise<Visitor> => world.signIn(person.samName, person.password);
const kept = async (person: Person): Promise<readonly string[]> =>
  (await world.latchkey.stores.enrolments.of(person.id)).map(({ gate }) => gate).sort();
const enrolled = async (person: Person, gate: string): Promise<unknown> =>
  (await world.latchkey.stores.enrolments.of(person.id)).find((one) => one.gate === gate)?.data;

/** The text that reached somebody last. */
async function lastCode(person: Person): Promise<string> {
  await world.latchkey.challenges.idle();
  return /\d{6,}/.exec(world.phones.phone(person.mobile).texts.at(-1)?.text ?? '')?.[0] ?? '';
}

/** Registers the gate that is open, whichever it is. */
async function enrol(visitor: Visitor, person: Person): Promise<Visitor> {
  if (visitor.path.endsWith('questions')) return world.passGate(visitor, person);
  await visitor.submit({}, 'act=next');
  if (visitor.path.endsWith('otp-sms')) return visitor.submit({ code: await lastCode(person) }, 'act=next');
  await world.confirmCall(person.phone);
  return visitor.submit({}, 'act=next');
}

/** Registers all that is asked for, and tells which gates those were. */
async function enrolAll(visitor: Visitor, person: Person): Promise<readonly string[]> {
  const gates: string[] = [];
  while (visitor.path !== '/registration/done') {
    gates.push(visitor.path.replace('/registration/', ''));
    if (gates.length > 9) throw new Error(`it does not end: ${gates.join()}`);
    await enrol(visitor, person);
  }
  return gates;
}

async function canUnlock(visitor: Visitor, person: Person): Promise<boolean> {
  world.lock(person);
  await world.start(person.samName, visitor);
  for (let gate = 0; gate < 3 && visitor.path !== '/reset/choose'; gate += 1) await world.passGate(visitor, person);
  if (visitor.path !== '/reset/choose') return false;
  const { path } = await visitor.submit({ action: 'unlock' });
  return path === '/reset/done' && !world.standing(person).locked;
}

describe('one registration', () => {
  test('in the office is enough at home as well: its own gates first, then what the other policy adds', async () => {
    const person = world.person();
    const visitor = await inOffice(person);
    expect(visitor.text).toContain('Step 1 of 3');
    expect(await enrolAll(visitor, person)).toEqual(['questions', 'otp-sms', 'phone']);
    expect(visitor.text).toContain('From outside the organisation’s network, pass these:');
    expect(visitor.text).not.toContain('cannot get back in yet');
    expect(await canUnlock(world.visitor(), person)).toBe(true);
    expect(await canUnlock(world.visitorInside(), person)).toBe(true);
  });

  test('at home begins with the gates of home', async () => {
    const person = world.person();
    expect(await enrolAll(await atHome(person), person)).toEqual(['otp-sms', 'phone', 'questions']);
    expect(await canUnlock(world.visitorInside(), person)).toBe(true);
  });

  test('has a gate once that both policies ask for, and says once what is the same', async () => {
    await under({ ...inside, chain: ['phone', 'questions'] }, { ...outside, chain: ['questions', 'phone', 'otp-sms'] });
    const person = world.person();
    expect(await enrolAll(await inOffice(person), person)).toEqual(['phone', 'questions', 'otp-sms']);
    await under(inside, { ...outside, chain: ['questions'], lockout: { threshold: 5 } });
    const other = world.person();
    const visitor = await inOffice(other);
    expect(await enrolAll(visitor, other)).toEqual(['questions']);
    expect(visitor.text).not.toContain('organisation’s network');
  });

  test('is of one zone alone for whom the other has no policy, and asks for nothing else', async () => {
    const unit = world.demo.administration.addUnitIn(world.people, 'Porters').dn;
    await under(
      { ...inside, members: { units: ['People/Porters'] } },
      { ...outside, members: { units: ['People'], except: { units: ['People/Porters'] } } },
    );
    const porter = world.person({ unit });
    const visitor = await inOffice(porter);
    expect(await enrolAll(visitor, porter)).toEqual(['questions']);
    expect(visitor.text).not.toContain('organisation’s network');
    const other = world.person();
    expect(await enrolAll(await atHome(other), other)).toEqual(['otp-sms', 'phone']);
  });

  test('knows nothing of a zone that has no listener', async () => {
    const lonely = await PortalWorld.open({ policies: [inside, outside] });
    const person = lonely.person();
    const visitor = await lonely.signIn(person.samName, person.password);
    expect(visitor.text).toContain('Step 1 of 2');
    expect(visitor.path).toBe('/registration/otp-sms');
    await lonely.close();
  });

  test('goes on without what the other zone adds, and says then what is missing, and where', async () => {
    const person = world.person();
    const visitor = await inOffice(person);
    expect(visitor.page('button[name="leave-out"]')).toHaveLength(0);
    expect((await visitor.post('/registration/questions', { 'leave-out': 'yes' })).status).toBe(400);
    await visitor.open('/registration/questions');
    await enrol(visitor, person);
    expect(visitor.path).toBe('/registration/otp-sms');
    expect(visitor.text).toContain('You need this to help yourself from outside');
    await visitor.submit({}, 'leave-out=yes');
    await enrol(visitor, person);
    expect(visitor.path).toBe('/registration/done');
    expect(visitor.text).toMatch(
      /From outside the organisation’s network you cannot get back in yet. Missing: [^.]*text/,
    );
    expect(await kept(person)).toEqual(['phone', 'questions']);
    expect(await canUnlock(world.visitorInside(), person)).toBe(true);
    expect(await world.reached(person)).toBe(1);
    expect((await world.start(person.samName)).path).toBe('/reset/otp-sms');
    expect(await world.reached(person)).toBe(1);
  });

  test('lets as many gates of its own zone be left out as its policy does, whatever was left out for the other', async () => {
    await under({ ...inside, chain: ['otp-sms', 'questions'], needed: 1 }, { ...outside, chain: ['phone'] });
    const person = world.person();
    const visitor = await inOffice(person);
    await visitor.submit({}, 'leave-out=yes');
    expect(visitor.path).toBe('/registration/questions');
    expect((await visitor.post('/registration/questions', { 'leave-out': 'yes' })).status).toBe(400);
    await visitor.open('/registration/questions');
    await enrol(visitor, person);
    await visitor.submit({}, 'leave-out=yes');
    expect(visitor.path).toBe('/registration/done');
    expect(visitor.text).toContain('You left out');
    expect(visitor.text).toContain('From outside the organisation’s network you cannot get back in yet');
  });
});

test('a visit of before there was one registration for all zones goes on as it began', async () => {
  const { flows } = world.latchkey.stores;
  const read = flows.read.bind(flows);
  flows.read = async (id) => {
    const flow = await read(id);
    if (flow === undefined) return undefined;
    const { elsewhere: _none, ...before } = flow;
    return { ...before, chain: flow.chain.slice(0, 1).map(({ gate, step }) => ({ gate, step })) };
  };
  try {
    const person = world.person();
    const visitor = await inOffice(person);
    expect(visitor.page('button[name="leave-out"]')).toHaveLength(0);
    expect(await enrolAll(visitor, person)).toEqual(['questions']);
    expect(visitor.text).not.toContain('organisation’s network');
  } finally {
    flows.read = read;
  }
});

describe('each gate goes by the policy that brings it', () => {
  const eight = { 'otp-sms': { 'code-length': 8 } };
  const ten = { 'otp-sms': { 'code-length': 10 } };

  test.each([
    ['the own zone’s first', { ...inside, chain: ['otp-sms', 'questions'], gates: eight }, [8, 10]],
    ['the other’s where it alone asks for it', inside, [10, 10]],
  ])('by its settings: %s', async (_what, ofInside, lengths) => {
    await under(ofInside, { ...outside, gates: ten });
    const codes: string[] = [];
    for (const signIn of [inOffice, atHome]) {
      const person = world.person();
      const visitor = await signIn(person);
      if (visitor.path.endsWith('questions')) await enrol(visitor, person);
      await visitor.submit({}, 'act=next');
      codes.push(await lastCode(person));
      await visitor.submit({ code: codes.at(-1) ?? '' }, 'act=next');
      expect(await kept(person)).toContain('otp-sms');
    }
    expect(codes.map(({ length }) => length)).toEqual(lengths);
  });

  test('and by its providers', async () => {
    await under(inside, { ...outside, channels: { sms: ['own-texts'] } });
    const person = world.person();
    await enrolAll(await inOffice(person), person);
    const rows = await world.latchkey.stores.audit.about(person.id, 100);
    const by = rows.flatMap(({ event, detail }) => (event === 'challenge.sent' ? [Object(detail).provider] : []));
    expect(by.toReversed()).toEqual(['own-texts', 'calls']);
  });

  test('but by the one that clearly asks more, or a registration would be worth nothing in the other zone', async () => {
    const little = { questions: { 'registration-requires': 2, 'reset-asks': 2, 'reset-requires': 2 } };
    const much = { questions: { 'registration-requires': 3, 'reset-asks': 3, 'reset-requires': 3 } };
    await under({ ...inside, gates: little }, { ...outside, chain: ['otp-sms', 'questions'], gates: much });
    const person = world.person();
    const visitor = await inOffice(person);
    expect(visitor.text).toContain('at least 3');
    expect(await enrolAll(visitor, person)).toEqual(['questions', 'otp-sms']);
    expect(await enrolled(person, 'questions')).toMatchObject({ answers: { length: 3 } });
    expect(await canUnlock(world.visitor(), person)).toBe(true);
    expect(await canUnlock(world.visitorInside(), person)).toBe(true);
  });
});

describe('attack: what a registration covers', () => {
  test('is guarded by what was registered for any zone: a password alone changes nothing', async () => {
    const person = world.person();
    const visitor = await inOffice(person);
    await enrol(visitor, person);
    world.clock.pass(60);
    const thief = await atHome(person);
    expect(thief.path).toBe('/registration/confirm-questions');
    for (const gate of ['otp-sms', 'phone', 'questions']) {
      expect((await thief.post(`/registration/${gate}`, { act: 'next', number: '+447700900999' })).status).not.toBe(
        200,
      );
      expect((await thief.open(`/registration/${gate}`)).path).toBe('/registration/confirm-questions');
    }
    expect(await kept(person)).toEqual(['questions']);
    expect(world.phones.phone('+447700900999').texts).toEqual([]);
  });

  test('never has questions for privileged people, whatever other zones ask of everybody else', async () => {
    const named = { ...outside, name: 'named', chain: ['otp-sms'], 'include-privileged': true };
    await under(inside, named);
    const person = world.person();
    world.demo.administration.set(person.entry, { adminCount: '1' });
    const visitor = await atHome(person);
    expect(await enrolAll(visitor, person)).toEqual(['otp-sms']);
    expect(visitor.text).not.toContain('organisation’s network');
    expect((await inOffice(person)).path).toBe('/registration');
  });

  test('has no questions any more for somebody who became privileged in the middle of it', async () => {
    await under(inside, { ...outside, name: 'named', chain: ['otp-sms'], 'include-privileged': true });
    const person = world.person();
    const visitor = await atHome(person);
    await enrol(visitor, person);
    expect(visitor.path).toBe('/registration/questions');
    world.demo.administration.set(person.entry, { adminCount: '1' });
    await enrol(visitor, person);
    expect(visitor.path).toBe('/registration/expired');
    expect(await kept(person)).toEqual(['otp-sms']);
    expect((await world.audited(person)).filter((event) => event === 'enrolment.keeping')).toHaveLength(1);
  });

  test.each([
    ['for the other zone', [inside, { ...outside, chain: ['phone'] }], 1],
    [
      'for its own',
      [
        { ...inside, chain: ['phone'] },
        { ...outside, chain: ['phone'] },
      ],
      0,
    ],
  ])('keeps nothing for a gate that no policy names any more: one %s', async (_what, policies, before) => {
    const person = world.person();
    const visitor = await inOffice(person);
    for (let gate = 0; gate < before; gate += 1) await enrol(visitor, person);
    const had = await kept(person);
    const gate = visitor.path;
    if (gate.endsWith('otp-sms')) await visitor.submit({}, 'act=next');
    const code = gate.endsWith('otp-sms') ? await lastCode(person) : '';
    await under(...policies);
    await visitor.open(gate);
    await (code === '' ? world.passGate(visitor, person) : visitor.submit({ code }, 'act=next'));
    expect(visitor.path).toBe('/registration/expired');
    expect(await kept(person)).toEqual(had);
  });

  test('goes on with a gate that another policy of the person has taken over meanwhile', async () => {
    const person = world.person();
    const visitor = await inOffice(person);
    await under({ ...inside, chain: ['phone'] }, { ...outside, chain: ['questions', 'otp-sms'] });
    await visitor.open('/registration/questions');
    await enrol(visitor, person);
    expect([visitor.path, await kept(person)]).toEqual(['/registration/otp-sms', ['questions']]);
  });

  test('ends for somebody whom the policy of its own zone serves no more, also at a gate of the other', async () => {
    const person = world.person();
    const visitor = await inOffice(person);
    await enrol(visitor, person);
    await under({ ...inside, members: { units: ['People/Porters'] } }, outside);
    await visitor.open('/registration/otp-sms');
    await visitor.submit({}, 'act=next');
    expect(visitor.path).toBe('/registration/refused');
    expect(await world.reached(person)).toBe(0);
  });

  test('is nothing that a browser chooses', async () => {
    const person = world.person();
    const visitor = await inOffice(person);
    await enrol(visitor, person);
    for (const extra of ['zone=intranet', 'policy=inside', 'by=inside', 'elsewhere=', 'gate=questions']) {
      const form = visitor.form({}, 'act=next');
      const asked = { ...form, body: `${form.body}&${extra}`, method: 'post' as const };
      expect((await visitor.ask(asked)).status, extra).toBe(400);
    }
    expect(await kept(person)).toEqual(['questions']);
  });

  test('is shown to nobody who cannot pass: unknown logins and the half registered look as before', async () => {
    const person = world.person();
    await enrol(await inOffice(person), person);
    const pages = await Promise.all(
      [person.samName, 'nobody.at.all'].map(async (login) => (await world.start(login)).path),
    );
    expect(pages).toEqual(['/reset/otp-sms', '/reset/otp-sms']);
    expect(await world.reached(person)).toBe(0);
  });
});
