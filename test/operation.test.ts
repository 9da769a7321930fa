import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import BetterSqlite from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../src/core/clock.ts';
import { startDemoServer } from '../src/demo-world.ts';
import { demoPassword, demoPeople } from '../src/directories/demo/people.ts';
import { ConfigurationFolder, freePort, LatchkeyProcess } from './latchkey-process.ts';
import { TestAuthority } from './peers/authority.ts';
import { SmtpPeer } from './peers/smtp-peer.ts';
import { Visitor } from './portals/visitor.ts';

const timeout = 90_000;
const toEnd: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end();
});

const questions = {
  'registration-shows': 3,
  'reset-asks': 2,
  'reset-requires': 2,
  questions: ['First school?', 'Best place?', 'First hero?'].map((en, at) => ({ id: `q${at}`, text: { en } })),
};

/** Everything of the demo, on a port of its own. */
async function demoSettings() {
  const port = await freePort();
  return {
    'public-url': `http://127.0.0.1:${port}`,
    listen: { port },
    organisation: { name: 'Contoso' },
    keys: [{ id: 'test', secret: randomBytes(32).toString('hex') }] as unknown,
    store: { kind: 'sqlite', file: ':memory:' },
    directory: { kind: 'demo' } as object,
    providers: { texts: { kind: 'virtual-sms' }, calls: { kind: 'virtual-voice' }, mail: { kind: 'virtual-email' } },
    channels: { sms: ['texts'], voice: ['calls'], email: ['mail'] },
    policies: [{ name: 'everyone', members: 'everyone', chain: ['phone', 'otp-sms', 'questions'] }],
    gates: { questions },
    log: { level: 'info' },
  };
}

type Settings = Awaited<ReturnType<typeof demoSettings>>;

async function serve(settings: Settings): Promise<LatchkeyProcess> {
  const folder = new ConfigurationFolder(settings);
  toEnd.push(() => folder.remove());
  return serveFrom(folder);
}

async function serveFrom(folder: ConfigurationFolder): Promise<LatchkeyProcess> {
  const server = await LatchkeyProcess.server({ configuration: folder.file });
  toEnd.push(() => server.end());
  return server;
}

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

/** Looks again until it is there; the test's own time-out ends it. */
async function eventually<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(20);
  }
}

/** A request whose body is half sent: the server has it in hand, and waits. */
async function slowRequest(origin: string): Promise<{ request: ClientRequest; answer: Promise<IncomingMessage> }> {
  const request = httpRequest(`${origin}/registration`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': 11, Expect: '100-continue' },
  });
  const answer = once(request, 'response').then(([response]) => response as IncomingMessage);
  answer.catch(() => undefined);
  request.flushHeaders();
  await once(request, 'continue');
  request.write('login=');
  return { request, answer };
}

const untilNotReady = (origin: string) =>
  eventually(async () => ((await statusOf(`${origin}/health/ready`)) === 503 ? true : undefined));

describe('a running server', () => {
  it(
    'says that it lives and that it is ready',
    async () => {
      const settings = await demoSettings();
      await serve(settings);
      expect(await statusOf(`${settings['public-url']}/health/live`)).toBe(200);
      expect(await statusOf(`${settings['public-url']}/health/ready`)).toBe(200);
    },
    timeout,
  );

  it(
    'F24: drains at SIGTERM: not ready, the request in hand is answered, and it ends well',
    async () => {
      const settings = await demoSettings();
      const origin = settings['public-url'];
      const server = await serve(settings);
      const { request, answer } = await slowRequest(origin);
      server.signal('SIGTERM');
      await untilNotReady(origin);
      expect(await statusOf(`${origin}/health/live`)).toBe(200);
      request.end('anna1');
      const response = await answer;
      expect(response.statusCode).toBe(403);
      response.resume();
      expect(await server.ended).toMatchObject({ code: 0, signal: null });
      expect(server.log.map((line) => line.msg)).toContain('draining');
    },
    timeout,
  );

  it(
    'ends at once at the second SIGTERM',
    async () => {
      const settings = await demoSettings();
      const server = await serve(settings);
      const { request, answer } = await slowRequest(settings['public-url']);
      request.on('error', () => undefined);
      server.signal('SIGTERM');
      await untilNotReady(settings['public-url']);
      server.signal('SIGTERM');
      expect((await server.ended).code).toBe(1);
      await expect(answer).rejects.toThrow();
    },
    timeout,
  );

  it(
    'shows on an error page the number under which the log holds the cause',
    async () => {
      const settings = await demoSettings();
      const server = await serve(settings);
      const visitor = await new Visitor(settings['public-url']).open('/no-such-page');
      expect(visitor.status).toBe(404);
      const [, correlation = ''] = /give this number: ([0-9a-f]{12})/.exec(visitor.text) ?? [];
      expect(correlation).not.toBe('');
      const lines = () => server.log.filter((line) => line.correlation === correlation);
      expect(lines()).toContainEqual(expect.objectContaining({ detail: 'no such page' }));
      // Written when the last byte is out, which may be after we read it.
      const request = await eventually(async () => lines().find((line) => line.msg === 'request'));
      expect(request).toMatchObject({ method: 'GET', path: '/no-such-page', status: 404 });
    },
    timeout,
  );

  it(
    'says in one line why it cannot listen',
    async () => {
      const settings = await demoSettings();
      await serve(settings);
      await expect(serve(settings)).rejects.toThrow(/Latchkey cannot start: listen EADDRINUSE.*\n/);
    },
    timeout,
  );
});

describe('the log of a whole reset', () => {
  it(
    'holds no code, password, number, answer, session or token, even at its most talkative',
    async () => {
      const settings = { ...(await demoSettings()), log: { level: 'trace' } };
      const server = await serve(settings);
      const [anna] = demoPeople;
      const password = `Canary-${randomBytes(6).toString('hex')}`;
      const visitor = new Visitor(settings['public-url']);
      const phone = new Visitor(settings['public-url']);

      await visitor.open('/reset');
      const tokens = new Set([visitor.token]);
      await visitor.submit({ login: anna?.samName ?? '' });
      tokens.add(visitor.token);
      expect(visitor.path).toBe('/reset/phone');
      await eventually(async () => ((await phone.open('/demo/phone')).text.includes('Ringing') ? true : undefined));
      await phone.submit({}, 'key=answer');
      const digits = /<bdi dir="ltr">(\d\d)<\/bdi>/.exec(visitor.answer.text)?.[1] ?? '';
      for (const key of `${digits}#`) await phone.submit({}, `key=${key}`);
      await visitor.submit({}, 'act=next');
      expect(visitor.path).toBe('/reset/otp-sms');
      const code = await eventually(
        async () => /(\d{6}) is your code/.exec((await phone.open('/demo/phone')).text)?.[1],
      );
      await visitor.submit({ code });
      expect(visitor.path).toBe('/reset/questions');
      const answers = await answersOf(settings['public-url'], visitor);
      await visitor.submit(answers);
      await visitor.submit({ action: 'reset' });
      expect(visitor.path).toBe('/reset/password');
      tokens.add(visitor.token);
      await visitor.submit({ password, repeat: password });
      expect(visitor.heading).toBe('Your password has been changed');

      // The walk must be there at all, or its secrets could not be.
      expect(server.log.map((line) => line.path)).toContain('/reset/otp-sms');
      const cookies = [...visitor.cookies.values(), ...phone.cookies.values()].flatMap((value) => {
        const [id = ''] = decodeURIComponent(value).replace(/^s:/, '').split('.');
        return [value, id];
      });
      const numbers = [anna?.mobile ?? '', anna?.telephone ?? ''].flatMap((number) => [
        number,
        number.replaceAll(' ', ''),
        number.replaceAll(' ', '').slice(-8),
      ]);
      const secrets = [code, password, demoPassword, ...numbers, ...Object.values(answers), ...cookies, ...tokens];
      for (const secret of secrets) {
        expect(secret.length).toBeGreaterThan(4);
        expect(server.output).not.toContain(secret);
      }
    },
    timeout,
  );

  /** The demo's own hints, for the questions that the page asks. */
  async function answersOf(origin: string, visitor: Visitor): Promise<Record<string, string>> {
    const home = (await new Visitor(origin).open('/')).page;
    const known = home('li code')
      .toArray()
      .map((code) => [home(code.parent as never).text(), home(code).text()] as const);
    const asked = visitor.page('main label').toArray();
    return Object.fromEntries(
      asked.map((label) => {
        const question = visitor.page(label).text();
        return [visitor.page(label).attr('for') ?? '', known.find(([text]) => text.includes(question))?.[1] ?? ''];
      }),
    );
  }
});

describe('a server that is killed', () => {
  it(
    'F23: goes on where it was: the visit is still open, and what was counted stays counted',
    async () => {
      const directory = await startDemoServer({ production: false, clock: systemClock });
      toEnd.push(() => directory.close());
      const base = await demoSettings();
      const folder = new ConfigurationFolder('');
      toEnd.push(() => folder.remove());
      folder.write({
        ...base,
        store: { kind: 'sqlite', file: folder.path('latchkey.db') },
        directory: { kind: 'active-directory', ...directory.settings },
        policies: [{ name: 'everyone', members: 'everyone', chain: ['questions'], lockout: { threshold: 3 } }],
      });
      const first = await serveFrom(folder);

      const visitor = await new Visitor(base['public-url']).open('/registration');
      await visitor.submit({ login: 'ben.okafor', password: demoPassword });
      await answer(visitor, (question) => `my ${question}`);
      expect(visitor.heading).toBe("You're registered");

      await visitor.open('/reset');
      await visitor.submit({ login: 'ben.okafor' });
      await answer(visitor, () => 'something else');
      expect(visitor.text).toContain('You can try 2 more times');

      first.signal('SIGKILL');
      expect((await first.ended).signal).toBe('SIGKILL');
      await serveFrom(folder);

      await visitor.open('/reset/questions');
      expect(visitor.path).toBe('/reset/questions');
      expect(visitor.text).toContain('You can try 2 more times');
      await answer(visitor, () => 'something else');
      expect(visitor.text).toContain('You can try 1 more time');
      await answer(visitor, (question) => `my ${question}`);
      expect(visitor.path).toBe('/reset/choose');
      await visitor.submit({ action: 'unlock' });
      expect(visitor.heading).toBe('Your account is unlocked');
    },
    timeout,
  );

  it(
    'F23: in the middle of a notice loses none: the next process sends it, under the same Message-ID',
    async () => {
      const authority = await TestAuthority.create();
      const peer = await SmtpPeer.open({ authority, tls: 'starttls' });
      toEnd.push(() => peer.close());
      const directory = await startDemoServer({ production: false, clock: systemClock });
      toEnd.push(() => directory.close());
      const base = await demoSettings();
      const folder = new ConfigurationFolder('');
      toEnd.push(() => folder.remove());
      writeFileSync(folder.path('mail-ca.pem'), authority.ca);
      const mail = { kind: 'smtp', host: '127.0.0.1', port: peer.port, 'ca-file': 'mail-ca.pem', from: 'a@b.example' };
      folder.write({
        ...base,
        store: { kind: 'sqlite', file: folder.path('latchkey.db') },
        directory: { kind: 'active-directory', ...directory.settings },
        providers: { ...base.providers, mail },
        policies: [{ name: 'everyone', members: 'everyone', chain: ['questions'] }],
      });
      const first = await serveFrom(folder);
      await peer.misbehave('hang');
      const visitor = await new Visitor(base['public-url']).open('/registration');
      await visitor.submit({ login: 'ben.okafor', password: demoPassword });
      await answer(visitor, (question) => `my ${question}`);
      expect(visitor.heading).toBe("You're registered");
      const database = new BetterSqlite(folder.path('latchkey.db'));
      toEnd.push(() => database.close());
      const leased = database.prepare('select id from outbox where lease is not null');
      const row = await eventually(async () => leased.get() as { id: string } | undefined);
      first.signal('SIGKILL');
      expect((await first.ended).signal).toBe('SIGKILL');
      expect(peer.mails).toEqual([]);

      await peer.misbehave(undefined);
      // As if the dead worker's lease had run out meanwhile.
      database.prepare('update outbox set leased_until = 0').run();
      const second = await serveFrom(folder);
      await eventually(async () => (peer.mails.length > 0 ? true : undefined));
      expect(peer.mails).toMatchObject([
        { to: ['ben.okafor@contoso.example'], headers: { 'message-id': `<${row.id}@b.example>` } },
      ]);
      await eventually(async () => (database.prepare('select id from outbox').get() === undefined ? true : undefined));
      await second.end();
      await serveFrom(folder);
      expect(peer.mails).toHaveLength(1);
    },
    timeout,
  );

  /** Fills in every question of the page. */
  async function answer(visitor: Visitor, say: (question: string) => string): Promise<void> {
    const labels = visitor.page('main label').toArray();
    const page = visitor.page;
    const entries = labels.map((label) => [page(label).attr('for') ?? '', say(page(label).text())] as const);
    await visitor.submit(Object.fromEntries(entries));
  }
});
