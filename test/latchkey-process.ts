import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stringify } from 'yaml';

const root = path.resolve(import.meta.dirname, '..');

/** A folder of a test's own, with a configuration file in it. */
export class ConfigurationFolder {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'latchkey-process-'));
  readonly file = path.join(this.folder, 'latchkey.yaml');

  /** @param configuration settings, or the text of the file as it is */
  constructor(configuration: string | object) {
    this.write(configuration);
  }

  write(configuration: string | object): void {
    writeFileSync(this.file, typeof configuration === 'string' ? configuration : stringify(configuration));
  }

  path(name: string): string {
    return path.join(this.folder, name);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** How a process ended, with all that it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a process is given: nothing of this one's environment but what it needs to be found. */
export interface Launch {
  readonly configuration?: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** Options of Node itself. */
  readonly node?: readonly string[];
}

/** A Latchkey in a process of its own, as an operator runs it. */
export class LatchkeyProcess {
  readonly #child: ChildProcess;
  readonly #said = { stdout: '', stderr: '' };
  readonly ended: Promise<Ended>;

  private constructor(program: string, args: readonly string[], launch: Launch) {
    const { PATH = '' } = process.env;
    const file = launch.configuration === undefined ? {} : { LATCHKEY_CONFIG: launch.configuration };
    this.#child = spawn(process.execPath, [...(launch.node ?? []), path.join(root, program), ...args], {
      cwd: root,
      env: { PATH, ...file, ...launch.variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const name of ['stdout', 'stderr'] as const) {
      this.#child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this.#said[name] += text;
      });
    }
    this.ended = once(this.#child, 'close').then(([code, signal]) => ({ code, signal, ...this.#said }));
  }

  /** The latchkey command. */
  static command(args: readonly string[], launch: Launch = {}): LatchkeyProcess {
    return new LatchkeyProcess('src/launcher.js', args, launch);
  }

  /** What a service manager starts. Comes back when it listens. */
  static async server(launch: Launch): Promise<LatchkeyProcess> {
    const server = new LatchkeyProcess('src/main.ts', [], launch);
    await Promise.race([server.until(/Latchkey is at/), server.ended]);
    if (!server.output.includes('Latchkey is at')) throw new Error(`it did not start: ${server.output}`);
    return server;
  }

  get output(): string {
    return this.#said.stdout + this.#said.stderr;
  }

  /** The lines of its log. */
  get log(): readonly Readonly<Record<string, unknown>>[] {
    return this.#said.stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  }

  /** Reads no more of its output, as `head` does when it has seen enough. */
  stopReading(): void {
    this.#child.stdout?.destroy();
  }

  /** Waits for something to be said. */
  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.output) && this.#child.exitCode === null && this.#child.signalCode === null)
      await pause(20);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it whatever it does. */
  async end(): Promise<Ended> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
    return this.ended;
  }
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
