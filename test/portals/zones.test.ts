import { request as ask } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld } from './world.ts';

/** A light chain inside, a heavy one outside. */
const lockout = { threshold: 3, minutes: 15, 'bars-until-permanent': 3 };
const inside = { name: 'inside', members: 'everyone', zone: 'intranet', chain: ['questions'], lockout };
const outside = { name: 'outside', members: 'everyone', zone: 'extranet', chain: ['otp-sms', 'questions'], lockout };
const chain = ['otp-sms', 'questions'];
const wrong = { q1: 'wrong', q2: 'wrong' };

let world: PortalWorld;

beforeAll(async () => {
  world = await PortalWorld.open({ chain, policies: [inside, outside], intranet: true });
});
afterAll(() => world.close());

const detailsOf = (event: string): readonly unknown[] =>
  world.auditRows().flatMap((row) => (row.event === event ? [JSON.parse(row.detail ?? '{}')] : []));

test('each listener walks the chain of its own zone, and the audit says which', async () => {
  const person = await world.registered();
  expect((await world.start(person.samName)).path).toBe('/reset/otp-sms');
  const visitor = await world.start(person.samName, world.visitorInside());
  expect(visitor.path).toBe('/reset/questions');
  expect(detailsOf('flow.started').slice(-2)).toEqual([
    { decoy: false, policy: 'outside', zone: 'extranet' },
    { decoy: false, policy: 'inside', zone: 'intranet' },
  ]);
  world.lock(person);
  await world.passGate(visitor, person);
  await visitor.submit({ action: 'unlock' });
  expect(visitor.path).toBe('/reset/done');
  expect(world.standing(person).locked).toBe(false);
});

describe('5.9: from the extranet nobody makes out to be in the intranet', () => {
  const host = (): string => new URL(world.insideOrigin).host;

  test('by the Host of the other listener, which is refused', async () => {
    const answer = await world.visitor({ Host: host() }).ask({ method: 'get', path: '/reset' });
    expect(answer.status).toBe(421);
    const post = await world.visitor({ Host: host() }).ask({ method: 'post', path: '/reset', body: 'login=a' });
    expect(post.status).toBe(421);
  });

  test('by an address in the request line', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const { hostname, port } = new URL(world.origin);
      const path = `${world.insideOrigin}/reset`;
      ask({ hostname, port, path }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
  });

  test.each<[what: string, headers: () => Readonly<Record<string, string>>]>([
    ['X-Forwarded-Host', () => ({ 'X-Forwarded-Host': host() })],
    ['Forwarded', () => ({ Forwarded: `for=10.0.0.1;host=${host()};proto=http` })],
    ['an address of the inside', () => ({ 'X-Forwarded-For': '10.0.0.1', 'X-Real-IP': '10.0.0.1' })],
    ['a zone by name', () => ({ 'X-Zone': 'intranet', Zone: 'intranet', 'X-Latchkey-Zone': 'intranet' })],
    ['an original address', () => ({ 'X-Original-URL': `${world.insideOrigin}/reset`, 'X-Rewrite-URL': '/reset' })],
    ['a Referer', () => ({ Referer: `${world.insideOrigin}/reset` })],
  ])('by a header: %s', async (_what, headers) => {
    const person = await world.registered();
    expect((await world.start(person.samName, world.visitor(headers()))).path).toBe('/reset/otp-sms');
  });

  test('by the Origin of the other listener', async () => {
    const visitor = await world.visitor().open('/reset');
    const { path, body } = visitor.form({ login: 'anybody' });
    const answer = await visitor.ask({ method: 'post', path, body, headers: { Origin: world.insideOrigin } });
    expect(answer.status).toBe(403);
  });

  test('by a field or a query', async () => {
    const person = await world.registered();
    const visitor = await world.visitor().open('/reset?zone=intranet');
    const refused = await visitor.post('/reset', { login: person.samName, zone: 'intranet' });
    expect(refused.status).toBe(400);
    await visitor.submit({ login: person.samName });
    expect(visitor.path).toBe('/reset/otp-sms');
  });

  test('by a header of a proxy that is believed for addresses', async () => {
    const proxied = await PortalWorld.open({
      chain,
      policies: [inside, outside],
      intranet: true,
      settings: { 'trusted-proxies': ['loopback'] },
    });
    const person = await proxied.registered();
    const headers = { 'X-Forwarded-For': '10.0.0.1', 'X-Forwarded-Host': new URL(proxied.insideOrigin).host };
    expect((await proxied.start(person.samName, proxied.visitor(headers))).path).toBe('/reset/otp-sms');
    await proxied.close();
  });
});

describe('5.5: a visit stays with its listener', () => {
  const stolen = (from: Visitor, to: Visitor): Visitor => {
    for (const [name, value] of from.cookies) to.cookies.set(name, value);
    return to;
  };
  const stand = async (visitor: Visitor): Promise<string> => (await visitor.open(visitor.path)).path;

  test.each<[what: string, begin: () => Visitor, elsewhere: () => Visitor]>([
    ['one that began inside is nobody’s outside', () => world.visitorInside(), () => world.visitor()],
    ['one that began outside is nobody’s inside', () => world.visitor(), () => world.visitorInside()],
  ])('%s, page or post, and goes on where it began', async (_what, begin, elsewhere) => {
    const person = await world.registered();
    const visitor = await world.start(person.samName, begin());
    const page = visitor.path;
    for (const path of [page, '/reset/choose', '/reset/password', '/reset/questions']) {
      expect((await stolen(visitor, elsewhere()).open(path)).path).toBe('/reset/expired');
    }
    const thief = stolen(visitor, elsewhere());
    const posted = await thief.ask({
      method: 'post',
      path: page,
      body: new URLSearchParams({ _csrf: visitor.token, cancel: 'yes' }).toString(),
    });
    expect(posted.status).toBe(403);
    expect(await stand(visitor)).toBe(page);
  });

  test('one that passed the light chain inside sets no password from outside', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName, world.visitorInside());
    await world.passGate(visitor, person);
    await visitor.submit({ action: 'reset' });
    const before = world.standing(person);
    const thief = stolen(visitor, world.visitor());
    expect((await thief.open('/reset/password')).path).toBe('/reset/expired');
    expect((await thief.open('/reset/choose')).path).toBe('/reset/expired');
    expect(world.standing(person)).toEqual(before);
    expect(await stand(visitor)).toBe('/reset/password');
  });
});

describe('a person', () => {
  test('5.2: has their wrong answers counted over all zones', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName, world.visitorInside());
    await visitor.submit(wrong);
    const other = await world.start(person.samName);
    await world.passGate(other, person);
    expect(other.path).toBe('/reset/questions');
    await other.submit(wrong);
    const again = await world.start(person.samName, world.visitorInside());
    await again.submit(wrong);
    expect(again.path).toBe('/reset/refused');
    expect(await world.audited(person)).toContain('account.barred');
  });

  test('is led by every notice to the main address, wherever they were', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName, world.visitorInside());
    await world.passGate(visitor, person);
    await visitor.submit({ action: 'unlock' });
    await world.latchkey.outbox.idle();
    const mail = world.latchkey.mailbox?.mails(person.mail).at(-1)?.text ?? '';
    expect(mail).toContain(`${world.origin}/not-me/`);
    expect(mail).not.toContain(world.insideOrigin);
  });

  test('registers what the chain of the zone asks for', async () => {
    const person = world.person();
    expect((await world.signIn(person.samName, person.password)).path).toBe('/registration/otp-sms');
    const other = await world.signIn(person.samName, person.password, world.visitorInside());
    expect(other.path).toBe('/registration/questions');
  });
});

describe('where one policy is for the intranet alone', () => {
  let narrow: PortalWorld;
  let sales: string;
  const policies = [
    { ...inside, name: 'sales inside', members: { units: ['People/Traders'] } },
    { ...outside, name: 'offices', members: { units: ['People/Counters'] }, zone: 'any' },
  ];
  const bound = (person: Person): number => narrow.standing(person).badPasswords;

  beforeAll(async () => {
    narrow = await PortalWorld.open({ chain, policies, intranet: true });
    narrow.demo.administration.addUnitIn(narrow.people, 'Counters');
    sales = narrow.demo.administration.addUnitIn(narrow.people, 'Traders').dn;
  });
  afterAll(() => narrow.close());

  test('its people are not eligible outside, sign in there in vain, and no password is forwarded', async () => {
    const person = await narrow.registered({ unit: sales });
    const decoy = await narrow.start(person.samName);
    expect(decoy.path).toBe('/reset/otp-sms');
    expect(await narrow.reached(person)).toBe(0);
    const nobody = await narrow.signIn('nobody.at.all', 'wrong');
    for (const password of [person.password, 'wrong']) {
      const visitor = await narrow.signIn(person.samName, password);
      expect([visitor.path, visitor.problems]).toEqual([nobody.path, nobody.problems]);
    }
    expect(bound(person)).toBe(0);
    expect((await narrow.start(person.samName, narrow.visitorInside())).path).toBe('/reset/questions');
    const signedIn = await narrow.signIn(person.samName, person.password, narrow.visitorInside());
    expect(signedIn.path).toBe('/registration/confirm-otp-sms');
  });
});

describe('an operator', () => {
  let here: PortalWorld;

  beforeEach(async () => {
    here = await PortalWorld.open({
      chain,
      policies: [inside, outside],
      settings: { listen: { port: 0, zone: 'intranet' } },
    });
  });
  afterEach(() => here.close());

  test('who moves a listener to another zone ends what began in the old one', async () => {
    const person = await here.registered();
    const visitor = await here.start(person.samName);
    await here.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/choose');
    await here.restart({ settings: { listen: { port: 0, zone: 'extranet' } } });
    expect((await visitor.open('/reset/choose')).path).toBe('/reset/expired');
    expect((await here.start(person.samName)).path).toBe('/reset/otp-sms');
  });
});
