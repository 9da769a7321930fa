import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ReportCounter } from '../../src/core/reports/report-counter.ts';
import type { Visitor } from '../portals/visitor.ts';
import { ConsoleWorld } from './world.ts';

/** As it was called at first, and what it is called after all visits but one. */
const [before, after] = ['North', '=North (new)'];
let world: ConsoleWorld;
let auditor: Visitor;

function policies(name: string): readonly Readonly<Record<string, unknown>>[] {
  const shared = { chain: ['otp-sms'], lockout: { threshold: 3, minutes: 15, 'bars-until-permanent': 3 } };
  return [
    { ...shared, name, members: { units: ['People/North'] }, share: 1 },
    { ...shared, name: 'Others', members: 'everyone', share: 100_000 },
  ];
}

/** One policy for a unit and one for everybody else, which nearly every made-up name is shown. */
beforeAll(async () => {
  world = await ConsoleWorld.open({ policies: policies(before), settings: { 'policies-in': 'store' } });
  auditor = (await world.signedIn('auditor')).visitor;
  await visits();
  const { stores } = world.latchkey;
  const by = { by: 'ana', byName: 'Ana', note: 'renamed', at: world.clock.now() };
  await stores.policies.save({ ...by, basedOn: 1, policies: policies(after) as never });
  await unlock(await inNorth(true));
  await new ReportCounter({ ...stores, clock: world.clock, node: 'test' }).turn();
});
afterAll(() => world.close());

async function inNorth(registered: boolean) {
  const unit = `OU=North,${world.portals.people}`;
  return registered ? world.portals.registered({ unit }) : world.portals.person({ unit });
}

async function unlock(person: Awaited<ReturnType<typeof inNorth>>): Promise<void> {
  const visitor = await world.portals.toChoice(person);
  expect((await visitor.submit({ action: 'unlock' })).path).toBe('/reset/done');
}

async function visits(): Promise<void> {
  const { portals } = world;
  await unlock(await inNorth(true));
  await unlock(await inNorth(true));
  await unlock(await portals.registered());
  const guessing = await portals.start((await inNorth(true)).samName);
  await guessing.submit({ code: '000000' }, 'act=next');
  for (let times = 0; times < 3; times += 1) await portals.start((await inNorth(false)).samName);
  await portals.start(portals.person().samName);
  for (let times = 0; times < 4; times += 1) await portals.start(`nobody-${times}`);
  // Whoever cannot pass and tries all the same makes no gate look worse.
  const trying = await portals.start((await inNorth(false)).samName);
  await trying.submit({ code: '000000' }, 'act=next');
  await portals.signIn('nobody', 'a wrong password');
  const registering = await inNorth(false);
  const visitor = await portals.signIn(registering.samName, registering.password);
  await visitor.submit({ number: registering.mobile }, 'act=next');
  await portals.passGate(visitor, registering);
  await portals.latchkey.challenges.idle();
}

async function rows(policy: string | undefined, plot: string): Promise<readonly (readonly string[])[]> {
  const query = new URLSearchParams(policy === undefined ? {} : { policy });
  await auditor.open(`/reports?${query}`);
  const $ = auditor.page;
  const cells = (row: Parameters<typeof $>[0]) =>
    $(row)
      .find('th, td')
      .toArray()
      .map((cell) => $(cell).text());
  return $(`#${plot} tbody tr`).toArray().map(cells);
}

const last = async (policy: string | undefined, plot: string) => (await rows(policy, plot)).at(-1)?.slice(1);

describe('what people did at the portals', () => {
  test('is in the report of the policy that they came under, and in that of all', async () => {
    expect(await last(before, 'actions')).toEqual(['0', '2']);
    expect(await last('Others', 'actions')).toEqual(['0', '1']);
    expect(await last(undefined, 'actions')).toEqual(['0', '4']);
    expect(await last(before, 'registrations')).toEqual(['1']);
    expect(await last('Others', 'registrations')).toBeUndefined();
  });

  test('says how the gates do for those who could pass', async () => {
    const [, passed, left, , , opened, , wrong] = (await rows(before, 'gates'))[0] ?? [];
    expect({ passed, left, opened, wrong }).toEqual({ passed: '2', left: '1', opened: '3', wrong: '1' });
    const [, ofOthers] = (await rows('Others', 'gates'))[0] ?? [];
    expect(ofOthers).toBe('1');
  });

  test('counts who could not pass under their own policy, and a made-up name under none', async () => {
    expect(await rows(before, 'refusals')).toEqual([['Not registered', '4']]);
    expect(await rows('Others', 'refusals')).toEqual([['Not registered', '1']]);
    expect((await rows(undefined, 'refusals')).toSorted()).toEqual([
      ['No such user name', '4'],
      ['Not registered', '5'],
      ['Sign-in: wrong name or password', '1'],
    ]);
  });

  test('says what the provider sent to people under it', async () => {
    expect((await rows(before, 'providers')).map((row) => row[1])).toEqual(['4']);
    expect((await rows('Others', 'providers')).map((row) => row[1])).toEqual(['1']);
  });

  test('stays under the name that the policy had then: one that was renamed is gone, and can be chosen', async () => {
    expect(await last(after, 'actions')).toEqual(['0', '1']);
    const $ = auditor.page;
    expect($('#policy optgroup[label="In force"]').text()).toContain(after);
    expect($('#policy optgroup[label="In force"]').text()).not.toContain(`\n${before}`);
    expect(
      $('#policy optgroup[label="No longer in force"] option')
        .toArray()
        .map((option) => $(option).text()),
    ).toEqual([before]);
  });
});
