import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Misconfigured } from '../../../src/core/errors.ts';
import type { Policy } from '../../../src/core/policies/policy.ts';
import { mostNamed, type Simulation, simulate } from '../../../src/core/survey/simulation.ts';
import { UnitTally } from '../../../src/core/survey/unit-tally.ts';
import { SurveyWorld, somebody, somePolicy } from './survey-world.ts';

let world: SurveyWorld;
beforeEach(async () => {
  world = await SurveyWorld.open();
});
afterEach(() => world.stores.close());

const members = { everyone: false, groups: [], units: [], except: { groups: [], units: [] } };

async function run(present: readonly Policy[], draft?: readonly Policy[]): Promise<Simulation> {
  const plan = { present, ...(draft === undefined ? {} : { draft }) };
  return simulate(world, plan, { report: () => undefined, signal: new AbortController().signal });
}

describe('the list in force', () => {
  test('is told by policy and zone, by unit, and with the names of those who could not pass', async () => {
    world.people = [
      somebody('ana', { unit: 'People/Sales', groups: ['id-of-sales'] }),
      somebody('ben', { unit: 'People/sales' }),
      somebody('cem', { unit: 'People' }),
      somebody('dan', { unit: 'People', disabled: true }),
      somebody('eve', { unit: 'People', privileged: true }),
    ];
    await world.register('ana', ['phone', 'questions']);
    await world.register('ben', ['questions']);
    const found = await run([
      somePolicy('sales', {
        members: { ...members, groups: ['sales'] },
        chain: ['phone', 'questions'],
        zone: 'extranet',
      }),
      somePolicy('rest'),
    ]);
    expect(found).toMatchObject({ draft: false, people: 4, unusable: 1, ready: 2, stranded: 1, gained: 0 });
    expect(found.policies).toEqual([
      { policy: 'sales', zone: 'intranet', people: 0, ready: 0 },
      { policy: 'sales', zone: 'extranet', people: 1, ready: 1 },
      { policy: 'rest', zone: 'intranet', people: 3, ready: 2 },
      { policy: 'rest', zone: 'extranet', people: 2, ready: 1 },
      { policy: null, zone: 'intranet', people: 1, ready: 0 },
      { policy: null, zone: 'extranet', people: 1, ready: 0 },
    ]);
    expect(found.units).toEqual([
      { unit: 'People', people: 2, covered: 1, ready: 0, stranded: 1 },
      { unit: 'People/Sales', people: 2, covered: 2, ready: 2, stranded: 0 },
    ]);
    expect(found.named).toEqual([
      {
        id: 'cem',
        name: 'DEMO\\cem',
        displayName: 'cem of Demo',
        unit: 'People',
        zones: ['intranet', 'extranet'],
        why: 'unregistered',
        missing: ['questions'],
      },
    ]);
    expect(found).not.toHaveProperty('otherUnits');
  });

  test('whoever can pass in one zone alone is told with the other, and a zone without a listener is none', async () => {
    world.people = [somebody('ana'), somebody('ben')];
    await world.register('ana', ['questions']);
    await world.register('ben', ['questions', 'phone']);
    const list = [
      somePolicy('inside', { zone: 'intranet' }),
      somePolicy('outside', { zone: 'extranet', chain: ['phone'] }),
    ];
    const found = await run(list);
    expect(found).toMatchObject({ people: 2, ready: 1, stranded: 1 });
    expect(found.named).toMatchObject([{ id: 'ana', zones: ['extranet'], missing: ['phone'] }]);
    world.zones = ['intranet'];
    const inside = await run(list);
    expect(inside).toMatchObject({ people: 2, ready: 2, stranded: 0, named: [] });
    expect(inside.policies.map(({ zone }) => zone)).toEqual(['intranet', 'intranet', 'intranet']);
  });

  test('whoever is barred could not pass today, and has nothing to register', async () => {
    world.people = [somebody('ana')];
    await world.register('ana', ['questions']);
    await world.stores.failures.bar('ana', somePolicy('x').lockout, world.clock.now());
    expect((await run([somePolicy('all')])).named).toMatchObject([{ id: 'ana', why: 'barred', missing: [] }]);
  });

  test('where any two are enough, two are, and one is not', async () => {
    world.people = [somebody('ana'), somebody('ben')];
    await world.register('ana', ['phone', 'questions']);
    await world.register('ben', ['phone']);
    const found = await run([somePolicy('any two', { chain: ['phone', 'otp-sms', 'questions'], needed: 2 })]);
    expect(found.ready).toBe(1);
    expect(found.named).toMatchObject([{ id: 'ben', missing: ['otp-sms', 'questions'] }]);
  });

  test('nobody is counted twice or left out over many pages, and how far it has come is told', async () => {
    world.people = Array.from({ length: 7 }, (_, at) => somebody(`p${at}`));
    const told: number[] = [];
    const run = { report: ({ done }: { done: number }) => told.push(done), signal: new AbortController().signal };
    const found = await simulate(world, { present: [somePolicy('all')] }, run);
    expect(found).toMatchObject({ people: 7, stranded: 7 });
    expect(told).toEqual([2, 4, 6, 7]);
  });
});

describe('a draft', () => {
  test('names who can pass now and could no longer, in which zone and why, and nobody else', async () => {
    world.people = ['ana', 'ben', 'cem', 'dan'].map((id) => somebody(id, { unit: `People/${id}` }));
    await world.register('ana', ['questions']);
    await world.register('ben', ['questions', 'phone']);
    await world.register('dan', ['phone']);
    const draft = [
      somePolicy('inside', { zone: 'intranet' }),
      somePolicy('outside', { zone: 'extranet', chain: ['questions', 'phone'] }),
    ];
    const found = await run([somePolicy('all')], draft);
    expect(found).toMatchObject({ draft: true, ready: 1, stranded: 1, gained: 0 });
    expect(found.named).toMatchObject([{ id: 'ana', zones: ['extranet'], why: 'unregistered', missing: ['phone'] }]);
    expect(found.policies.map(({ policy }) => policy)).toEqual(expect.arrayContaining(['inside', 'outside', null]));
    expect(found.units.find(({ unit }) => unit === 'People/ana')).toMatchObject({ ready: 0, stranded: 1 });
  });

  test('tells how many could pass who cannot now', async () => {
    world.people = [somebody('ana'), somebody('ben')];
    await world.register('ana', ['questions']);
    const found = await run([somePolicy('all', { chain: ['questions', 'phone'] })], [somePolicy('all')]);
    expect(found).toMatchObject({ ready: 1, stranded: 0, gained: 1, named: [] });
  });

  test('that leaves somebody under no policy at all strands them', async () => {
    world.people = [somebody('ana', { groups: ['id-of-boss'] }), somebody('ben')];
    for (const id of ['ana', 'ben']) await world.register(id, ['questions']);
    const boss = { ...members, everyone: true, except: { groups: ['boss'], units: [] } };
    const found = await run([somePolicy('all')], [somePolicy('all', { members: boss })]);
    expect(found.named).toMatchObject([{ id: 'ana', zones: ['intranet', 'extranet'], why: 'no-policy', missing: [] }]);
  });

  test('that names a group which is not there is refused before anybody is looked at', async () => {
    world.people = [somebody('ana')];
    const draft = somePolicy('all', { members: { ...members, groups: ['ghosts'] } });
    await expect(run([somePolicy('all')], [draft])).rejects.toThrow(Misconfigured);
    expect(world.pages).toEqual([]);
  });
});

test('only the first thousand are named, and all are counted', async () => {
  world.pageSize = 500;
  world.people = Array.from({ length: mostNamed + 5 }, (_, at) => somebody(`p${at}`));
  const found = await run([somePolicy('all')]);
  expect(found.stranded).toBe(mostNamed + 5);
  expect(found.named).toHaveLength(mostNamed);
  expect(found.named[0]?.id).toBe('p0');
});

test('it ends at the next page once it is cancelled', async () => {
  world.people = Array.from({ length: 9 }, (_, at) => somebody(`p${at}`));
  const ending = new AbortController();
  const report = (): void => ending.abort(new Error('cancelled'));
  const work = simulate(world, { present: [somePolicy('all')] }, { report, signal: ending.signal });
  await expect(work).rejects.toThrow('cancelled');
  expect(world.pages).toEqual([0]);
});

test('units beyond what a table can show are added up, the ones with most of the stranded stay', () => {
  const tally = new UnitTally();
  for (let at = 0; at < 2_001; at += 1) tally.add(`u${at}`, { covered: true, ready: true, stranded: at === 2_000 });
  const { units, other, all } = tally.result();
  expect(units).toHaveLength(2_000);
  expect(units.some(({ unit }) => unit === 'u2000')).toBe(true);
  expect(other).toEqual({ unit: '', people: 1, covered: 1, ready: 1, stranded: 0 });
  expect(all).toMatchObject({ people: 2_001, stranded: 1 });
});
