import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Floors } from '../../src/app.ts';
import type { SambaDetails } from '../services/samba.ts';
import type { Answer, Question } from './portal.ts';

export interface PortalWish {
  readonly samba: SambaDetails;
  readonly chain: readonly string[];
  /** Milliseconds that a start and a sign-in take at least; those of the product when not told. */
  readonly floors?: Floors;
  /** Settings of the whole file beside the usual ones. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** The portals in a process of their own on a real directory, so that what they cost is theirs alone. */
export class PortalProcess {
  readonly base: string;
  /** Milliseconds from the start of the process to the first answer. */
  readonly startMs: number;
  /** What the portal's own store opens with: the bench registers people there. */
  readonly store: { readonly kind: 'sqlite'; readonly file: string };
  readonly key: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  /** Questions are answered in the order in which they were asked, one at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param prepare does its work on the store before the process starts */
  static async start(
    wish: PortalWish,
    prepare: (store: PortalProcess['store'], key: string) => Promise<void>,
  ): Promise<PortalProcess> {
    const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-bench-'));
    const key = randomBytes(32).toString('hex');
    const store = { kind: 'sqlite', file: path.join(folder, 'latchkey.db') } as const;
    await prepare(store, key);
    const port = await freePort();
    const file = path.join(folder, 'latchkey.yaml');
    await writeFile(file, stringify(configurationOf(wish, { port, key, store })));
    const floors = wish.floors === undefined ? {} : { BENCH_FLOORS: JSON.stringify(wish.floors) };
    const child = fork(path.join(import.meta.dirname, 'portal.ts'), {
      // As the image starts it, and with a way to tell what is in use from what was not collected yet.
      execArgv: ['--max-semi-space-size=4', '--max-old-space-size=512', '--expose-gc'],
      env: { ...process.env, LATCHKEY_CONFIG: file, BENCH_PORT: String(port), ...floors },
    });
    const { startMs } = await hear(child, 'listening');
    return new PortalProcess({ base: `http://localhost:${port}`, startMs, store, key, child, folder });
  }

  private constructor(parts: {
    base: string;
    startMs: number;
    store: PortalProcess['store'];
    key: string;
    child: ChildProcess;
    folder: string;
  }) {
    this.base = parts.base;
    this.startMs = parts.startMs;
    this.store = parts.store;
    this.key = parts.key;
    this.#child = parts.child;
    this.#folder = parts.folder;
  }

  /** The code in the text that arrived last. */
  async codeFor(number: string): Promise<string> {
    const { code } = await this.#ask({ ask: 'code', number }, 'code');
    if (code === undefined) throw new Error(`no code arrived at ${number}`);
    return code;
  }

  usage(): Promise<Extract<Answer, { kind: 'usage' }>> {
    return this.#ask({ ask: 'usage' }, 'usage');
  }

  /** Megabytes of the heap that are in use after a collection: what grows here is a leak. */
  async inUse(): Promise<number> {
    return (await this.#ask({ ask: 'in-use' }, 'in-use')).heapMb;
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }

  #ask<Kind extends Answer['kind']>(question: Question, kind: Kind): Promise<Extract<Answer, { kind: Kind }>> {
    const answer = this.#turn.then(() => {
      const heard = hear(this.#child, kind);
      this.#child.send(question);
      return heard;
    });
    this.#turn = answer.catch(() => undefined);
    return answer;
  }
}

/** How Latchkey's own client reaches this Samba, as settings. */
export function directorySettings(samba: SambaDetails) {
  return {
    urls: [samba.url],
    'ca-file': samba.caFile,
    'base-dn': samba.baseDn,
    'people-base': samba.peopleBase,
    domain: samba.domain,
    'bind-account': samba.service,
    'bind-password': samba.servicePassword,
  };
}

const plenty = { 'ask-proof': 100_000, most: 100_000 };
const manySendings = {
  'per-destination': 100,
  'per-account': 100,
  'per-account-day': 500,
  'per-prefix': 10_000,
  'over-all': 100_000,
};

function configurationOf(
  wish: PortalWish,
  parts: { readonly port: number; readonly key: string; readonly store: PortalProcess['store'] },
): object {
  return {
    'public-url': `http://localhost:${parts.port}`,
    listen: { port: parts.port },
    // Each visitor of a bench has an address of its own.
    'trusted-proxies': ['loopback'],
    organisation: { name: 'Bench' },
    keys: [{ id: 'bench', secret: parts.key }],
    store: parts.store,
    directory: { kind: 'active-directory', ...directorySettings(wish.samba) },
    // What is measured is the portal, not its limits: each is counted as always, and none is reached.
    limits: { login: plenty, address: plenty, 'over-all': plenty },
    providers: {
      texts: { kind: 'virtual-sms', limits: manySendings },
      calls: { kind: 'virtual-voice', limits: manySendings },
    },
    channels: { sms: ['texts'], voice: ['calls'] },
    gates: { 'otp-sms': {}, phone: {} },
    policies: [{ name: 'everyone', members: 'everyone', chain: wish.chain }],
    ...wish.settings,
  };
}

async function hear<Kind extends Answer['kind']>(
  portal: ChildProcess,
  kind: Kind,
): Promise<Extract<Answer, { kind: Kind }>> {
  const [answer] = (await once(portal, 'message')) as [Answer];
  if (answer.kind !== kind) throw new Error(`the portal said ${answer.kind} instead of ${kind}`);
  return answer as Extract<Answer, { kind: Kind }>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
