import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import pino, { type Logger } from 'pino';
import { compose, type Latchkey } from '../../src/compose.ts';
import type { Account } from '../../src/core/account.ts';
import { WorkQueue } from '../../src/core/background/work-queue.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { Gate, GateContext } from '../../src/core/gate.ts';
import type { Json } from '../../src/core/json.ts';
import { questionsGate } from '../../src/gates/questions/gate.ts';
import { createServer } from '../../src/http-server.ts';
import { type Loaded, load } from '../../src/load.ts';
import type { VirtualCall, VirtualPhones } from '../../src/providers/demo/virtual-phones.ts';
import type { SambaDetails } from '../services/samba.ts';
import { eventually } from './eventually.ts';

/** Which Latchkey a test wants; all is optional but the directory. */
export interface WorldWish {
  /** The embedded directory with the demo's people and pages, or a real Samba AD through its service account. */
  readonly directory: 'demo' | SambaDetails;
  /** Another address of the Samba server: a proxy that can hang. */
  readonly directoryUrl?: string;
  /** Gate ids in order; a call, a code and questions when left out. */
  readonly chain?: readonly string[];
  /** What else the one policy says. */
  readonly policy?: { readonly [name: string]: Json };
  /** The whole list, in place of one policy for everybody. */
  readonly policies?: Json;
  /** A second listener, which everybody comes to from the intranet. */
  readonly intranet?: boolean;
  /** Wrong answers that bar; 3 when left out. */
  readonly threshold?: number;
  readonly clock?: Clock;
  /** Other providers than the virtual ones for texts and calls, as the configuration has them. */
  readonly providers?: { readonly texts: Json; readonly calls: Json };
  /** Other settings of the whole file. */
  readonly settings?: { readonly [name: string]: Json };
}

const catalogue = [
  {
    id: 'first-school',
    text: { en: 'What was your first school called?', ar: 'ما اسم مدرستك الأولى؟' },
    answer: 'Hillside',
  },
  {
    id: 'favourite-place',
    text: { en: 'Which place by the water do you like best?', ar: 'ما مكانك المفضل بجانب الماء؟' },
    answer: 'Blue Heron',
  },
  {
    id: 'first-hero',
    text: { en: 'Who was your hero when you were ten?', ar: 'من كان بطلك وأنت في العاشرة من عمرك؟' },
    answer: 'Captain Nemo',
  },
];

/** What people of the tests answer to each question, by its text in every language. */
export const answers: ReadonlyMap<string, string> = new Map(
  catalogue.flatMap(({ text, answer }) => [[text.en, answer] as const, [text.ar, answer] as const]),
);

const questions = {
  'registration-shows': 3,
  'registration-requires': 3,
  'reset-asks': 2,
  'reset-requires': 2,
  questions: catalogue.map(({ id, text }) => ({ id, text })),
};

/** A whole Latchkey, composed by the product's own code from a configuration file, on a free port of this computer. */
export class PortalWorld {
  /** Origin that people open. */
  readonly url: string;
  /** Of the listener for the intranet, where there is one. */
  readonly insideUrl: string;
  readonly latchkey: Latchkey;
  /** The configuration that it was composed from. */
  readonly loaded: Loaded;
  readonly phones: VirtualPhones;
  readonly #log: readonly string[];
  readonly #servers: readonly Server[];
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #textsRead = new Map<string, number>();

  static async open(wish: WorldWish): Promise<PortalWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-e2e-'));
    const servers = await Promise.all([listening(), listening()]);
    const [port, insidePort] = servers.map((server) => (server.address() as AddressInfo).port);
    const url = `http://127.0.0.1:${port}`;
    // Another host name, as cookies go by that, whatever the port.
    const insideUrl = `http://localhost:${insidePort}`;
    const file = join(folder, 'latchkey.yaml');
    // JSON is YAML.
    await writeFile(file, JSON.stringify(configuration(wish, { url, insideUrl, folder })));
    const { log, lines } = keptLog();
    const loaded = await load({ LATCHKEY_CONFIG: file });
    const clock = wish.clock ?? systemClock;
    const latchkey = await compose({ ...loaded, log, clock, floors: { startMs: 0, signInMs: 0, postMs: 0 } });
    for (const [at, { app }] of latchkey.doors.entries()) servers[at]?.on('request', app);
    return new PortalWorld({ url, insideUrl, latchkey, loaded, lines, servers, folder, clock });
  }

  private constructor(parts: {
    url: string;
    insideUrl: string;
    latchkey: Latchkey;
    loaded: Loaded;
    lines: string[];
    servers: readonly Server[];
    folder: string;
    clock: Clock;
  }) {
    if (parts.latchkey.phones === undefined) throw new Error('this world has no virtual phones');
    this.url = parts.url;
    this.insideUrl = parts.insideUrl;
    this.latchkey = parts.latchkey;
    this.loaded = parts.loaded;
    this.phones = parts.latchkey.phones;
    this.#log = parts.lines;
    this.#servers = parts.servers;
    this.#folder = parts.folder;
    this.#clock = parts.clock;
  }

  /** Everything that was logged so far, as one text. */
  get log(): string {
    return this.#log.join('');
  }

  /** Registers somebody at the store, by the gates' own rules, for journeys that are not about registering. */
  async register(
    login: string,
    numbers: { readonly telephone: string; readonly mobile: string },
    gates: readonly string[] = ['phone', 'otp-sms', 'questions'],
  ): Promise<Account> {
    const account = await this.latchkey.directory.find({ kind: 'bare', name: login });
    if (account === undefined) throw new Error(`the directory does not know ${login}`);
    const provedAt = this.#clock.now();
    const keep = async (gate: string, data: Json): Promise<void> => {
      if (!gates.includes(gate)) return;
      await this.latchkey.stores.enrolments.keep({ accountId: account.id, gate, data, provedAt });
    };
    await keep('phone', { number: plain(numbers.telephone) });
    await keep('otp-sms', { number: plain(numbers.mobile) });
    await keep('questions', await answered(account));
    return account;
  }

  /** The call that rings at a number now; waits until it does. */
  ringing(number: string): Promise<VirtualCall> {
    return eventually(`a call to ${number}`, () => this.#callsOf(number).findLast((call) => call.state === 'ringing'));
  }

  /** The code of the next text to a number that was not asked for yet; waits until it comes. */
  async code(number: string): Promise<string> {
    const nth = this.#textsRead.get(number) ?? 0;
    const arrived = (): string | undefined => this.phones.phone(plain(number)).texts[nth]?.text;
    const text = await eventually(`a text to ${number}`, arrived);
    this.#textsRead.set(number, nth + 1);
    return /\d{6,10}/.exec(text)?.[0] ?? '';
  }

  /** How many calls and texts ever went out, to anybody. */
  get sent(): number {
    const phones = this.phones.numbers().map((number) => this.phones.phone(number));
    return phones.reduce((sum, { calls, texts }) => sum + calls.length + texts.length, 0);
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await this.latchkey.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #callsOf(number: string): readonly VirtualCall[] {
    return this.phones.phone(plain(number)).calls;
  }
}

/** A number as the phones know it. */
export function plain(number: string): string {
  return number.replaceAll(' ', '');
}

/** Limits that nobody reaches: most journeys are about something else. */
const plenty = { 'ask-proof': 10_000, most: 10_000 };

function configuration(wish: WorldWish, at: { url: string; insideUrl: string; folder: string }): Json {
  return {
    'public-url': at.url,
    listen: { port: 0 },
    ...(wish.intranet === true
      ? { 'more-listeners': [{ 'public-url': at.insideUrl, port: 0, zone: 'intranet' }] }
      : {}),
    organisation: {
      name: 'Contoso',
      helpdesk: { phone: '020 7946 0999', mail: 'helpdesk@contoso.example', hours: '08:00 – 18:00' },
      'time-zone': 'Europe/London',
    },
    languages: ['en', 'ar'],
    keys: 'ephemeral',
    store: { kind: 'sqlite', file: join(at.folder, 'latchkey.sqlite') },
    directory: wish.directory === 'demo' ? { kind: 'demo' } : sambaSettings(wish.directory, wish.directoryUrl),
    providers: {
      texts: wish.providers?.texts ?? { kind: 'virtual-sms' },
      calls: wish.providers?.calls ?? { kind: 'virtual-voice' },
      mail: { kind: 'virtual-email' },
    },
    channels: { sms: ['texts'], voice: ['calls'], email: ['mail'] },
    policies: wish.policies ?? [
      {
        name: 'everyone',
        members: 'everyone',
        chain: [...(wish.chain ?? ['phone', 'otp-sms', 'questions'])],
        lockout: { threshold: wish.threshold ?? 3 },
        ...wish.policy,
      },
    ],
    gates: {
      'otp-sms': { 'default-country': 'GB', 'seconds-between-sends': 10 },
      phone: { 'default-country': 'GB', 'seconds-between-calls': 10 },
      questions: questions as unknown as Json,
    },
    limits: { login: plenty, address: plenty, 'over-all': plenty },
    log: { level: 'info' },
    ...wish.settings,
  };
}

function sambaSettings(samba: SambaDetails, url = samba.url): Json {
  return {
    kind: 'active-directory',
    urls: [url],
    'ca-file': samba.caFile,
    'base-dn': samba.baseDn,
    'people-base': samba.peopleBase,
    domain: samba.domain,
    'bind-account': samba.service,
    'bind-password': samba.servicePassword,
    'operation-timeout-ms': 4000,
    'connect-timeout-ms': 2000,
  };
}

/** What the questions' gate keeps of somebody who gave the answers above. */
async function answered(account: Account): Promise<Json> {
  const gate: Gate = questionsGate.create(questionsGate.settings.parse(questions), {
    hashing: new WorkQueue({ atOnce: 2 }),
  });
  const opened = {
    subject: { kind: 'account', account },
    memory: null,
    language: 'en',
    purpose: 'registration',
    flowReference: 'set-up',
  };
  const context = { ...(opened as GateContext), memory: await gate.enrol.open(opened as GateContext) };
  const page = await gate.enrol.show(context);
  const asked = page.data.questions as { field: string; text: string }[];
  const input = Object.fromEntries(asked.map(({ field, text }) => [field, answers.get(text) ?? '']));
  const verdict = await gate.enrol.answer(input, context);
  if (verdict.kind !== 'passed') throw new Error('the answers of the tests do not pass');
  return verdict.enrolment ?? null;
}

async function listening(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function keptLog(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { log: pino({ level: 'info', base: null }, stream), lines };
}
