import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../latchkey-process.ts';
import type { Identity } from '../peers/authority.ts';

const program = '/usr/sbin/rsyslogd';
const startMs = 20_000;

/** Why rsyslog cannot be started here, as a sentence; undefined when it can. */
export function whyNoRsyslog(): string | undefined {
  const driver = globSync('/usr/lib/*/rsyslog/lmnsd_ossl.so').length > 0;
  if (existsSync(program) && driver) return undefined;
  return 'rsyslog is not installed: apt-get install -y rsyslog rsyslog-openssl';
}

export interface RsyslogNeeds {
  readonly identity: Identity;
  /** PEM of the authority that clients are checked against. */
  readonly ca: string;
  /** Whether every client must show a certificate of that authority. */
  readonly clients?: boolean;
}

/** One line of what rsyslog wrote. */
export interface RsyslogLine {
  readonly priority: number;
  readonly at: Date;
  readonly app: string;
  readonly id: string;
  readonly text: string;
}

/** Debian's rsyslog, which takes syslog over TLS on a free port of 127.0.0.1 and writes it to a file. */
export class RsyslogService {
  readonly port: number;
  readonly #folder: string;
  #server: ChildProcess | undefined;

  static async start(needs: RsyslogNeeds): Promise<RsyslogService> {
    const reason = whyNoRsyslog();
    if (reason !== undefined) throw new Error(reason);
    const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-rsyslog-'));
    const service = new RsyslogService(folder, await freePort());
    service.configure(needs);
    await service.resume();
    return service;
  }

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
    process.once('exit', this.#kill);
  }

  /** Takes effect at the next start. */
  configure({ identity, ca, clients }: RsyslogNeeds): void {
    const file = (name: string, content: string): string => {
      const whole = path.join(this.#folder, name);
      writeFileSync(whole, content, { mode: 0o600 });
      return whole;
    };
    const tls = [
      `DefaultNetstreamDriverCAFile="${file('ca.pem', ca)}"`,
      `DefaultNetstreamDriverCertFile="${file('cert.pem', identity.cert)}"`,
      `DefaultNetstreamDriverKeyFile="${file('key.pem', identity.key)}"`,
    ];
    const mode = clients === true ? 'x509/certvalid' : 'anon';
    const template = '%pri%\\t%timereported:::date-rfc3339%\\t%app-name%\\t%msgid%\\t%msg%\\n';
    file(
      'rsyslog.conf',
      [
        `global(workDirectory="${this.#folder}" maxMessageSize="64k" DefaultNetstreamDriver="ossl" ${tls.join(' ')})`,
        `module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="${mode}")`,
        `template(name="line" type="string" string="${template}")`,
        `ruleset(name="all") { action(type="omfile" file="${this.#file}" template="line") }`,
        `input(type="imtcp" address="127.0.0.1" port="${this.port}" ruleset="all")`,
        '',
      ].join('\n'),
    );
  }

  get #file(): string {
    return path.join(this.#folder, 'received');
  }

  /** What it has written so far, over all its starts. */
  received(): readonly RsyslogLine[] {
    if (!existsSync(this.#file)) return [];
    const lines = readFileSync(this.#file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => {
      const [priority, at = '', app = '', id = '', ...text] = line.split('\t');
      return { priority: Number(priority), at: new Date(at), app, id, text: text.join('\t') };
    });
  }

  async resume(): Promise<void> {
    const args = ['-n', '-f', path.join(this.#folder, 'rsyslog.conf'), '-i', path.join(this.#folder, 'pid')];
    const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output: string[] = [];
    for (const stream of [server.stdout, server.stderr]) stream?.on('data', (text) => output.push(String(text)));
    this.#server = server;
    const deadline = performance.now() + startMs;
    while (!(await this.#listens())) {
      if (server.exitCode !== null || performance.now() > deadline) {
        throw new Error(`rsyslog did not start: ${output.join('')}`);
      }
      await wait(50);
    }
  }

  /** Ends it at once, whatever it has in hand. */
  async halt(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null) return;
    const exit = once(server, 'exit');
    server.kill('SIGKILL');
    await exit;
    rmSync(path.join(this.#folder, 'pid'), { force: true });
  }

  /** Ends exactly this server and removes its folder. */
  async stop(): Promise<void> {
    await this.halt();
    process.off('exit', this.#kill);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #listens(): Promise<boolean> {
    const socket = connect(this.port, '127.0.0.1');
    const answer = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    return answer;
  }

  readonly #kill = (): void => {
    this.#server?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  };
}
