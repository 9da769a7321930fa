import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresqlSettings } from '../../src/stores/settings.ts';

const versions = '/usr/lib/postgresql';
const startMs = 30_000;

export interface PostgresqlOptions {
  /** PEM texts; with them the server also takes TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** Why PostgreSQL cannot be started here, as a sentence; undefined when it can. */
export function whyNoPostgresql(): string | undefined {
  if (binaries() === undefined) return 'PostgreSQL is not installed: apt-get install -y postgresql';
  if (isRoot() && unprivileged() === undefined) return 'PostgreSQL does not run as root, and there is no user postgres';
  return undefined;
}

/**
 * Whether there is none to test on, which is said loudly, and is a fault where all must be tested.
 * @param file whose tests do not run then
 */
export function lacksPostgresql(file: string): boolean {
  const reason = whyNoPostgresql();
  if (reason === undefined) return false;
  const notice = `NOT TESTED on PostgreSQL: ${reason}\nThese tests did not run: ${file}`;
  if (process.env.CI === 'true') throw new Error(notice);
  process.stderr.write(`\n${'='.repeat(78)}\n${notice}\n${'='.repeat(78)}\n`);
  return true;
}

/**
 * Starts Debian's PostgreSQL with an empty cluster in a temporary folder, on a free port of 127.0.0.1. It does not
 * wait for the disk: what is tested is what the store asks of it, not the server itself.
 */
export async function startPostgresql(options: PostgresqlOptions = {}): Promise<PostgresqlService> {
  const reason = whyNoPostgresql();
  if (reason !== undefined) throw new Error(reason);
  const service = new PostgresqlService(makeCluster(options), await freePort());
  await service.resume();
  return service;
}

export class PostgresqlService {
  readonly #cluster: Cluster;
  readonly #port: number;
  #server: ChildProcess | undefined;
  #databases = 0;

  constructor(cluster: Cluster, port: number) {
    this.#cluster = cluster;
    this.#port = port;
    process.once('exit', this.#kill);
  }

  /** Makes an empty database and returns how to reach it. */
  async createDatabase(): Promise<PostgresqlSettings> {
    this.#databases += 1;
    const database = `latchkey_${this.#databases}`;
    await this.query(this.settings('postgres'), `create database ${database}`);
    return this.settings(database);
  }

  settings(database: string): PostgresqlSettings {
    const { password } = this.#cluster;
    return {
      kind: 'postgresql',
      host: '127.0.0.1',
      port: this.#port,
      database,
      user: 'latchkey',
      password,
      'pool-size': 10,
    };
  }

  /** One statement on a connection of its own, past the store. */
  async query(settings: PostgresqlSettings, statement: string): Promise<Record<string, unknown>[]> {
    const { host, port, database, user, password } = settings;
    const client = new pg.Client({ host, port, database, user, password: password ?? '' });
    await client.connect();
    try {
      return (await client.query(statement)).rows;
    } finally {
      await client.end();
    }
  }

  /** Ends the server at once, as an administrator's fast shutdown does; its data stays. */
  async halt(): Promise<void> {
    await this.#end('SIGINT');
  }

  async resume(): Promise<void> {
    const { folder, data } = this.#cluster;
    const options = ['-D', data, '-h', '127.0.0.1', '-p', String(this.#port), '-k', folder];
    const output: string[] = [];
    const server = spawn(binary('postgres'), options, asUnprivileged(folder));
    for (const stream of [server.stdout, server.stderr])
      stream?.on('data', (text: Buffer) => output.push(String(text)));
    this.#server = server;
    await this.#untilAnswers(server, output);
  }

  /** Ends exactly this server and removes its folder. */
  async stop(): Promise<void> {
    // At once: the checkpoint of an orderly end may wait for a busy disk, and nobody reads the data again.
    await this.#end('SIGQUIT');
    process.off('exit', this.#kill);
    rmSync(this.#cluster.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null) return;
    const exit = once(server, 'exit');
    server.kill(signal);
    await exit;
  }

  readonly #kill = (): void => {
    this.#server?.kill('SIGQUIT');
    rmSync(this.#cluster.folder, { recursive: true, force: true });
  };

  async #untilAnswers(server: ChildProcess, output: readonly string[]): Promise<void> {
    const deadline = performance.now() + startMs;
    while (server.exitCode === null && performance.now() < deadline) {
      try {
        await this.query(this.settings('postgres'), 'select 1');
        return;
      } catch {
        await wait(50);
      }
    }
    await this.stop();
    throw new Error(`PostgreSQL did not start: ${output.join('')}`);
  }
}

interface Cluster {
  readonly folder: string;
  readonly data: string;
  readonly password: string;
}

function makeCluster({ tls }: PostgresqlOptions): Cluster {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-postgresql-'));
  own(folder);
  const cluster = { folder, data: join(folder, 'data'), password: crypto.randomUUID() };
  const passwordFile = put(folder, 'password', cluster.password);
  const login = ['-U', 'latchkey', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  const options = ['-D', cluster.data, ...login, '-E', 'UTF8', '--locale=C', '--no-sync'];
  const made = spawnSync(binary('initdb'), options, { ...asUnprivileged(folder), encoding: 'utf8' });
  if (made.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`initdb failed: ${made.stderr}`);
  }
  const settings = ['fsync = off', 'full_page_writes = off', 'max_connections = 60'];
  if (tls !== undefined) {
    const certificate = put(folder, 'server.pem', tls.certificate);
    const key = put(folder, 'server.key', tls.key);
    settings.push('ssl = on', `ssl_cert_file = '${certificate}'`, `ssl_key_file = '${key}'`);
  }
  put(cluster.data, 'postgresql.auto.conf', `${settings.join('\n')}\n`);
  return cluster;
}

function put(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  own(path);
  return path;
}

function own(path: string): void {
  const user = isRoot() ? unprivileged() : undefined;
  if (user !== undefined) chownSync(path, user.uid, user.gid);
}

function asUnprivileged(folder: string): { cwd: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number } {
  const user = isRoot() ? unprivileged() : undefined;
  return { cwd: folder, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, ...user };
}

/** Debian's package makes this user. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  const [uid, gid] = ['-u', '-g'].map((option) => spawnSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  if (uid?.status !== 0 || gid?.status !== 0) return undefined;
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function binary(name: string): string {
  return join(binaries() ?? versions, name);
}

function binaries(): string | undefined {
  if (!existsSync(versions)) return undefined;
  const newestFirst = readdirSync(versions).sort((a, b) => Number(b) - Number(a));
  return newestFirst.map((version) => join(versions, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
