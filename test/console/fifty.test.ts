import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { usualForm } from '../../src/console/campaign-form.ts';
import { type Answer, plain, type Visitor } from '../portals/visitor.ts';
import { type Person, threshold } from '../portals/world.ts';
import { routesIn } from '../web/routes-in.ts';
import { beginDry, beginLive, dryCode, testAccount, testLogins, wholeDatabase } from './drive-world.ts';
import { many, posted, type Storm, storm } from './storm.ts';
import { ConsoleWorld } from './world.ts';

const reason = 'Called back on the number in the directory';
const lockout = { threshold, minutes: 15, 'bars-until-permanent': 3 };
const policies = [
  { name: 'harbour', members: { units: ['People/North/Harbour'] }, chain: ['otp-sms', 'helpdesk-code'], lockout },
  { name: 'everyone', members: 'everyone', chain: ['otp-sms'], lockout },
];

let world: ConsoleWorld;
let driven: Person;
/** Signed in anew for each row, with every role that may do something. */
let staff: Person;
let visitor: Visitor;

beforeAll(async () => {
  world = await ConsoleWorld.open({
    chain: ['otp-sms'],
    policies,
    settings: { 'policies-in': 'store' },
    console: { 'test-accounts': [testLogins.north] },
  });
  driven = await testAccount(world, 'North');
});
afterAll(() => world.close());

const stores = () => world.latchkey.stores;
const background = () => world.latchkey.background;

/** How often something is in the audit about somebody. */
const told = async (person: Pick<Person, 'id'>, event: string): Promise<number> =>
  (await world.portals.audited(person)).filter((one) => one === event).length;

const mails = async (person: Person): Promise<number> => {
  await world.latchkey.outbox.idle();
  return world.latchkey.mailbox?.mails(person.mail).length ?? 0;
};

const acts = (what: string): number => world.audited('console.act').filter(({ detail }) => detail.what === what).length;

const counted = (answers: readonly Answer[], status: number): number =>
  answers.filter((answer) => answer.status === status).length;

async function registeredIn(unit: 'north' | 'inNorth', ...gates: readonly string[]): Promise<Person> {
  const person = world.personIn(unit);
  await world.portals.register(person, ['otp-sms', ...gates]);
  return person;
}

/** Ends what a job of a row was, so that the next row has all slots. */
async function noJobs(): Promise<void> {
  for (const job of await background().jobs.recent()) await background().jobs.cancel(job.id);
  await background().jobs.idle();
}

/** A job that goes on until it is cancelled. */
async function endless(kind: string): Promise<string> {
  const job = await background().jobs.start(kind, { id: 'eve', name: 'Eve' }, async (_report, signal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    throw new Error('cancelled');
  });
  return job?.id ?? '';
}

const jobsOf = async (kind: string): Promise<number> =>
  (await background().jobs.recent(500)).filter((job) => job.kind === kind).length;

async function draftWith(name: string): Promise<void> {
  await visitor.open('/policies');
  await visitor.submit({}, undefined);
  await visitor.open('/policies/draft/policy/new');
  await visitor.submit({ 'place-otp-sms': '1', name, groups: 'Helpdesk North' });
  expect(visitor.path).toBe('/policies/draft');
}

const draft = () => stores().policies.draft(staff.id);
const newest = () => stores().policies.newest();
const namesIn = (list: unknown): readonly string[] => (list as { name: string }[]).map(({ name }) => name);

/** A page of the console as it is asked for first, and a form of it. */
async function formOn(path: string, fields: Readonly<Record<string, string>> = {}, press?: `${string}=${string}`) {
  await visitor.open(path);
  return visitor.form(fields, press);
}

/** What rows of one job kind come to: one press is one job. */
async function oneJob(path: string, kind: string): Promise<Storm> {
  await noJobs();
  const before = await jobsOf(kind);
  return {
    visitor,
    form: await formOn(path),
    async so() {
      await background().jobs.idle();
      expect(await jobsOf(kind)).toBe(before + 1);
    },
  };
}

/** What rows that end a job come to: it is cancelled, and nothing else is said of it. */
async function oneEnd(page: string, kind: string): Promise<Storm> {
  const id = await endless(kind);
  return {
    visitor,
    form: await formOn(`${page}${id}`),
    async so(answers) {
      expect(counted(answers, 303)).toBe(many);
      await background().jobs.idle();
      expect(await background().jobs.read(id)).toMatchObject({ state: 'cancelled' });
    },
  };
}

type Row = readonly [what: string, prepare: () => Promise<Storm>];

/** Every route that takes a post, and what fifty of the same at once come to. */
const table: Readonly<Record<string, readonly Row[]>> = {
  'POST /confirm': [
    [
      'begins one proof, with one text',
      async () => {
        const before = [await told(staff, 'flow.started'), await world.portals.reached(staff)];
        return {
          visitor,
          form: await formOn('/confirm'),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect([await told(staff, 'flow.started'), await world.portals.reached(staff)]).toEqual(
              before.map((count) => count + 1),
            );
            await world.passFactor(staff, await visitor.open('/console/otp-sms'));
            expect(visitor.path).toBe('/');
          },
        };
      },
    ],
  ],
  'POST /sign-out': [
    [
      'leaves nobody signed in',
      async () => ({
        visitor,
        form: posted(visitor, '/sign-out'),
        async so(answers) {
          for (const { headers } of answers) expect(headers.location).toBe('/console');
          expect(await told(staff, 'console.signed-out')).toBe(1);
          expect((await visitor.open('/')).path).toBe('/console');
        },
      }),
    ],
  ],
  'POST /sessions': [
    [
      'ends the others, once, and leaves the one that asks',
      async () => {
        world.clock.pass(31);
        const other = await world.signIn(staff);
        return {
          visitor,
          form: await formOn('/sessions', {}, 'act=end-others'),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect(await told(staff, 'console.session-ending')).toBe(1);
            expect((await visitor.open('/sessions')).text).toContain('1 session is over.');
            expect([(await other.open('/')).path, (await visitor.open('/')).path]).toEqual(['/console', '/']);
            expect(await stores().sessions.of(staff.id, world.clock.now())).toHaveLength(1);
          },
        };
      },
    ],
    [
      'ends one, once',
      async () => {
        world.clock.pass(31);
        const other = await world.signIn(staff);
        return {
          visitor,
          form: await formOn('/sessions', {}, 'act=end'),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect(await told(staff, 'console.session-ending')).toBe(1);
            expect([(await other.open('/')).path, (await visitor.open('/')).path]).toEqual(['/console', '/']);
          },
        };
      },
    ],
  ],
  'POST /simulator': [['is one simulation', () => oneJob('/simulator', 'simulation')]],
  'POST /audit/check': [['is one check', () => oneJob('/audit/check', 'audit-check')]],
  'POST /one-login': [
    [
      'changes nothing',
      async () => {
        const form = await formOn('/one-login', { login: driven.samName });
        const before = wholeDatabase(world);
        return {
          visitor,
          form,
          async so(answers) {
            expect(counted(answers, 200)).toBe(many);
            expect(wholeDatabase(world)).toEqual(before);
          },
        };
      },
    ],
  ],
  'POST /campaigns/new': [
    [
      'is one campaign, and one letter for whoever it asks',
      async () => {
        const asked = world.personIn('inNorth');
        const wish = { ...usualForm, 'from-hour': '0', 'to-hour': '24', reason, units: 'People/North/Harbour' };
        await visitor.open('/campaigns/new');
        return {
          visitor,
          form: posted(visitor, '/campaigns/new', wish),
          async so() {
            const running = await stores().campaigns.running();
            expect(running).toHaveLength(1);
            background().campaigns.wake();
            await background().campaigns.idle();
            expect(await mails(asked)).toBe(1);
            for (const { id } of running) await stores().campaigns.end(id, 'stopped', world.clock.now());
          },
        };
      },
    ],
  ],
  'POST /campaigns/:campaign/stop': [
    [
      'stops it once',
      async () => {
        const rules = { size: 9, fromHour: 0, toHour: 24, remindDays: 7, reminders: 1, groups: [], units: [] };
        const by = { by: 'eve', byName: 'Eve', startedAt: world.clock.now() };
        await stores().campaigns.create({ id: 'AAAAAAAAAAAA', rules: { ...rules, kind: 'invite' }, ...by });
        const end = vi.spyOn(stores().campaigns, 'end');
        return {
          visitor,
          form: await formOn('/campaigns/AAAAAAAAAAAA'),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect(await stores().campaigns.read('AAAAAAAAAAAA')).toMatchObject({ state: 'stopped' });
            const ends = await Promise.all(end.mock.results.map(({ value }) => value as Promise<boolean>));
            expect(ends.filter((isDone) => isDone)).toHaveLength(1);
            end.mockRestore();
          },
        };
      },
    ],
  ],
  'POST /campaigns/opt-out': [
    [
      'is one wish',
      async () => {
        await visitor.open('/campaigns');
        return {
          visitor,
          form: posted(visitor, '/campaigns/opt-out', { login: driven.samName, reason }),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect((await stores().campaigns.optOuts(99)).map(({ account }) => account)).toEqual([driven.id]);
            await stores().campaigns.optIn(driven.id);
          },
        };
      },
    ],
  ],
  'POST /campaigns/opt-in': [
    [
      'takes it back, and the late find nothing',
      async () => {
        const { id: account } = world.personIn('north');
        await stores().campaigns.optOut({ account, name: 'x', by: 'eve', at: world.clock.now() });
        await visitor.open('/campaigns');
        return {
          visitor,
          form: posted(visitor, '/campaigns/opt-in', { account }),
          async so(answers) {
            expect(counted(answers, 303) + counted(answers, 404)).toBe(many);
            expect((await stores().campaigns.optedOut([account])).size).toBe(0);
          },
        };
      },
    ],
  ],
  'POST /jobs/:job/cancel': [['ends it once', () => oneEnd('/jobs/', 'simulation')]],
  'POST /audit/check/:job': [['ends it once', () => oneEnd('/audit/check/', 'audit-check')]],
  'POST /people/:id/clear-bars': [
    [
      'clears them once, and tells it once',
      async () => {
        const person = await registeredIn('north');
        const rules = { threshold, minutes: 15, barsUntilPermanent: 3 };
        await stores().failures.bar(person.id, rules, world.clock.now());
        await visitor.open(`/people/${person.id}`);
        return {
          visitor,
          form: posted(visitor, `/people/${person.id}/clear-bars`, { reason }),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect(await stores().failures.lockout(person.id, world.clock.now())).toBeUndefined();
            expect(await mails(person)).toBe(1);
          },
        };
      },
    ],
  ],
  'POST /people/:id/end-visits': [
    [
      'ends them once, and tells it once',
      async () => {
        const person = await registeredIn('north');
        await world.portals.start(person.samName);
        const before = await mails(person);
        await visitor.open(`/people/${person.id}`);
        return {
          visitor,
          form: posted(visitor, `/people/${person.id}/end-visits`, { reason }),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect(await stores().flows.openOf(person.id, world.clock.now())).toBe(0);
            expect(await mails(person)).toBe(before + 1);
          },
        };
      },
    ],
  ],
  'POST /people/:id/ask-to-register': [
    [
      'is one mail',
      async () => {
        const person = await registeredIn('north');
        await visitor.open(`/people/${person.id}`);
        return {
          visitor,
          form: posted(visitor, `/people/${person.id}/ask-to-register`, { reason }),
          async so(answers) {
            expect([counted(answers, 303), counted(answers, 422)]).toEqual([1, many - 1]);
            expect([await mails(person), await told(person, 'registration.asked')]).toEqual([1, 1]);
          },
        };
      },
    ],
  ],
  'POST /people/:id/remove/:gate': [
    [
      'takes it away once, and tells it once',
      async () => {
        const person = await registeredIn('north', 'phone');
        await visitor.open(`/people/${person.id}/remove/otp-sms`);
        return {
          visitor,
          form: visitor.form({ reason }),
          async so() {
            expect((await stores().enrolments.registered(person.id)).map(({ gate }) => gate)).toEqual(['phone']);
            expect(await mails(person)).toBe(1);
          },
        };
      },
    ],
  ],
  'POST /people/:id/code': [
    [
      'is one code in one text',
      async () => {
        const person = await registeredIn('inNorth');
        await visitor.open(`/people/${person.id}/code`);
        return {
          visitor,
          form: posted(visitor, `/people/${person.id}/code`, { reason, to: 'otp-sms' }),
          async so(answers) {
            expect([counted(answers, 303), counted(answers, 422)]).toEqual([1, many - 1]);
            expect([await world.portals.reached(person), await told(person, 'code.issuing')]).toEqual([1, 1]);
          },
        };
      },
    ],
  ],
  'POST /people/:id/caller': [
    [
      'begins one check, with one text',
      async () => {
        const person = await registeredIn('north');
        await visitor.open(`/people/${person.id}/caller`);
        return {
          visitor,
          form: posted(visitor, `/people/${person.id}/caller`, { act: 'start', reason, gate: 'otp-sms' }),
          async so(answers) {
            expect([counted(answers, 303), counted(answers, 422)]).toEqual([1, many - 1]);
            expect([await world.portals.reached(person), await told(person, 'caller.checking')]).toEqual([1, 1]);
          },
        };
      },
    ],
    [
      'verifies once with the right code',
      async () => {
        const person = await registeredIn('north');
        await visitor.open(`/people/${person.id}/caller`);
        await visitor.submit({ gate: 'otp-sms', reason }, 'act=start');
        const code = await world.portals.code(person.mobile);
        return {
          visitor,
          form: visitor.form({ code }, 'act=check'),
          async so() {
            expect([await told(person, 'gate.passed'), await told(person, 'caller.verified')]).toEqual([1, 1]);
            expect(await told(person, 'gate.wrong')).toBe(0);
            expect((await visitor.open(`/people/${person.id}/caller`)).text).toContain('Verified');
          },
        };
      },
    ],
    [
      'counts a wrong code up to the threshold and no further',
      async () => {
        const person = await registeredIn('north');
        await visitor.open(`/people/${person.id}/caller`);
        await visitor.submit({ gate: 'otp-sms', reason }, 'act=start');
        const code = await world.portals.wrongCode(person.mobile);
        return {
          visitor,
          form: visitor.form({ code }, 'act=check'),
          async so() {
            expect(await told(person, 'gate.wrong')).toBeLessThanOrEqual(threshold);
            expect(await told(person, 'caller.not-verified')).toBeLessThanOrEqual(1);
          },
        };
      },
    ],
    [
      'gives up once',
      async () => {
        const person = await registeredIn('north');
        await visitor.open(`/people/${person.id}/caller`);
        await visitor.submit({ gate: 'otp-sms', reason }, 'act=start');
        return {
          visitor,
          form: visitor.form({}, 'act=stop'),
          async so() {
            expect([await told(person, 'flow.cancelled'), await told(person, 'caller.not-verified')]).toEqual([1, 1]);
          },
        };
      },
    ],
  ],
  'POST /policies/draft/begin': [
    [
      'begins one draft',
      async () => ({
        visitor,
        form: await formOn('/policies'),
        async so(answers) {
          expect(counted(answers, 303)).toBe(many);
          expect(await draft()).toMatchObject({ revision: 1 });
        },
      }),
    ],
  ],
  'POST /policies/draft/policy/:at': [
    [
      'adds one policy',
      async () => {
        await visitor.open('/policies');
        await visitor.submit();
        await visitor.open('/policies/draft/policy/new');
        return {
          visitor,
          form: visitor.form({ 'place-otp-sms': '1', name: 'Fifty', groups: 'Helpdesk North' }),
          async so(answers) {
            expect([counted(answers, 303), counted(answers, 422)]).toEqual([1, many - 1]);
            const kept = await draft();
            expect(kept?.revision).toBe(2);
            expect(namesIn(kept?.policies).filter((name) => name === 'Fifty')).toHaveLength(1);
          },
        };
      },
    ],
  ],
  'POST /policies/draft/arrange': [
    [
      'moves it by one place',
      async () => {
        await draftWith('Moved');
        const revision = String((await draft())?.revision);
        const before = namesIn((await draft())?.policies).indexOf('Moved');
        return {
          visitor,
          form: posted(visitor, '/policies/draft/arrange', { revision, name: 'Moved', way: 'up' }),
          async so(answers) {
            expect([counted(answers, 303), counted(answers, 409)]).toEqual([1, many - 1]);
            expect(namesIn((await draft())?.policies).indexOf('Moved')).toBe(before - 1);
          },
        };
      },
    ],
  ],
  'POST /policies/draft/discard': [
    [
      'throws it away',
      async () => {
        await draftWith('Gone');
        return {
          visitor,
          form: posted(visitor, '/policies/draft/discard'),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect(await draft()).toBeUndefined();
          },
        };
      },
    ],
  ],
  'POST /policies/draft/catch-up': [
    [
      'puts it on top once',
      async () => {
        await draftWith('Late');
        const latest = await stores().policies.latest();
        const { version = 0, policies: list = [] } = latest ?? {};
        const [first, ...rest] = list as { name: string }[];
        const changed = [{ ...first, name: `elsewhere ${version}` }, ...rest] as never;
        const by = { by: 'eve', byName: 'Eve', note: '', at: world.clock.now() };
        await stores().policies.save({ ...by, basedOn: version, policies: changed });
        return {
          visitor,
          form: posted(visitor, '/policies/draft/catch-up', { note: 'x' }),
          async so() {
            const kept = await draft();
            expect(kept).toMatchObject({ basedOn: version + 1, revision: 3 });
            expect(namesIn(kept?.policies).filter((name) => name === 'Late')).toHaveLength(1);
          },
        };
      },
    ],
  ],
  'POST /policies/draft/save': [
    [
      'is one version',
      async () => {
        await draftWith(`Saved ${await newest()}`);
        const before = await newest();
        await visitor.open('/policies/draft/review');
        return {
          visitor,
          form: visitor.form({ note: 'once' }),
          async so() {
            expect(await newest()).toBe(before + 1);
            expect(world.audited('policies.saved').filter(({ detail }) => detail.version === before + 1)).toHaveLength(
              1,
            );
            expect(await draft()).toBeUndefined();
          },
        };
      },
    ],
    [
      'of a draft that is gone does nothing',
      async () => {
        await visitor.open('/policies');
        const before = await newest();
        return {
          visitor,
          form: posted(visitor, '/policies/draft/save', { revision: '1', note: 'late' }),
          async so(answers) {
            for (const { headers } of answers) expect(headers.location).toBe('/policies');
            expect(await newest()).toBe(before);
          },
        };
      },
    ],
  ],
  'POST /policies/versions/:version/restore': [
    [
      'is one version',
      async () => {
        await draftWith(`Back ${await newest()}`);
        await visitor.open('/policies/draft/review');
        await visitor.submit({ note: 'to go back from' });
        const before = await newest();
        await visitor.open(`/policies/versions/${before - 1}`);
        return {
          visitor,
          form: visitor.form({ note: 'back' }),
          async so() {
            expect(await newest()).toBe(before + 1);
          },
        };
      },
    ],
  ],
  'POST /drive': [
    [
      'is one dry run',
      async () => {
        const before = acts('/drive');
        await visitor.open('/drive');
        return {
          visitor,
          form: visitor.form({ who: driven.id, zone: 'extranet', policy: '', registered: 'all' }),
          async so(answers) {
            expect(new Set(answers.map(({ headers }) => headers.location)).size).toBe(1);
            expect(acts('/drive')).toBe(before + 1);
            await visitor.open(String(answers[0]?.headers.location));
            expect([visitor.path, visitor.status]).toEqual([expect.stringMatching(/otp-sms$/), 200]);
          },
        };
      },
    ],
  ],
  'POST /drive/phone/:drive': [
    [
      'ends the call once',
      async () => {
        const own = await testWorldOfCalls();
        return own;
      },
    ],
  ],
  'POST /drive/end/:drive': [
    [
      'ends a live drive once',
      async () => {
        await beginLive(visitor, driven.id);
        const before = await told(driven, 'flow.cancelled');
        return {
          visitor,
          form: posted(visitor, visitor.page('form[action^="/drive/end/"]').attr('action') ?? ''),
          async so(answers) {
            expect(counted(answers, 303) + counted(answers, 404)).toBe(many);
            expect(await told(driven, 'flow.cancelled')).toBe(before + 1);
          },
        };
      },
    ],
  ],
  'POST /drive/live/:who': [
    [
      'is one visit with one text',
      async () => {
        const before = [await told(driven, 'flow.started'), await world.portals.reached(driven)];
        await visitor.open(`/drive/live/${driven.id}`);
        return {
          visitor,
          form: visitor.form({ zone: 'extranet', reason, confirmed: 'yes' }),
          async so(answers) {
            expect([await told(driven, 'flow.started'), await world.portals.reached(driven)]).toEqual(
              before.map((count) => count + 1),
            );
            await visitor.open(String(answers[0]?.headers.location));
            await visitor.submit({ code: await world.portals.code(driven.mobile) }, 'act=next');
            expect(visitor.path).toMatch(/choose$/);
          },
        };
      },
    ],
  ],
  'POST /drive/providers': [
    [
      'is one text',
      async () => {
        const before = await world.portals.reached(staff);
        return {
          visitor,
          form: await formOn('/drive/providers', {}, 'channel=sms'),
          async so(answers) {
            expect(await world.portals.reached(staff)).toBe(before + 1);
            expect(new Set(answers.map(({ headers }) => headers.location)).size).toBe(1);
            const code = await world.portals.code(staff.mobile);
            await visitor.open(String(answers[0]?.headers.location));
            await visitor.submit({ code });
            expect(visitor.text).toContain('Right');
          },
        };
      },
    ],
  ],
  'POST /drive/providers/:trial': [
    [
      'is right once, and stays right',
      async () => {
        await visitor.open('/drive/providers');
        await visitor.submit({}, 'channel=sms');
        const code = await world.portals.code(staff.mobile);
        await visitor.open(visitor.path);
        const { path } = visitor;
        return {
          visitor,
          form: visitor.form({ code }),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect((await visitor.open(path)).text).toContain('Right');
          },
        };
      },
    ],
    [
      'judges a wrong code a few times and then no more',
      async () => {
        await visitor.open('/drive/providers');
        await visitor.submit({}, 'channel=sms');
        const code = await world.portals.code(staff.mobile);
        await visitor.open(visitor.path);
        const { path } = visitor;
        return {
          visitor,
          form: visitor.form({ code: code === '000000' ? '111111' : '000000' }),
          async so() {
            await visitor.open(path);
            await visitor.post(path, { code });
            expect((await visitor.open(path)).text).toContain('Wrong');
          },
        };
      },
    ],
  ],
  'POST /drive/walk/:drive/:page': [
    [
      'passes the gate of a dry run once',
      async () => {
        await beginDry(visitor, driven.id, { registered: 'all' });
        return {
          visitor,
          form: visitor.form({ code: dryCode(visitor) }, 'act=next'),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            await visitor.open('/drive');
            await visitor.open(String(answers[0]?.headers.location));
            expect(visitor.path).toMatch(/choose$/);
            expect(plain(visitor.page('.told').text()).split('Passed “Code').length).toBe(2);
          },
        };
      },
    ],
    [
      'passes the gate of a live drive once',
      async () => {
        await beginLive(visitor, driven.id);
        const before = await told(driven, 'gate.passed');
        return {
          visitor,
          form: visitor.form({ code: await world.portals.code(driven.mobile) }, 'act=next'),
          async so() {
            expect(await told(driven, 'gate.passed')).toBe(before + 1);
          },
        };
      },
    ],
    [
      'unlocks once',
      async () => {
        world.portals.lock(driven);
        await beginLive(visitor, driven.id);
        await visitor.submit({ code: await world.portals.code(driven.mobile) }, 'act=next');
        const before = await told(driven, 'write.intended');
        return {
          visitor,
          form: visitor.form({ action: 'unlock' }),
          async so() {
            expect(await told(driven, 'write.intended')).toBe(before + 1);
            expect(world.portals.standing(driven).locked).toBe(false);
          },
        };
      },
    ],
    [
      'sets one password, and tells it once',
      async () => {
        await beginLive(visitor, driven.id);
        await visitor.submit({ code: await world.portals.code(driven.mobile) }, 'act=next');
        await visitor.submit({ action: 'reset' });
        const before = [await told(driven, 'write.intended'), await mails(driven)];
        const password = `Quiet-Harbour-${before[0]}-x`;
        return {
          visitor,
          form: visitor.form({ password, repeat: password }),
          async so() {
            expect([await told(driven, 'write.intended'), await mails(driven)]).toEqual(before.map((one) => one + 1));
            expect(await world.portals.bind(driven, password)).toBe('bound');
          },
        };
      },
    ],
  ],
  'POST /language': [
    [
      'is a choice of this browser and of nothing else',
      async () => {
        await visitor.open('/');
        const before = wholeDatabase(world);
        return {
          visitor,
          form: posted(visitor, '/language', { language: 'en', back: '/' }),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect(wholeDatabase(world)).toEqual(before);
          },
        };
      },
    ],
  ],
  'POST /console/': [
    [
      'with the right password sends no more texts than the limit of sign-ins lets, and signs nobody in',
      async () => signIns((person) => person.password),
    ],
    ['with a wrong password never locks the account', async () => signIns(() => 'Wrong-Horse-1')],
  ],
  'POST /console/:page': [
    [
      'takes the right code once, and signs in once',
      async () => {
        const person = await world.staff('administrator');
        const own = await world.password(person);
        const form = own.form({ code: await world.portals.code(person.mobile) }, 'act=next');
        return {
          visitor: own,
          form,
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect([await told(person, 'gate.passed'), await told(person, 'console.signed-in')]).toEqual([1, 1]);
            expect((await own.open('/')).path).toBe('/');
            // Whichever answer the browser took: one session, which one press of the button ends.
            const given = answers.flatMap(({ headers }) => headers['set-cookie'] ?? []);
            expect(new Set(given.map((line) => line.split(';')[0])).size).toBe(1);
            await own.post('/sign-out', {});
            expect((await own.open('/')).path).toBe('/console');
          },
        };
      },
    ],
    [
      'counts a wrong code up to the threshold and no further',
      async () => {
        const person = await world.staff('administrator');
        const own = await world.password(person);
        const form = own.form({ code: await world.portals.wrongCode(person.mobile) }, 'act=next');
        return {
          visitor: own,
          form,
          async so() {
            expect(await told(person, 'gate.wrong')).toBeLessThanOrEqual(threshold);
            expect((await own.open('/')).path).not.toBe('/');
          },
        };
      },
    ],
    [
      'sends no more texts than one flow may',
      async () => {
        const person = await world.staff('administrator');
        const own = await world.password(person);
        await world.latchkey.challenges.idle();
        const before = await world.portals.reached(person);
        world.clock.pass(31);
        await own.open('/console/otp-sms');
        return {
          visitor: own,
          form: own.form({}, 'act=again'),
          async so() {
            expect(await world.portals.reached(person)).toBe(before + 1);
          },
        };
      },
    ],
  ],
};

/** A sign-in with the limits that hold by default. */
async function signIns(passwordOf: (person: Person) => string): Promise<Storm> {
  const at = await ConsoleWorld.open({ settings: { limits: {} } });
  const person = await at.staff('administrator');
  const own = await at.visitor().open('/console');
  return {
    visitor: own,
    at,
    form: posted(own, '/console', { login: person.samName, password: passwordOf(person) }),
    async so(answers) {
      try {
        expect(await at.portals.reached(person)).toBeLessThanOrEqual(5);
        expect(counted(answers, 429)).toBeGreaterThanOrEqual(many - 5);
        expect(at.portals.standing(person)).toMatchObject({ locked: false });
        expect(at.audited('console.signed-in')).toEqual([]);
        expect((await own.open('/')).path).toBe('/console');
      } finally {
        await at.close();
      }
    },
  };
}

async function testWorldOfCalls(): Promise<Storm> {
  const at = await ConsoleWorld.open({ chain: ['phone'], console: { 'test-accounts': [testLogins.north] } });
  const person = await testAccount(at, 'North');
  const { visitor: own } = await at.signedIn('administrator');
  await beginDry(own, person.id, { registered: 'all' });
  return {
    visitor: own,
    at,
    form: own.form({}, 'end=confirm'),
    async so(answers) {
      try {
        expect(counted(answers, 303)).toBe(many);
        await own.open(String(answers[0]?.headers.location));
        await own.submit({}, 'act=next');
        expect(own.path).toMatch(/choose$/);
      } finally {
        await at.close();
      }
    },
  };
}

test('every route of the console that takes a post is in the table', () => {
  const { console } = world.latchkey;
  const found = routesIn(console?.app.router.stack ?? []).filter(([, method]) => method === 'POST');
  expect(found.map(([path]) => `POST ${path}`).sort()).toEqual(Object.keys(table).sort());
});

const rows = Object.entries(table).flatMap(([route, own]) => own.map(([what, prepare]) => ({ route, what, prepare })));

/** Every route that gives a file, and an address of it. */
const files: Readonly<Record<string, () => Promise<string>>> = {
  '/reports/file': async () => '/reports/file?plot=actions',
  '/coverage/file': async () => '/coverage/file?plot=units',
  '/audit/file': async () => `/audit/file?subject=${staff.id}&event=console.signed-in`,
  '/simulator/:job/people.csv': async () => `/simulator/${await simulation()}/people.csv`,
  '/simulator/:job/units.csv': async () => `/simulator/${await simulation()}/units.csv`,
};

async function simulation(): Promise<string> {
  await noJobs();
  await visitor.open('/simulator');
  await visitor.submit();
  await background().jobs.idle();
  return visitor.path.split('/').at(-1) ?? '';
}

test('every route that gives a file is among the files', () => {
  const { routes = [] } = world.latchkey.console?.router ?? {};
  const found = routes.filter(({ method, path }) => method === 'get' && /(?:\/file|\.csv)$/.test(path));
  expect(found.map(({ path }) => path).sort()).toEqual(Object.keys(files).sort());
});

describe('a file that is asked for fifty times at once', () => {
  test.each(Object.entries(files))('%s is whole each time, and each is in the audit', async (route, address) => {
    ({ person: staff, visitor } = await world.signedIn('administrator', 'auditor'));
    const path = await address();
    // A simulation was told of when it was started; the others are told of as they leave.
    const events = route.endsWith('/file') ? ['audit.exported', 'console.viewed'] : ['console.viewed'];
    const taken = (): readonly number[] =>
      events.map((event) => {
        const isOurs = ({ what, by }: Readonly<Record<string, unknown>>) => what === route && by === staff.id;
        return world.audited(event).filter(({ detail }) => isOurs(detail)).length;
      });
    const whole = await visitor.tab().ask({ method: 'get', path });
    expect([whole.status, whole.headers['content-disposition']]).toEqual([200, expect.stringContaining('attachment')]);
    const before = taken();
    const answers = await Promise.all(Array.from({ length: many }, () => visitor.tab().ask({ method: 'get', path })));
    for (const { status, text } of answers) expect([status, text]).toEqual([200, whole.text]);
    expect(taken()).toEqual(before.map((count) => count + many));
  });
});

describe('fifty of the same at once', () => {
  test.each(rows)('$route $what', { timeout: 120_000 }, async ({ prepare }) => {
    ({ person: staff, visitor } = await world.signedIn('administrator', 'helpdesk', 'auditor'));
    const row = await prepare();
    const answers = await storm(row.at ?? world, row);
    expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([]);
    await row.so(answers);
  });

  test('leave an audit whose chain is whole', async () => {
    expect(await stores().audit.verify()).toBeUndefined();
  });
});
