import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import BetterSqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseBound } from '../../src/commands/audit-export.ts';
import { type AuditEvent, auditGenesis, auditHash } from '../../src/core/audit/audit.ts';
import { headSigner, headsIn, headToken } from '../../src/core/audit/audit-signing.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createSealer, sealingSecret } from '../../src/core/sealer.ts';
import { sealHead } from '../../src/stores/audit-head.ts';
import { tableRowOf } from '../../src/stores/audit-rows.ts';
import { openStores } from '../../src/stores/open-stores.ts';
import { ConfigurationFolder, freePort, LatchkeyProcess } from '../latchkey-process.ts';
import { TestAuthority } from '../peers/authority.ts';
import { SyslogPeer } from '../peers/syslog-peer.ts';
import { lastingDemo } from '../smallest-demo.ts';

const timeout = 90_000;
const folders: ConfigurationFolder[] = [];
const secret = randomBytes(32).toString('hex');
const sealer = createSealer({ keys: [{ id: 'test', secret: sealingSecret(secret) }] });
const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const signer = headSigner(pem);
const start = new Date('2026-11-20T10:00:00.000Z').getTime();

afterAll(() => {
  for (const folder of folders) folder.remove();
});

/** A demo whose store lasts, with an audit of so many rows, one a minute. */
async function demoWith(rows: number, audit: object = {}): Promise<ConfigurationFolder> {
  const folder = new ConfigurationFolder('');
  folders.push(folder);
  const port = await freePort();
  const file = folder.path('latchkey.db');
  writeFileSync(folder.path('key.pem'), pem, { mode: 0o600 });
  folder.write({
    ...lastingDemo(file),
    'public-url': `http://127.0.0.1:${port}`,
    listen: { port },
    keys: [{ id: 'test', secret }],
    audit,
  });
  const stores = await openStores({ kind: 'sqlite', file, 'busy-timeout-ms': 1_000 }, { sealer, clock: systemClock });
  await stores.migrate();
  await stores.close();
  fill(file, rows);
  return folder;
}

/** Writes a chain as Latchkey would, without its waits for the disk; every tenth row is a signed head. */
function fill(file: string, rows: number): void {
  const database = new BetterSqlite(file);
  const insert = database.prepare(
    `insert into audit values (@sequence, @at, @event, @subject, @portal, @flow, @gate, @address, @correlation, @detail, @hash)`,
  );
  let head = { sequence: 0, hash: auditGenesis };
  database.transaction(() => {
    for (let sequence = 1; sequence <= rows; sequence += 1) {
      const at = new Date(start + (sequence - 1) * 60_000);
      const event: AuditEvent =
        sequence % 10 === 0
          ? { at, event: 'audit.head-signed', detail: { head: headToken(signer.sign({ ...head, at })) } }
          : { at, event: 'gate.wrong', subject: `subject-${sequence % 7}`, detail: { agent: 'x|=\\\n\u202e' } };
      const row = { ...event, sequence, hash: auditHash(head.hash, sequence, event) };
      insert.run(tableRowOf(row));
      head = row;
    }
    database
      .prepare('update audit_head set sequence = ?, hash = ?, seal = ?')
      .run(head.sequence, head.hash, sealHead(sealer, head));
  })();
  database.close();
}

const latchkey = (folder: ConfigurationFolder, args: string, node: readonly string[] = []) =>
  LatchkeyProcess.command(args.split(' '), { configuration: folder.file, node }).ended;

const linesOf = (text: string) => text.split('\n').slice(0, -1);
const sequences = (text: string) => linesOf(text).map((line) => JSON.parse(line).sequence);

describe('a bound of an export', () => {
  it.each<[string, boolean, unknown]>([
    ['17', false, 17],
    ['2026-11-20', false, new Date('2026-11-20T00:00:00.000Z')],
    ['2026-11-20', true, new Date('2026-11-20T23:59:59.999Z')],
    ['2026-11-20T10:05', true, new Date('2026-11-20T10:05:00.000Z')],
    ['2026-11-20T10:05:01.5Z', false, new Date('2026-11-20T10:05:01.500Z')],
    ['2026-11-20T10:05+02:00', false, new Date('2026-11-20T08:05:00.000Z')],
  ])('is read: %s', (text, end, bound) => expect(parseBound(text, end)).toStrictEqual(bound));

  it.each(['', '0', '-1', '1.5', '1e9', 'yesterday', '2026-02-31', '2026-13-01', '2026-11-20Z', '2026-11-20T25:00'])(
    'is none: %s',
    (text) => expect(parseBound(text, false)).toBeUndefined(),
  );
});

describe('latchkey audit export', () => {
  let folder: ConfigurationFolder;

  beforeAll(async () => {
    folder = await demoWith(45);
  });

  it(
    'writes rows as JSON, those that were asked for, and its own doing into the audit first',
    async () => {
      const all = await latchkey(folder, 'audit export');
      expect(all).toMatchObject({ code: 0, stderr: 'Rows 1 to 45 were exported.\n' });
      expect(sequences(all.stdout)).toEqual(Array.from({ length: 45 }, (_, index) => index + 1));
      const some = await latchkey(folder, 'audit export --from 20 --to 2026-11-20T10:24');
      expect(sequences(some.stdout)).toEqual([20, 21, 22, 23, 24, 25]);
      const dated = await latchkey(folder, 'audit export --from 2026-11-20T10:40 --to 2026-11-20');
      expect(sequences(dated.stdout)).toEqual([41, 42, 43, 44, 45]);
      const none = await latchkey(folder, 'audit export --from 900');
      expect(none).toMatchObject({ code: 1, stdout: '', stderr: 'There are no such rows.\n' });

      const own = await latchkey(folder, 'audit export --from 46');
      const [first] = linesOf(own.stdout).map((line) => JSON.parse(line));
      expect(first).toMatchObject({ event: 'audit.exported', detail: { from: 1, to: 45, format: 'jsonl' } });
      expect(linesOf(own.stdout)).toHaveLength(4);
    },
    timeout,
  );

  it(
    'makes a file for its owner alone, and leaves one that is there as it is',
    async () => {
      const output = folder.path('audit.cef');
      const made = await latchkey(folder, `audit export --format cef --to 45 --output ${output}`);
      expect(made).toMatchObject({ code: 0, stdout: '', stderr: 'Rows 1 to 45 were exported.\n' });
      expect(statSync(output).mode & 0o777).toBe(0o600);
      const text = readFileSync(output, 'utf8');
      expect(linesOf(text)).toHaveLength(45);
      for (const line of linesOf(text)) expect(line).toMatch(/^CEF:0\|Latchkey\|[ -~]+$/);
      const again = await latchkey(folder, `audit export --output ${output}`);
      expect(again.stderr).toContain('audit.cef is there already');
      expect(again.code).toBe(1);
      expect(readFileSync(output, 'utf8')).toBe(text);
      expect(existsSync(`${output}.part`)).toBe(false);
    },
    timeout,
  );

  it(
    'is called wrongly with a bound that is none or a format that is not there',
    async () => {
      for (const args of ['--from yesterday', '--to 0', '--format csv', '--output'])
        expect((await latchkey(folder, `audit export ${args}`)).code).toBe(64);
    },
    timeout,
  );

  it(
    'takes little memory however much there is, and leaves nothing behind when it is cancelled',
    async () => {
      const large = await demoWith(150_000);
      const output = large.path('all.jsonl');
      const small = await latchkey(large, `audit export --output ${output}`, ['--max-old-space-size=40']);
      expect(small).toMatchObject({ code: 0, stdout: '' });
      expect(statSync(output).size).toBeGreaterThan(40_000_000);

      const other = large.path('cancelled.jsonl');
      const args = ['audit', 'export', '--output', other];
      const process = LatchkeyProcess.command(args, { configuration: large.file });
      while (!existsSync(`${other}.part`)) await pause(5);
      process.signal('SIGINT');
      expect(await process.ended).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('The export was cancelled; no file was left behind.\n'),
      });
      expect(readdirSync(large.folder).filter((name) => name.startsWith('cancelled'))).toEqual([]);
    },
    timeout,
  );
});

describe('16.4.2: latchkey audit verify', () => {
  it(
    'holds every signed head against the chain, and needs nothing but a public key for those kept elsewhere',
    async () => {
      const signed = await demoWith(45, { 'signing-key-file': 'KEY' });
      signed.write(readFileSync(signed.file, 'utf8').replace('KEY', signed.path('key.pem')));
      const printed = await latchkey(signed, 'audit public-key');
      expect(createPublicKey(printed.stdout).equals(signer.publicKey)).toBe(true);
      expect(printed.stdout).not.toContain('PRIVATE');
      writeFileSync(signed.path('public.pem'), printed.stdout);

      expect(await latchkey(signed, 'audit verify')).toMatchObject({
        code: 0,
        stdout:
          'The audit chain is whole.\n4 signed heads of its own fit.\n' +
          'The last is of row 39, signed at 2026-11-20T10:39:00.000Z.\n',
      });
      const exported = await latchkey(signed, 'audit export --to 30 --format cef');
      writeFileSync(signed.path('kept.log'), exported.stdout);
      expect(headsIn(exported.stdout)).toHaveLength(3);

      // Somebody with the database and the sealing key writes it all anew, without the heads.
      const database = new BetterSqlite(signed.path('latchkey.db'));
      database.exec('delete from audit');
      database.close();
      rewrite(signed.path('latchkey.db'), 12);
      const unsigned = readFileSync(signed.file, 'utf8').replace(/ *signing-key-file: .*\n/, '');
      signed.write(unsigned.replace('audit:\n', 'audit: {}\n'));
      expect(await latchkey(signed, 'audit verify')).toMatchObject({
        code: 0,
        stdout: 'The audit chain is whole.\nNo head is signed: audit.signing-key-file is not set.\n',
      });
      const kept = `audit verify --heads ${signed.path('kept.log')}`;
      const found = await latchkey(signed, `${kept} --public-key ${signed.path('public.pem')}`);
      expect(found.stdout).toBe(
        'The audit chain is broken at row 9: it is not the row that was signed at 2026-11-20T10:09:00.000Z; ' +
          'the change lies between row 1 and here.\n',
      );
      expect(found.code).toBe(1);
      const keyless = await latchkey(signed, kept);
      expect(keyless.stdout).toContain('whose public key was not given');
      expect(keyless.code).toBe(1);
    },
    timeout,
  );

  it(
    'does not take a file without heads, or none, for agreement, nor a private key for a public one',
    async () => {
      const folder = await demoWith(3);
      writeFileSync(folder.path('empty'), 'nothing here\n');
      const cases = [
        [`--heads ${folder.path('empty')}`, 'There is no signed head in'],
        ['--heads /nowhere/at/all', '--heads: ENOENT'],
        [`--public-key ${folder.path('key.pem')}`, 'no Ed25519 public key in PEM'],
      ] as const;
      for (const [args, complaint] of cases) {
        const { code, stdout, stderr } = await latchkey(folder, `audit verify ${args}`);
        expect(stdout).toContain(complaint);
        expect(stderr).toBe('');
        expect(code).toBe(1);
      }
      expect(await latchkey(folder, 'audit public-key')).toMatchObject({
        code: 1,
        stdout: 'No head is signed: audit.signing-key-file is not set.\n',
      });
    },
    timeout,
  );

  /** A whole, sealed chain of other rows. */
  function rewrite(file: string, rows: number): void {
    const database = new BetterSqlite(file);
    const insert = database.prepare('insert into audit (sequence, at, event, hash) values (?, ?, ?, ?)');
    let head = { sequence: 0, hash: auditGenesis };
    for (let sequence = 1; sequence <= rows; sequence += 1) {
      const event: AuditEvent = { at: new Date(start), event: 'gate.passed' };
      head = { sequence, hash: auditHash(head.hash, sequence, event) };
      insert.run(sequence, start, event.event, head.hash);
    }
    database
      .prepare('update audit_head set sequence = ?, hash = ?, seal = ?')
      .run(head.sequence, head.hash, sealHead(sealer, head));
    database.close();
  }
});

describe('a server', () => {
  it(
    'signs its head, ships it, and latchkey check says how it stands',
    async () => {
      const authority = await TestAuthority.create();
      const peer = await SyslogPeer.open({ identity: await authority.server() });
      const folder = await demoWith(0, {
        'signing-key-file': 'KEY',
        syslog: { host: '127.0.0.1', port: peer.port, 'ca-file': 'CA', format: 'jsonl' },
      });
      writeFileSync(folder.path('ca.pem'), authority.ca);
      const text = readFileSync(folder.file, 'utf8');
      const origin = `http://127.0.0.1:${/ port: (\d+)/.exec(text)?.[1]}`;
      folder.write(text.replace('KEY', folder.path('key.pem')).replace('CA', folder.path('ca.pem')));
      const server = await LatchkeyProcess.server({ configuration: folder.file });
      try {
        while (!peer.received.some(({ id }) => id === 'audit.head-signed')) await pause(20);
        expect(peer.faults).toEqual([]);
        expect(peer.received.map(({ id }) => id)).toEqual(['system.started', 'audit.head-signed']);
        expect(headsIn(peer.received[1]?.text ?? '')).toHaveLength(1);
        expect(server.log.filter(({ alarm }) => alarm !== undefined)).toEqual([]);
      } finally {
        server.signal('SIGTERM');
        expect((await server.ended).code).toBe(0);
      }
      const well = await latchkey(folder, 'check');
      expect(well.stdout).toMatch(/^ok +audit: its head is signed with the key [0-9a-f]{16}$/m);
      expect(well.stdout).toMatch(/^ok +audit\.syslog: 127\.0\.0\.1:\d+ takes connections over TLS$/m);
      expect(well.stdout).toMatch(/^ok +audit\.syslog: 1 row waits to be shipped, the first for 0 minutes$/m);

      await peer.close();
      const alone = await LatchkeyProcess.server({ configuration: folder.file });
      while (!alone.log.some(({ alarm }) => alarm === 'audit-sink')) await pause(20);
      // A lost syslog server is no reason to serve nobody.
      expect((await fetch(`${origin}/health/ready`)).status).toBe(200);
      await alone.end();
      const away = await latchkey(folder, 'check');
      expect(away.stdout).toMatch(/^problem +audit\.syslog: .*ECONNREFUSED.* — /m);
      writeFileSync(folder.path('key.pem'), 'no key');
      const keyless = await latchkey(folder, 'check');
      expect(keyless.stdout).toMatch(/^problem +audit: audit\.signing-key-file: .*no Ed25519 private key in PEM — /m);
      expect((await latchkey(folder, 'start')).stderr).toContain('Latchkey cannot start: audit.signing-key-file: ');
    },
    timeout,
  );
});
