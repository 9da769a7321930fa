import { afterEach, expect, test } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import { PortalWorld } from './world.ts';

let world: PortalWorld | undefined;
afterEach(() => world?.close());

const list = (chain: readonly string[], changes: object = {}): Json => [
  { name: 'everyone', members: 'everyone', chain, ...changes } as unknown as Json,
];

async function open(): Promise<PortalWorld> {
  world = await PortalWorld.open({ chain: ['otp-sms', 'questions'], settings: { 'policies-in': 'store' } });
  return world;
}

/** Past every check, as another node or a tamperer with a key could. */
function save({ latchkey, clock }: PortalWorld, basedOn: number, policies: Json) {
  const who = { by: 'operator', byName: '', note: '' };
  return latchkey.stores.policies.save({ basedOn, ...who, policies, at: clock.now() });
}

test('the list of the file is the first version, and a start with another file changes nothing', async () => {
  const { latchkey } = await open();
  expect(await latchkey.stores.policies.list(9)).toMatchObject([{ version: 1, by: 'operator' }]);
  await world?.restart({ chain: ['phone'] });
  const { policies } = (world as PortalWorld).latchkey.stores;
  expect(await policies.newest()).toBe(1);
  expect((await policies.latest())?.policies).toMatchObject([{ chain: ['otp-sms', 'questions'] }]);
});

test('a new version holds on every node for the very next visit; who is under way goes the way that they began', async () => {
  const first = await open();
  const other = await first.anotherNode();
  const person = await first.registered();
  const underWay = await first.start(person.samName);
  expect(underWay.path).toBe('/reset/otp-sms');
  await save(first, 1, list(['questions']));
  expect((await first.start(person.samName)).path).toBe('/reset/questions');
  expect((await first.start(person.samName, other.visitor())).path).toBe('/reset/questions');
  await first.passGate(underWay, person);
  expect(underWay.path).toBe('/reset/questions');
  await other.close();
});

test('a list that this node cannot use closes the door to everybody alike, and an alarm says why', async () => {
  const { latchkey, log, clock } = await open();
  const person = await (world as PortalWorld).registered();
  await save(world as PortalWorld, 1, list(['palm']));
  clock.pass(60);
  const answers = [];
  for (const login of [person.samName, 'nobody.at-all']) {
    const visitor = await (world as PortalWorld).visitor().open('/reset');
    answers.push([visitor.status, visitor.text]);
    if (visitor.status === 200) answers.push([login, (await visitor.submit({ login })).status]);
  }
  expect(answers[0]).toEqual(answers[1]);
  expect(log.join('\n')).toMatch(/"alarm":true.*the policies cannot be used|the policies cannot be used.*"alarm":true/);
  expect(log.join('\n')).toContain('policies.0.chain');
  expect(await latchkey.stores.policies.newest()).toBe(2);
  await save(world as PortalWorld, 2, list(['questions']));
  clock.pass(60);
  expect((await (world as PortalWorld).start(person.samName)).path).toBe('/reset/questions');
});

test('settings of gates that the configuration has left behind close the door, and are a fault to who began with them', async () => {
  const { latchkey, log, clock } = await open();
  const here = world as PortalWorld;
  const person = await here.registered();
  await save(here, 1, list(['questions'], { gates: { questions: { 'reset-asks': 3 } } }));
  const underWay = await here.start(person.samName);
  expect(underWay.page('main input[name^="q"]').length).toBe(3);
  expect(await latchkey.stores.policies.newest()).toBe(2);
  const questions = ['first-school', 'favourite-place'].map((id) => ({ id, text: { en: id } }));
  const counts = { 'registration-shows': 2, 'registration-requires': 2, 'reset-asks': 2, 'reset-requires': 2 };
  const changed = { 'otp-sms': { 'default-country': 'GB' }, questions: { questions, ...counts } };
  await here.restart({ settings: { 'policies-in': 'store', gates: changed } });
  clock.pass(60);
  const closed = await here.visitor().open('/reset');
  expect(closed.text).toContain('This service is not available right now');
  expect(log.join('\n')).toContain('policies.0.gates.questions.reset-asks: found 3; is 3 and must not be more than');
  await underWay.open('/reset/questions');
  expect(underWay.status).toBe(500);
  expect(underWay.text).not.toContain('questions');
  expect((await here.audited(person)).filter((event) => event.includes('wrong'))).toEqual([]);
});
