import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LimitedPhones } from '../limited-phones.ts';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld } from './world.ts';

const gates = { 'otp-sms': 'No text was sent', phone: 'No call was placed' } as const;

describe.each(Object.entries(gates))('when a limit kept back what %s waits for', (gate, says) => {
  let phones: LimitedPhones;
  let world: PortalWorld;

  beforeAll(async () => {
    phones = await LimitedPhones.open();
    world = await PortalWorld.open({ chain: [gate], settings: phones.settings });
    phones.use(world);
  });
  afterAll(async () => {
    await world.close();
    await phones.close();
  });

  /** Somebody registered, for whom as much was sent as may be. */
  async function usedUp(): Promise<Person> {
    const person = await world.registered();
    await phones.useUp(world, person, gate);
    return person;
  }

  async function settled(visitor: Visitor): Promise<Visitor> {
    await world.latchkey.challenges.idle();
    return visitor.open(visitor.path);
  }

  const state = async (visitor: Visitor): Promise<string> =>
    (await visitor.ask({ method: 'get', path: `${visitor.path}/state` })).text;

  /** All that a browser is given, but for what differs between any two. */
  const look = ({ status, path, answer }: Visitor) => ({
    status,
    path,
    headers: Object.keys(answer.headers).sort(),
    text: answer.text.replaceAll(/(name="_csrf" value)="[^"]*"/g, '$1').replaceAll(/••\d\d/g, '••'),
  });

  /** What somebody sees on the way of a reset, whatever they try. */
  async function walked(login: string): Promise<readonly unknown[]> {
    const visitor = await world.start(login);
    const seen: unknown[] = [look(visitor)];
    const settle = async (): Promise<void> => {
      await settled(visitor);
      seen.push(look(visitor), await state(visitor));
    };
    await settle();
    await visitor.submit(gate === 'phone' ? {} : { code: '123456' }, 'act=next');
    await settle();
    world.clock.pass(40);
    await settle();
    await visitor.submit({}, gate === 'phone' ? 'act=next' : 'act=again');
    await settle();
    world.clock.pass(40);
    await visitor.submit({}, 'act=again');
    await settle();
    world.clock.pass(11 * 60);
    await settle();
    return seen;
  }

  test('a reset says nothing of it: every page is that of a login that does not exist', async () => {
    const person = await usedUp();
    const withheld = await walked(person.samName);
    const rows = await world.latchkey.stores.audit.about(person.id, 30);
    expect(rows.filter(({ event }) => event === 'challenge.failed').length).toBeGreaterThan(1);
    expect(withheld).toEqual(await walked(`nobody.${person.samName}`));
    expect(JSON.stringify(withheld)).not.toContain(says);
    expect(JSON.stringify(withheld)).not.toContain('limit for an hour');
  });

  test('a registration says so where somebody confirms that it is them', async () => {
    const person = await usedUp();
    const visitor = await settled(await world.signIn(person.samName, person.password));
    expect([visitor.path, visitor.heading]).toEqual([`/registration/confirm-${gate}`, says]);
    expect(visitor.text).toContain('Try again in an hour.');
    expect(visitor.text).toContain('If it cannot wait, ask the helpdesk.');
    expect(await state(visitor)).toBe('{"state":"changed"}');
    for (let tries = 0; tries < 4; tries += 1) {
      await visitor.post(visitor.path, { act: 'next', ...(gate === 'phone' ? {} : { code: '123456' }) });
    }
    expect((await settled(visitor)).heading).toBe(says);
    expect(await world.latchkey.stores.failures.inARow(person.id, gate)).toBe(0);
  });

  test('a registration says so of a number that is new, which can be changed there', async () => {
    const person = world.person();
    const other = await usedUp();
    const visitor = await world.signIn(person.samName, person.password);
    expect(visitor.path).toBe(`/registration/${gate}`);
    await visitor.submit({ number: gate === 'phone' ? other.phone : other.mobile }, 'act=next');
    await settled(visitor);
    expect([visitor.path, visitor.heading]).toEqual([`/registration/${gate}`, says]);
    expect(visitor.text).toContain('limit for an hour');
    await visitor.submit({}, 'act=change');
    expect(visitor.page('main input[name="number"]').length).toBe(1);
  });
});
