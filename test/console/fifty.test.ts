import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Person, threshold } from '../portals/world.ts';
import { routesIn } from '../web/routes-in.ts';
import { testAccount, testLogins } from './drive-world.ts';
import { backgroundTable } from './fifty/background.ts';
import { campaignTable } from './fifty/campaigns.ts';
import { driveTable } from './fifty/drives.ts';
import { files } from './fifty/files.ts';
import { peopleTable } from './fifty/people.ts';
import { policyTable } from './fifty/policies.ts';
import type { Scene, Table } from './fifty/scene.ts';
import { signInTable } from './fifty/sign-in.ts';
import { many, storm } from './storm.ts';
import { ConsoleWorld, type StaffKind } from './world.ts';

/** Every route of the console that takes a post has its rows in one of these, by what it is about. */
const tables: readonly Table[] = [signInTable, backgroundTable, campaignTable, peopleTable, policyTable, driveTable];

const lockout = { threshold, minutes: 15, 'bars-until-permanent': 3 };
const policies = [
  { name: 'harbour', members: { units: ['People/North/Harbour'] }, chain: ['otp-sms', 'helpdesk-code'], lockout },
  { name: 'everyone', members: 'everyone', chain: ['otp-sms'], lockout },
];

let world: ConsoleWorld;
let driven: Person;

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

/** What a row has around it, with somebody new who has these roles. */
async function sceneOf(...kinds: readonly StaffKind[]): Promise<Scene> {
  const { person: staff, visitor } = await world.signedIn(...kinds);
  return { world, driven, staff, visitor };
}

test('every route of the console that takes a post is in one table', () => {
  const { console } = world.latchkey;
  const found = routesIn(console?.app.router.stack ?? []).filter(([, method]) => method === 'POST');
  expect(found.map(([path]) => `POST ${path}`).sort()).toEqual(tables.flatMap((table) => Object.keys(table)).sort());
});

test('every route that gives a file is among the files', () => {
  const { routes = [] } = world.latchkey.console?.router ?? {};
  const found = routes.filter(({ method, path }) => method === 'get' && /(?:\/file|\.csv)$/.test(path));
  expect(found.map(({ path }) => path).sort()).toEqual(Object.keys(files).sort());
});

describe('a file that is asked for fifty times at once', () => {
  test.each(Object.entries(files))('%s is whole each time, and each is in the audit', async (route, address) => {
    const scene = await sceneOf('administrator', 'auditor');
    const { staff, visitor } = scene;
    const path = await address(scene);
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

const rows = tables
  .flatMap((table) => Object.entries(table))
  .flatMap(([route, own]) => own.map(([what, prepare]) => ({ route, what, prepare })));

describe('fifty of the same at once', () => {
  test.each(rows)('$route $what', { timeout: 120_000 }, async ({ prepare }) => {
    const row = await prepare(await sceneOf('administrator', 'helpdesk', 'auditor'));
    const answers = await storm(row.at ?? world, row);
    expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([]);
    await row.so(answers);
  });

  test('leave an audit whose chain is whole', async () => {
    expect(await world.latchkey.stores.audit.verify()).toBeUndefined();
  });
});
