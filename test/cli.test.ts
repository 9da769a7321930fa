import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import BetterSqlite from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ConfigurationFolder, type Ended, freePort, LatchkeyProcess } from './latchkey-process.ts';
import { lastingDemo } from './smallest-demo.ts';

const timeout = 90_000;
const folders: ConfigurationFolder[] = [];
const canary = `c4n4ry${randomBytes(12).toString('hex')}`;

afterAll(() => {
  for (const folder of folders) folder.remove();
});

function folderWith(configuration: string | object): ConfigurationFolder {
  const folder = new ConfigurationFolder(configuration);
  folders.push(folder);
  return folder;
}

interface Run {
  readonly variables?: Readonly<Record<string, string>>;
  readonly node?: readonly string[];
}

/** Runs the command to its end, on a configuration or on the demo's. */
function latchkey(args: string, folder?: ConfigurationFolder, run: Run = {}): Promise<Ended> {
  const configuration = folder === undefined ? {} : { configuration: folder.file };
  return LatchkeyProcess.command(args.split(' '), { ...configuration, ...run }).ended;
}

/** The demo with a store that lasts. */
async function demoOnDisk(): Promise<{ folder: ConfigurationFolder; database: string; origin: string }> {
  const folder = folderWith('');
  const port = await freePort();
  const database = folder.path('latchkey.db');
  const origin = `http://127.0.0.1:${port}`;
  folder.write({ ...lastingDemo(database), 'public-url': origin, listen: { port } });
  return { folder, database, origin };
}

describe('latchkey check of one provider', () => {
  it.each(['check --provider texts', 'check --to +12025550123', 'check --channel sms'])(
    'wants to know both whom and where: %s',
    async (args) => {
      const { code, stderr } = await latchkey(args);
      expect(code).toBe(64);
      expect(stderr).toContain('--provider and --to are given together');
    },
    timeout,
  );

  it(
    'makes one real sending, and tells what came of it',
    async () => {
      const sent = await latchkey('check --provider texts --to +12025550123');
      expect(sent.stdout).toContain('it took the message');
      expect(sent.code).toBe(0);
      const none = await latchkey('check --provider pigeon --to +12025550123');
      expect(none.stdout).toContain('there is no such provider');
      expect(none.code).toBe(1);
    },
    timeout,
  );
});

describe('latchkey', () => {
  it('says in plain words what it can do', async () => {
    const { code, stdout } = await latchkey('--help');
    expect(code).toBe(0);
    for (const command of ['start', 'check', 'migrate', 'audit', 'map', 'health', 'import', '--config'])
      expect(stdout).toContain(command);
  });

  it.each([
    ['chekc', "unknown command 'chekc'"],
    ['check now', 'too many arguments'],
    ['check --fast', "unknown option '--fast'"],
    ['--config', 'argument missing'],
    ['audit', 'Usage: latchkey audit'],
    ['audit repair', "unknown command 'repair'"],
    ['import', 'Usage: latchkey import'],
    ['import mfa-settings', "missing required argument 'file'"],
    ['check --provider texts --to +12025550123 --channel fax', 'Allowed choices are sms, voice, email'],
  ])('ends with 64 when called as latchkey %s', async (args, complaint) => {
    const { code, stderr } = await latchkey(args);
    expect(stderr).toContain(complaint);
    expect(code).toBe(64);
  });

  it('hands over to the Node that came with it where the first one runs no TypeScript', async () => {
    const { code, stdout } = await latchkey('--help', undefined, { node: ['--no-strip-types'] });
    expect(stdout).toContain('Usage: latchkey');
    expect(code).toBe(0);
    const wrong = await latchkey('chekc', undefined, { node: ['--no-strip-types'] });
    expect(wrong.code).toBe(64);
  });
});

describe('F32: a configuration that is wrong', () => {
  const wrong = {
    'public-url': 'http://password.example.com',
    listen: { port: 'x', hots: 'y' },
    organisation: { name: 'Contoso' },
    keys: [{ id: 'a', secret: canary }],
    store: { kind: 'sqlite', file: ':memory:' },
    directory: {
      kind: 'active-directory',
      urls: ['ldap://dc1.example.com'],
      domain: 'CORP',
      'base-dn': 'DC=corp',
      'bind-account': 'svc',
      'bind-password': `\${env:NO_SUCH_VARIABLE}`,
    },
    channels: { sms: [`\${env:CANARY}`, 5] },
    policies: [{ name: 'everyone', members: 'everyone', chain: ['otp-smss'] }],
  };
  const places = [
    'public-url',
    'listen.port',
    'listen.hots',
    'keys.0.secret',
    'directory.urls.0',
    'directory.bind-password',
    'channels.sms.1',
    'policies.0.chain.0',
  ];

  it.each(['start', 'check', 'migrate', 'audit verify', 'map'])(
    'ends latchkey %s with 78 and everything that is wrong at once, and no secret',
    async (command) => {
      const run = { variables: { CANARY: canary } };
      const { code, stdout, stderr } = await latchkey(command, folderWith(wrong), run);
      expect(code).toBe(78);
      for (const place of places) expect(stdout + stderr).toMatch(new RegExp(`^\\s*(problem\\s+)?${place}: `, 'm'));
      expect(stdout + stderr).toContain('the environment variable NO_SUCH_VARIABLE is not set');
      expect(stdout + stderr).not.toContain(canary);
      expect(stderr).not.toMatch(/\bat .*\.ts:\d+/);
    },
    timeout,
  );

  it('ends the server itself with 78 too', async () => {
    const refused = await LatchkeyProcess.server({ configuration: folderWith(wrong).file }).catch((error) => error);
    expect(String(refused)).toContain('The configuration cannot be used');
  });

  it.each(['start', 'check', 'map'])(
    'that is not there is named to latchkey %s, once, with what to do',
    async (command) => {
      const { code, stdout, stderr } = await latchkey(`${command} --config /nowhere/latchkey.yaml`);
      const said = stdout + stderr;
      const line =
        '/nowhere/latchkey.yaml: cannot be read (ENOENT) — Name a file that Latchkey may read, with --config';
      expect(said).toContain(line);
      expect(said.match(/nowhere|ENOENT| — /g)).toEqual(['nowhere', 'ENOENT', ' — ']);
      expect(code).toBe(78);
    },
  );

  it.each(['start', 'check'])('is what the demo is to latchkey %s in production', async (command) => {
    const run = { variables: { NODE_ENV: 'production' } };
    const { code, stdout, stderr } = await latchkey(command, undefined, run);
    expect(stdout + stderr).toContain('directory.kind: is for the demo only');
    expect(stdout + stderr).toContain('providers.texts.kind: is for the demo only');
    expect(stdout).not.toContain('Latchkey is at');
    expect(code).toBe(78);
  });
});

describe('latchkey check', () => {
  const line = /^(ok|warning|problem) +\S.*: .+$/;

  it(
    'finds nothing that is wrong with the demo, line by line',
    async () => {
      const { code, stdout, stderr } = await latchkey('check');
      const lines = stdout.trimEnd().split('\n');
      for (const one of lines) expect(one).toMatch(line);
      expect(lines.filter((one) => one.startsWith('problem'))).toEqual([]);
      for (const subject of ['configuration', 'texts', 'listen', 'store', 'right Reset Password', 'providers.calls']) {
        expect(stdout).toMatch(new RegExp(`^(ok|warning) +${subject}: `, 'm'));
      }
      expect(stderr).toBe('');
      expect(code).toBe(0);
    },
    timeout,
  );

  it(
    'looks at all that can be looked at when some of it is broken, and ends with 1',
    async () => {
      const { folder, database } = await demoOnDisk();
      const text = { ...settingsOf(folder), 'public-url': 'https://password.example.com' };
      folder.write({
        ...text,
        listen: { port: 3443, tls: { 'certificate-file': '/nowhere/cert.pem', 'key-file': '/nowhere/key.pem' } },
        directory: {
          kind: 'active-directory',
          urls: [`ldaps://127.0.0.1:${await freePort()}`],
          domain: 'CORP',
          'base-dn': 'DC=corp,DC=example',
          'bind-account': 'svc@corp.example',
          'bind-password': canary,
          'connect-timeout-ms': 1000,
        },
      });
      writeFileSync(database, 'this is no database');
      const { code, stdout, stderr } = await latchkey('check', folder);
      expect(stdout).toMatch(/^problem +listen: .*\/nowhere\/cert\.pem.* — /m);
      expect(stdout).toMatch(/^problem +store: .*not a database.* — /m);
      expect(stdout).toMatch(/^problem +ldaps:\/\/127\.0\.0\.1:\d+: .* — /m);
      expect(stdout).toMatch(/^ok +providers\.texts: /m);
      expect(stdout).toMatch(/^warning +channels\.email: /m);
      expect(stdout + stderr).not.toContain(canary);
      expect(code).toBe(1);
    },
    timeout,
  );

  it(
    'tells a certificate for another host, one that ends soon, and a key of another one',
    async () => {
      const { folder } = await demoOnDisk();
      certificate(folder, 'cert', { host: 'other.example.com', days: 10 });
      certificate(folder, 'second', { host: 'password.example.com', days: 200 });
      const tls = { 'certificate-file': folder.path('cert.pem'), 'key-file': folder.path('second.key') };
      folder.write({
        ...settingsOf(folder),
        'public-url': 'https://password.example.com',
        listen: { port: 3443, tls },
      });
      const { code, stdout } = await latchkey('check', folder);
      expect(stdout).toMatch(/^warning +listen\.tls: the certificate is valid until .* \((9|10) days\) — /m);
      expect(stdout).toMatch(/^problem +listen\.tls: the key does not belong to the certificate — /m);
      expect(stdout).toMatch(/^problem +listen\.tls: the certificate is not for password\.example\.com .* — /m);
      expect(code).toBe(1);

      const good = { 'certificate-file': folder.path('second.pem'), 'key-file': folder.path('second.key') };
      folder.write({ ...settingsOf(folder), listen: { port: 3443, tls: good } });
      const second = await latchkey('check', folder);
      expect(second.stdout).toMatch(/^ok +listen\.tls: the certificate is valid/m);
      expect(second.code).toBe(0);
    },
    timeout,
  );

  it(
    'tells of a public address with TLS that nothing here or before here speaks',
    async () => {
      const { folder } = await demoOnDisk();
      folder.write({ ...settingsOf(folder), 'public-url': 'https://password.example.com' });
      const { code, stdout } = await latchkey('check', folder);
      expect(stdout).toMatch(/^problem +trusted-proxies: .* — /m);
      expect(code).toBe(1);
    },
    timeout,
  );

  it(
    'makes no database of its own',
    async () => {
      const { folder, database } = await demoOnDisk();
      const { stdout } = await latchkey('check', folder);
      expect(stdout).toMatch(/^ok +store: there is no database yet/m);
      expect(existsSync(database)).toBe(false);
      const verified = await latchkey('audit verify', folder);
      expect(verified).toMatchObject({ code: 1, stdout: 'There is no database yet, so there is no audit.\n' });
      expect(existsSync(database)).toBe(false);
    },
    timeout,
  );
});

describe('latchkey migrate and audit verify', () => {
  it(
    'bring the schema up to date once, and find the first row that was changed, while a server runs',
    async () => {
      const { folder, database, origin } = await demoOnDisk();
      expect(await latchkey('migrate', folder)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^Applied 0001-first\.\n(?:Applied \d{4}-[a-z-]+\.\n)+$/),
      });
      expect(await latchkey('migrate', folder)).toMatchObject({ code: 0, stdout: 'The schema is current.\n' });
      expect((await latchkey('check', folder)).stdout).toMatch(/^ok +store: .*takes writes/m);

      const server = await LatchkeyProcess.server({ configuration: folder.file });
      try {
        const page = await fetch(`${origin}/reset`);
        expect(page.status).toBe(200);
        expect(await latchkey('audit verify', folder)).toMatchObject({
          code: 0,
          stdout: 'The audit chain is whole.\nNo head is signed: audit.signing-key-file is not set.\n',
        });

        const direct = new BetterSqlite(database);
        const row = "'reset', 'r', 'email', 'set-aside', 1, 1, 1, null, 0, 10, 10, ''";
        direct.prepare(`insert into outbox values ('given-up', ${row})`).run();
        expect((await latchkey('check', folder)).stdout).toMatch(/^warning +notices: 0 wait; 1 were given up — /m);
        const { last } = direct.prepare('select max(sequence) as last from audit').get() as { last: number };
        direct.prepare("update audit set event = 'write.done' where sequence = ?").run(last);
        direct.close();
        const broken = await latchkey('audit verify', folder);
        expect(broken.stdout).toBe(
          `The audit chain is broken at row ${last}: the row was changed, or is not the one that stood here.\n`,
        );
        expect(broken.code).toBe(1);
        expect(await latchkey('after-restore', folder)).toMatchObject({
          code: 0,
          stdout: expect.stringMatching(/^Ended all that was open \(\d+ rows\)\./),
        });
      } finally {
        await server.end();
      }
    },
    timeout,
  );

  it(
    'say what is wrong with a file that is no database, without a stack',
    async () => {
      const { folder, database } = await demoOnDisk();
      writeFileSync(database, 'this is no database');
      for (const command of ['migrate', 'audit verify']) {
        const { code, stdout, stderr } = await latchkey(command, folder);
        expect(stdout).toContain('not a database');
        expect(stderr).toBe('');
        expect(code).toBe(1);
      }
    },
    timeout,
  );
});

describe('latchkey health', () => {
  it.each([['without TLS'], ['with TLS, by the very certificate that is configured']])(
    'asks the server on this computer, %s',
    async (how) => {
      const { folder } = await demoOnDisk();
      if (how.startsWith('with TLS')) {
        certificate(folder, 'cert', { host: 'password.example.com', days: 10 });
        const tls = { 'certificate-file': folder.path('cert.pem'), 'key-file': folder.path('cert.key') };
        const listen = { port: await freePort(), tls };
        folder.write({ ...settingsOf(folder), 'public-url': 'https://password.example.com', listen });
      }
      const before = await latchkey('health', folder);
      expect(before.stdout).toMatch(/^It does not answer as it should: .*ECONNREFUSED/);
      expect(before.code).toBe(1);
      const server = await LatchkeyProcess.server({ configuration: folder.file });
      try {
        expect(await latchkey('health', folder)).toMatchObject({ code: 0, stdout: 'It lives.\n' });
        if (how.startsWith('without')) return;
        certificate(folder, 'cert', { host: 'password.example.com', days: 10 });
        expect((await latchkey('health', folder)).code).toBe(1);
      } finally {
        await server.end();
      }
    },
    timeout,
  );
});

describe('latchkey map', () => {
  it('shows the gates in the order of the chain, for both portals, and the rules', async () => {
    const { code, stdout } = await latchkey('map');
    expect(code).toBe(0);
    expect(stdout).toContain('sign-in --> phone --> otp-sms --> questions --> registered');
    expect(stdout).toContain('login --> phone --> otp-sms --> questions --> choose --> done');
    expect(stdout).toContain('2. Phone call (phone) is passed, by voice through calls.');
    expect(stdout).toContain('3 wrong answers in a row');
  });

  it('comes to its end without a word when nobody reads on', async () => {
    const command = LatchkeyProcess.command(['map']);
    command.stopReading();
    expect(await command.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('names the settings that a policy has of its own', async () => {
    const { folder } = await demoOnDisk();
    const settings = settingsOf(folder) as { readonly policies: readonly object[] };
    const policies = [{ ...settings.policies[0], gates: { 'otp-sms': { lifetime: 120, 'code-length': 8 } } }];
    folder.write({ ...settings, policies });
    expect((await latchkey('map', folder)).stdout).toContain('settings of its own for otp-sms: code-length, lifetime.');
  });
});

function settingsOf(folder: ConfigurationFolder): object {
  return parse(readFileSync(folder.file, 'utf8'));
}

function certificate(folder: ConfigurationFolder, name: string, of: { host: string; days: number }): void {
  const [key, cert] = [folder.path(`${name}.key`), folder.path(`${name}.pem`)];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', String(of.days)];
  const about = ['-subj', `/CN=${of.host}`, '-addext', `subjectAltName=DNS:${of.host}`];
  execFileSync('openssl', ['req', '-x509', ...kind, ...about, '-keyout', key, '-out', cert], { stdio: 'ignore' });
}
