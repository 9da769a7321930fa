/**
 * Counts a million distinct keys one by one, as a flood of visits does, with the trimming that the upkeep does, and prints
 * what became of the table and of somebody who was limited before: npm run bench:limits
 * Each count is a commit that waits for the disk; TMPDIR=/dev/shm takes that out of it.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mostLimitRows } from '../../src/compose/limits.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createSealer } from '../../src/core/sealer.ts';
import { openStores } from '../../src/stores/open-stores.ts';

const keys = Number(process.argv[2] ?? 1_000_000);
const trimEvery = 100_000;
const most = 30;
const print = (text: string): void => void process.stdout.write(`${text}\n`);

const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-limits-'));
const file = join(folder, 'latchkey.db');
const sealer = createSealer({ keys: [{ id: 'bench', secret: randomBytes(32) }] });
const stores = await openStores({ kind: 'sqlite', file, 'busy-timeout-ms': 10_000 }, { sealer, clock: systemClock });
try {
  await stores.migrate();
  const count = async (key: string) => {
    const limit = { key, windowSeconds: 24 * 3600, upTo: most + 1 };
    return (await stores.limits.count([limit], new Date()))[0];
  };
  for (let n = 0; n <= most; n += 1) await count('victim');
  const began = performance.now();
  let slowestTrimMs = 0;
  let removed = 0;
  for (let n = 1; n <= keys; n += 1) {
    await count(`start:login:flood-${n}`);
    if (n % trimEvery !== 0) continue;
    const trimming = performance.now();
    removed += await stores.limits.trim(new Date(), mostLimitRows);
    slowestTrimMs = Math.max(slowestTrimMs, performance.now() - trimming);
  }
  const seconds = (performance.now() - began) / 1000;
  const victim = await count('victim');
  print(`${keys} distinct keys in ${seconds.toFixed(0)} s, ${Math.round(keys / seconds)} a second`);
  print(
    `rows removed ${removed}, at most ${mostLimitRows + trimEvery} at once; file ${Math.round(statSync(file).size / 1e6)} MB`,
  );
  print(`slowest trim ${Math.round(slowestTrimMs)} ms`);
  print(`the victim stands at ${victim?.count} of ${most} and is ${victim?.counted ? 'no longer' : 'still'} limited`);
  if (victim?.counted !== false) process.exitCode = 1;
} finally {
  await stores.close();
  rmSync(folder, { recursive: true });
}
