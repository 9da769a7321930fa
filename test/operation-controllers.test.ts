import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoPassword } from '../src/directories/demo/people.ts';
import { Controllers } from './directories/active-directory/controllers.ts';
import { ConfigurationFolder, freePort, LatchkeyProcess } from './latchkey-process.ts';
import { NameServicePeer } from './peers/name-service-peer.ts';
import { Visitor } from './portals/visitor.ts';
import type { TlsFront } from './services/tls-front.ts';

const timeout = 90_000;
const dayMs = 86_400_000;
const domain = 'corp.example.test';
const question = `_ldap._tcp.dc._msdcs.${domain}`;

let world: Controllers;
let names: NameServicePeer;
const toEnd: (() => unknown)[] = [];
beforeEach(async () => {
  world = await Controllers.open();
  names = await NameServicePeer.open();
});
afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end();
  await names.close();
  await world.close();
});

/** A controller that DNS names, at an address of its own, whose certificate ends in so many days. */
async function controller(number: number, port: number, days: number): Promise<TlsFront> {
  const name = `dc${number}.${domain}`;
  const address = `127.0.0.${number + 1}`;
  const identity = await world.authority.server([name], { notAfterDate: new Date(Date.now() + (days + 0.5) * dayMs) });
  names.host(name, address);
  return world.front(identity, { address, port });
}

/** Latchkey in a process of its own, which knows nothing of its controllers but their domain. */
async function serve(ldapsPort: number): Promise<{ server: LatchkeyProcess; origin: string }> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const { baseDn, domain: netbios, serviceAccount } = world.demo;
  const questions = ['First school?', 'Best place?', 'First hero?'].map((en, at) => ({ id: `q${at}`, text: { en } }));
  const folder = new ConfigurationFolder({
    'public-url': origin,
    listen: { port },
    organisation: { name: 'Contoso' },
    keys: [{ id: 'test', secret: randomBytes(32).toString('hex') }],
    store: { kind: 'sqlite', file: ':memory:' },
    directory: {
      kind: 'active-directory',
      discovery: { domain, nameservers: [names.address], 'ldaps-port': ldapsPort },
      'ca-file': world.caFile,
      'base-dn': baseDn,
      'people-base': `OU=People,${baseDn}`,
      domain: netbios,
      'bind-account': serviceAccount.principal,
      'bind-password-file': world.passwordFile,
    },
    providers: { mail: { kind: 'virtual-email' } },
    channels: { email: ['mail'] },
    policies: [{ name: 'everyone', members: 'everyone', chain: ['questions'] }],
    gates: {
      questions: { 'registration-shows': 3, 'reset-asks': 2, 'reset-requires': 2, questions },
    },
    log: { level: 'info' },
  });
  toEnd.push(() => folder.remove());
  const server = await LatchkeyProcess.server({ configuration: folder.file });
  toEnd.push(() => server.end());
  return { server, origin };
}

/** Answers each question with itself. */
async function answer(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  const entries = page('main label')
    .toArray()
    .map((label) => [page(label).attr('for') ?? '', `my ${page(label).text()}`] as const);
  await visitor.submit(Object.fromEntries(entries));
}

describe('a running Latchkey and its domain controllers', () => {
  it(
    'F6: says in its log that a certificate ends, as a warning 30 days ahead and as an alarm 7 days ahead',
    async () => {
      const soon = await controller(1, 0, 20);
      await controller(2, soon.port, 5);
      await controller(3, soon.port, 200);
      names.service(
        question,
        [1, 2, 3].map((number) => ({ target: `dc${number}.${domain}` })),
      );
      const { server } = await serve(soon.port);
      await server.until(/\(5 days\)/);
      await server.until(/\(20 days\)/);
      // What a check finds comes in one go.
      await pause(500);
      const said = server.log.filter(({ subject }) => String(subject).endsWith(': certificate'));
      const url = (number: number): string => `ldaps://dc${number}.${domain}:${soon.port}: certificate`;
      expect(new Map(said.map(({ subject, level, alarm }) => [subject, { level, alarm }]))).toEqual(
        new Map([
          [url(1), { level: 40, alarm: undefined }],
          [url(2), { level: 50, alarm: true }],
        ]),
      );
    },
    timeout,
  );

  it(
    'F1: goes on with the next one when the first goes in the middle of a visit, and the person sees nothing',
    async () => {
      const first = await controller(1, 0, 200);
      const second = await controller(2, first.port, 200);
      names.service(question, [{ target: `dc1.${domain}` }, { target: `dc2.${domain}`, priority: 1 }]);
      const { server, origin } = await serve(first.port);
      const visitor = await new Visitor(origin).open('/registration');
      await visitor.submit({ login: 'ben.okafor', password: demoPassword });
      await answer(visitor);
      expect(visitor.heading).toBe("You're registered");
      await visitor.open('/reset');
      await visitor.submit({ login: 'ben.okafor' });
      await answer(visitor);
      expect(visitor.path).toBe('/reset/choose');
      // A check of both is all that it has seen so far.
      const before = second.heard.length;
      first.hangs = true;
      await visitor.submit({ action: 'unlock' });
      expect(visitor.heading).toBe('Your account is unlocked');
      expect(second.heard.slice(before)).toContain('lockoutTime');
      expect(
        server.log.filter(({ subject, level }) => subject === `ldaps://dc1.${domain}:${first.port}` && level === 40),
      ).toHaveLength(1);
    },
    timeout,
  );

  it(
    'F5, F10: starts without its name service, says so on the start page, and goes on without a restart',
    async () => {
      const only = await controller(1, 0, 200);
      names.how = 'failing';
      const { server, origin } = await serve(only.port);
      const outage = await new Visitor(origin).open('/reset');
      expect(outage.status).toBe(503);
      await server.until(/the name service cannot be asked/);
      names.how = 'answers';
      names.service(question, [{ target: `dc1.${domain}` }]);
      await expect
        .poll(async () => (await new Visitor(origin).open('/reset')).status, { timeout: 30_000, interval: 500 })
        .toBe(200);
      expect(server.log.filter(({ subject, alarm }) => subject === 'discovery' && alarm === true)).not.toEqual([]);
    },
    timeout,
  );
});
