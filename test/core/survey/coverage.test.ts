import { afterEach, beforeEach, expect, test } from 'vitest';
import { CoverageKeeper, type CoverageNeeds } from '../../../src/core/survey/coverage.ts';
import { SurveyWorld, somebody, somePolicy } from './survey-world.ts';

const day = 24 * 60 * 60;
const span = { from: '2026-03-01', to: '2026-03-31' };
let world: SurveyWorld;
let faults: unknown[];
beforeEach(async () => {
  world = await SurveyWorld.open();
  faults = [];
});
afterEach(() => world.stores.close());

function createKeeper(changes: Partial<CoverageNeeds> = {}): CoverageKeeper {
  const { stores, directory, clock, matcher, zones } = world;
  return new CoverageKeeper({
    directory,
    stores,
    reports: stores.reports,
    duties: stores.duties,
    clock,
    matcher,
    zones,
    policies: async () => [somePolicy('all', { chain: ['phone', 'questions'] })],
    issued: ['helpdesk-code'],
    node: 'one',
    report: (fault) => faults.push(fault),
    ...changes,
  });
}

async function look(keeper = createKeeper()): Promise<void> {
  keeper.wake();
  await keeper.idle();
}

test('whoever registered all that can be registered counts so, and is ready with a code of the helpdesk', async () => {
  world.people = [somebody('ana', { unit: 'A' }), somebody('ben', { unit: 'A' }), somebody('cem', { unit: 'A' })];
  await world.register('ana', ['phone']);
  await world.register('ben', ['phone', 'helpdesk-code']);
  const policies = async () => [somePolicy('all', { chain: ['phone', 'helpdesk-code'] })];
  await look(createKeeper({ policies }));
  expect(await world.stores.reports.coverageByUnit(span)).toEqual([
    { day: '2026-03-02', unit: 'A', people: 3, registered: 2, ready: 1 },
  ]);
});

test('once a day everybody is counted by unit: under a policy, registered, and able to pass', async () => {
  world.people = [
    somebody('ana', { unit: 'People/Sales' }),
    somebody('ben', { unit: 'People/sales' }),
    somebody('cem', { unit: 'People', disabled: true }),
    somebody('dan', { unit: 'People' }),
    somebody('eve', { unit: 'Admins', privileged: true }),
  ];
  for (const id of ['ana', 'cem', 'dan']) await world.register(id, ['phone', 'questions']);
  await world.register('ben', ['phone']);
  await world.stores.failures.bar('dan', somePolicy('x').lockout, world.clock.now());
  await look();
  expect(await world.stores.reports.coverageByUnit(span)).toEqual([
    { day: '2026-03-02', unit: 'People', people: 2, registered: 2, ready: 0 },
    { day: '2026-03-02', unit: 'People/Sales', people: 2, registered: 1, ready: 1 },
  ]);
  const pages = world.pages.length;
  await look();
  await look(createKeeper({ node: 'two' }));
  expect(world.pages).toHaveLength(pages);
  world.clock.pass(day);
  await look(createKeeper({ node: 'two' }));
  expect(await world.stores.reports.coverage(span)).toHaveLength(2);
  expect(faults).toEqual([]);
});

test('registered is who has what the policies of all zones with a listener need, and ready who could pass in all', async () => {
  world.people = ['ana', 'ben', 'cem', 'dan'].map((id) => somebody(id, { unit: 'People' }));
  await world.register('ana', ['phone', 'questions']);
  await world.register('ben', ['questions']);
  await world.register('cem', ['phone']);
  const inside = somePolicy('inside', { zone: 'intranet', chain: ['questions', 'helpdesk-code'] });
  const policies = async () => [inside, somePolicy('outside', { zone: 'extranet', chain: ['phone'] })];
  await look(createKeeper({ policies }));
  const counted = { day: '2026-03-02', unit: 'People', people: 4 };
  expect(await world.stores.reports.coverageByUnit(span)).toEqual([{ ...counted, registered: 1, ready: 0 }]);
  world.clock.pass(day);
  await look(createKeeper({ policies, zones: ['extranet'] }));
  expect(await world.stores.reports.coverageByUnit(span)).toMatchObject([{ people: 4, registered: 2, ready: 2 }]);
});

test('everybody is counted under each policy that they come under, from one zone or the other, and once over all', async () => {
  world.people = [
    somebody('ana', { unit: 'People/Sales', groups: ['id-of-sales'] }),
    somebody('ben', { unit: 'People/Sales' }),
    somebody('cem', { unit: 'People', disabled: true }),
  ];
  await world.register('ana', ['questions']);
  await world.register('cem', ['questions']);
  const members = { everyone: false, groups: ['sales'], units: [], except: { groups: [], units: [] } };
  const policies = [
    somePolicy('sales outside', { members, zone: 'extranet', chain: ['questions', 'phone'] }),
    somePolicy('all'),
    somePolicy('nobody comes here'),
  ];
  await look(createKeeper({ policies: async () => policies }));
  const { reports } = world.stores;
  const of = async (policy: string) =>
    (await reports.coverageByUnit(span, undefined, policy)).map((one) => [
      one.unit,
      one.people,
      one.registered,
      one.ready,
    ]);
  expect(await of('sales outside')).toEqual([['People/Sales', 1, 0, 0]]);
  expect(await of('all')).toEqual([
    ['People', 1, 1, 0],
    ['People/Sales', 2, 1, 1],
  ]);
  expect(await of('nobody comes here')).toEqual([]);
  expect(await reports.coverage(span)).toMatchObject([{ people: 3, registered: 1, ready: 0 }]);
  expect((await reports.policies()).toSorted()).toEqual(['all', 'sales outside']);
  expect(faults).toEqual([]);
});

test('of two nodes that are woken at once, one walks', async () => {
  world.people = [somebody('ana')];
  await Promise.all(['one', 'two', 'three'].map((node) => look(createKeeper({ node }))));
  expect(world.pages).toEqual([0]);
});

test('a look that failed keeps nothing, is told of, and is tried again later', async () => {
  world.people = [somebody('ana'), somebody('ben'), somebody('cem')];
  const { walkPeople } = world.directory;
  let broken = true;
  const directory = {
    ...world.directory,
    walkPeople: async function* (walk: Parameters<typeof walkPeople>[0]) {
      for await (const page of walkPeople(walk)) {
        yield page;
        if (broken) throw new Error('the directory went away');
      }
    },
  };
  const keeper = createKeeper({ directory });
  await look(keeper);
  await look(keeper);
  expect(faults).toEqual([new Error('the directory went away')]);
  expect(await world.stores.reports.coverage(span)).toEqual([]);
  broken = false;
  world.clock.pass(1_800);
  await look(keeper);
  expect(await world.stores.reports.coverage(span)).toMatchObject([{ people: 3 }]);
});

test('a process that is told to end does not wait for everybody', async () => {
  world.people = Array.from({ length: 9 }, (_, at) => somebody(`p${at}`));
  const { proved } = world.stores.enrolments;
  const keeper: CoverageKeeper = createKeeper({
    stores: {
      failures: world.stores.failures,
      enrolments: {
        proved: async (ids) => {
          void keeper.stop();
          return proved(ids);
        },
      },
    },
  });
  await look(keeper);
  expect(world.pages).toEqual([0]);
  expect(faults).toEqual([]);
  expect(await world.stores.reports.coverage(span)).toEqual([]);
});
