import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';

/** How to reach a running Samba AD domain controller. Plain JSON: it travels from the run's set-up to the test files. */
export interface SambaDetails {
  readonly host: string;
  readonly ldapsPort: number;
  readonly ldapPort: number;
  /** ldaps:// with the port. */
  readonly url: string;
  /** ldap:// with the port; answers nothing before StartTLS. */
  readonly startTlsUrl: string;
  readonly caFile: string;
  /** The provisioned folder, for what only local tools can do. */
  readonly folder: string;
  /** NetBIOS name of the domain. */
  readonly domain: string;
  readonly dnsDomain: string;
  readonly baseDn: string;
  readonly peopleBase: string;
  readonly administrator: string;
  readonly administratorPassword: string;
  /** Principal name of the least-privilege service account. */
  readonly service: string;
  readonly servicePassword: string;
}

export interface SambaService extends SambaDetails {
  /** Stops every process of the server where it stands (SIGSTOP): sockets stay open, nothing answers. */
  pause(): void;
  resume(): void;
  /** Ends exactly this server and removes its folder. */
  stop(): Promise<void>;
}

const ports = [636, 389, 88, 464, 3268, 3269];
const scripts = join(import.meta.dirname, 'samba');
const path = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Why Samba cannot be started here, as a sentence; undefined when it can. */
export function whyNoSamba(): string | undefined {
  if (process.platform !== 'linux') return 'Samba AD is started on Linux only';
  if (process.getuid?.() !== 0) return 'Samba AD needs root (its ports are below 1024)';
  if (!existsSync('/usr/sbin/samba')) {
    return 'Samba AD is not installed: apt-get install -y samba-ad-dc samba-ad-provision python3-samba openssl';
  }
  return undefined;
}

/**
 * Provisions a domain in a temporary folder and starts it in the foreground, as the leader of its own process group.
 * @param wish.crowd how many people without passwords it is filled with before; see samba/crowd.py
 */
export async function startSamba(wish: { readonly crowd?: number } = {}): Promise<SambaService> {
  const reason = whyNoSamba();
  if (reason) throw new Error(reason);
  await untilPortsAreFree();
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-samba-'));
  const details = describeDomain(join(folder, 'dc'));
  let server: ChildProcess | undefined;
  try {
    await provision(details, join(folder, 'dc'));
    if (wish.crowd !== undefined) await fill(join(folder, 'dc'), wish.crowd);
    server = launch(join(folder, 'dc', 'etc', 'smb.conf'));
    await untilAnswers(details, server);
  } catch (error) {
    if (server) await end(server);
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return service(details, server, folder);
}

function describeDomain(folder: string): SambaDetails {
  return {
    host: '127.0.0.1',
    ldapsPort: 636,
    ldapPort: 389,
    url: 'ldaps://127.0.0.1:636',
    startTlsUrl: 'ldap://127.0.0.1:389',
    caFile: join(folder, 'private', 'tls', 'ca.pem'),
    folder,
    domain: 'CORP',
    dnsDomain: 'corp.example.test',
    baseDn: 'DC=corp,DC=example,DC=test',
    peopleBase: 'OU=People,DC=corp,DC=example,DC=test',
    administrator: 'CORP\\Administrator',
    administratorPassword: `Aa1-${randomBytes(16).toString('hex')}`,
    service: 'svc-latchkey@corp.example.test',
    servicePassword: `Aa1-${randomBytes(16).toString('hex')}`,
  };
}

/** Another run on this machine may hold the fixed ports for a while. */
async function untilPortsAreFree(): Promise<void> {
  for (let second = 0; second < 300; second += 1) {
    const taken = await firstTakenPort();
    if (taken === undefined) return;
    if (second === 0) process.stderr.write(`Waiting for port ${taken}: another server listens there.\n`);
    await wait(1000);
  }
  throw new Error(`Samba AD needs port ${await firstTakenPort()}, which another server holds`);
}

async function firstTakenPort(): Promise<number | undefined> {
  for (const port of ports) if (await isTaken(port)) return port;
  return undefined;
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function provision(details: SambaDetails, folder: string): Promise<void> {
  await runScript(['/bin/sh', join(scripts, 'provision.sh'), folder], {
    ADMIN_PASSWORD: details.administratorPassword,
    SERVICE_PASSWORD: details.servicePassword,
  });
}

async function fill(folder: string, people: number): Promise<void> {
  const where = [join(folder, 'etc', 'smb.conf'), join(folder, 'private', 'sam.ldb')];
  await runScript(['/usr/bin/python3', join(scripts, 'crowd.py'), ...where, String(people)]);
}

async function runScript([command, ...given]: readonly [string, ...string[]], secrets = {}): Promise<void> {
  const child = spawn(command, given, { env: { PATH: path, ...secrets }, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = collect(child);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`Preparing Samba AD failed (exit ${code}):\n${said()}`);
}

/** With -i Samba ends by itself when its standard input closes, so it does not outlive a killed test run. */
function launch(configuration: string): ChildProcess {
  const child = spawn('/usr/sbin/samba', ['-s', configuration, '-i'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.once('error', () => {});
  return child;
}

async function untilAnswers(details: SambaDetails, server: ChildProcess): Promise<void> {
  const ca = await readFile(details.caFile);
  for (let tries = 0; tries < 300; tries += 1) {
    if (server.exitCode !== null) throw new Error(`Samba AD ended at its start (exit ${server.exitCode})`);
    if (await answersTls(details, ca)) return;
    await wait(100);
  }
  throw new Error('Samba AD does not answer over LDAPS');
}

function answersTls(details: SambaDetails, ca: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTls({ host: details.host, port: details.ldapsPort, ca, timeout: 2000 });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('secureConnect', () => settle(true));
    socket.once('error', () => settle(false)).once('timeout', () => settle(false));
  });
}

function service(details: SambaDetails, server: ChildProcess, folder: string): SambaService {
  return {
    ...details,
    pause: () => signal(server, 'SIGSTOP'),
    resume: () => signal(server, 'SIGCONT'),
    stop: async () => {
      await end(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function end(server: ChildProcess): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    if (server.exitCode !== null || server.signalCode !== null) resolve();
    else server.once('exit', () => resolve());
  });
  signal(server, 'SIGCONT');
  signal(server, 'SIGTERM');
  await Promise.race([gone, wait(5000, undefined, { ref: false })]);
  signal(server, 'SIGKILL');
  await gone;
}

/** To the whole group: Samba answers from child processes. A group that is gone already is fine. */
function signal(server: ChildProcess, name: NodeJS.Signals): void {
  if (server.pid === undefined) return;
  try {
    process.kill(-server.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function collect(child: ChildProcess): () => string {
  const parts: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => parts.push(text));
  return () => parts.join('');
}
