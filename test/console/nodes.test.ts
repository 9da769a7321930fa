import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { lacksPostgresql, type PostgresqlService, startPostgresql } from '../services/postgresql.ts';
import { testAccount, testLogins } from './drive-world.ts';
import { many, posted, type Storm, storm } from './storm.ts';
import { type AnotherConsole, ConsoleWorld } from './world.ts';

const reason = 'Called back on the number in the directory';
const isLacking = lacksPostgresql('test/console/nodes.test.ts');

describe.each(['SQLite', 'PostgreSQL'] as const)('two nodes on %s', (kind) => {
  describe.skipIf(kind === 'PostgreSQL' && isLacking)('and one browser', () => twoNodes(kind));
});

function twoNodes(kind: 'SQLite' | 'PostgreSQL'): void {
  let server: PostgresqlService | undefined;
  let world: ConsoleWorld;
  let other: AnotherConsole;
  let driven: Person;
  /** Signed in anew for each row. */
  let staff: Person;
  let visitor: Visitor;

  beforeAll(async () => {
    server = kind === 'SQLite' ? undefined : await startPostgresql();
    const store = await server?.createDatabase();
    world = await ConsoleWorld.open({
      chain: ['otp-sms'],
      console: { 'test-accounts': [testLogins.north] },
      settings: store === undefined ? {} : { store },
    });
    other = await world.anotherNode();
    driven = await testAccount(world, 'North');
  });
  afterAll(async () => {
    await other?.close();
    await world?.close();
    await server?.stop();
  });

  const nodes = () => [world.latchkey, other.latchkey];
  const stores = () => world.latchkey.stores;

  const told = async (person: Pick<Person, 'id'>, event: string): Promise<number> =>
    (await world.portals.audited(person)).filter((one) => one === event).length;

  /** Texts that reached somebody over any node. */
  async function texts(person: Person): Promise<readonly string[]> {
    for (const { challenges } of nodes()) await challenges.idle();
    return nodes().flatMap(({ phones }) => phones?.phone(person.mobile).texts.map(({ text }) => text) ?? []);
  }

  /** The code of the one text that is not among these. */
  async function newCode(person: Person, before: readonly string[]): Promise<string> {
    const text = (await texts(person)).find((one) => !before.includes(one));
    return /\d{6}/.exec(text ?? '')?.[0] ?? '';
  }

  async function jobsOf(kindOfJob: string): Promise<number> {
    for (const { background } of nodes()) await background.jobs.idle();
    const jobs = await world.latchkey.background.jobs.recent(500);
    return jobs.filter((job) => job.kind === kindOfJob && job.by === staff.id).length;
  }

  const oneJob = async (path: string, kindOfJob: string): Promise<Storm> => {
    await visitor.open(path);
    return {
      visitor,
      form: visitor.form(),
      so: async () => expect(await jobsOf(kindOfJob)).toBe(1),
    };
  };

  /** Every route of which a press is one act by nothing but that, and what fifty of the same at once come to. */
  const table: Readonly<Record<string, () => Promise<Storm>>> = {
    '/confirm': async () => {
      const before = await texts(staff);
      await visitor.open('/confirm');
      return {
        visitor,
        form: visitor.form(),
        async so() {
          expect(await texts(staff)).toHaveLength(before.length + 1);
          expect(await told(staff, 'flow.started')).toBe(2);
          await visitor.open('/console/otp-sms');
          await visitor.submit({ code: await newCode(staff, before) }, 'act=next');
          expect(visitor.path).toBe('/');
          expect(await told(staff, 'console.confirmed')).toBe(1);
        },
      };
    },
    '/sign-out': async () => ({
      visitor,
      form: posted(visitor, '/sign-out'),
      async so(answers) {
        for (const { headers } of answers) expect(headers.location).toBe('/console');
        expect(await told(staff, 'console.signed-out')).toBe(1);
        expect((await visitor.open('/')).path).toBe('/console');
      },
    }),
    '/sessions': async () => {
      world.clock.pass(31);
      await world.signIn(staff);
      await visitor.open('/sessions');
      return {
        visitor,
        form: visitor.form({}, 'act=end-others'),
        async so() {
          expect(await told(staff, 'console.session-ending')).toBe(1);
          expect((await visitor.open('/sessions')).text).toContain('1 session is over.');
          expect(await stores().sessions.of(staff.id, world.clock.now())).toHaveLength(1);
        },
      };
    },
    '/people/:id/sessions': async () => {
      const { person, visitor: theirs } = await world.signedIn('auditor');
      const there = theirs.tab(other.visitor());
      expect((await there.open('/')).path).toBe('/');
      await visitor.open(`/people/${person.id}/sessions`);
      return {
        visitor,
        form: visitor.form({ reason }),
        async so() {
          expect([(await theirs.open('/')).path, (await there.open('/')).path]).toEqual(['/console', '/console']);
          expect(await told(person, 'console.session-ending')).toBe(1);
          for (const { outbox } of nodes()) await outbox.idle();
          expect(nodes().flatMap(({ mailbox }) => mailbox?.mails(person.mail) ?? [])).toHaveLength(1);
        },
      };
    },
    '/simulator': () => oneJob('/simulator', 'simulation'),
    '/audit/check': () => oneJob('/audit/check', 'audit-check'),
    '/drive': async () => {
      const before = await told(driven, 'console.act');
      await visitor.open('/drive');
      return {
        visitor,
        form: visitor.form({ who: driven.id, zone: 'extranet', policy: '', registered: 'all' }),
        async so(answers) {
          expect(new Set(answers.map(({ headers }) => headers.location)).size).toBe(1);
          expect(await told(driven, 'console.act')).toBe(before + 1);
        },
      };
    },
    '/drive/live/:who': async () => {
      const before = [await told(driven, 'flow.started'), (await texts(driven)).length];
      await visitor.open(`/drive/live/${driven.id}`);
      return {
        visitor,
        form: visitor.form({ zone: 'extranet', reason, confirmed: 'yes' }),
        async so(answers) {
          expect(new Set(answers.map(({ headers }) => headers.location)).size).toBe(1);
          const after = [await told(driven, 'flow.started'), (await texts(driven)).length];
          expect(after).toEqual(before.map((count) => count + 1));
        },
      };
    },
    '/drive/providers': async () => {
      const before = (await texts(staff)).length;
      await visitor.open('/drive/providers');
      return {
        visitor,
        form: visitor.form({}, 'channel=sms'),
        async so(answers) {
          expect(new Set(answers.map(({ headers }) => headers.location)).size).toBe(1);
          expect(await texts(staff)).toHaveLength(before + 1);
        },
      };
    },
  };

  test('every route of which a press is one act is in the table', () => {
    const { routes = [] } = world.latchkey.console?.router ?? {};
    expect(routes.flatMap(({ once, path }) => (once === true ? [path] : [])).sort()).toEqual(Object.keys(table).sort());
  });

  test.each(Object.keys(table))('%s: fifty presses at once are one act', { timeout: 120_000 }, async (route) => {
    ({ person: staff, visitor } = await world.signedIn('administrator', 'helpdesk', 'auditor'));
    const row = await (table[route] as () => Promise<Storm>)();
    const answers = await storm(world, row, other);
    expect(answers.map(({ status }) => status)).toEqual(Array(many).fill(303));
    await row.so(answers);
    expect(await stores().audit.verify()).toBeUndefined();
  });

  test('a right password that comes fifty times at once begins one second factor, with one text', async () => {
    const person = await world.staff('administrator');
    const own = await world.visitor().open('/console');
    const form = own.form({ login: person.samName, password: person.password });
    const answers = await storm(world, { visitor: own, form }, other);
    expect(answers.map(({ headers }) => headers.location)).toEqual(Array(many).fill('/console/otp-sms'));
    expect(await told(person, 'flow.started')).toBe(1);
    expect(await texts(person)).toHaveLength(1);
    expect(cookiesOf(answers).size).toBe(1);
    await own.open('/console/otp-sms');
    await own.submit({ code: await newCode(person, []) }, 'act=next');
    expect(own.path).toBe('/');
  });

  test('one right code that comes fifty times at once opens one session, which every node knows and one press ends', async () => {
    const person = await world.staff('administrator');
    const own = await world.password(person);
    const form = own.form({ code: await newCode(person, []) }, 'act=next');
    const answers = await storm(world, { visitor: own, form }, other);
    // Whichever answer the browser goes on from.
    expect(answers.map(({ headers }) => headers.location)).toEqual(Array(many).fill('/'));
    expect([await told(person, 'gate.passed'), await told(person, 'console.signed-in')]).toEqual([1, 1]);
    expect(cookiesOf(answers).size).toBe(1);
    expect(await stores().sessions.of(person.id, world.clock.now())).toHaveLength(1);
    const there = own.tab(other.visitor());
    expect([(await own.open('/')).path, (await there.open('/')).path]).toEqual(['/', '/']);
    await own.post('/sign-out', {});
    expect([(await own.open('/')).path, (await there.open('/')).path]).toEqual(['/console', '/console']);
  });
}

/** Session cookies that the answers set. */
function cookiesOf(answers: Awaited<ReturnType<typeof storm>>): ReadonlySet<string | undefined> {
  return new Set(answers.flatMap(({ headers }) => headers['set-cookie'] ?? []).map((line) => line.split(';')[0]));
}
