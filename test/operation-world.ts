import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import BetterSqlite from 'better-sqlite3';
import { afterEach, expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { type DemoDirectory, startDemoDirectory } from '../src/directories/demo/demo-directory.ts';
import type { Entry, EntryContent } from '../src/directories/demo/entry.ts';
import { demoPassword } from '../src/directories/demo/people.ts';
import { bindCode } from './directories/demo/demo-client.ts';
import { ConfigurationFolder, freePort, LatchkeyProcess } from './latchkey-process.ts';
import { answerAll, oneQuestion } from './one-question.ts';
import { TestAuthority } from './peers/authority.ts';
import { GatewayPeer, snsBehindGateway } from './peers/gateway-peer.ts';
import { SmtpPeer } from './peers/smtp-peer.ts';
import { Visitor } from './portals/visitor.ts';
import { TcpProxy } from './services/tcp-proxy.ts';

const toEnd: (() => unknown)[] = [];
const gatewayKey = randomBytes(16).toString('hex');

afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end();
});

/** A process that starts with this, after `--import`, finds the machine's clock so many milliseconds ahead. */
export const later = (ms: number): string =>
  `data:text/javascript,${encodeURIComponent(`
  const Real = Date;
  const ahead = () => Real.now() + ${ms};
  globalThis.Date = class extends Real {
    constructor(...parts) { if (parts.length === 0) super(ahead()); else super(...parts); }
    static now() { return ahead(); }
  };`)}`;

/** Longer than anybody waits for a write. */
export const minuteLater = later(60_000);

export const newPassword = 'Correct-Horse-7-Battery';
export const twice = { password: newPassword, repeat: newPassword };
export const samName = 'ben.okafor';

/** Looks again until it is so; the test's own time-out ends it. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(20);
}

/** One server in a process of its own, between real peers that this process watches. */
export class Operation {
  readonly folder = new ConfigurationFolder('');
  readonly origin: string;
  readonly proxy: TcpProxy;
  readonly mail: SmtpPeer;
  /** Delivers texts, where the settings ask it to. */
  readonly gateway: GatewayPeer;
  /** Where the console listens, where there is one. */
  readonly consolePort: number;
  /** How often the directory set the person's password. */
  passwordsSet = 0;
  /** Called when it has, before it answers. */
  onPasswordSet: () => unknown = () => undefined;
  readonly #demo: DemoDirectory;
  readonly #entry: Entry;

  /** @param more settings beside the usual ones, or in their place */
  static async begin(more: (operation: Operation) => object = () => oneQuestion): Promise<Operation> {
    const demo = await startDemoDirectory({ production: false });
    toEnd.push(() => demo.close());
    const proxy = await TcpProxy.open({ host: '127.0.0.1', port: demo.port });
    toEnd.push(() => proxy.stop());
    const authority = await TestAuthority.create();
    const mail = await SmtpPeer.open({ authority, tls: 'starttls' });
    toEnd.push(() => mail.close());
    const gateway = await GatewayPeer.open({ authority, personality: snsBehindGateway, key: gatewayKey });
    toEnd.push(() => gateway.close());
    const [port, consolePort] = [await freePort(), await freePort()];
    const operation = new Operation({ demo, proxy, mail, gateway, port, consolePort });
    toEnd.push(() => operation.folder.remove());
    writeFileSync(operation.folder.path('mail-ca.pem'), authority.ca);
    writeFileSync(operation.folder.path('ca.pem'), demo.ca);
    operation.folder.write({ ...operation.#settings(port), ...more(operation) });
    return operation;
  }

  private constructor(parts: {
    demo: DemoDirectory;
    proxy: TcpProxy;
    mail: SmtpPeer;
    gateway: GatewayPeer;
    port: number;
    consolePort: number;
  }) {
    this.#demo = parts.demo;
    this.proxy = parts.proxy;
    this.mail = parts.mail;
    this.gateway = parts.gateway;
    this.consolePort = parts.consolePort;
    this.origin = `http://127.0.0.1:${parts.port}`;
    this.#entry = parts.demo.administration.at(`CN=Ben Okafor,OU=People,${parts.demo.baseDn}`);
    this.#watch(this.#entry);
  }

  async server(node: readonly string[] = []): Promise<LatchkeyProcess> {
    const server = await LatchkeyProcess.server({ configuration: this.folder.file, node });
    toEnd.push(() => server.end());
    return server;
  }

  /** A second node on the same database: the same settings, at other ports. @returns the port of its console */
  async anotherNode(): Promise<number> {
    const [port, consolePort] = [await freePort(), await freePort()];
    const settings = parse(readFileSync(this.folder.file, 'utf8'));
    const ports = { listen: { ...settings.listen, port }, console: { ...settings.console, port: consolePort } };
    const file = this.folder.path('another.yaml');
    writeFileSync(file, stringify({ ...settings, ...ports }));
    const server = await LatchkeyProcess.server({ configuration: file });
    toEnd.push(() => server.end());
    return consolePort;
  }

  /** From nothing to the page that takes the new password, with every notice of the way there delivered. */
  async toPassword(): Promise<Visitor> {
    const visitor = await new Visitor(this.origin).open('/registration');
    await visitor.submit({ login: samName, password: demoPassword });
    await answerAll(visitor, 'Hillside');
    expect(visitor.heading).toBe("You're registered");
    // What is counted about somebody else must outlive everything that follows.
    const stranger = await new Visitor(this.origin).open('/reset');
    await stranger.submit({ login: 'nobody.at.all' });
    await answerAll(stranger, 'a guess');
    await visitor.open('/reset');
    await visitor.submit({ login: samName });
    await answerAll(visitor, 'Hillside');
    await visitor.submit({ action: 'reset' });
    expect(visitor.path).toBe('/reset/password');
    await until(() => this.mail.mails.length > 0 && this.rows('select id from outbox').length === 0);
    return visitor;
  }

  rows(query: string): readonly Readonly<Record<string, unknown>>[] {
    const database = new BetterSqlite(this.folder.path('latchkey.db'), { readonly: true });
    try {
      return database.prepare(query).all() as Record<string, unknown>[];
    } finally {
      database.close();
    }
  }

  /** The process stops for good inside this statement, before it has any effect: SQLite never comes to its end. */
  stopAt(statement: string): void {
    this.#execute(`
      create view endless as with recursive n(x) as (values (1) union all select x + 1 from n) select x from n;
      create trigger stop before ${statement} begin select count(*) from endless; end`);
  }

  goOnAt(): void {
    this.#execute('drop trigger stop; drop view endless');
  }

  /** As if the lease of the dead process on a notice had run out. */
  endLeases(): void {
    this.#execute('update outbox set leased_until = 0');
  }

  /** Whether a process stands in the middle of a transaction, and has for longer than one ever takes. */
  async isStopped(): Promise<boolean> {
    const database = new BetterSqlite(this.folder.path('latchkey.db'), { timeout: 0 });
    try {
      for (let look = 0; look < 30; look += 1) {
        try {
          database.exec('begin immediate; rollback');
          return false;
        } catch (fault) {
          if (!String(fault).includes('locked')) throw fault;
        }
        await pause(25);
      }
      return true;
    } finally {
      database.close();
    }
  }

  /** The settings of a provider that hands texts to the gateway. */
  get texts(): object {
    return {
      kind: 'http',
      countries: ['GB'],
      'ca-file': 'mail-ca.pem',
      url: `${this.gateway.origin}/sms`,
      headers: { 'x-api-key': gatewayKey },
      body: { kind: 'json', value: { PhoneNumber: '{to}', Message: '{text}' } },
      success: { status: [200] },
    };
  }

  /** The settings of the provider of mail. */
  get mails(): object {
    return {
      kind: 'smtp',
      host: '127.0.0.1',
      port: this.mail.port,
      'ca-file': 'mail-ca.pem',
      from: 'a@b.example',
    };
  }

  bind(password: string): Promise<string> {
    return bindCode(this.#demo, this.#entry.dn, password);
  }

  async auditVerdict(): Promise<string> {
    return (await LatchkeyProcess.command(['audit', 'verify'], { configuration: this.folder.file }).ended).stdout;
  }

  #execute(statements: string): void {
    const database = new BetterSqlite(this.folder.path('latchkey.db'));
    database.exec(statements);
    database.close();
  }

  #watch(entry: Entry): void {
    const replace = entry.replaceContent.bind(entry);
    Object.assign(entry, {
      replaceContent: (content: EntryContent) => {
        const isNew = content.passwords !== entry.content.passwords;
        replace(content);
        if (!isNew) return;
        this.passwordsSet += 1;
        this.onPasswordSet();
      },
    });
  }

  #settings(port: number): object {
    const { serviceAccount, baseDn, domain } = this.#demo;
    return {
      'public-url': this.origin,
      listen: { port },
      organisation: { name: 'Contoso' },
      keys: [{ id: 'test', secret: randomBytes(32).toString('hex') }],
      store: { kind: 'sqlite', file: this.folder.path('latchkey.db') },
      directory: {
        kind: 'active-directory',
        urls: [this.proxy.url],
        'ca-file': this.folder.path('ca.pem'),
        'base-dn': baseDn,
        'people-base': `OU=People,${baseDn}`,
        domain,
        'bind-account': serviceAccount.principal,
        'bind-password': serviceAccount.password,
      },
      providers: { mail: this.mails },
      channels: { email: ['mail'] },
    };
  }
}
