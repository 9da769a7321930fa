import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CampaignRules, CampaignStore } from '../../../src/core/campaigns/campaign-store.ts';
import { CampaignWorker, type CampaignWorkerNeeds } from '../../../src/core/campaigns/campaign-worker.ts';
import { Misconfigured } from '../../../src/core/errors.ts';
import type { Letter } from '../../../src/core/notices/notices.ts';
import type { Policy } from '../../../src/core/policies/policy.ts';
import { SurveyWorld, somebody, somePolicy } from '../survey/survey-world.ts';

const day = 24 * 60 * 60;
let world: SurveyWorld;
let faults: unknown[];
let policies: readonly Policy[];

beforeEach(async () => {
  world = await SurveyWorld.open();
  faults = [];
  policies = [somePolicy('all')];
  world.people = ['ana', 'ben', 'cem', 'dan'].map((id) => somebody(id));
});
afterEach(() => world.stores.close());

function createWorker(changes: Partial<CampaignWorkerNeeds> = {}): CampaignWorker {
  const { stores, directory, clock, matcher, zones } = world;
  return new CampaignWorker({
    store: stores.campaigns,
    outbox: stores.outbox,
    duties: stores.duties,
    directory,
    stores,
    clock,
    matcher,
    zones,
    policies: async () => policies,
    issued: ['helpdesk-code'],
    timeZone: 'UTC',
    node: 'one',
    wake: () => undefined,
    report: (fault) => faults.push(fault),
    pause: async () => undefined,
    ...changes,
  });
}

async function begin(changes: Partial<CampaignRules> = {}): Promise<void> {
  const rules = {
    kind: 'invite',
    size: 10,
    fromHour: 9,
    toHour: 17,
    remindDays: 7,
    reminders: 1,
    groups: [],
    units: [],
  };
  await world.stores.campaigns.create({
    id: 'spring',
    rules: { ...rules, ...changes } as CampaignRules,
    by: 'eve',
    byName: 'Eve',
    startedAt: world.clock.now(),
  });
}

/** Wakes it and waits for its turn. */
async function turn(worker = createWorker()): Promise<void> {
  worker.wake();
  await worker.idle();
}

/** Takes everything out of the outbox, as the mail server would. Whom it went to. */
async function posted(): Promise<readonly string[]> {
  const { outbox } = world.stores;
  const people: string[] = [];
  const wanted = { channels: ['email'], now: world.clock.now(), leaseMs: 1 } as const;
  for (let claim = await outbox.claim(wanted); claim !== undefined; claim = await outbox.claim(wanted)) {
    people.push((claim.body as unknown as Letter).person?.id ?? '');
    await outbox.sent(claim);
  }
  return people.sort();
}

const campaign = async () => world.stores.campaigns.read('spring');

describe('a wave', () => {
  test('writes to everybody who has not registered, once a day however often it is woken', async () => {
    await world.register('ben', ['questions']);
    await begin();
    const worker = createWorker();
    for (let times = 0; times < 3; times += 1) await turn(worker);
    expect(await posted()).toEqual(['ana', 'cem', 'dan']);
    expect(await campaign()).toMatchObject({
      letters: 3,
      wave: { day: '2026-03-02', letters: 3, over: true },
      standing: { people: 4, settled: 1, open: 3, exhausted: 0 },
    });
    expect(faults).toEqual([]);
  });

  test('has no more letters than its size, and the next day goes on with who had none', async () => {
    await begin({ size: 3 });
    await turn();
    await turn();
    expect(await posted()).toEqual(['ana', 'ben', 'cem']);
    world.clock.pass(day);
    await turn();
    expect(await posted()).toEqual(['dan']);
  });

  test('has first letters before reminders', async () => {
    await begin({ size: 3, remindDays: 1 });
    await turn();
    await posted();
    world.clock.pass(day);
    await turn();
    expect(await posted()).toEqual(['ana', 'ben', 'dan']);
  });

  test('has first letters before reminders, also where more reminders are due than fit', async () => {
    world.people = [somebody('ana'), somebody('ben')];
    await begin({ size: 2, remindDays: 2 });
    await turn();
    expect(await posted()).toEqual(['ana', 'ben']);
    world.people = [...world.people, somebody('cem')];
    world.clock.pass(day);
    await turn();
    expect(await posted()).toEqual(['cem']);
    world.people = [...world.people, somebody('dan')];
    world.clock.pass(2 * day);
    await turn();
    expect(await posted()).toEqual(['ana', 'dan']);
  });

  test.each([
    ['before its hours', -3600],
    ['after them', 8 * 3600],
  ])('does not begin %s', async (_name, seconds) => {
    await begin();
    world.clock.pass(seconds);
    await turn();
    expect(await posted()).toEqual([]);
    expect(world.pages).toEqual([]);
  });

  test('ends with its hours, and its rest is written the next day', async () => {
    await begin();
    const pause = async (): Promise<void> => world.clock.pass(8 * 3600);
    let asked = 0;
    const outbox = {
      standing: async () => {
        asked += 1;
        return { waiting: asked <= 2 ? 0 : 25, setAside: 0 };
      },
    };
    await turn(createWorker({ outbox, pause }));
    expect(await posted()).toEqual(['ana', 'ben']);
    world.clock.pass(day - 8 * 3600);
    await turn();
    expect(await posted()).toEqual(['cem', 'dan']);
  });

  test('waits while letters wait: what is told of an account goes first', async () => {
    await begin();
    let pauses = 0;
    const pause = async (): Promise<void> => {
      pauses += 1;
    };
    const outbox = { standing: async () => ({ waiting: pauses < 4 ? 25 : 24, setAside: 0 }) };
    await turn(createWorker({ outbox, pause }));
    expect(pauses).toBe(4);
    expect(await posted()).toHaveLength(4);
  });
});

describe('never twice', () => {
  test('a process that dies in the middle of a wave: the next goes on with who is left', async () => {
    await begin();
    const { campaigns } = world.stores;
    let letters = 0;
    const store: CampaignStore = Object.assign(Object.create(campaigns), {
      write: async (letter: Parameters<CampaignStore['write']>[0]) => {
        letters += 1;
        if (letters === 3) throw new Error('killed');
        return campaigns.write(letter);
      },
    });
    for (const name of ['running', 'letters', 'optedOut', 'note', 'end', 'read', 'wants'] as const) {
      Object.assign(store, {
        [name]: (...args: never[]) => (campaigns[name] as (...all: never[]) => unknown)(...args),
      });
    }
    await turn(createWorker({ store }));
    expect(faults).toEqual([new Error('killed')]);
    expect(await posted()).toEqual(['ana', 'ben']);
    await turn(createWorker({ node: 'two' }));
    expect(await posted()).toEqual(['cem', 'dan']);
  });

  test('two nodes that are woken at once write one letter to each', async () => {
    await begin();
    const nodes = ['one', 'two', 'three'].map((node) => createWorker({ node }));
    await Promise.all(nodes.map((worker) => turn(worker)));
    expect(await posted()).toEqual(['ana', 'ben', 'cem', 'dan']);
  });

  test('a node that lost the duty while it walked writes no more', async () => {
    await begin();
    const { duties } = world.stores;
    let holds = 0;
    const stolen = {
      read: duties.read.bind(duties),
      move: duties.move.bind(duties),
      hold: async (...args: Parameters<typeof duties.hold>) => {
        holds += 1;
        return holds >= 4 ? undefined : duties.hold(...args);
      },
    };
    await turn(createWorker({ duties: stolen }));
    expect(await posted()).toEqual([]);
    expect(faults).toEqual([]);
  });
});

describe('it stops', () => {
  test('for who registered, and is done when nobody is left to write to', async () => {
    world.people = [somebody('ana'), somebody('ben')];
    await begin();
    await turn();
    await posted();
    await world.register('ana', ['questions']);
    world.clock.pass(7 * day);
    await turn();
    expect(await posted()).toEqual(['ben']);
    expect(await campaign()).toMatchObject({ state: 'running' });
    world.clock.pass(7 * day);
    await turn();
    expect(await posted()).toEqual([]);
    expect(await campaign()).toMatchObject({ state: 'done', standing: { settled: 1, exhausted: 1, open: 0 } });
  });

  test('at once when somebody stops it, in the middle of a wave', async () => {
    await begin();
    const stop = async (): Promise<void> =>
      void (await world.stores.campaigns.end('spring', 'stopped', world.clock.now()));
    let asked = 0;
    const outbox = {
      standing: async () => {
        asked += 1;
        if (asked === 2) await stop();
        return { waiting: 0, setAside: 0 };
      },
    };
    await turn(createWorker({ outbox }));
    expect(await posted()).toEqual(['ana']);
    expect(await campaign()).toMatchObject({ state: 'stopped', letters: 1 });
  });

  test('for who opted out, also of a letter that waits already', async () => {
    await begin();
    const worker = createWorker();
    expect(await worker.isWanted('spring', 'ana')).toBe(true);
    await world.stores.campaigns.optOut({ account: 'ana', name: 'DEMO\\ana', by: 'eve', at: world.clock.now() });
    await turn(worker);
    expect(await posted()).toEqual(['ben', 'cem', 'dan']);
    expect(await worker.isWanted('spring', 'ana')).toBe(false);
  });

  test('a letter that waits is not wanted any more by who registered, who left, or when the campaign ended', async () => {
    await begin();
    const worker = createWorker();
    await world.register('ana', ['questions']);
    expect(await worker.isWanted('spring', 'ana')).toBe(false);
    expect(await worker.isWanted('spring', 'gone')).toBe(false);
    expect(await worker.isWanted('other', 'ben')).toBe(false);
    expect(await worker.isWanted('spring', 'ben')).toBe(true);
    await world.stores.campaigns.end('spring', 'stopped', world.clock.now());
    expect(await worker.isWanted('spring', 'ben')).toBe(false);
  });
});

test('a campaign to confirm writes to who proved it long ago, and goes on for ever', async () => {
  await world.register('ana', ['questions']);
  world.clock.pass(100 * day);
  await world.register('ben', ['questions']);
  await begin({ kind: 'confirm', confirmDays: 90 });
  await turn();
  expect(await posted()).toEqual(['ana']);
  await world.register('ana', ['questions']);
  world.clock.pass(91 * day);
  await turn();
  expect(await posted()).toEqual(['ana', 'ben']);
  expect(await campaign()).toMatchObject({ state: 'running' });
});

test('what the helpdesk gives out is nothing to register: whoever has the rest is not asked for more', async () => {
  policies = [somePolicy('all', { chain: ['questions', 'helpdesk-code'] })];
  world.people = [somebody('ana'), somebody('ben')];
  await world.register('ana', ['questions']);
  await begin();
  await turn();
  expect(await posted()).toEqual(['ben']);
  expect(await campaign()).toMatchObject({ standing: { settled: 1, open: 1 } });
});

test('only those in its groups and units are written to', async () => {
  world.people = [somebody('ana', { groups: ['id-of-sales'] }), somebody('ben', { unit: 'A/B' }), somebody('cem')];
  await begin({ groups: ['sales'], units: ['A'] });
  await turn();
  expect(await posted()).toEqual(['ana', 'ben']);
});

test('a group that is gone is told of once, and the next try is not at once', async () => {
  await begin({ groups: ['ghosts'] });
  const worker = createWorker();
  await turn(worker);
  await turn(worker);
  expect(faults).toEqual([expect.any(Misconfigured)]);
  expect(await posted()).toEqual([]);
  world.clock.pass(600);
  await turn(worker);
  expect(faults).toHaveLength(2);
});

test('a process that is told to end finishes the letter in hand and begins nothing more', async () => {
  await begin();
  const worker: CampaignWorker = createWorker({ wake: () => void worker.stop() });
  await turn(worker);
  await worker.stop();
  expect(await posted()).toEqual(['ana']);
  worker.wake();
  await worker.idle();
  expect(await posted()).toEqual([]);
  expect(faults).toEqual([]);
  await turn(createWorker({ node: 'two' }));
  expect(await posted()).toEqual(['ben', 'cem', 'dan']);
});
