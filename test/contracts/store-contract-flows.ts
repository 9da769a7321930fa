import { expect, test } from 'vitest';
import type { FlowStep } from '../../src/core/flow/flow.ts';
import { later, noon, sampleFlow, sampleRow } from './store-samples.ts';
import { type StoreWorld, together } from './store-world.ts';

export function flowContract(world: () => StoreWorld): void {
  test('a flow comes back deep-equal, on another node too', async () => {
    const flow = sampleFlow();
    await world().stores.flows.create(flow);
    expect(await world().stores.flows.read(flow.id)).toStrictEqual(flow);
    expect(await world().other.flows.read(flow.id)).toStrictEqual(flow);
  });

  test('a decoy without anything optional comes back deep-equal', async () => {
    const { notice: _notice, problems: _problems, wrong: _wrong, ...rest } = sampleFlow();
    const flow = { ...rest, memory: null, subject: { kind: 'decoy', key: 'k', seed: 's', reason: 'unknown' } as const };
    await world().stores.flows.create(flow);
    expect(await world().stores.flows.read(flow.id)).toStrictEqual(flow);
  });

  test('a flow that is not there is undefined, and the hash of an id is no id', async () => {
    const flow = sampleFlow();
    await world().stores.flows.create(flow);
    const [row] = await world().sql('select id_hash from flows');
    expect(await world().stores.flows.read('nobody')).toBeUndefined();
    expect(await world().stores.flows.read(String(row?.id_hash))).toBeUndefined();
  });

  test('the same id is not created twice', async () => {
    const flow = sampleFlow();
    await world().stores.flows.create(flow);
    await expect(world().stores.flows.create({ ...flow, reference: 'other' })).rejects.toThrow();
    expect(await world().stores.flows.read(flow.id)).toStrictEqual(flow);
  });

  test('a save writes the whole flow and counts the version up', async () => {
    const flow = sampleFlow();
    await world().stores.flows.create(flow);
    const next = { ...flow, step: { kind: 'password', refusals: 2 } as const, memory: null, expiresAt: later(99) };
    const saved = await world().stores.flows.save(next);
    expect(saved).toStrictEqual({ ...next, version: 2 });
    expect(await world().stores.flows.read(flow.id)).toStrictEqual(saved);
  });

  test('a save on an older version, or of a flow that is gone, changes nothing', async () => {
    const flow = sampleFlow();
    await world().stores.flows.create(flow);
    const saved = await world().stores.flows.save({ ...flow, language: 'fr' });
    expect(await world().other.flows.save({ ...flow, language: 'it' })).toBeUndefined();
    expect(await world().stores.flows.read(flow.id)).toStrictEqual(saved);
    expect(await world().stores.flows.save(sampleFlow())).toBeUndefined();
  });

  test('5.7: of 50 saves of one version at once, on two nodes, exactly one goes through', async () => {
    const { stores, other } = world();
    const flow = sampleFlow();
    await stores.flows.create(flow);
    const saves = await together([stores, other], 50, (node, at) => node.flows.save({ ...flow, wrong: at }));
    const winners = saves.filter((saved) => saved !== undefined);
    expect(winners).toHaveLength(1);
    expect(await stores.flows.read(flow.id)).toStrictEqual(winners[0]);
  });

  test('the success of one flow ends the other open flows of its account and no others', async () => {
    const { flows } = world().stores;
    const mine = sampleFlow();
    const second = sampleFlow({ subject: mine.subject });
    const foreign = sampleFlow();
    const over = sampleFlow({ subject: mine.subject, expiresAt: later(-1) });
    for (const flow of [mine, second, foreign, over]) await flows.create(flow);
    expect(await flows.endOthers(accountOf(mine), mine.id, noon)).toBe(1);
    expect(await flows.read(second.id)).toStrictEqual({
      ...second,
      step: { kind: 'cancelled' },
      memory: null,
      version: 2,
    });
    for (const flow of [mine, foreign, over]) expect(await flows.read(flow.id)).toStrictEqual(flow);
  });

  test.each<[FlowStep['kind'], FlowStep, number]>([
    ['choose', { kind: 'choose' }, 1],
    ['password', { kind: 'password', refusals: 0 }, 1],
    ['writing', { kind: 'writing', journalId: 'j', action: 'reset', since: 1 }, 0],
    ['done', { kind: 'done', certain: true }, 0],
    ['refused', { kind: 'refused', reason: 'barred' }, 0],
  ])('another flow that stands at %s is ended or left as it should', async (_name, step, ended) => {
    const { flows } = world().stores;
    const mine = sampleFlow();
    await flows.create(mine);
    await flows.create(sampleFlow({ subject: mine.subject, step }));
    expect(await flows.endOthers(accountOf(mine), mine.id, noon)).toBe(ended);
  });

  test('the open flows of an account are counted: those that would be ended, and no others', async () => {
    const { flows } = world().stores;
    const mine = sampleFlow();
    const { subject } = mine;
    const steps: readonly FlowStep[] = [
      { kind: 'choose' },
      { kind: 'writing', journalId: 'j', action: 'reset', since: 1 },
      { kind: 'done', certain: true },
      { kind: 'cancelled' },
    ];
    for (const flow of [mine, sampleFlow(), sampleFlow({ subject, expiresAt: later(-1) })]) await flows.create(flow);
    for (const step of steps) await flows.create(sampleFlow({ subject, step }));
    expect(await world().other.flows.openOf(accountOf(mine), noon)).toBe(2);
    expect(await flows.endOthers(accountOf(mine), '', noon)).toBe(2);
    expect(await flows.openOf(accountOf(mine), noon)).toBe(0);
  });

  test('what is told of an end is written when something ended, and only then', async () => {
    const { flows, outbox } = world().stores;
    const mine = sampleFlow();
    await flows.create(mine);
    await flows.endOthers(accountOf(mine), mine.id, noon, [sampleRow()]);
    expect(await outbox.standing()).toMatchObject({ waiting: 0 });
    const ended = await together([world().stores, world().other], 8, (node) =>
      node.flows.endOthers(accountOf(mine), '', noon, [sampleRow()]),
    );
    expect(ended.reduce((sum, count) => sum + count, 0)).toBe(1);
    expect(await outbox.standing()).toMatchObject({ waiting: 1 });
  });

  test('a flow that was ended from outside cannot be saved by whoever still holds it', async () => {
    const { flows } = world().stores;
    const [mine, held] = [sampleFlow(), sampleFlow()];
    await flows.create(mine);
    await flows.create({ ...held, subject: mine.subject });
    await flows.endOthers(accountOf(mine), mine.id, noon);
    expect(await flows.save({ ...held, step: { kind: 'choose' } })).toBeUndefined();
  });
}

function accountOf(flow: ReturnType<typeof sampleFlow>): string {
  return flow.subject.kind === 'account' ? flow.subject.account.id : '';
}
