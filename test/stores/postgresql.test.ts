import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { Misconfigured, Unavailable } from '../../src/core/errors.ts';
import { createSealer } from '../../src/core/sealer.ts';
import { openStores } from '../../src/stores/open-stores.ts';
import { SoundPool, tlsFor } from '../../src/stores/postgresql.ts';
import { type PostgresqlSettings, storeSettings } from '../../src/stores/settings.ts';
import { storeContract } from '../contracts/store-contract.ts';
import { noon, sampleEntry, sampleEvent } from '../contracts/store-samples.ts';
import { newKey, type TestDatabase } from '../contracts/store-world.ts';
import { lacksPostgresql, type PostgresqlService, startPostgresql } from '../services/postgresql.ts';

const isLacking = lacksPostgresql('test/stores/postgresql.test.ts');

describe.skipIf(isLacking)('on a real server', () => {
  let server: PostgresqlService;
  let folder: string;
  let caFile: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-certificates-'));
    caFile = join(folder, 'ca.pem');
    const { cert, private: key } = await selfSigned();
    writeFileSync(caFile, cert);
    server = await startPostgresql({ tls: { certificate: cert, key } });
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  storeContract('PostgreSQL', () => testDatabase(server));

  describe('faults', () => {
    test('F14: while the server is away every call is Unavailable, and it goes on by itself afterwards', async () => {
      const stores = await open(await server.createDatabase());
      await stores.migrate();
      await stores.audit.append(sampleEvent());
      await server.halt();
      await expect(stores.journal.intend(sampleEntry())).rejects.toThrow(Unavailable);
      await expect(stores.audit.append(sampleEvent())).rejects.toThrow(Unavailable);
      await expect(stores.failures.count('ana', 'questions', 5, noon)).rejects.toThrow(Unavailable);
      expect(await stores.health()).toMatchObject({ ok: false });
      await server.resume();
      expect(await stores.health()).toMatchObject({ ok: true });
      expect(await stores.failures.count('ana', 'questions', 5, noon)).toBe(1);
      expect((await stores.audit.append(sampleEvent())).sequence).toBe(2);
      expect(await stores.audit.verify()).toBeUndefined();
      await stores.close();
    });

    test.each([
      ['a wrong password', { password: 'wrong' }],
      ['a database that is not there', { database: 'nowhere' }],
    ])('%s is for the operator, and is not repeated in the fault', async (_name, change) => {
      const stores = await open({ ...(await server.createDatabase()), ...change });
      await expect(stores.flows.read('x')).rejects.toThrow(Misconfigured);
      await expect(stores.flows.read('x')).rejects.not.toThrow(/wrong/);
      await stores.close();
    });

    test('a server that may only be read from is Unavailable', async () => {
      const settings = await server.createDatabase();
      const stores = await open(settings);
      await stores.migrate();
      await server.query(settings, `alter database ${settings.database} set default_transaction_read_only = on`);
      const standby = await open(settings);
      await expect(standby.failures.count('ana', 'questions', 5, noon)).rejects.toThrow(Unavailable);
      expect(await standby.health()).toMatchObject({ ok: false });
      await stores.close();
      await standby.close();
    });

    test('of two lists that are saved in the same moment one comes into force, and the other hears of it', async () => {
      const settings = await server.createDatabase();
      const stores = await open(settings);
      await stores.migrate();
      // Each has looked for the newest version before either is there.
      await server.query(settings, dawdle);
      await server.query(
        settings,
        'create trigger dawdling before insert on policy_versions for each row execute function dawdle()',
      );
      const save = { basedOn: 0, by: 'a', byName: 'A', note: '', at: new Date(), policies: [] };
      const both = await Promise.all([stores.policies.save(save), stores.policies.save({ ...save, by: 'b' })]);
      const saved = both.find((one) => !('conflict' in one));
      expect(both).toHaveLength(2);
      expect(both).toContainEqual({ conflict: saved });
      expect(await stores.policies.newest()).toBe(1);
      await stores.close();
    });

    test('a commit is waited for even where the server is set not to', async () => {
      const settings = await server.createDatabase();
      await server.query(settings, `alter database ${settings.database} set synchronous_commit = off`);
      await server.query(settings, 'create table seen (commits text)');
      const stores = await open(settings);
      await stores.migrate();
      await server.query(settings, note);
      await server.query(settings, 'create trigger noting before insert on journal execute function note()');
      await stores.journal.intend(sampleEntry());
      expect(await server.query(settings, 'select commits from seen')).toEqual([{ commits: 'on' }]);
      await stores.close();
    });
  });

  describe('TLS', () => {
    test('is used when a CA file is given, also on loopback', async () => {
      const settings = await server.createDatabase();
      const stores = await open({ ...settings, 'ca-file': caFile });
      await stores.migrate();
      const sessions =
        "select s.ssl from pg_stat_ssl s join pg_stat_activity a using (pid) where application_name = 'latchkey'";
      expect(await server.query(settings, `${sessions} and datname = '${settings.database}'`)).toEqual([{ ssl: true }]);
      await stores.close();
    });

    test('does not connect to a server that another authority signed', async () => {
      const other = join(folder, 'other.pem');
      writeFileSync(other, (await selfSigned()).cert);
      const stores = await open({ ...(await server.createDatabase()), 'ca-file': other });
      await expect(stores.flows.read('x')).rejects.toThrow(Misconfigured);
      await stores.close();
    });

    test('does not connect to a server whose certificate names another host', async () => {
      const stores = await open({ ...(await server.createDatabase()), host: 'localhost', 'ca-file': caFile });
      await expect(stores.flows.read('x')).rejects.toThrow(/ALTNAME/);
      await stores.close();
    });
  });
});

describe('a connection', () => {
  test.each<[string, Error, boolean]>([
    ['is kept when the server answered with an error', new pg.DatabaseError('no', 2, 'error'), false],
    ['is given up when the server fell silent', new Error('Query read timeout'), true],
  ])('%s', async (_name, error, givenUp) => {
    const released: unknown[] = [];
    const client = { query: () => Promise.reject(error), release: (broken: unknown) => released.push(broken) };
    const pool = { connect: () => Promise.resolve(client), end: () => Promise.resolve(), options: {} };
    const connection = await new SoundPool(pool as unknown as pg.Pool).connect();
    await expect(connection.query('select 1', [])).rejects.toBe(error);
    connection.release();
    expect(released).toEqual([givenUp]);
  });
});

describe('TLS by address', () => {
  const settings = storeSettings.parse({
    kind: 'postgresql',
    host: 'x',
    database: 'd',
    user: 'u',
  }) as PostgresqlSettings;

  test.each(['db.example.test', '192.0.2.1', '2001:db8::1', '10.0.0.1', 'localhost.example.test', '127.example.test'])(
    'a connection that leaves the machine is verified: %s',
    (host) => {
      expect(tlsFor({ ...settings, host })).toEqual({ rejectUnauthorized: true });
    },
  );

  test.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost', '/run/postgresql'])(
    'one that stays may be plain: %s',
    (host) => {
      expect(tlsFor({ ...settings, host })).toBe(false);
    },
  );

  test('a CA file that cannot be read stops the start', () => {
    expect(() => tlsFor({ ...settings, 'ca-file': '/nowhere/ca.pem' })).toThrow(Misconfigured);
  });
});

const dawdle = `create function dawdle() returns trigger language plpgsql as $$
  begin perform pg_sleep(0.3); return new; end $$`;

const note = `create function note() returns trigger language plpgsql as $$
  begin insert into seen select current_setting('synchronous_commit'); return null; end $$`;

function open(settings: PostgresqlSettings) {
  return openStores(settings, { sealer: createSealer({ keys: [newKey('one')] }), clock: systemClock });
}

async function testDatabase(server: PostgresqlService): Promise<TestDatabase> {
  const settings = await server.createDatabase();
  const sql = (statement: string) => server.query(settings, statement);
  return { settings, sql, dump: () => dump(sql), remove: async () => undefined };
}

async function dump(sql: TestDatabase['sql']): Promise<string> {
  const tables = await sql("select tablename from pg_tables where schemaname = 'public'");
  const rows = await Promise.all(tables.map(({ tablename }) => sql(`select * from ${tablename}`)));
  return JSON.stringify(rows);
}

/** For 127.0.0.1 and for no name. */
function selfSigned() {
  return generate([{ name: 'commonName', value: 'latchkey test' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
}
