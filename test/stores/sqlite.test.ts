import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { storeSettings } from '../../src/stores/settings.ts';
import { storeContract } from '../contracts/store-contract.ts';
import type { TestDatabase } from '../contracts/store-world.ts';

storeContract('SQLite', createDatabase);

async function createDatabase(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-sqlite-'));
  const file = join(folder, 'latchkey.db');
  return {
    settings: storeSettings.parse({ kind: 'sqlite', file }),
    sql: async (statement) => run(file, statement),
    dump: async () => `${readFileSync(file, 'latin1')}${readFileSync(`${file}-wal`, 'latin1')}`,
    remove: async () => rmSync(folder, { recursive: true }),
  };
}

function run(file: string, statement: string): Record<string, unknown>[] {
  const database = new BetterSqlite(file, { timeout: 1_000 });
  try {
    const prepared = database.prepare(statement);
    if (prepared.reader) return prepared.all() as Record<string, unknown>[];
    prepared.run();
    return [];
  } finally {
    database.close();
  }
}
