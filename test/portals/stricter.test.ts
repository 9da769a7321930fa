import { afterEach, expect, test } from 'vitest';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld, type WorldWish } from './world.ts';

const newPassword = 'A-quite-new-Passphrase-9';
let world: PortalWorld | undefined;

afterEach(() => world?.close());

/** What an operator may make stricter while somebody walks, in a world of one gate. */
const changes: Readonly<Record<string, WorldWish>> = {
  'asks for one more gate': { chain: ['otp-sms', 'questions'] },
  'asks for another gate': { chain: ['phone'] },
  'allows unlocking and resetting no more': { policy: { actions: ['unlock'] } },
  'gives less time': { policy: { 'flow-minutes': 5 } },
};

async function setUp(): Promise<{ here: PortalWorld; person: Person }> {
  world = await PortalWorld.open({ chain: ['otp-sms'] });
  const person = await world.registered();
  world.lock(person);
  return { here: world, person };
}

/** The operator changes the policy and restarts; the person has registered all of it, so that only the flow is at fault. */
async function tighten(here: PortalWorld, person: Person, change: WorldWish): Promise<void> {
  here.clock.pass(6 * 60);
  await here.restart(change);
  const { enrolments } = here.latchkey.stores;
  const kept = await enrolments.of(person.id);
  for (const gate of change.chain ?? []) {
    if (kept.some((one) => one.gate === gate)) continue;
    await enrolments.keep({ accountId: person.id, gate, data: { number: person.phone }, provedAt: new Date(0) });
  }
}

async function refusedByPolicy(here: PortalWorld, person: Person, visitor: Visitor): Promise<void> {
  expect(visitor.path).toBe('/reset/expired');
  expect(here.standing(person).locked).toBe(true);
  expect(await here.bind(person, newPassword)).not.toBe('bound');
  const events = await here.audited(person);
  expect(events).toContain('flow.expired');
  expect(events.filter((event) => event.startsWith('write.'))).toEqual([]);
}

test.each(Object.entries(changes))(
  '5.35: a policy that now %s holds a flow at its new password',
  async (_what, change) => {
    const { here, person } = await setUp();
    const visitor = await here.toPassword(person);
    await tighten(here, person, change);
    await visitor.submit({ password: newPassword, repeat: newPassword });
    await refusedByPolicy(here, person, visitor);
  },
);

test('5.35: a policy that asks for more holds a flow at its choice', async () => {
  const { here, person } = await setUp();
  const visitor = await here.toChoice(person);
  await tighten(here, person, { chain: ['otp-sms', 'questions'] });
  await visitor.submit({ action: 'unlock' });
  await refusedByPolicy(here, person, visitor);
});

test('5.35: a policy that asks for less does not shorten a chain that is being walked', async () => {
  world = await PortalWorld.open({ chain: ['otp-sms', 'questions'] });
  const person = await world.registered();
  const visitor = await world.start(person.samName);
  const code = await world.code(person.mobile);
  await world.restart({ chain: ['otp-sms'] });
  await visitor.submit({ code }, 'act=next');
  expect(visitor.path).toBe('/reset/questions');
});

test('5.35: a policy that asks for as much lets a flow end', async () => {
  const { here, person } = await setUp();
  const visitor = await here.toPassword(person);
  await here.restart();
  await visitor.submit({ password: newPassword, repeat: newPassword });
  expect(visitor.path).toBe('/reset/done');
});
