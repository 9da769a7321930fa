import { readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import {
  type Dialect,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from 'kysely';
import pg from 'pg';
import { Misconfigured } from '../core/errors.ts';
import type { PostgresqlSettings } from './settings.ts';

const connectMs = 5_000;
const statementMs = 10_000;
/** Past the server's own limit: only a server that fell silent gets here. */
const silenceMs = 12_000;
const int8 = 20;

/** A pool of connections. None is made before the first query, so this does not fail when the server is down. */
export function postgresqlDialect(settings: PostgresqlSettings): Dialect {
  const pool = new pg.Pool({
    host: settings.host,
    port: settings.port,
    database: settings.database,
    user: settings.user,
    ...(settings.password === undefined ? {} : { password: settings.password }),
    ssl: tlsFor(settings),
    max: settings['pool-size'],
    application_name: 'latchkey',
    keepAlive: true,
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    lock_timeout: statementMs,
    idle_in_transaction_session_timeout: statementMs,
    query_timeout: silenceMs,
    types: { getTypeParser },
    onConnect: requireDurability,
  });
  // Without a listener a connection that breaks while idle would end the process. The next query finds out and says so.
  pool.on('error', () => undefined);
  return new PostgresDialect({ pool: new SoundPool(pool) });
}

/**
 * How a connection is protected: by TLS with the server's name and chain verified, unless it stays on this machine.
 * There is no setting that turns verification off. Throws Misconfigured when the CA file cannot be read.
 */
export function tlsFor(settings: PostgresqlSettings): false | ConnectionOptions {
  const caFile = settings['ca-file'];
  if (settings.host.startsWith('/')) return false;
  if (caFile === undefined) return isLoopback(settings.host) ? false : { rejectUnauthorized: true };
  try {
    return { rejectUnauthorized: true, ca: readFileSync(caFile, 'utf8') };
  } catch (error) {
    throw new Misconfigured(`the CA file of the database cannot be read: ${caFile}`, error);
  }
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host.toLowerCase() === 'localhost';
  return loopback.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** What `intend` promises must survive a power cut, whatever the server's default is. */
async function requireDurability(client: pg.ClientBase): Promise<void> {
  await client.query(
    "select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'",
  );
}

/** pg hands out bigint as text; ours are counters and milliseconds, far below 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === int8 ? Number : pg.types.getTypeParser(oid, format as 'text');

/** Gives connections back as broken when they failed in another way than by an answer of the server. */
export class SoundPool implements PostgresPool {
  readonly options: object;
  readonly #pool: Pick<pg.Pool, 'connect' | 'end' | 'options'>;

  constructor(pool: Pick<pg.Pool, 'connect' | 'end' | 'options'>) {
    this.#pool = pool;
    this.options = pool.options;
  }

  async connect(): Promise<PostgresPoolClient> {
    // Kysely's type also asks for cursors; those are used for streaming only, which no query here does.
    return new SoundClient(await this.#pool.connect()) as unknown as PostgresPoolClient;
  }

  async end(): Promise<void> {
    await this.#pool.end();
  }
}

class SoundClient {
  readonly #client: pg.PoolClient;
  #broken = false;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  async query<Row>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<Row>> {
    try {
      return (await this.#client.query(sql, [...parameters])) as unknown as PostgresQueryResult<Row>;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) this.#broken = true;
      throw error;
    }
  }

  release(): void {
    this.#client.release(this.#broken);
  }
}
