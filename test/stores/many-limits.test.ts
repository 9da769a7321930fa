import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mostLimitRows } from '../../src/compose/limits.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createSealer } from '../../src/core/sealer.ts';
import type { Stores } from '../../src/core/stores.ts';
import { openStores } from '../../src/stores/open-stores.ts';
import { later } from '../contracts/store-samples.ts';
import { newKey } from '../contracts/store-world.ts';

const flood = 220_000;
const hour = 3600;
let folder: string;
let file: string;
let stores: Stores;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-limits-'));
  file = join(folder, 'latchkey.db');
  const sealer = createSealer({ keys: [newKey('one')] });
  stores = await openStores({ kind: 'sqlite', file, 'busy-timeout-ms': 10_000 }, { sealer, clock: systemClock });
  await stores.migrate();
});
afterEach(async () => {
  await stores.close();
  rmSync(folder, { recursive: true });
});

/** Runs one statement past the store. */
function sql(statement: string): readonly unknown[] {
  const database = new BetterSqlite(file, { timeout: 10_000 });
  try {
    const prepared = database.prepare(statement);
    return prepared.reader ? prepared.pluck().all() : [prepared.run()];
  } finally {
    database.close();
  }
}

const count = async (key: string, upTo: number) => {
  const [found] = await stores.limits.count([{ key, windowSeconds: hour, upTo }], later(3));
  return found;
};

// `npm run bench:limits` counts a million, one by one.
test('5.37: a flood of distinct keys leaves a bounded table, and the victim’s key as limited as before', async () => {
  for (let n = 0; n < 31; n += 1) await count('victim', 31);
  for (let n = 0; n < 4; n += 1) await count('begun', 31);
  const endsAt = later(2).getTime() + hour * 1000;
  sql(`insert into limits (key, count, ends_at)
    with recursive flood (n) as (select 1 union all select n + 1 from flood where n < ${flood})
    select 'start:login:' || hex(randomblob(12)), 1 + n % 3, ${endsAt} from flood`);
  expect(sql('select count(*) from limits')).toEqual([flood + 2]);
  let longestMs = 0;
  let last = performance.now();
  const ticks = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - last);
    last = performance.now();
  }, 5);
  const began = performance.now();
  expect(await stores.limits.trim(later(3), mostLimitRows)).toBe(flood + 2 - mostLimitRows);
  // Nobody waits for the whole of it.
  expect(longestMs).toBeLessThan((performance.now() - began) / 2);
  clearInterval(ticks);
  expect(sql('select count(*) from limits')).toEqual([mostLimitRows]);
  expect(await count('victim', 31)).toMatchObject({ count: 31, counted: false });
  expect(await count('begun', 31)).toMatchObject({ count: 5, counted: true });
}, 120_000);
