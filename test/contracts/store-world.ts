import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { createSealer, type SealingKey } from '../../src/core/sealer.ts';
import type { Stores } from '../../src/core/stores.ts';
import { openStores } from '../../src/stores/open-stores.ts';
import type { StoreSettings } from '../../src/stores/settings.ts';
import { noon } from './store-samples.ts';

/** An empty database of one kind, and ways to look at it and to tamper with it past the store. */
export interface TestDatabase {
  readonly settings: StoreSettings;
  /** Runs one statement and returns its rows. */
  sql(statement: string): Promise<readonly Record<string, unknown>[]>;
  /** Everything that the database holds, as raw as it gets. */
  dump(): Promise<string>;
  remove(): Promise<void>;
}

/** A migrated database of its own for each test, with two nodes on it. */
export interface StoreWorld extends TestDatabase {
  readonly keys: readonly SealingKey[];
  readonly stores: Stores;
  /** The same database, opened once more. */
  readonly other: Stores;
  /** One more node; closed at the end of the test. */
  open(keys?: readonly SealingKey[]): Promise<Stores>;
}

const clock: Clock = { now: () => noon };

export function newKey(id: string): SealingKey {
  return { id, secret: randomBytes(32) };
}

/** Makes a world before each test of the surrounding block and removes it after. */
export function useStoreWorld(create: () => Promise<TestDatabase>): () => StoreWorld {
  let world: StoreWorld | undefined;
  let opened: Stores[] = [];
  beforeEach(async () => {
    const database = await create();
    const keys = [newKey('first')];
    const open = async (own = keys): Promise<Stores> => {
      const stores = await openStores(database.settings, { sealer: createSealer({ keys: own }), clock });
      opened.push(stores);
      return stores;
    };
    const stores = await open();
    await stores.migrate();
    world = { ...database, keys, stores, other: await open(), open };
  });
  afterEach(async () => {
    for (const stores of opened) await stores.close();
    opened = [];
    await world?.remove();
    world = undefined;
  });
  return () => {
    if (world === undefined) throw new Error('there is no world outside a test');
    return world;
  };
}

/** Runs `count` times at once, in turn on each of the nodes. */
export async function together<Result>(
  nodes: readonly Stores[],
  count: number,
  run: (stores: Stores, at: number) => Promise<Result>,
): Promise<Result[]> {
  const on = (at: number): Stores => nodes[at % nodes.length] as Stores;
  return Promise.all(Array.from({ length: count }, (_, at) => run(on(at), at)));
}
