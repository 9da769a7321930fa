import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outside } from './outside.ts';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld, type WorldWish } from './world.ts';

/** Three policies that differ in all that somebody without an account could see. */
const policies = [
  {
    name: 'quiz',
    members: { units: ['People/Quiz'] },
    chain: ['questions'],
    lockout: { threshold: 2, minutes: 15, 'bars-until-permanent': 2 },
    'flow-minutes': 5,
    share: 2,
  },
  {
    name: 'texts',
    members: { units: ['People/Texts'] },
    chain: ['otp-sms', 'questions'],
    lockout: { threshold: 4, minutes: 30, 'bars-until-permanent': 3 },
    actions: ['reset'],
    'flow-minutes': 10,
    share: 1,
  },
  {
    name: 'calls',
    members: { units: ['People/Calls'] },
    chain: ['phone', 'otp-sms', 'questions'],
    lockout: { threshold: 3, minutes: 60, 'bars-until-permanent': 5 },
    actions: ['unlock'],
    share: 1,
  },
];
const pages: Readonly<Record<string, string>> = { quiz: 'questions', texts: 'otp-sms', calls: 'phone' };
const policyNames = Object.keys(pages);
const minutesOf: Readonly<Record<string, number>> = { quiz: 5, texts: 10, calls: 20 };
const gates = ['phone', 'otp-sms', 'questions'];

let world: PortalWorld;

async function open(wish: WorldWish = {}): Promise<PortalWorld> {
  const opened = await PortalWorld.open({ policies, ...wish });
  for (const name of ['Quiz', 'Texts', 'Calls', 'Nobody']) opened.demo.administration.addUnitIn(opened.people, name);
  return opened;
}

beforeAll(async () => {
  world = await open();
});
afterAll(() => world.close());

const unitOf = (policy: string, at = world): string => `OU=${policy[0]?.toUpperCase()}${policy.slice(1)},${at.people}`;

async function registered(policy: string): Promise<Person> {
  const person = world.person({ unit: unitOf(policy) });
  await world.register(person, gates);
  return person;
}

/** The gate that a start leads to; it is not opened, as there are many. */
async function firstPage(login: string, at = world): Promise<string> {
  const visitor = await at.visitor().open('/reset');
  const { path, body } = visitor.form({ login });
  const { headers } = await visitor.ask({ method: 'post', path, body });
  return String(headers.location).split('/').at(-1) ?? '';
}

/** Unknown logins that show this policy's chain. */
async function strangers(policy: string, count: number): Promise<readonly string[]> {
  const found: string[] = [];
  for (let n = 0; found.length < count; n += 1) {
    const login = `stranger.${policy}.${n}`;
    if ((await firstPage(login)) === pages[policy]) found.push(login);
  }
  return found;
}

/** People of one policy who cannot pass, each for another reason. */
const cannotPass: Readonly<Record<string, (policy: string) => Promise<string>>> = {
  'an unknown login': async (policy) => (await strangers(policy, 1))[0] ?? '',
  'somebody unregistered': async (policy) => world.person({ unit: unitOf(policy) }).samName,
  'somebody barred': async (policy) => {
    const person = await registered(policy);
    const rules = { threshold: 3, minutes: 60, barsUntilPermanent: 3 };
    await world.latchkey.stores.failures.bar(person.id, rules, world.clock.now());
    return person.samName;
  },
  'somebody disabled': async (policy) => {
    const person = await registered(policy);
    world.demo.administration.set(person.entry, { userAccountControl: '514' });
    return person.samName;
  },
  'somebody privileged': async (policy) => {
    const person = await registered(policy);
    world.demo.administration.set(person.entry, { adminCount: '1' });
    return person.samName;
  },
  'somebody whom no policy is for': async (policy) => {
    for (;;) {
      const person = world.person({ unit: unitOf('nobody') });
      await world.register(person, gates);
      if ((await firstPage(person.samName)) === pages[policy]) return person.samName;
    }
  },
};

/** One wrong answer to whatever gate is open, with fields that it has. */
function wrongly(visitor: Visitor): Promise<Visitor> {
  if (visitor.path.endsWith('questions')) return visitor.submit({ q1: 'wrong', q2: 'wrong' });
  return visitor.path.endsWith('phone')
    ? visitor.submit({}, 'act=next')
    : visitor.submit({ code: '000000' }, 'act=next');
}

/** All that shows of a visit that fails: pages, tries that are left, the bar, the next visit, and when a visit is over. */
async function walk(login: string): Promise<readonly unknown[]> {
  const visitor = await world.start(login);
  const seen: unknown[] = [visitor.path, outside(visitor.answer)];
  for (let wrong = 0; wrong < 5; wrong += 1) {
    if (!visitor.path.endsWith('refused')) await wrongly(visitor);
    await world.latchkey.challenges.idle();
    seen.push(visitor.path, outside(visitor.answer));
  }
  const again = await world.start(login);
  seen.push(again.path, outside(again.answer));
  for (let minutes = 0; minutes < 20; minutes += 5) {
    world.clock.pass(5 * 60);
    seen.push((await again.open(again.path)).path);
  }
  return seen;
}

describe.each(policyNames)('5.4: nobody can tell from outside, under the policy %s,', (policy) => {
  test.each(Object.entries(cannotPass))('%s from somebody who can pass and answers wrong', async (_who, make) => {
    const login = await make(policy);
    const normal = await registered(policy);
    const expected = await walk(normal.samName);
    expect(expected[0]).toBe(`/reset/${pages[policy]}`);
    expect(await walk(login)).toEqual(expected);
  });

  test('by how long a visit lasts: as long as the policy says', async () => {
    const [stranger = ''] = await strangers(policy, 1);
    for (const login of [stranger, (await registered(policy)).samName]) {
      const visitor = await world.start(login);
      const page = visitor.path;
      world.clock.pass((minutesOf[policy] ?? 0) * 60 - 1);
      expect((await visitor.open(page)).path).toBe(page);
      world.clock.pass(2);
      expect((await visitor.open(page)).path).toBe('/reset/expired');
    }
  });
});

// A call that nobody answers is no wrong answer.
test.each(['quiz', 'texts'])(
  '5.4: strangers are barred after as many wrong answers as the policy %s says',
  async (policy) => {
    const [stranger = ''] = await strangers(policy, 1);
    const most = policies.find(({ name }) => name === policy)?.lockout.threshold ?? 0;
    for (const login of [stranger, (await registered(policy)).samName]) {
      const visitor = await world.start(login);
      let wrong = 0;
      for (; wrong < 10 && !visitor.path.endsWith('refused'); wrong += 1) await wrongly(visitor);
      expect(wrong).toBe(most);
    }
  },
);

describe('5.4: over many names', () => {
  const many = 120;
  const counts = async (logins: readonly string[]): Promise<Readonly<Record<string, number>>> => {
    const found: Record<string, number> = { questions: 0, 'otp-sms': 0, phone: 0 };
    for (const login of logins) {
      const page = await firstPage(login);
      found[page] = (found[page] ?? 0) + 1;
    }
    return found;
  };
  const names = (count: number, make: (n: number) => string): readonly string[] =>
    Array.from({ length: count }, (_, n) => make(n));

  test.each<[who: string, make: (n: number) => string]>([
    ['unknown logins', (n) => `many.${n}`],
    ['people whom no policy is for', () => world.person({ unit: unitOf('nobody') }).samName],
  ])('%s show each chain as often as its share says', async (_who, make) => {
    const found = await counts(names(many, make));
    // Shares 2, 1 and 1; five standard deviations leave one run in a million.
    expect(Math.abs((found.questions ?? 0) - many / 2)).toBeLessThan(5 * Math.sqrt(many / 4));
    expect(Math.abs((found['otp-sms'] ?? 0) - many / 4)).toBeLessThan(5 * Math.sqrt((many * 3) / 16));
    expect(Math.abs((found.phone ?? 0) - many / 4)).toBeLessThan(5 * Math.sqrt((many * 3) / 16));
  });

  test.each(policyNames)('people of the policy %s always show its chain, registered or not', async (policy) => {
    for (let n = 0; n < 8; n += 1) {
      const person = n % 2 === 0 ? await registered(policy) : world.person({ unit: unitOf(policy) });
      expect(await firstPage(person.samName)).toBe(pages[policy]);
    }
  });
});

describe('5.4: the chain of somebody who is not there', () => {
  test('is the same for every spelling, in every visit and after a restart', async () => {
    const here = await open();
    for (const name of ['ghost.a', 'ghost.b', 'ghost.c', 'ghost.d']) {
      const spellings = [
        name,
        name.toUpperCase(),
        `CONTOSO\\${name}`,
        `FABRIKAM\\${name}`,
        `${name}@contoso.example`,
        name,
      ];
      const seen = new Set<string>();
      for (const login of spellings) seen.add(await firstPage(login, here));
      await here.restart();
      seen.add(await firstPage(name, here));
      expect([...seen]).toHaveLength(1);
    }
    await here.close();
  });

  test('of a name that exists and is written for another domain is that of the name', async () => {
    for (const policy of policyNames) {
      const person = await registered(policy);
      for (const login of [`FABRIKAM\\${person.samName}`, `${person.samName}@fabrikam.example`]) {
        expect(await firstPage(login)).toBe(pages[policy]);
        expect(await world.reached(person)).toBe(0);
      }
    }
  });

  test('stays what it was when somebody is disabled, barred, or becomes an administrator', async () => {
    for (const policy of policyNames) {
      const person = await registered(policy);
      expect(await firstPage(person.samName)).toBe(pages[policy]);
      for (const change of [{ adminCount: '1' }, { userAccountControl: '514' }]) {
        world.demo.administration.set(person.entry, change);
        expect(await firstPage(person.samName)).toBe(pages[policy]);
      }
    }
  });
});

describe('5.4: where one of the policies says so', () => {
  test('strangers are told as often as they would be shown its chain, and the others show what they did', async () => {
    const here = await open({ policies: policies.map((one) => ({ ...one, ...(one.name === 'quiz' ? frank : {}) })) });
    const [member, unregistered] = [
      here.person({ unit: unitOf('quiz', here) }),
      here.person({ unit: unitOf('quiz', here) }),
    ];
    await here.register(member, gates);
    expect(await firstPage(member.samName, here)).toBe('questions');
    expect(await firstPage(unregistered.samName, here)).toBe('refused');
    expect(await firstPage(here.person({ unit: unitOf('texts', here) }).samName, here)).toBe('otp-sms');
    const seen = new Set<string>();
    for (let n = 0; n < 40; n += 1) seen.add(await firstPage(`frank.${n}`, here));
    expect([...seen].toSorted()).toEqual(['otp-sms', 'phone', 'refused']);
    await here.close();
  });
  const frank = { 'unknown-logins': 'say-so' };
});

describe('5.4: what is wrong with the policies', () => {
  test('is wrong for everybody alike: a group that is gone stops a stranger as it stops a member', async () => {
    const excepting = [
      { ...policies[0], members: { everyone: true, except: { groups: ['Passing Group'] } } },
      ...policies.slice(1),
    ];
    const here = await open({ policies: excepting });
    here.demo.administration.addGroup(here.people, 'Passing Group');
    const person = here.person({ unit: unitOf('quiz', here) });
    await here.register(person, ['questions']);
    expect(await firstPage(person.samName, here)).toBe('questions');
    const forms: readonly (readonly [path: string, fields: Readonly<Record<string, string>>])[] = [
      ['/reset', { login: person.samName }],
      ['/reset', { login: 'nobody.at.all' }],
      ['/registration', { login: person.samName, password: 'Wrong-1' }],
      ['/registration', { login: 'nobody.at.all', password: 'Wrong-1' }],
    ];
    // All have the page in front of them when the group goes.
    const visits = await Promise.all(
      forms.map(async ([path, fields]) => ({ visitor: await here.visitor().open(path), fields })),
    );
    here.demo.administration.remove(here.demo.administration.at(`CN=Passing Group,${here.people}`));
    here.clock.pass(61);
    const answers: ReturnType<typeof outside>[] = [];
    for (const { visitor, fields } of visits) {
      const { path, body } = visitor.form(fields);
      answers.push(outside(await visitor.ask({ method: 'post', path, body })));
    }
    expect(answers.map(({ status }) => status)).toEqual([500, 500, 500, 500]);
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[2]).toEqual(answers[3]);
    expect((await here.visitor().open('/reset')).status).toBe(503);
    expect(here.log.join('')).toContain('Passing Group, which the directory does not have');
    await here.close();
  });
});
