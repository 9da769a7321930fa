import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outside } from './outside.ts';
import { type Person, PortalWorld, threshold } from './world.ts';

let world: PortalWorld;
const noPhone = ['otp-sms', 'questions'];
/** People with all gates, without a telephone, and without a code: as many as registered. */
const crowd: Person[] = [];

beforeAll(async () => {
  world = await PortalWorld.open({ policy: { needed: 2, 'unlock-after': 1 } });
  for (let n = 0; n < 30; n += 1) crowd.push(await world.registered({}, n % 3 === 0 ? noPhone : undefined));
});
afterAll(() => world.close());

const firstGate = async (login: string): Promise<string> => (await world.start(login)).path;
const ghosts = (count: number, name: string): readonly string[] =>
  Array.from({ length: count }, (_, n) => `${name}.${n}`);

/** Everything that somebody without phone and code can see: each gate that is offered, to and fro, and wrong answers. */
async function walk(login: string): Promise<{ first: string; seen: readonly unknown[] }> {
  const visitor = world.visitor();
  await visitor.open('/reset');
  const seen: unknown[] = [];
  seen.push(outside(await visitor.ask({ method: 'post', ...visitor.form({ login }) })));
  const step = async (act: () => Promise<unknown>): Promise<void> => {
    await act();
    await world.latchkey.challenges.idle();
    seen.push(visitor.path, outside(visitor.answer));
  };
  await step(() => visitor.open('/reset/choose'));
  const first = visitor.path;
  const [own, other] = first === '/reset/phone' ? (['phone', 'otp-sms'] as const) : (['otp-sms', 'phone'] as const);
  const press = async (gate: string): Promise<void> => {
    if (gate === 'phone') await step(() => visitor.submit({}, 'act=next'));
    else await step(() => visitor.submit({ code: '000000' }, 'act=next'));
  };
  await press(own);
  await step(() => visitor.submit({}, `another=${other}`));
  await press(other);
  seen.push(outside(await visitor.ask({ method: 'get', path: `/reset/${other}/state` })));
  for (const fields of [{ another: 'questions' }, { another: other }, { back: 'yes' }, { action: 'unlock' }]) {
    seen.push(outside(await visitor.post(visitor.path, fields)));
  }
  world.clock.pass(31);
  await press(other);
  await step(() => visitor.submit({}, `another=${own}`));
  await press(own);
  if (own === 'otp-sms') await step(() => visitor.submit({ code: '' }, 'act=again'));
  else await step(() => visitor.submit({}, 'act=again'));
  await step(() => visitor.open('/reset/password'));
  await step(() => visitor.submit({}, 'cancel=yes'));
  return { first, seen };
}

describe('5.4: where any two gates are enough', () => {
  test('nobody can tell who is unknown, unregistered, partly or fully registered, barred or disabled', async () => {
    const partly = world.person();
    await world.register(partly, ['otp-sms']);
    const barred = await world.registered({}, noPhone);
    const rules = { threshold, minutes: 15, barsUntilPermanent: 3 };
    await world.latchkey.stores.failures.bar(barred.id, rules, world.clock.now());
    const disabled = await world.registered();
    world.demo.administration.set(disabled.entry, { userAccountControl: '514' });
    const people = [
      await world.registered(),
      await world.registered({}, noPhone),
      await world.registered({}, ['phone', 'questions']),
      world.person(),
      partly,
      barred,
      disabled,
    ].map(({ samName }) => samName);
    const byFirst = new Map<string, { login: string; seen: string }[]>();
    for (const login of [...people, ...ghosts(14, 'ghost')]) {
      const { first, seen } = await walk(login);
      byFirst.set(first, [...(byFirst.get(first) ?? []), { login, seen: JSON.stringify(seen) }]);
    }
    expect([...byFirst.keys()].sort()).toEqual(['/reset/otp-sms', '/reset/phone']);
    for (const group of byFirst.values()) {
      // Real people and decoys on each side, or it would prove nothing.
      expect(group.some(({ login }) => login.startsWith('ghost.'))).toBe(true);
      expect(group.some(({ login }) => !login.startsWith('ghost.'))).toBe(true);
      expect(new Set(group.map(({ seen }) => seen)).size).toBe(1);
    }
  });

  test('each first gate is as frequent among unknown logins as among people', async () => {
    const logins = ghosts(150, 'crowd');
    let without = 0;
    for (const login of logins) if ((await firstGate(login)) === '/reset/otp-sms') without += 1;
    // A third, give or take five standard deviations.
    expect(without).toBeGreaterThan(21);
    expect(without).toBeLessThan(79);
  });

  test('a first gate is the same for every spelling, in every flow, and before and after a bar', async () => {
    for (const name of [...ghosts(6, 'spelt'), crowd[0]?.samName ?? '', crowd[1]?.samName ?? '']) {
      const first = await firstGate(name);
      for (const login of [name.toUpperCase(), `CONTOSO\\${name}`, `${name}@contoso.example`, `FABRIKAM\\${name}`]) {
        expect([login, await firstGate(login)]).toEqual([login, first]);
      }
    }
    for (const person of crowd.slice(0, 4)) {
      const before = await firstGate(person.samName);
      const rules = { threshold, minutes: 15, barsUntilPermanent: 3 };
      await world.latchkey.stores.failures.bar(person.id, rules, world.clock.now());
      expect(await firstGate(person.samName)).toBe(before);
    }
  });

  test('a hundred wrong answers at a gate that somebody does not have tell them of no gate', async () => {
    const person = await world.registered({}, ['phone', 'questions']);
    const { failures } = world.latchkey.stores;
    for (let n = 0; n < 100; n += 1) await failures.count(person.id, 'otp-sms', 1000, world.clock.now());
    await failures.bar(person.id, { threshold, minutes: 15, barsUntilPermanent: 300 }, world.clock.now());
    await failures.unbar(person.id);
    const visitor = await world.start(person.samName);
    await visitor.submit({}, 'another=otp-sms');
    await visitor.submit({ code: '000000' }, 'act=next');
    expect(visitor.path).toBe('/reset/otp-sms');
    expect(await world.audited(person)).not.toContain('gate.disabled');
  });

  test('a gate of which a hundred answers were wrong stays where it was, and there is another way', async () => {
    const person = await world.registered();
    const { failures } = world.latchkey.stores;
    for (let n = 0; n < 100; n += 1) await failures.count(person.id, 'phone', 1000, world.clock.now());
    await failures.bar(person.id, { threshold, minutes: 15, barsUntilPermanent: 300 }, world.clock.now());
    await failures.unbar(person.id);
    const visitor = await world.start(person.samName);
    expect(visitor.path).toBe('/reset/phone');
    expect(visitor.text).toContain(`••${person.phone.slice(-2)}`);
    await visitor.submit({}, 'another=otp-sms');
    await world.passGate(visitor, person);
    await visitor.submit({ action: 'reset' });
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/password');
    expect(world.phones.phone(person.phone).calls).toEqual([]);
  });
});
