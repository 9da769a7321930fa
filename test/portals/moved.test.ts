import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Entry } from '../../src/directories/demo/entry.ts';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld } from './world.ts';

/** Two policies by unit, one by group before them, and an exception. */
const policies = [
  { name: 'strict', members: { groups: ['Watched'] }, chain: ['otp-sms', 'questions'] },
  { name: 'light', members: { units: ['People/Light'], except: { groups: ['Suspended'] } }, chain: ['questions'] },
  { name: 'texts', members: { units: ['People/Texts'] }, chain: ['otp-sms'] },
  { name: 'alike', members: { units: ['People/Alike'] }, chain: ['questions'] },
  { name: 'no reset', members: { units: ['People/Unlocking'] }, chain: ['questions'], actions: ['unlock'] },
];
const newPassword = 'A-quite-new-Passphrase-9';

let world: PortalWorld;
let person: Person;
let group: (name: string) => Entry;

beforeEach(async () => {
  world = await PortalWorld.open({ policies });
  const { administration, baseDn } = world.demo;
  for (const name of ['Light', 'Texts', 'Alike', 'Unlocking', 'Elsewhere'])
    administration.addUnitIn(world.people, name);
  const groups = new Map(
    ['Watched', 'Suspended', 'Inner'].map(
      (name) => [name, administration.addGroup(`CN=Users,${baseDn}`, name)] as const,
    ),
  );
  group = (name) => groups.get(name) as Entry;
  group('Watched').members.add(group('Inner'));
  person = world.person({ unit: `OU=Light,${world.people}` });
  await world.register(person, ['phone', 'otp-sms', 'questions']);
  world.lock(person);
});
afterEach(() => world.close());

async function toPassword(): Promise<Visitor> {
  const visitor = await world.start(person.samName);
  expect(visitor.path).toBe('/reset/questions');
  await world.passGate(visitor, person);
  return visitor.submit({ action: 'reset' });
}

const moveTo = (unit: string) => (): void =>
  world.demo.administration.moveTo(person.entry, `OU=${unit},${world.people}`);
const join = (name: string) => (): unknown => group(name).members.add(person.entry);

async function nothingWasWritten(): Promise<void> {
  expect(world.standing(person).locked).toBe(true);
  expect(await world.bind(person, newPassword)).not.toBe('bound');
  expect((await world.audited(person)).filter((event) => event.startsWith('write.'))).toEqual([]);
}

describe('5.35: somebody in the middle of a visit', () => {
  test.each<[what: string, change: () => unknown]>([
    ['of another unit', moveTo('Texts')],
    ['that allows no reset', moveTo('Unlocking')],
    ['of a group', join('Watched')],
    ['of a group, by way of another', join('Inner')],
  ])('who is moved to a stricter policy starts again: one %s', async (_what, change) => {
    const visitor = await toPassword();
    change();
    await visitor.submit({ password: newPassword, repeat: newPassword });
    expect(visitor.path).toBe('/reset/expired');
    await nothingWasWritten();
    expect(world.auditRows().find(({ event }) => event === 'flow.expired')?.detail).toContain('policy');
  });

  test.each<[what: string, change: () => unknown]>([
    ['to where no policy is', moveTo('Elsewhere')],
    ['into an exception, and to no other policy', join('Suspended')],
  ])('who is moved %s is not eligible any more', async (_what, change) => {
    const visitor = await toPassword();
    change();
    await visitor.submit({ password: newPassword, repeat: newPassword });
    expect(visitor.path).toBe('/reset/refused');
    await nothingWasWritten();
  });

  test('who is moved at the choice starts again too', async () => {
    const visitor = await world.start(person.samName);
    await world.passGate(visitor, person);
    join('Watched')();
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toBe('/reset/expired');
    await nothingWasWritten();
  });

  test('who is moved to a policy that asks for as much goes on', async () => {
    const visitor = await toPassword();
    moveTo('Alike')();
    await visitor.submit({ password: newPassword, repeat: newPassword });
    expect(visitor.path).toBe('/reset/done');
    expect(await world.bind(person, newPassword)).toBe('bound');
  });

  test('who starts again walks the chain of the new policy', async () => {
    const visitor = await toPassword();
    join('Watched')();
    await visitor.submit({ password: newPassword, repeat: newPassword });
    const again = await world.start(person.samName);
    expect(again.path).toBe('/reset/otp-sms');
  });

  test('of a registration is not eligible once no policy is for them', async () => {
    const fresh = world.person({ unit: `OU=Texts,${world.people}` });
    const visitor = await world.signIn(fresh.samName, fresh.password);
    await visitor.submit({ number: fresh.mobile });
    world.demo.administration.moveTo(fresh.entry, `OU=Elsewhere,${world.people}`);
    await visitor.submit({ code: await world.code(fresh.mobile) }, 'act=next');
    expect(visitor.path).toBe('/registration/refused');
    expect(await world.latchkey.stores.enrolments.of(fresh.id)).toEqual([]);
  });
});
