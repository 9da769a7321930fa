import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Account } from '../../../src/core/account.ts';
import { Misconfigured } from '../../../src/core/errors.ts';
import type { Json } from '../../../src/core/json.ts';
import type { Letter, NoticeEvent } from '../../../src/core/notices/notices.ts';
import {
  type Announced,
  PolicyAnnouncer,
  type PolicyAnnouncerNeeds,
} from '../../../src/core/policies/policy-announcer.ts';
import { createSealer } from '../../../src/core/sealer.ts';
import type { Stores } from '../../../src/core/stores.ts';
import { openStores } from '../../../src/stores/open-stores.ts';
import { SettableClock } from '../../settable-clock.ts';
import { somebody } from '../survey/survey-world.ts';
import { samplePolicy } from './sample-policies.ts';

const clock = new SettableClock();
let stores: Stores;
let people: readonly Account[];
let announced: Announced[];
let faults: unknown[];

beforeEach(async () => {
  const sealer = createSealer({ keys: [{ id: 'k', secret: randomBytes(32) }] });
  stores = await openStores({ kind: 'sqlite', file: ':memory:', 'busy-timeout-ms': 5_000 }, { sealer, clock });
  await stores.migrate();
  people = ['ana', 'ben', 'cem'].map((id) => somebody(id));
  announced = [];
  faults = [];
});
afterEach(() => stores.close());

/** Lists name their policies; `!` stands for one that cannot be read. */
const read: PolicyAnnouncerNeeds['read'] = (list) => {
  const names = list as readonly string[];
  if (names.includes('!')) return { problems: [{ setting: 'policies', problem: 'cannot be read' }] };
  return { policies: names.map((name) => samplePolicy(name)), list };
};

function createAnnouncer(changes: Partial<PolicyAnnouncerNeeds> = {}): PolicyAnnouncer {
  return new PolicyAnnouncer({
    store: stores.policies,
    duties: stores.duties,
    read,
    async *administrators() {
      yield* people;
    },
    clock,
    node: 'one',
    announced: (about) => announced.push(about),
    wake: () => undefined,
    report: (fault) => faults.push(fault),
    ...changes,
  });
}

async function turn(announcer = createAnnouncer()): Promise<void> {
  announcer.wake();
  await announcer.idle();
}

const save = (basedOn: number, names: readonly string[], by = 'ana') =>
  stores.policies.save({
    basedOn,
    by,
    byName: `DEMO\\${by}`,
    note: 'secret-note',
    policies: names as Json,
    at: clock.now(),
  });

/** Takes every letter out of the outbox. */
async function letters(): Promise<readonly Letter[]> {
  const found: Letter[] = [];
  for (;;) {
    const claim = await stores.outbox.claim({ channels: ['email'], now: clock.now(), leaseMs: 1_000 });
    if (claim === undefined) return found;
    found.push(claim.body as unknown as Letter);
    await stores.outbox.sent(claim);
  }
}

type Change = Extract<NoticeEvent, { kind: 'policies-changed' }>;
const changeIn = ([letter]: readonly Letter[]): Change => letter?.event as Change;
const to = (all: readonly Letter[]) => all.map(({ to }) => to).toSorted();

describe('a new version of the policies', () => {
  test('is told once to every administrator but the one who saved it, with who, when and what changed', async () => {
    await save(0, ['a'], 'operator');
    await save(1, ['a', 'b']);
    await turn();
    await turn(createAnnouncer({ node: 'two' }));
    const all = await letters();
    expect(to(all)).toEqual(['ben@example.test', 'cem@example.test']);
    const event = changeIn(all);
    expect(event).toMatchObject({ version: 2, by: 'administrator', byName: 'DEMO\\ana', more: 0 });
    expect(event.changes?.map(({ key }) => key)).toContain('policy-change.added');
    expect(all[0]?.at).toBe(clock.now().getTime());
    expect(JSON.stringify(all)).not.toContain('secret-note');
    expect(announced).toEqual([{ version: 2, by: 'ana', changes: event.changes?.length, letters: 2 }]);
    expect(faults).toEqual([]);
  });

  test('of an operator is told to all of them; the very first, which nobody changed, to none', async () => {
    await save(0, ['a'], 'operator');
    await turn();
    expect([await letters(), announced]).toEqual([[], []]);
    await save(1, ['b'], 'operator');
    await turn();
    const all = await letters();
    expect(to(all)).toHaveLength(3);
    expect(all[0]?.event).toMatchObject({ by: 'operator' });
    expect(announced).toMatchObject([{ version: 2, by: 'operator', letters: 3 }]);
  });

  test('goes to nobody without an address, and is announced all the same', async () => {
    const { mail: _none, ...ben } = somebody('ben');
    people = [somebody('ana'), ben];
    await save(0, ['a']);
    await save(1, ['b']);
    await turn();
    expect(await letters()).toEqual([]);
    expect(announced).toMatchObject([{ version: 2, letters: 0 }]);
  });

  test('that follows lost ones says so', async () => {
    for (const basedOn of [0, 1]) await save(basedOn, ['a']);
    await stores.policies.save({
      basedOn: 2,
      by: 'operator',
      byName: 'root',
      note: '',
      policies: ['b'],
      at: clock.now(),
    });
    await turn();
    await letters();
    const { list } = stores.policies;
    const lost = {
      ...bound(),
      list: async (limit: number, before?: number) =>
        (await list(limit, before)).filter(({ version }) => version !== 3),
    };
    await save(3, ['b']);
    await turn(createAnnouncer({ store: lost }));
    expect(changeIn(await letters()).changes?.[0]).toEqual({ key: 'policy-change.settled' });
  });

  test('that cannot be read here is told without what it changed', async () => {
    await save(0, ['a']);
    await save(1, ['!']);
    await turn();
    const [letter] = await letters();
    expect(letter?.event).toMatchObject({ kind: 'policies-changed', version: 2 });
    expect(letter?.event).not.toHaveProperty('changes');
  });

  test('that is saved upon a damaged one is told without what it changed, and those after it as ever', async () => {
    for (const basedOn of [0, 1, 2, 3]) await save(basedOn, ['a', `${basedOn}`]);
    const store = bound();
    const damaged = { damage: new Misconfigured('version 2 was changed from outside') };
    const announcer = createAnnouncer({
      store: {
        newest: store.newest,
        read: async (version) => (version === 2 ? Promise.reject(damaged.damage) : store.read(version)),
        list: async (limit, before) => {
          const heads = await store.list(limit, before);
          if (heads.some(({ version }) => version === 2)) throw damaged.damage;
          return heads;
        },
      },
    });
    await turn(announcer);
    expect(faults).toEqual([]);
    expect(announced.map(({ version, letters }) => [version, letters])).toEqual([
      [3, 2],
      [4, 2],
    ]);
    const events = (await letters()).map(({ event }) => event as Change);
    expect(events.map(({ version, changes }) => `${version} ${changes === undefined}`).sort()).toEqual([
      '3 true',
      '3 true',
      '4 false',
      '4 false',
    ]);
  });

  test('that is damaged itself, and the newest, is a fault until somebody has settled it', async () => {
    await save(0, ['a']);
    await save(1, ['b']);
    const store = bound();
    const list = async (...args: Parameters<typeof store.list>) => {
      const heads = await store.list(...args);
      if (heads.some(({ version }) => version === 2)) throw new Misconfigured('changed from outside');
      return heads;
    };
    const announcer = createAnnouncer({ store: { ...store, list } });
    await turn(announcer);
    expect([faults, announced, await letters()]).toEqual([[expect.any(Misconfigured)], [], []]);
    await save(2, ['c']);
    clock.pass(60);
    await turn(announcer);
    expect(announced).toMatchObject([{ version: 3 }]);
  });

  test('with very many changes is told in a letter that somebody reads, with how many are left out', async () => {
    await save(0, ['a']);
    await save(
      1,
      Array.from({ length: 100 }, (_, at) => `p${at}`),
    );
    await turn();
    const { changes = [], more = 0 } = changeIn(await letters());
    expect(changes).toHaveLength(40);
    expect(40 + more).toBe(announced[0]?.changes);
  });
});

describe('telling of it', () => {
  test('is done once by fifty at once on two nodes', async () => {
    await save(0, ['a']);
    await save(1, ['b']);
    const nodes = [createAnnouncer(), createAnnouncer({ node: 'two' })];
    await Promise.all(Array.from({ length: 50 }, (_, at) => turn(nodes[at % 2])));
    expect(await letters()).toHaveLength(2);
    expect(announced).toHaveLength(1);
  });

  test('waits for a directory that is away, which holds up nobody, and is made up for', async () => {
    let away = true;
    const announcer = createAnnouncer({
      async *administrators() {
        if (away) throw new Error('away');
        yield* people;
      },
    });
    await save(0, ['a']);
    expect(await save(1, ['b'])).toMatchObject({ version: 2 });
    await turn(announcer);
    await turn(announcer);
    expect(faults).toHaveLength(1);
    expect(await letters()).toEqual([]);
    away = false;
    clock.pass(60);
    await turn(announcer);
    expect(await letters()).toHaveLength(2);
  });

  test('leaves no letter of a node that lost the duty meanwhile, and the next one writes them', async () => {
    await save(0, ['a']);
    await save(1, ['b']);
    const slow = createAnnouncer({
      async *administrators() {
        clock.pass(11 * 60);
        const now = clock.now();
        await stores.duties.hold('policies', 'two', { now, until: now });
        yield* people;
      },
    });
    await turn(slow);
    expect(await letters()).toEqual([]);
    await turn(createAnnouncer({ node: 'two' }));
    expect(await letters()).toHaveLength(2);
  });

  test('ends when the process does, also in the middle of a walk, and begins nothing more', async () => {
    await save(0, ['a']);
    await save(1, ['b']);
    const announcer = createAnnouncer({
      async *administrators(signal) {
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
      },
    });
    announcer.wake();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await announcer.stop();
    announcer.wake();
    await announcer.idle();
    expect([await letters(), faults]).toEqual([[], []]);
    await turn();
    expect(await letters()).toHaveLength(2);
  });
});

function bound(): PolicyAnnouncerNeeds['store'] {
  const { policies } = stores;
  return {
    newest: () => policies.newest(),
    list: (...args) => policies.list(...args),
    read: (at) => policies.read(at),
  };
}
