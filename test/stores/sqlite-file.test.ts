import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { Misconfigured, Unavailable } from '../../src/core/errors.ts';
import { createSealer } from '../../src/core/sealer.ts';
import { SqlAuditStore } from '../../src/stores/audit-store.ts';
import { guarded } from '../../src/stores/faults.ts';
import { openStores } from '../../src/stores/open-stores.ts';
import type { Tables } from '../../src/stores/schema.ts';
import { LatchkeySqliteDialect, openSqlite } from '../../src/stores/sqlite.ts';
import { noon, sampleEvent, sampleFlow } from '../contracts/store-samples.ts';
import { newKey } from '../contracts/store-world.ts';

const sealer = createSealer({ keys: [newKey('one')] });
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-file-'));
  file = join(folder, 'latchkey.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(busyTimeoutMs = 100) {
  return openStores({ kind: 'sqlite', file, 'busy-timeout-ms': busyTimeoutMs }, { sealer, clock: systemClock });
}

describe('the file', () => {
  test('is made for its owner alone, and so is what lies beside it', async () => {
    const stores = await open();
    await stores.migrate();
    for (const name of [file, `${file}-wal`, `${file}-shm`]) expect(statSync(name).mode & 0o777, name).toBe(0o600);
    await stores.close();
  });

  test('is opened with every commit on disk before it is answered', () => {
    const database = openSqlite(file);
    const pragma = (name: string): unknown => database.pragma(name, { simple: true });
    expect(pragma('journal_mode')).toBe('wal');
    expect(pragma('synchronous')).toBe(2);
    expect(pragma('foreign_keys')).toBe(1);
    database.close();
  });

  test('keeps four megabytes of it in memory at most', () => {
    const database = openSqlite(file);
    expect(database.pragma('cache_size', { simple: true })).toBe(-4096);
    database.close();
  });

  test('keeps what was written when it is opened again', async () => {
    const flow = sampleFlow();
    const first = await open();
    await first.migrate();
    await first.flows.create(flow);
    await first.close();
    const second = await open();
    expect(await second.migrate()).toEqual([]);
    expect(await second.flows.read(flow.id)).toStrictEqual(flow);
    await second.close();
  });

  test('may be memory alone', async () => {
    const settings = { kind: 'sqlite', file: ':memory:', 'busy-timeout-ms': 0 } as const;
    const stores = await openStores(settings, { sealer, clock: systemClock });
    await stores.migrate();
    expect(await stores.failures.count('ana', 'questions', 5, noon)).toBe(1);
    expect(existsSync(':memory:')).toBe(false);
    await stores.close();
  });
});

describe('F17: a lost or damaged database is not replaced by an empty one', () => {
  test.each<[string, () => void]>([
    ['something else than a database', () => writeFileSync(file, 'name;number\n'.repeat(500))],
    ['an empty file', () => writeFileSync(file, '')],
    ['a few bytes', () => writeFileSync(file, 'SQLite format 3')],
    ['a file in a folder that is not there', () => rmSync(folder, { recursive: true })],
  ])('%s is a fault for the operator and stays as it is', async (_name, damage) => {
    damage();
    const before = existsSync(file) ? readFileSync(file) : undefined;
    await expect(open()).rejects.toThrow(Misconfigured);
    expect(existsSync(file) ? readFileSync(file) : undefined).toEqual(before);
    if (!existsSync(folder)) folder = mkdtempSync(join(tmpdir(), 'latchkey-file-'));
  });

  test('a database that was cut off is a fault for the operator', async () => {
    const stores = await open();
    await stores.migrate();
    await stores.close();
    truncateSync(file, 4_096);
    await expect(open().then((cut) => cut.migrate())).rejects.toThrow(Misconfigured);
  });

  test('a folder in the place of the file is Unavailable', async () => {
    file = folder;
    await expect(open()).rejects.toThrow(Unavailable);
  });
});

describe('F15: another process that holds the database', () => {
  test('is waited for', async () => {
    const stores = await open(5_000);
    await stores.migrate();
    const holder = hold();
    setTimeout(() => holder.close(), 200);
    expect(await stores.failures.count('ana', 'questions', 5, noon)).toBe(1);
    await stores.close();
  });

  test('makes calls Unavailable in the end, changes nothing, and reading goes on meanwhile', async () => {
    const stores = await open();
    await stores.migrate();
    const holder = hold();
    await expect(stores.failures.count('ana', 'questions', 5, noon)).rejects.toThrow(Unavailable);
    await expect(stores.audit.append(sampleEvent())).rejects.toThrow(Unavailable);
    expect(await stores.health()).toMatchObject({ ok: false });
    expect(await stores.failures.lockout('ana', noon)).toBeUndefined();
    holder.close();
    expect(await stores.failures.count('ana', 'questions', 5, noon)).toBe(1);
    expect((await stores.audit.append(sampleEvent())).sequence).toBe(1);
    expect(await stores.health()).toMatchObject({ ok: true });
    await stores.close();
  });
});

test('a transaction has the write lock from its beginning, so that what it reads stays true', async () => {
  const stores = await open();
  await stores.migrate();
  const db = new Kysely<Tables>({ dialect: new LatchkeySqliteDialect(openSqlite(file)) });
  await db.transaction().execute(async () => {
    await expect(stores.failures.count('ana', 'questions', 5, noon)).rejects.toThrow(Unavailable);
  });
  expect(await stores.failures.count('ana', 'questions', 5, noon)).toBe(1);
  await db.destroy();
  await stores.close();
});

describe('F16: a full disk', () => {
  test('makes an append Unavailable without half of it left, and is recovered from', async () => {
    const stores = await open();
    await stores.migrate();
    const database = openSqlite(file);
    const db = new Kysely<Tables>({ dialect: new LatchkeySqliteDialect(database) });
    const audit = guarded(new SqlAuditStore({ db, sealer }), 0);
    await audit.append(sampleEvent());
    database.pragma(`max_page_count = ${database.pragma('page_count', { simple: true })}`);
    const big = sampleEvent({ detail: { text: 'x'.repeat(100_000) } });
    await expect(audit.append(big)).rejects.toThrow(Unavailable);
    await expect(audit.append(big)).rejects.toThrow(/full/);
    expect(await audit.verify()).toBeUndefined();
    database.pragma('max_page_count = 1000000');
    expect((await audit.append(big)).sequence).toBe(2);
    expect(await stores.audit.verify()).toBeUndefined();
    await db.destroy();
    await stores.close();
  });

  test('a database that may only be read makes writing Unavailable', async () => {
    const stores = await open();
    await stores.migrate();
    const database = openSqlite(file);
    database.pragma('query_only = ON');
    const db = new Kysely<Tables>({ dialect: new LatchkeySqliteDialect(database) });
    const audit = guarded(new SqlAuditStore({ db, sealer }), 0);
    await expect(audit.append(sampleEvent())).rejects.toThrow(Unavailable);
    await db.destroy();
    await stores.close();
  });
});

function hold(): BetterSqlite.Database {
  const holder = new BetterSqlite(file);
  holder.exec('begin immediate');
  return holder;
}
