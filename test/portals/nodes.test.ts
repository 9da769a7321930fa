import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Unavailable } from '../../src/core/errors.ts';
import { PortalWorld } from './world.ts';

const directoryThreshold = 5;
let world: PortalWorld;

beforeAll(async () => {
  // Latchkey itself bars later than the directory: what holds here is the margin alone.
  world = await PortalWorld.open({ chain: ['otp-sms'], policy: { lockout: { threshold: 100 } } });
});
afterAll(() => world.close());

describe('two nodes and two domain controllers', () => {
  test('5.22: forward no more wrong passwords together than one would, even if no controller has heard of any', async () => {
    const person = world.person();
    let forwarded = 0;
    const other = await world.anotherNode();
    try {
      for (let wrong = 0; wrong < 20; wrong += 1) {
        const visitor = (wrong % 2 === 0 ? world : other).visitor();
        await visitor.open('/registration');
        await visitor.submit({ login: person.samName, password: `wrong ${wrong}` });
        // Another controller answers each time, and counts for itself.
        forwarded += world.standing(person).badPasswords;
        world.demo.administration.set(person.entry, { badPwdCount: '0' });
      }
      expect(forwarded).toBe(directoryThreshold - 2);
      expect(world.standing(person).locked).toBe(false);
    } finally {
      await other.close();
    }
  });

  test('5.22: a hundred at once on both, from a hundred addresses, leave lockoutTime at 0', async () => {
    const person = await world.registered();
    const other = await world.anotherNode();
    try {
      const visitors = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? world : other).visitor());
      await Promise.all(visitors.map((visitor) => visitor.open('/registration')));
      await Promise.all(
        visitors.map((visitor, n) => visitor.submit({ login: person.samName, password: `wrong ${n}` })),
      );
      expect(world.standing(person)).toMatchObject({ locked: false, badPasswords: directoryThreshold - 2 });
      expect(await world.bind(person, person.password)).toBe('bound');
      expect((await world.toChoice(person)).path).toBe('/reset/choose');
    } finally {
      await other.close();
    }
  });

  test('5.22: a wrong password whose answer was lost is spent, though it bars nobody', async () => {
    const person = world.person();
    const { directory, stores } = world.latchkey;
    const { authenticate } = directory;
    let forwarded = 0;
    directory.authenticate = async (account, password) => {
      await authenticate.call(directory, account, password);
      forwarded += 1;
      // The next controller knows nothing of it.
      world.demo.administration.set(person.entry, { badPwdCount: '0' });
      throw new Unavailable('the answer was lost');
    };
    try {
      for (let wrong = 0; wrong < 10; wrong += 1) await world.signIn(person.samName, `wrong ${wrong}`);
    } finally {
      directory.authenticate = authenticate;
    }
    expect(forwarded).toBe(directoryThreshold - 2);
    expect(await stores.failures.inARow(`sign-in:${person.id}`, 'sign-in')).toBe(0);
  });

  test('a directory that is down spends nothing', async () => {
    const person = world.person();
    const { directory } = world.latchkey;
    const { authenticate } = directory;
    directory.authenticate = async (account, password) => {
      await world.proxy.stop();
      return authenticate.call(directory, account, password);
    };
    try {
      for (let n = 0; n < directoryThreshold; n += 1) {
        expect((await world.signIn(person.samName, person.password)).status).toBe(503);
        await world.proxy.start();
      }
    } finally {
      directory.authenticate = authenticate;
    }
    expect((await world.signIn(person.samName, person.password)).path).toBe('/registration/otp-sms');
  });

  test('the right password after that is taken again once the directory has forgotten', async () => {
    const person = world.person();
    for (let wrong = 0; wrong < 4; wrong += 1) await world.signIn(person.samName, `wrong ${wrong}`);
    expect((await world.signIn(person.samName, person.password)).path).toBe('/registration');
    world.clock.pass(31 * 60 + 300);
    expect((await world.signIn(person.samName, person.password)).path).toBe('/registration/otp-sms');
  });
});
