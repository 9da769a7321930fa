import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outside } from './outside.ts';
import { plain, type Visitor } from './visitor.ts';
import { lockoutMinutes, type Person, PortalWorld, threshold } from './world.ts';

let world: PortalWorld;

beforeAll(async () => {
  world = await PortalWorld.open();
});
afterAll(() => world.close());

/** Everything that somebody without phone and answers can see: starting, the page, Next, again, a wrong key, a look. */
async function walk(login: string): Promise<readonly unknown[]> {
  const visitor = world.visitor();
  await visitor.open('/reset');
  const seen: unknown[] = [outside(visitor.answer)];
  seen.push(outside(await visitor.ask({ method: 'post', ...visitor.form({ login }) })));
  const step = async (act: () => Promise<unknown>): Promise<void> => {
    await act();
    await world.latchkey.challenges.idle();
    seen.push(visitor.path, outside(visitor.answer));
  };
  await step(() => visitor.open('/reset/phone'));
  await step(() => visitor.submit({}, 'act=next'));
  seen.push(outside(await visitor.ask({ method: 'get', path: '/reset/phone/state' })));
  await step(() => visitor.submit({}, 'act=again'));
  seen.push(outside(await visitor.post('/reset/phone', { act: 'next', code: '123456' })));
  seen.push(outside(await visitor.ask({ method: 'get', path: '/reset/choose' })));
  world.clock.pass(31);
  seen.push(outside(await visitor.ask({ method: 'get', path: '/reset/phone/state' })));
  await step(() => visitor.submit({}, 'act=next'));
  await step(() => visitor.submit({}, 'act=again'));
  await step(() => visitor.submit({}, 'cancel=yes'));
  return seen;
}

const masks = (visitor: Visitor): readonly string[] => plain(visitor.answer.text).match(/••\d\d/g) ?? [];

async function maskOf(login: string): Promise<string> {
  return masks(await world.start(login))[0] ?? '';
}

/** People who cannot pass, each for another reason, and how they are called. */
const cannotPass: Readonly<Record<string, () => Promise<{ login: string; person?: Person }>>> = {
  'an unknown login': async () => ({ login: 'nobody.at.all' }),
  'an unknown login of another domain': async () => ({ login: 'FABRIKAM\\somebody' }),
  'an unknown principal': async () => ({ login: 'nobody.else@fabrikam.example' }),
  'somebody unregistered': async () => {
    const person = world.person();
    return { login: person.samName, person };
  },
  'somebody half registered': async () => {
    const person = world.person();
    const data = { number: person.phone };
    const provedAt = world.clock.now();
    await world.latchkey.stores.enrolments.keep({ accountId: person.id, gate: 'phone', data, provedAt });
    return { login: person.samName, person };
  },
  'somebody disabled': async () => {
    const person = await world.registered();
    world.demo.administration.set(person.entry, { userAccountControl: '514' });
    return { login: person.samName, person };
  },
  'somebody privileged': async () => {
    const person = await world.registered();
    world.demo.administration.set(person.entry, { adminCount: '1' });
    return { login: person.samName, person };
  },
  'an account that has expired': async () => {
    const person = await world.registered();
    world.demo.administration.set(person.entry, { accountExpires: '131000000000000000' });
    return { login: person.samName, person };
  },
  'somebody who signs in with a card only': async () => {
    const person = await world.registered();
    world.demo.administration.set(person.entry, { userAccountControl: String(0x40200) });
    return { login: person.samName, person };
  },
  'somebody barred': async () => {
    const person = await world.registered();
    const rules = { threshold, minutes: lockoutMinutes, barsUntilPermanent: 3 };
    await world.latchkey.stores.failures.bar(person.id, rules, world.clock.now());
    return { login: person.samName, person };
  },
  'a computer': async () => {
    const computer = world.demo.administration.addComputer(`OU=People,${world.demo.baseDn}`, 'PC-17');
    return { login: computer.text('sAMAccountName') ?? '' };
  },
};

const canPass: Readonly<Record<string, (person: Person) => void>> = {
  'somebody locked': (person) => world.lock(person),
  'somebody who must change the password': (person) => world.demo.administration.set(person.entry, { pwdLastSet: '0' }),
};

describe('5.4, 5.32: nobody can tell from outside', () => {
  test.each(Object.entries(cannotPass))('%s from somebody who can pass', async (_who, make) => {
    const { login, person } = await make();
    const normal = await world.registered();
    const expected = await walk(normal.samName);
    expect(await walk(login)).toEqual(expected);
    expect(await world.reached(normal)).toBe(2);
    if (person !== undefined) expect(await world.reached(person)).toBe(0);
  });

  test.each(Object.entries(canPass))('%s from anybody else', async (_who, change) => {
    const person = await world.registered();
    change(person);
    const normal = await world.registered();
    expect(await walk(person.samName)).toEqual(await walk(normal.samName));
  });
});

describe('5.4: the mask of a number', () => {
  const spellings = (name: string): readonly string[] => [
    name,
    name.toUpperCase(),
    ` ${name} `,
    `CONTOSO\\${name}`,
    `contoso\\${name}`,
    `contoso.example\\${name}`,
    `${name}@contoso.example`,
    `${name}@CONTOSO.EXAMPLE`,
    // Not ours: these tell a login that exists from one that does not, unless they look the same too.
    `FABRIKAM\\${name}`,
    `${name}@fabrikam.example`,
    // Fullwidth letters, which fold to the same name.
    [...name].map((c) => (/[a-z]/.test(c) ? String.fromCodePoint((c.codePointAt(0) ?? 0) + 0xfee0) : c)).join(''),
  ];

  test('is one and the same for every spelling of an unknown login', async () => {
    const seen = new Set<string>();
    for (const login of spellings('ghost.writer')) seen.add(await maskOf(login));
    expect([...seen]).toHaveLength(1);
    expect([...seen][0]).toMatch(/^••\d\d$/);
  });

  test('is one and the same for every spelling of a login that exists', async () => {
    const unregistered = world.person();
    const registered = await world.registered();
    for (const { samName } of [unregistered, registered]) {
      const seen = new Set<string>();
      for (const login of spellings(samName)) seen.add(await maskOf(login));
      expect([...seen]).toHaveLength(1);
    }
  });

  test('5.4: stays what it was when so many failed in a row that the number counts no more', async () => {
    const { failures } = world.latchkey.stores;
    for (let n = 0; n < 3; n += 1) {
      const person = await world.registered();
      const before = await maskOf(person.samName);
      for (let wrong = 0; wrong < 100; wrong += 1) await failures.count(person.id, 'phone', 1000, world.clock.now());
      await failures.bar(person.id, { threshold, minutes: lockoutMinutes, barsUntilPermanent: 300 }, world.clock.now());
      await failures.unbar(person.id);
      const reached = await world.reached(person);
      expect(await maskOf(person.samName)).toBe(before);
      expect(await world.reached(person)).toBe(reached);
    }
  });

  test('differs between logins, so that it does not say "nobody"', async () => {
    const seen = new Set<string>();
    for (let n = 0; n < 12; n += 1) seen.add(await maskOf(`ghost.${n}`));
    expect(seen.size).toBeGreaterThan(4);
  });

  test.each([
    [
      'barred',
      (person: Person) =>
        world.latchkey.stores.failures.bar(
          person.id,
          { threshold, minutes: lockoutMinutes, barsUntilPermanent: 3 },
          world.clock.now(),
        ),
    ],
    ['disabled', (person: Person) => world.demo.administration.set(person.entry, { userAccountControl: '514' })],
  ])('stays what it was when the account is %s', async (_what, change) => {
    const person = await world.registered();
    // A mask of two digits is the same by chance once in a hundred: three people leave one in a million.
    const others = [await world.registered(), await world.registered()];
    for (const one of [person, ...others]) {
      const before = await maskOf(one.samName);
      expect(before).toBe(`••${one.phone.slice(-2)}`);
      await change(one);
      expect(await maskOf(one.samName)).toBe(before);
    }
  });
});

describe('5.4: the questions', () => {
  let asking: PortalWorld;

  beforeAll(async () => {
    asking = await PortalWorld.open({ chain: ['questions'] });
  });
  afterAll(() => asking.close());

  const questionsOf = async (login: string): Promise<string> => {
    const visitor = await asking.start(login);
    return visitor.page('label').text();
  };

  test('of an unknown login stay the same for every spelling and in every flow', async () => {
    const first = await questionsOf('ghost.writer');
    for (const login of ['GHOST.writer', 'CONTOSO\\ghost.writer', 'ghost.writer@contoso.example', 'ghost.writer']) {
      expect(await questionsOf(login)).toBe(first);
    }
  });

  test('of somebody who was barred stay what they were', async () => {
    for (let n = 0; n < 5; n += 1) {
      const person = await asking.registered();
      const before = await questionsOf(person.samName);
      const visitor = await asking.start(person.samName);
      for (let wrong = 0; wrong < threshold; wrong += 1) await visitor.submit({ q1: 'wrong', q2: 'wrong' });
      expect(visitor.path).toBe('/reset/refused');
      expect(await questionsOf(person.samName)).toBe(before);
    }
  });

  test('answered right by somebody who is barred or disabled still do not pass', async () => {
    const person = await asking.registered();
    asking.demo.administration.set(person.entry, { userAccountControl: '514' });
    const visitor = await asking.start(person.samName);
    await asking.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/questions');
    expect(visitor.problems).toBe('One or more answers are not right. We cannot say which.');
  });

  test('bar an unknown login after as many tries as a known one, whichever way it is written', async () => {
    const wrong = { q1: 'wrong', q2: 'wrong' };
    const person = await asking.registered();
    for (const name of ['ghost.barred', person.samName]) {
      const paths: string[] = [];
      for (const login of [name, `FABRIKAM\\${name}`, `${name}@contoso.example`, name.toUpperCase()]) {
        paths.push((await (await asking.start(login)).submit(wrong)).path);
      }
      expect(paths).toEqual(['/reset/questions', '/reset/questions', '/reset/refused', '/reset/questions']);
    }
  });

  test('5.4: take as many wrong answers of somebody barred before as of anybody, again and again', async () => {
    const wrong = { q1: 'wrong', q2: 'wrong' };
    const bar = (person: Person, minutes: number) =>
      asking.latchkey.stores.failures.bar(person.id, { threshold, minutes, barsUntilPermanent: 3 }, asking.clock.now());
    const [normal, barred, longer] = [await asking.registered(), await asking.registered(), await asking.registered()];
    await bar(barred, lockoutMinutes);
    await bar(longer, 10 * lockoutMinutes);
    const byAnswers = await asking.registered();
    const own = await asking.start(byAnswers.samName);
    for (let n = 0; n < threshold; n += 1) await own.submit(wrong);
    for (const login of ['ghost.again', normal.samName, barred.samName, longer.samName, byAnswers.samName]) {
      for (let round = 0; round < 3; round += 1) {
        // Two flows side by side: what is counted, and what a bar ends, must be alike over flows too.
        const [one, two] = [await asking.start(login), await asking.start(login)];
        const paths: string[] = [];
        for (const visitor of [one, two, one, two]) paths.push((await visitor.submit(wrong)).path);
        const again = '/reset/questions';
        expect(paths).toEqual([again, again, '/reset/refused', '/reset/refused']);
      }
    }
  });
});

describe('where the policy says so', () => {
  let frank: PortalWorld;

  beforeAll(async () => {
    frank = await PortalWorld.open({ policy: { 'unknown-logins': 'say-so' } });
  });
  afterAll(() => frank.close());

  test('everybody who cannot pass gets one and the same helpful page', async () => {
    const disabled = await frank.registered();
    frank.demo.administration.set(disabled.entry, { userAccountControl: '514' });
    const unregistered = frank.person();
    const pages: unknown[] = [];
    for (const login of ['nobody.at.all', unregistered.samName, disabled.samName]) {
      const visitor = await frank.start(login);
      expect(visitor.path).toBe('/reset/refused');
      expect(visitor.heading).toBe("This page can't help with that account");
      pages.push(outside(visitor.answer));
    }
    expect(new Set(pages.map((page) => JSON.stringify(page))).size).toBe(1);
  });

  test('somebody who can pass goes on', async () => {
    const person = await frank.registered();
    expect((await frank.start(person.samName)).path).toBe('/reset/phone');
  });
});
