import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld } from './world.ts';

/** The listeners, as people know them: behind a proxy with TLS, each by a name of its own. */
const hosts = { outside: 'reset.contoso.example', inside: 'latchkey.corp.contoso.example' } as const;
type Door = keyof typeof hosts;
const doors = Object.keys(hosts) as readonly Door[];
const gates = ['phone', 'otp-sms'] as const;

const reasons = {
  reset: 'get back into your account',
  registration: 'registers? this (number|telephone)',
  change: 'change what (is|you) registered',
};

let world: PortalWorld;

beforeAll(async () => {
  const settings = {
    'public-url': `https://${hosts.outside}`,
    'more-listeners': [{ 'public-url': `https://${hosts.inside}`, port: 0, zone: 'intranet' }],
    'trusted-proxies': ['loopback'],
  };
  world = await PortalWorld.open({ chain: [...gates], settings });
});
afterAll(() => world.close());

function visitorAt(door: Door, headers: Readonly<Record<string, string>> = {}): Visitor {
  const own = { Host: hosts[door], 'X-Forwarded-Proto': 'https', ...headers };
  return door === 'outside' ? world.visitor(own) : world.visitorInside(own);
}

/** Everything that was said to somebody, oldest first. */
async function said(person: Person): Promise<readonly string[]> {
  await world.latchkey.challenges.idle();
  const { phones } = world;
  const texts = phones.phone(person.mobile).texts.map(({ text, at }) => ({ text, at }));
  const calls = phones.phone(person.phone).calls.map(({ spoken, at }) => ({ text: spoken, at }));
  return [...texts, ...calls].toSorted((a, b) => a.at.getTime() - b.at.getTime()).map(({ text }) => text);
}

/** That the last of it names this reason and no other, and is bound to this host, where it is a code. */
async function expectSaid(person: Person, reason: keyof typeof reasons, door: Door): Promise<void> {
  const text = (await said(person)).at(-1) ?? '';
  for (const [one, words] of Object.entries(reasons)) {
    expect(new RegExp(words).test(text), `${one} in: ${text}`).toBe(one === reason);
  }
  const code = /\d{6}/.exec(text)?.[0];
  if (code === undefined) expect(text).not.toContain('@');
  else expect(text.split('\n').at(-1)).toBe(`@${hosts[door]} #${code}`);
}

describe.each(doors)('at the listener %s', (door) => {
  test('each gate of a reset says so, and its code is bound to this host', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName, visitorAt(door));
    for (const gate of gates) {
      expect(visitor.path).toBe(`/reset/${gate}`);
      await expectSaid(person, 'reset', door);
      world.clock.pass(11);
      await world.passGate(visitor, person);
    }
    expect(visitor.path).toBe('/reset/choose');
  });

  test('each gate of a first registration says so', async () => {
    const person = world.person();
    const visitor = await world.signIn(person.samName, person.password, visitorAt(door));
    for (const gate of gates) {
      expect(visitor.path).toBe(`/registration/${gate}`);
      await visitor.submit({ number: gate === 'phone' ? person.phone : person.mobile }, 'act=next');
      await expectSaid(person, 'registration', door);
      world.clock.pass(11);
      await world.passGate(visitor, person);
    }
    expect(visitor.path).toBe('/registration/done');
  });

  test.each(gates)('a change is confirmed by %s, which says so', async (gate) => {
    const person = await world.registered({}, [gate]);
    const visitor = await world.signIn(person.samName, person.password, visitorAt(door));
    expect(visitor.path).toBe(`/registration/confirm-${gate}`);
    await expectSaid(person, 'change', door);
  });

  test('another code says and is bound as the first', async () => {
    const person = await world.registered({}, ['otp-sms']);
    const visitor = await world.signIn(person.samName, person.password, visitorAt(door));
    world.clock.pass(11);
    await visitor.submit({}, 'act=again');
    expect(await said(person)).toHaveLength(2);
    await expectSaid(person, 'change', door);
  });

  test.each<[what: string, headers: (host: string) => Readonly<Record<string, string>>]>([
    ['X-Forwarded-Host', (host) => ({ 'X-Forwarded-Host': host })],
    ['Forwarded', (host) => ({ Forwarded: `for=10.0.0.1;host=${host};proto=https` })],
    ['X-Original-Host', (host) => ({ 'X-Original-Host': host, 'X-Host': host, 'X-HTTP-Host-Override': host })],
    ['a Referer', (host) => ({ Referer: `https://${host}/reset` })],
  ])('attack: %s binds no code to another host', async (_what, headers) => {
    for (const host of ['evil.example', hosts[door === 'inside' ? 'outside' : 'inside']]) {
      const person = await world.registered({}, ['otp-sms']);
      const visitor = await world.signIn(person.samName, person.password, visitorAt(door, headers(host)));
      expect(visitor.path).toBe('/registration/confirm-otp-sms');
      await expectSaid(person, 'change', door);
    }
  });

  test('attack: a forged Host sends nothing at all', async () => {
    const person = await world.registered();
    const honest = await visitorAt(door).open('/reset');
    for (const Host of [
      'evil.example',
      `${hosts[door]}.evil.example`,
      `${hosts[door]}:8443`,
      `evil.example#${hosts[door]}`,
    ]) {
      const body = honest.form({ login: person.samName }).body;
      const answer = await honest.ask({ method: 'post', path: '/reset', body, headers: { Host } });
      expect([421, 400], Host).toContain(answer.status);
    }
    expect(await said(person)).toEqual([]);
    await honest.submit({ login: person.samName });
    await expectSaid(person, 'reset', door);
  });
});

test('a visit of before codes were bound to a listener goes on, with the main one’s host', async () => {
  const person = await world.registered({}, ['otp-sms']);
  const visitor = await world.signIn(person.samName, person.password, visitorAt('inside'));
  await expectSaid(person, 'change', 'inside');
  const { sessions, flows } = world.latchkey.stores;
  const [id = ''] = decodeURIComponent(visitor.cookies.get('__Host-latchkey') ?? '')
    .replace(/^s:/, '')
    .split('.');
  const { flow: flowId } = (await sessions.read(id, world.clock.now())) as { readonly flow: string } & Json;
  const flow = await flows.read(flowId);
  if (flow === undefined) throw new Error('there is no flow');
  const { host, ...before } = flow;
  expect(host).toBe(hosts.inside);
  await flows.save(before);
  world.clock.pass(11);
  await visitor.submit({}, 'act=again');
  expect(visitor.path).toBe('/registration/confirm-otp-sms');
  await expectSaid(person, 'change', 'outside');
  await world.passGate(visitor, person);
  expect(visitor.path).toBe('/registration/phone');
});
