import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import BetterSqlite from 'better-sqlite3';
import pino from 'pino';
import { stringify } from 'yaml';
import { compose, type Latchkey } from '../../src/compose.ts';
import { loadConfiguration, readEnvironment } from '../../src/config.ts';
import { WorkQueue } from '../../src/core/background/work-queue.ts';
import { loadDefinitions } from '../../src/definitions.ts';
import { type DemoDirectory, startDemoDirectory } from '../../src/directories/demo/demo-directory.ts';
import type { Entry } from '../../src/directories/demo/entry.ts';
import { guidToText } from '../../src/directories/demo/identifier.ts';
import { AnswerHashes } from '../../src/gates/questions/answer-hashes.ts';
import { createServer, type ServerLimits } from '../../src/http-server.ts';
import type { VirtualPhones } from '../../src/providers/demo/virtual-phones.ts';
import { bindCode } from '../directories/demo/demo-client.ts';
import { TcpProxy } from '../services/tcp-proxy.ts';
import { SettableClock } from '../settable-clock.ts';
import { Visitor } from './visitor.ts';

/** What differs from the usual world; settings as the configuration file has them. */
export interface WorldWish {
  readonly chain?: readonly string[];
  readonly policy?: Readonly<Record<string, unknown>>;
  /** The whole list, in place of one policy for everybody. */
  readonly policies?: readonly Readonly<Record<string, unknown>>[];
  /** A second listener, which everybody comes to from the intranet. */
  readonly intranet?: boolean;
  /** Other settings of the whole file. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What the server waits for, where it is shorter than usual. */
  readonly server?: Partial<ServerLimits>;
  /** Milliseconds that posts of the reset portal take at least; none when not told. */
  readonly postMs?: number;
  /** Fills the directory before Latchkey starts on it. */
  readonly prepare?: (demo: DemoDirectory) => void;
}

export interface Person {
  readonly id: string;
  readonly samName: string;
  readonly password: string;
  readonly phone: string;
  readonly mobile: string;
  readonly mail: string;
  readonly entry: Entry;
}

/** What the directory holds of somebody. */
export interface Standing {
  readonly locked: boolean;
  readonly passwordLastSet: string;
  readonly badPasswords: number;
}

/** A second process on the database and the directory of a world. Texts that it sends are in its own phones. */
export interface AnotherNode {
  readonly latchkey: Latchkey;
  visitor(): Visitor;
  close(): Promise<void>;
}

export const threshold = 3;
export const lockoutMinutes = 15;
export const flowMinutes = 20;

/** Questions as the configuration has them, and what everybody here answered. */
const questions = {
  'first-school': { text: 'What was your first school called?', answer: 'Hillside Primary' },
  'favourite-place': { text: 'Which place by the water do you like best?', answer: 'Blue Heron Pier' },
  'first-hero': { text: 'Who was your hero when you were ten?', answer: 'Captain Nemo' },
};

export function answerTo(question: string): string {
  const known = Object.values(questions).find(({ text }) => question.includes(text));
  if (known === undefined) throw new Error(`nobody knows an answer to ${question}`);
  return known.answer;
}

/** Limits that nobody reaches: these worlds are about something else. */
const plenty = { 'ask-proof': 10_000, most: 10_000 };
const wide = { login: plenty, address: plenty, 'over-all': plenty };

let people = 0;

/**
 * The shipped app, composed from a configuration file by the real loader, on a directory that answers LDAP as Active
 * Directory does. Everything takes one clock that a test moves.
 */
export class PortalWorld {
  readonly clock = new SettableClock();
  /** Lines of the log at every level, as they would be written. */
  readonly log: string[] = [];
  readonly demo: DemoDirectory;
  /** Between Latchkey and the directory. */
  readonly proxy: TcpProxy;
  readonly server: Server;
  readonly origin: string;
  /** Of the listener for the intranet, where there is one. */
  readonly insideOrigin: string;
  readonly #inside: Server;
  readonly #folder: string;
  #wish: WorldWish;
  readonly #secret = randomBytes(32).toString('base64');
  #latchkey: Latchkey | undefined;

  static async open(wish: WorldWish = {}): Promise<PortalWorld> {
    const clock = new SettableClock();
    const demo = await startDemoDirectory({ production: false, clock });
    wish.prepare?.(demo);
    const proxy = await TcpProxy.open({ host: '127.0.0.1', port: demo.port });
    const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-portals-'));
    await writeFile(path.join(folder, 'ca.pem'), demo.ca);
    const world = new PortalWorld({ wish, clock, demo, proxy, folder });
    const [origin, insideOrigin] = await Promise.all([world.server, world.#inside].map(listen));
    Object.assign(world, { origin, insideOrigin });
    await world.#compose();
    return world;
  }

  private constructor(parts: {
    wish: WorldWish;
    clock: SettableClock;
    demo: DemoDirectory;
    proxy: TcpProxy;
    folder: string;
  }) {
    this.clock = parts.clock;
    this.demo = parts.demo;
    this.proxy = parts.proxy;
    this.#folder = parts.folder;
    this.#wish = parts.wish;
    this.origin = '';
    this.insideOrigin = '';
    const limits = parts.wish.server ?? {};
    this.server = createServer((request, response) => this.#latchkey?.app(request, response), { limits });
    this.#inside = createServer((request, response) => this.#latchkey?.doors[1]?.app(request, response), { limits });
  }

  get latchkey(): Latchkey {
    if (this.#latchkey === undefined) throw new Error('the world is not open');
    return this.#latchkey;
  }

  get phones(): VirtualPhones {
    const { phones } = this.latchkey;
    if (phones === undefined) throw new Error('there are no virtual phones');
    return phones;
  }

  /** Somebody with a browser that knows nothing of Latchkey yet. */
  visitor(headers: Readonly<Record<string, string>> = {}): Visitor {
    return new Visitor(this.server, headers);
  }

  /** As `visitor`, at the listener for the intranet. */
  visitorInside(headers: Readonly<Record<string, string>> = {}): Visitor {
    return new Visitor(this.#inside, headers);
  }

  /**
   * A new process on the same database and the same directory; the phones are as forgetful as the old process.
   * @param wish what an operator has changed in the configuration meanwhile
   */
  async restart(wish: WorldWish = {}): Promise<void> {
    await this.latchkey.close();
    this.#wish = { ...this.#wish, ...wish };
    await this.#compose();
  }

  /** A second process on the same database and directory, which only answers visitors. */
  async anotherNode(): Promise<AnotherNode> {
    const latchkey = await this.#composed();
    // The address of the first: a proxy in front of both has one name.
    const server = createServer(latchkey.app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      latchkey,
      visitor: () => new Visitor(server, { Host: new URL(this.origin).host }),
      async close() {
        server.closeAllConnections();
        await new Promise<void>((resolve) => server.close(() => resolve()));
        await latchkey.close();
      },
    };
  }

  /** DN of the unit that all people are in. */
  get people(): string {
    return `OU=People,${this.demo.baseDn}`;
  }

  /** Somebody new in the directory, not registered. */
  person(wish: { readonly displayName?: string; readonly samName?: string; readonly unit?: string } = {}): Person {
    people += 1;
    const number = String(people).padStart(4, '0');
    const samName = wish.samName ?? `person.${number}`;
    const person = {
      samName,
      password: `Start-${randomBytes(6).toString('hex')}-A1`,
      phone: `+44207946${number}`,
      mobile: `+44770090${number}`,
      mail: `${samName}@contoso.example`,
    };
    const entry = this.demo.administration.addPerson({
      unit: wish.unit ?? this.people,
      commonName: samName,
      displayName: wish.displayName ?? `Robin Number${number}`,
      principalName: person.mail,
      telephone: person.phone,
      ...person,
    });
    return { ...person, id: guidToText(entry.guid), entry };
  }

  /** Somebody new who has registered every gate of the chain, or these. */
  async registered(wish: Parameters<PortalWorld['person']>[0] = {}, gates?: readonly string[]): Promise<Person> {
    const person = this.person(wish);
    await this.register(person, gates);
    return person;
  }

  async register(person: Person, gates: readonly string[] = this.#chain): Promise<void> {
    for (const gate of gates) {
      const data = await this.#enrolment(gate, person);
      await this.latchkey.stores.enrolments.keep({ accountId: person.id, gate, data, provedAt: this.clock.now() });
    }
  }

  /** Locks the account in the directory, as wrong passwords elsewhere would. */
  lock(person: Person): void {
    const since = BigInt(this.clock.now().getTime()) * 10_000n + 116_444_736_000_000_000n;
    const locked = { lockoutTime: since, badPasswordTime: since, badPwdCount: '5' };
    this.demo.administration.set(person.entry, locked);
  }

  standing(person: Person): Standing {
    const { entry } = person;
    return {
      locked: (entry.text('lockoutTime') ?? '0') !== '0',
      passwordLastSet: entry.text('pwdLastSet') ?? '0',
      badPasswords: Number(entry.text('badPwdCount') ?? '0'),
    };
  }

  /** A bind past Latchkey: `bound`, or the sub-code. A wrong password counts. */
  bind(person: Person, password: string): Promise<string> {
    return bindCode(this.demo, person.entry.dn, password);
  }

  /** The code in the text that arrived last; empty when none did. */
  async code(number: string): Promise<string> {
    await this.latchkey.challenges.idle();
    const text = this.phones.phone(number).texts.at(-1)?.text ?? '';
    return /\d{6}/.exec(text)?.[0] ?? '';
  }

  /** Code of the right length that is not the one that was sent. */
  async wrongCode(number: string): Promise<string> {
    const right = await this.code(number);
    return right === '000000' ? '111111' : '000000';
  }

  /** Answers the call that rang last, with #. */
  async confirmCall(number: string): Promise<void> {
    await this.latchkey.challenges.idle();
    const call = this.phones.phone(number).calls.at(-1);
    if (call === undefined) throw new Error(`no call rings at ${number}`);
    this.phones.confirm(call.id);
  }

  /** Calls and texts that ever reached a person. */
  async reached(person: Person): Promise<number> {
    await this.latchkey.challenges.idle();
    const { phones } = this;
    return phones.phone(person.mobile).texts.length + phones.phone(person.phone).calls.length;
  }

  /** From the user name to the first gate. */
  async start(login: string, visitor: Visitor = this.visitor()): Promise<Visitor> {
    await visitor.open('/reset');
    return visitor.submit({ login });
  }

  /** Passes the gate that is open, whichever it is. */
  async passGate(visitor: Visitor, person: Person): Promise<Visitor> {
    if (visitor.path.endsWith('phone')) {
      await this.confirmCall(person.phone);
      return visitor.submit({}, 'act=next');
    }
    if (visitor.path.endsWith('otp-sms')) return visitor.submit({ code: await this.code(person.mobile) }, 'act=next');
    const $ = visitor.page;
    const answers = $('main label[for^="q"]')
      .toArray()
      .map((label) => [$(label).attr('for') ?? '', answerTo($(label).text())] as const);
    return visitor.submit(Object.fromEntries(answers));
  }

  /** From the user name through every gate to the choice. */
  async toChoice(person: Person): Promise<Visitor> {
    const visitor = await this.start(person.samName);
    for (const gate of this.#chain) {
      if (!visitor.path.endsWith(gate)) throw new Error(`${visitor.path} instead of ${gate}: ${visitor.text}`);
      await this.passGate(visitor, person);
    }
    return visitor;
  }

  /** From the user name to the page for the new password. */
  async toPassword(person: Person): Promise<Visitor> {
    return (await this.toChoice(person)).submit({ action: 'reset' });
  }

  async signIn(login: string, password: string, visitor: Visitor = this.visitor()): Promise<Visitor> {
    await visitor.open('/registration');
    return visitor.submit({ login, password });
  }

  get databaseFile(): string {
    return path.join(this.#folder, 'latchkey.sqlite');
  }

  /** The whole audit as it lies in the database, oldest first. */
  auditRows(): readonly { readonly event: string; readonly detail: string | null }[] {
    const database = new BetterSqlite(this.databaseFile, { readonly: true });
    try {
      return database.prepare('select event, detail from audit order by sequence').all() as {
        event: string;
        detail: string | null;
      }[];
    } finally {
      database.close();
    }
  }

  /** Names of what the audit holds about a person, oldest first. */
  async audited(person: Pick<Person, 'id'>): Promise<readonly string[]> {
    const rows = await this.latchkey.stores.audit.about(person.id, 500);
    return rows.map(({ event }) => event).reverse();
  }

  /** Everything that the database holds, as raw as it gets. */
  async raw(): Promise<string> {
    const file = path.join(this.#folder, 'latchkey.sqlite');
    const both = await Promise.all([file, `${file}-wal`].map((one) => readFile(one, 'latin1')));
    return both.join('');
  }

  async close(): Promise<void> {
    for (const server of [this.server, this.#inside]) {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
    await this.latchkey.close();
    await this.proxy.stop().catch(() => undefined);
    await this.demo.close();
    await rm(this.#folder, { recursive: true });
  }

  get #chain(): readonly string[] {
    return this.#wish.chain ?? ['phone', 'otp-sms', 'questions'];
  }

  async #compose(): Promise<void> {
    this.#latchkey = await this.#composed();
  }

  async #composed(): Promise<Latchkey> {
    const file = path.join(this.#folder, 'latchkey.yaml');
    await writeFile(file, stringify(this.#settings()));
    const environment = readEnvironment({ LATCHKEY_CONFIG: file });
    const definitions = await loadDefinitions([]);
    const configuration = loadConfiguration(environment, definitions);
    const log = pino({ level: 'trace', base: null }, { write: (line) => void this.log.push(line) });
    const { clock } = this;
    const floors = { startMs: 0, signInMs: 0, postMs: this.#wish.postMs ?? 0 };
    return compose({ configuration, definitions, environment, log, clock, floors });
  }

  #settings(): Readonly<Record<string, unknown>> {
    const { demo, proxy } = this;
    return {
      'public-url': this.origin,
      listen: { port: 0 },
      ...(this.#wish.intranet === true
        ? { 'more-listeners': [{ 'public-url': this.insideOrigin, port: 0, zone: 'intranet' }] }
        : {}),
      organisation: { name: 'Contoso', helpdesk: { phone: '020 7946 0999' } },
      languages: ['en', 'ar'],
      keys: [{ id: 'test', secret: this.#secret }],
      store: { kind: 'sqlite', file: this.databaseFile },
      directory: {
        kind: 'active-directory',
        urls: [proxy.url],
        'ca-file': path.join(this.#folder, 'ca.pem'),
        'base-dn': demo.baseDn,
        'people-base': `OU=People,${demo.baseDn}`,
        domain: demo.domain,
        'bind-account': demo.serviceAccount.principal,
        'bind-password': demo.serviceAccount.password,
      },
      providers: {
        texts: { kind: 'virtual-sms' },
        calls: { kind: 'virtual-voice' },
        mail: { kind: 'virtual-email' },
      },
      channels: { sms: ['texts'], voice: ['calls'], email: ['mail'] },
      policies: this.#wish.policies ?? [
        {
          name: 'everyone',
          members: 'everyone',
          chain: [...this.#chain],
          lockout: { threshold, minutes: lockoutMinutes, 'bars-until-permanent': 3 },
          'flow-minutes': flowMinutes,
          ...this.#wish.policy,
        },
      ],
      gates: {
        'otp-sms': { 'default-country': 'GB', 'seconds-between-sends': 10 },
        phone: { 'default-country': 'GB', 'seconds-between-calls': 10 },
        questions: {
          'registration-shows': 3,
          'registration-requires': 3,
          'reset-asks': 2,
          'reset-requires': 2,
          questions: Object.entries(questions).map(([id, { text }]) => ({ id, text: { en: text } })),
        },
      },
      limits: wide,
      ...this.#wish.settings,
    };
  }

  async #enrolment(
    gate: string,
    person: Person,
  ): Promise<Parameters<typeof this.latchkey.stores.enrolments.keep>[0]['data']> {
    if (gate === 'phone') return { number: person.phone };
    if (gate === 'otp-sms') return { number: person.mobile };
    const hashes = new AnswerHashes(new WorkQueue({ atOnce: 2 }));
    const answers = await Promise.all(
      Object.entries(questions).map(async ([question, { answer }]) => ({ question, hash: await hashes.hash(answer) })),
    );
    return { set: randomBytes(16).toString('hex'), answers };
  }
}

/** @returns the origin that it listens at */
async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
