import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import BetterSqlite from 'better-sqlite3';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { type DemoDirectory, startDemoDirectory } from '../src/directories/demo/demo-directory.ts';
import type { Entry, EntryContent } from '../src/directories/demo/entry.ts';
import { demoPassword } from '../src/directories/demo/people.ts';
import { bindCode } from './directories/demo/demo-client.ts';
import { ConfigurationFolder, freePort, LatchkeyProcess } from './latchkey-process.ts';
import { oneQuestion } from './one-question.ts';
import { TestAuthority } from './peers/authority.ts';
import { SmtpPeer } from './peers/smtp-peer.ts';
import { Visitor } from './portals/visitor.ts';
import { TcpProxy } from './services/tcp-proxy.ts';

const timeout = 120_000;
const toEnd: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end();
});

/** A process that starts with this finds the machine's clock a minute ahead: longer than anybody waits for a write. */
const minuteLater = `data:text/javascript,${encodeURIComponent(`
  const Real = Date;
  const ahead = () => Real.now() + 60_000;
  globalThis.Date = class extends Real {
    constructor(...parts) { if (parts.length === 0) super(ahead()); else super(...parts); }
    static now() { return ahead(); }
  };`)}`;

const newPassword = 'Correct-Horse-7-Battery';
const twice = { password: newPassword, repeat: newPassword };
const samName = 'ben.okafor';

/** Looks again until it is so; the test's own time-out ends it. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(20);
}

/** One server in a process of its own, between real peers that this process watches. */
class Operation {
  readonly folder = new ConfigurationFolder('');
  readonly origin: string;
  readonly proxy: TcpProxy;
  readonly mail: SmtpPeer;
  /** How often the directory set the person's password. */
  passwordsSet = 0;
  /** Called when it has, before it answers. */
  onPasswordSet: () => unknown = () => undefined;
  readonly #demo: DemoDirectory;
  readonly #entry: Entry;

  static async begin(): Promise<Operation> {
    const demo = await startDemoDirectory({ production: false });
    toEnd.push(() => demo.close());
    const proxy = await TcpProxy.open({ host: '127.0.0.1', port: demo.port });
    toEnd.push(() => proxy.stop());
    const authority = await TestAuthority.create();
    const mail = await SmtpPeer.open({ authority, tls: 'starttls' });
    toEnd.push(() => mail.close());
    const port = await freePort();
    const operation = new Operation({ demo, proxy, mail, port });
    toEnd.push(() => operation.folder.remove());
    writeFileSync(operation.folder.path('mail-ca.pem'), authority.ca);
    writeFileSync(operation.folder.path('ca.pem'), demo.ca);
    operation.folder.write(operation.#settings(port));
    return operation;
  }

  private constructor(parts: { demo: DemoDirectory; proxy: TcpProxy; mail: SmtpPeer; port: number }) {
    this.#demo = parts.demo;
    this.proxy = parts.proxy;
    this.mail = parts.mail;
    this.origin = `http://127.0.0.1:${parts.port}`;
    this.#entry = parts.demo.administration.at(`CN=Ben Okafor,OU=People,${parts.demo.baseDn}`);
    this.#watch(this.#entry);
  }

  async server(node: readonly string[] = []): Promise<LatchkeyProcess> {
    const server = await LatchkeyProcess.server({ configuration: this.folder.file, node });
    toEnd.push(() => server.end());
    return server;
  }

  /** From nothing to the page that takes the new password, with every notice of the way there delivered. */
  async toPassword(): Promise<Visitor> {
    const visitor = await new Visitor(this.origin).open('/registration');
    await visitor.submit({ login: samName, password: demoPassword });
    await answer(visitor, 'Hillside');
    expect(visitor.heading).toBe("You're registered");
    // What is counted about somebody else must outlive everything that follows.
    const stranger = await new Visitor(this.origin).open('/reset');
    await stranger.submit({ login: 'nobody.at.all' });
    await answer(stranger, 'a guess');
    await visitor.open('/reset');
    await visitor.submit({ login: samName });
    await answer(visitor, 'Hillside');
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
    const mail = {
      kind: 'smtp',
      host: '127.0.0.1',
      port: this.mail.port,
      'ca-file': 'mail-ca.pem',
      from: 'a@b.example',
    };
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
      providers: { mail },
      channels: { email: ['mail'] },
      ...oneQuestion,
    };
  }
}

/** Gives the one question its one answer. */
async function answer(visitor: Visitor, text: string): Promise<void> {
  const names = visitor.page('main input[type="text"], main input[type="password"]').toArray();
  await visitor.submit(Object.fromEntries(names.map((field) => [visitor.page(field).attr('name') ?? '', text])));
}

/** Where the process dies; what SQLite stops at to hold it there, or undefined where the directory's answer is held. */
const places: readonly {
  readonly place: string;
  readonly stop?: string;
  readonly set: number;
  readonly journal: readonly unknown[];
  readonly audit: readonly string[];
}[] = [
  { place: 'after the claim', stop: 'insert on journal', set: 0, journal: [], audit: [] },
  {
    place: 'after the intent was journalled',
    stop: "insert on audit when new.event = 'write.intended'",
    set: 0,
    journal: [{ outcome: null }],
    audit: [],
  },
  { place: 'after the modify was sent', set: 1, journal: [{ outcome: null }], audit: ['write.intended'] },
  {
    place: 'after the answer',
    stop: "insert on audit when new.event = 'write.done'",
    set: 1,
    journal: [{ outcome: null }],
    audit: ['write.intended'],
  },
  {
    place: 'before the journal is settled',
    stop: 'update on journal',
    set: 1,
    journal: [{ outcome: null }],
    audit: ['write.intended', 'write.done'],
  },
  {
    place: 'between the settled journal and the notice',
    stop: 'insert on outbox',
    set: 1,
    journal: [{ outcome: null }],
    audit: ['write.intended', 'write.done'],
  },
  {
    place: 'before the flow is saved',
    stop: "update on flows when new.state = 'done'",
    set: 1,
    journal: [{ outcome: 'done' }],
    audit: ['write.intended', 'write.done'],
  },
];

describe('F23: a server that is killed in the middle of the write', () => {
  it.each(places)(
    '$place: the next one settles it, nothing is sent twice, one notice, nothing lost',
    async ({ stop, set, journal, audit }) => {
      const operation = await Operation.begin();
      const first = await operation.server();
      const visitor = await operation.toPassword();
      // Two copies of one notice would have one Message-ID, and are shown once.
      const notices = () => new Set(operation.mail.mails.map(({ headers }) => headers['message-id'])).size;
      const noticesBefore = notices();
      const counted = () => operation.rows("select * from failures where subject like 'decoy:%' order by gate");
      const counters = counted();
      expect(counters.some(({ tries }) => tries === 1)).toBe(true);
      if (stop === undefined) operation.onPasswordSet = () => operation.proxy.loseAnswers();
      else operation.stopAt(stop);
      const lost = visitor.ask({ method: 'post', ...visitor.form(twice) });
      lost.catch(() => undefined);
      await until(() => (stop === undefined ? operation.passwordsSet === 1 : operation.isStopped()));
      first.signal('SIGKILL');
      expect((await first.ended).signal).toBe('SIGKILL');
      await expect(lost).rejects.toThrow();
      const audited = () => operation.rows("select event from audit where event like 'write.%' order by sequence");
      const journalled = () => operation.rows('select outcome from journal order by intended_at');
      // It died where it was to die.
      expect(operation.passwordsSet).toBe(set);
      expect(journalled()).toEqual(journal);
      expect(audited().map(({ event }) => event)).toEqual(audit);

      if (stop !== undefined) operation.goOnAt();
      operation.endLeases();
      operation.proxy.heal();
      await operation.server(['--import', minuteLater]);
      await visitor.open('/reset/working');
      if (set === 0) {
        expect(visitor.path).toBe('/reset/password');
        expect(visitor.problems).not.toBe('');
        expect(await operation.bind(demoPassword)).toBe('bound');
        expect(notices()).toBe(noticesBefore);
        await visitor.submit(twice);
      }
      expect(visitor.heading).toBe('Your password has been changed');
      expect(operation.passwordsSet).toBe(1);
      expect(await operation.bind(newPassword)).toBe('bound');
      await until(() => operation.rows('select id from outbox').length === 0);
      expect(notices()).toBe(noticesBefore + 1);
      expect(journalled().map(({ outcome }) => outcome)).toEqual(
        set === 1 ? ['done'] : [...journal.map(() => 'not-done'), 'done'],
      );
      const events = audited().map(({ event }) => event);
      expect(events.at(-1)).toBe('write.done');
      expect(events.includes('write.not-done')).toBe(set === 0 && journal.length === 1);
      expect(counted()).toEqual(counters);
      expect(await operation.auditVerdict()).toContain('The audit chain is whole.');
    },
    timeout,
  );
});

describe('F24: SIGTERM in the middle of the write', () => {
  it(
    'lets the directory answer and the person hear of it, and then the process ends well',
    async () => {
      const operation = await Operation.begin();
      const server = await operation.server();
      const visitor = await operation.toPassword();
      operation.onPasswordSet = () => operation.proxy.holdAnswers();
      const answered = visitor.ask({ method: 'post', ...visitor.form(twice) });
      await until(() => operation.passwordsSet === 1);
      server.signal('SIGTERM');
      await until(async () => (await fetch(`${operation.origin}/health/ready`)).status === 503);
      operation.proxy.release();
      expect(await answered).toMatchObject({ status: 303, headers: { location: '/reset/done' } });
      expect(await server.ended).toMatchObject({ code: 0, signal: null });
      expect(operation.rows('select outcome from journal')).toEqual([{ outcome: 'done' }]);
    },
    timeout,
  );

  it(
    'waits for the directory also where nobody waits for the page any more',
    async () => {
      const operation = await Operation.begin();
      const server = await operation.server();
      const visitor = await operation.toPassword();
      operation.onPasswordSet = () => operation.proxy.holdAnswers();
      const { path, body } = visitor.form(twice);
      const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const gone = new AbortController();
      // Not fetch: it says of itself that it is no page that is gone to, and is refused for that.
      const posted = request(`${operation.origin}${path}`, {
        method: 'POST',
        body,
        headers: { cookie, 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
        signal: gone.signal,
      });
      posted.catch(() => undefined);
      await until(() => operation.passwordsSet === 1);
      gone.abort();
      server.signal('SIGTERM');
      await server.until(/draining/);
      await pause(500);
      expect(operation.rows('select outcome from journal')).toEqual([{ outcome: null }]);
      operation.proxy.release();
      expect(await server.ended).toMatchObject({ code: 0, signal: null });
      expect(operation.rows('select outcome from journal')).toEqual([{ outcome: 'done' }]);
      expect(operation.rows("select event from audit where event = 'write.done'")).toHaveLength(1);
    },
    timeout,
  );
});
