import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement,
} from 'kysely';
import { Misconfigured } from '../core/errors.ts';
import type { SqliteSettings } from './settings.ts';

/**
 * How long SQLite itself waits for a lock, in milliseconds. Short, because it stops the whole process meanwhile; the
 * patient wait is in `guarded`.
 */
const ownWaitMs = 20;
const mostStatements = 200;
const cacheKb = 4096;

/** Opens the file, or makes it where there is none. Throws Misconfigured for a file that is not a whole database. */
export function sqliteDialect(settings: SqliteSettings): Dialect {
  return new LatchkeySqliteDialect(openSqlite(settings.file));
}

/** The connection beneath the dialect, with every pragma set. */
export function openSqlite(file: string): BetterSqlite.Database {
  if (file !== ':memory:') prepareFile(file);
  const database = new BetterSqlite(file, { timeout: ownWaitMs });
  try {
    return configure(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

function configure(database: BetterSqlite.Database): BetterSqlite.Database {
  const mode = database.pragma('journal_mode = WAL', { simple: true });
  if (mode !== 'wal' && !database.memory) throw new Misconfigured(`${database.name} cannot be switched to WAL`);
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma('trusted_schema = OFF');
  // better-sqlite3's own is four times as much, outside of the heap; what is not in it is in the system's cache.
  database.pragma(`cache_size = -${cacheKb}`);
  // Reads the whole schema: a damaged one shows now and not in the middle of a reset.
  database.prepare('select count(*) from sqlite_schema').get();
  return database;
}

function prepareFile(file: string): void {
  if (!existsSync(dirname(file))) throw new Misconfigured(`the folder of the database ${file} does not exist`);
  if (!existsSync(file)) {
    // Made here for its mode: SQLite would use the umask's, and gives its -wal and -shm files the mode of this one.
    closeSync(openSync(file, 'a', 0o600));
    return;
  }
  if (statSync(file).size === 0) {
    throw new Misconfigured(`the database ${file} is empty: restore it, or delete the file to start with a new one`);
  }
}

/** SQLite has transactional schema changes; Kysely's adapter does not use them. They are also its migration lock. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Kysely's dialect over a connection that is open already. */
export class LatchkeySqliteDialect extends SqliteDialect {
  readonly #database: BetterSqlite.Database;

  constructor(database: BetterSqlite.Database) {
    super({ database });
    this.#database = database;
  }

  override createDriver(): ImmediateSqliteDriver {
    return new ImmediateSqliteDriver(this.#database);
  }

  override createAdapter(): TransactionalSqliteAdapter {
    return new TransactionalSqliteAdapter();
  }
}

/**
 * Takes the write lock when a transaction begins. A deferred one would take it at its first write, where SQLite refuses
 * at once if anybody has written since its first read.
 */
class ImmediateSqliteDriver extends SqliteDriver {
  readonly #database: BetterSqlite.Database;

  constructor(database: BetterSqlite.Database) {
    super({ database: new PreparedOnce(database) });
    this.#database = database;
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  /** A full disk makes SQLite roll back by itself; a second time would fail and hide why. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.inTransaction) await super.rollbackTransaction(connection);
  }
}

/** Keeps prepared statements, which Kysely would make anew for every query: that costs more than most of ours do. */
class PreparedOnce implements SqliteDatabase {
  readonly #database: BetterSqlite.Database;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(database: BetterSqlite.Database) {
    this.#database = database;
  }

  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    // Our queries are few and fixed; a migration's are many and run once.
    if (this.#statements.size >= mostStatements) this.#statements.clear();
    const statement: SqliteStatement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  close(): void {
    this.#database.close();
  }
}
