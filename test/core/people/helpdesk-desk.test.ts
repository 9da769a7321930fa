import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Account } from '../../../src/core/account.ts';
import type { Acted } from '../../../src/core/people/helpdesk-desk.ts';
import type { Act } from '../../../src/core/staff/act-guard.ts';
import { signInSubject } from '../../../src/core/visits/sign-in.ts';
import { sampleFlow } from '../../contracts/store-samples.ts';
import { number, PeopleWorld } from './people-world.ts';

let world: PeopleWorld;
let agent: Account;
let anna: Account;
beforeEach(async () => {
  world = await PeopleWorld.open();
  agent = world.put('agent', { groups: ['desk-north'] });
  anna = world.put('anna');
});
afterEach(() => world.close());

const rules = { threshold: 3, minutes: 15, barsUntilPermanent: 4 };
const forGood = { ...rules, barsUntilPermanent: 1 };

async function openFlow(person: Account) {
  const { state: _, ...account } = person;
  const now = world.clock.now();
  const expiresAt = new Date(now.getTime() + 60_000);
  const flow = sampleFlow({ subject: { kind: 'account', account }, createdAt: now, expiresAt });
  await world.stores.flows.create(flow);
  return flow;
}

const acts: Readonly<Record<string, (act: Act) => Promise<Acted>>> = {
  'clear the bars': (act) => world.desk.clearBars(act),
  'end the visits': (act) => world.desk.endFlows(act),
  'ask to register': (act) => world.desk.askToRegister(act),
  'remove an enrolment': (act) => world.desk.removeEnrolment(act, 'otp-sms'),
};

/** Somebody to whom every act can be done. */
async function prepared(person: Account): Promise<void> {
  await world.stores.failures.bar(person.id, forGood, world.clock.now());
  await world.register(person, { 'otp-sms': { number } });
  await openFlow(person);
}

/** That nothing of what `prepared` made was touched. */
async function expectUntouched(person: Account): Promise<void> {
  const { failures, enrolments, flows } = world.stores;
  expect(await failures.lockout(person.id, world.clock.now())).toEqual({ bars: 1 });
  expect(await enrolments.of(person.id)).toHaveLength(1);
  expect(await flows.openOf(person.id, world.clock.now())).toBe(1);
  expect(await world.letters()).toEqual([]);
}

describe.each(Object.entries(acts))('to %s', (_name, doIt) => {
  test('is audited with who and why before it is done, and then told', async () => {
    await prepared(anna);
    expect(await doIt(world.act(agent, anna, '  Called\r\nfrom 4711 <b>now</b> '))).toEqual({ kind: 'done' });
    const [row] = await world.stores.audit.about(anna.id, 10);
    expect(row).toMatchObject({
      portal: 'console',
      address: '192.0.2.1',
      correlation: 'c1',
      detail: { by: agent.id, byName: 'agent', reason: 'Called from 4711 <b>now</b>' },
    });
    expect(await world.letters()).toMatchObject([{ to: anna.mail, channel: 'email', person: { id: anna.id } }]);
    expect(world.woken).toBe(1);
  });

  test.each([
    ['without a reason', ' \n\t', 'reason-missing'],
    ['with too long a reason', 'x'.repeat(501), 'reason-long'],
  ])('%s changes nothing', async (_what, reason, why) => {
    await prepared(anna);
    expect(await doIt(world.act(agent, anna, reason))).toEqual({ kind: 'refused', why });
    await expectUntouched(anna);
  });

  test('with the longest reason is done', async () => {
    await prepared(anna);
    expect(await doIt(world.act(agent, anna, 'x'.repeat(500)))).toEqual({ kind: 'done' });
  });

  test.each<[string, () => { staff: Account; person: Account }, string]>([
    ['of another unit', () => ({ staff: agent, person: world.put('ben', { unit: 'People/South' }) }), 'out-of-reach'],
    [
      'of a unit with a name that begins alike',
      () => ({ staff: agent, person: world.put('ben', { unit: 'People/Northern' }) }),
      'out-of-reach',
    ],
    ['as an auditor', () => ({ staff: world.put('audrey', { groups: ['auditors'] }), person: anna }), 'out-of-reach'],
    ['as nobody', () => ({ staff: world.put('mallory'), person: anna }), 'out-of-reach'],
    [
      'as a member of staff whose account was disabled',
      () => ({ staff: world.put('agent', { disabled: true }), person: anna }),
      'out-of-reach',
    ],
    ['that is no person', () => ({ staff: agent, person: world.put('pc$', { person: false }) }), 'out-of-reach'],
    ['to oneself', () => ({ staff: agent, person: agent }), 'yourself'],
    ['that is privileged', () => ({ staff: agent, person: world.put('ben', { privileged: true }) }), 'privileged'],
    [
      'that is an administrator of the console',
      () => ({ staff: agent, person: world.put('ada', { groups: ['admins'] }) }),
      'privileged',
    ],
    [
      'that is an auditor, who sees more than one’s own unit',
      () => ({ staff: agent, person: world.put('audrey', { groups: ['auditors'] }) }),
      'privileged',
    ],
    [
      'that is a colleague, under whose name one could act',
      () => ({ staff: agent, person: world.put('col', { groups: ['desk-north'] }) }),
      'privileged',
    ],
  ])('5.33: %s is refused and audited, and changes nothing', async (_what, who, why) => {
    const { staff, person } = who();
    await prepared(person);
    expect(await doIt(world.act(staff, person))).toEqual({ kind: 'refused', why });
    await expectUntouched(person);
    const [row] = await world.stores.audit.about(person.id, 10);
    expect(row).toMatchObject({ event: 'helpdesk.refused', detail: { by: staff.id, why } });
  });

  test('of somebody who is nowhere is refused as of somebody who is elsewhere', async () => {
    for (const id of ['00000000-0000-4000-8000-000000000000', 'x', '', '../..', `${anna.id}\0`]) {
      expect(await doIt(world.act(agent, { id }))).toEqual({ kind: 'refused', why: 'out-of-reach' });
    }
  });

  test('is checked at the moment of the act: somebody who was moved away meanwhile is out of reach', async () => {
    await prepared(anna);
    world.onRead = () => world.put('anna', { unit: 'People/South' });
    expect(await doIt(world.act(agent, anna))).toEqual({ kind: 'refused', why: 'out-of-reach' });
    await expectUntouched(anna);
  });

  test('as an administrator reaches everybody, privileged people too, and never oneself', async () => {
    const ada = world.put('ada', { groups: ['admins'] });
    const person = world.put('ben', { unit: 'Elsewhere', privileged: true });
    await prepared(person);
    expect(await doIt(world.act(ada, person))).toEqual({ kind: 'done' });
    expect(await doIt(world.act(ada, ada))).toEqual({ kind: 'refused', why: 'yourself' });
  });

  test('is not done when it cannot be audited', async () => {
    await prepared(anna);
    const { append } = world.stores.audit;
    Object.assign(world.stores.audit, { append: async () => Promise.reject(new Error('disk full')) });
    await expect(doIt(world.act(agent, anna))).rejects.toThrow('disk full');
    Object.assign(world.stores.audit, { append });
    await expectUntouched(anna);
  });

  test('by two at once is told once', async () => {
    await prepared(anna);
    const colleague = world.put('colleague', { groups: ['desk-north'] });
    const acted = await Promise.all([doIt(world.act(agent, anna)), doIt(world.act(colleague, anna))]);
    const done = acted.filter(({ kind }) => kind === 'done');
    expect(done.length).toBeGreaterThan(0);
    expect(await world.letters()).toHaveLength(done.length);
    expect(acted.filter(({ kind }) => kind === 'refused').every((one) => 'why' in one && one.why === 'too-soon')).toBe(
      true,
    );
  });
});

test('clearing ends the bars of the account and of its sign-in, and says when there is none', async () => {
  const { failures } = world.stores;
  for (const subject of [anna.id, signInSubject(anna)]) await failures.bar(subject, forGood, world.clock.now());
  await failures.bar('somebody-else', forGood, world.clock.now());
  expect(await world.desk.clearBars(world.act(agent, anna))).toEqual({ kind: 'done' });
  for (const subject of [anna.id, signInSubject(anna)]) {
    expect(await failures.lockout(subject, world.clock.now())).toBeUndefined();
  }
  expect(await failures.lockout('somebody-else', world.clock.now())).toBeDefined();
  expect(await world.desk.clearBars(world.act(agent, anna))).toEqual({ kind: 'nothing' });
  expect(await world.events(anna)).toEqual(['account.unbarred']);
  expect(await world.letters()).toHaveLength(1);
});

test('what cannot be told is not done either', async () => {
  await prepared(anna);
  // The outbox is written in the same transaction as the change.
  await world.stores.flows.openOf(anna.id, world.clock.now());
  const letters = async (act: (act: Act) => Promise<Acted>) => {
    const rows = world.stores.enrolments.registered;
    Object.assign(world.stores.enrolments, { registered: async () => Promise.reject(new Error('store gone')) });
    await expect(act(world.act(agent, anna))).rejects.toThrow('store gone');
    Object.assign(world.stores.enrolments, { registered: rows });
  };
  for (const act of Object.values(acts)) await letters(act);
  await expectUntouched(anna);
});

describe('to end the sessions of the console', () => {
  let admin: Account;
  beforeEach(() => {
    admin = world.put('ada', { groups: ['admins'] });
  });

  async function signedIn(person: Account): Promise<void> {
    const expires = new Date(world.clock.now().getTime() + 60_000);
    const owner = { accountId: person.id, reference: person.samName };
    await world.stores.sessions.write(person.id, { data: {}, expires, owner });
  }
  const open = async (person: Account) => (await world.stores.sessions.openOf(person.id, world.clock.now())).sessions;

  test('is audited with who and why before it is done, and then told', async () => {
    const { sessions } = world.stores;
    const endAll = sessions.endAll.bind(sessions);
    await signedIn(anna);
    sessions.endAll = async (...asked) => {
      expect(await world.events(anna)).toEqual(['console.session-ending']);
      return endAll(...asked);
    };
    expect(await world.desk.endSessions(world.act(admin, anna))).toEqual({ kind: 'done' });
    expect(await open(anna)).toBe(0);
    expect(await world.letters()).toMatchObject([
      { to: anna.mail, channel: 'email', event: { kind: 'sessions-ended' } },
    ]);
    expect(await world.desk.endSessions(world.act(admin, anna))).toEqual({ kind: 'nothing' });
    expect(await world.events(anna)).toEqual(['console.session-ending']);
  });

  test('5.33: is for administrators alone, whoever it is done to, and never for oneself', async () => {
    for (const person of [anna, world.put('col', { groups: ['desk-north'] }), admin]) await signedIn(person);
    expect(await world.desk.endSessions(world.act(agent, anna))).toEqual({ kind: 'refused', why: 'privileged' });
    expect(await world.desk.endSessions(world.act(admin, admin))).toEqual({ kind: 'refused', why: 'yourself' });
    const auditor = world.put('audrey', { groups: ['auditors'] });
    expect(await world.desk.endSessions(world.act(auditor, anna))).toEqual({ kind: 'refused', why: 'out-of-reach' });
    expect([await open(anna), await open(admin)]).toEqual([1, 1]);
    expect(await world.events(anna)).toEqual(['helpdesk.refused', 'helpdesk.refused']);
    expect(await world.letters()).toEqual([]);
  });

  test('is not done when it cannot be audited, or not be told', async () => {
    await signedIn(anna);
    const { audit, enrolments } = world.stores;
    const broken = async (): Promise<never> => Promise.reject(new Error('disk full'));
    const { append } = audit;
    Object.assign(audit, { append: broken });
    await expect(world.desk.endSessions(world.act(admin, anna))).rejects.toThrow('disk full');
    Object.assign(audit, { append });
    Object.assign(enrolments, { registered: broken });
    await expect(world.desk.endSessions(world.act(admin, anna))).rejects.toThrow('disk full');
    expect(await open(anna)).toBe(1);
  });

  test('by many at once is told once', async () => {
    await signedIn(anna);
    const acted = await Promise.all(Array.from({ length: 8 }, () => world.desk.endSessions(world.act(admin, anna))));
    expect(acted.filter(({ kind }) => kind === 'done')).toHaveLength(1);
    expect(await world.letters()).toHaveLength(1);
  });
});

test('ending visits ends those of the person and nobody else’s', async () => {
  const ben = world.put('ben');
  const [mine, other] = [await openFlow(anna), await openFlow(ben)];
  expect(await world.desk.endFlows(world.act(agent, anna))).toEqual({ kind: 'done' });
  expect((await world.stores.flows.read(mine.id))?.step).toEqual({ kind: 'cancelled' });
  expect((await world.stores.flows.read(other.id))?.step).toEqual(other.step);
  expect(await world.desk.endFlows(world.act(agent, anna))).toEqual({ kind: 'nothing' });
});

test('removing an enrolment is told by mail and by text on other numbers, never on the one that was removed', async () => {
  const other = '+447700900999';
  await world.register(anna, { 'otp-sms': { number }, phone: { number: other }, questions: { answers: [] } });
  const flow = await openFlow(anna);
  expect(await world.desk.removeEnrolment(world.act(agent, anna), 'otp-sms')).toEqual({ kind: 'done' });
  const left = await world.stores.enrolments.registered(anna.id);
  expect(left.map(({ gate }) => gate)).toEqual(['phone', 'questions']);
  expect((await world.letters()).map(({ to, event }) => [to, event]).toSorted()).toEqual([
    [other, { kind: 'enrolment-removed', gate: 'otp-sms' }],
    [anna.mail, { kind: 'enrolment-removed', gate: 'otp-sms' }],
  ]);
  expect((await world.stores.flows.read(flow.id))?.step).toEqual({ kind: 'cancelled' });
});

test('removing reaches what is held, and says when there is nothing of that gate', async () => {
  const hold = { id: 'h', countsFrom: new Date(world.clock.now().getTime() + 60_000) };
  const enrolment = { accountId: anna.id, gate: 'otp-sms', data: { number }, provedAt: world.clock.now() };
  await world.stores.enrolments.keep(enrolment, { hold });
  for (const gate of ['phone', '', 'otp-sms ', '__proto__']) {
    expect(await world.desk.removeEnrolment(world.act(agent, anna), gate)).toEqual({ kind: 'nothing' });
  }
  expect(await world.desk.removeEnrolment(world.act(agent, anna), 'otp-sms')).toEqual({ kind: 'done' });
  expect(await world.stores.enrolments.held(anna.id)).toEqual([]);
});

test('whoever was asked to register is not asked again for a while, and nobody without a mail address is', async () => {
  expect(await world.desk.askToRegister(world.act(agent, anna))).toEqual({ kind: 'done' });
  expect(await world.desk.askToRegister(world.act(agent, anna))).toEqual({ kind: 'refused', why: 'too-soon' });
  world.clock.pass(600);
  expect(await world.desk.askToRegister(world.act(agent, anna))).toEqual({ kind: 'done' });
  expect(await world.letters()).toHaveLength(2);
  const { mail: _, ...bare } = world.put('nomail');
  world.accounts.set(bare.id, bare);
  expect(await world.desk.askToRegister(world.act(agent, bare))).toEqual({ kind: 'refused', why: 'no-mail' });
});

test('5.33: of requests to register that are posted at once no more than one goes out', async () => {
  await Promise.all(Array.from({ length: 12 }, () => world.desk.askToRegister(world.act(agent, anna))));
  expect(await world.letters()).toHaveLength(1);
});

test('5.33: one agent has no more sent in an hour than helps anybody; another goes on, and the try is audited', async () => {
  const people = Array.from({ length: 61 }, (_, at) => world.put(`person-${at}`));
  const asked: unknown[] = [];
  for (const person of people) asked.push(await world.desk.askToRegister(world.act(agent, person)));
  expect(asked.slice(0, 60)).toEqual(Array.from({ length: 60 }, () => ({ kind: 'done' })));
  expect(asked[60]).toEqual({ kind: 'refused', why: 'too-many' });
  const last = people[60] as Account;
  const [row] = await world.stores.audit.about(last.id, 1);
  expect(row).toMatchObject({ event: 'helpdesk.refused', detail: { by: agent.id, why: 'too-many' } });
  const other = world.put('another', { groups: ['desk-north'] });
  world.clock.pass(600);
  expect(await world.desk.askToRegister(world.act(other, last))).toEqual({ kind: 'done' });
});
