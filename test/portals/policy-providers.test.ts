import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outside } from './outside.ts';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld } from './world.ts';

/** A gateway where nobody listens: certainly nothing is sent there. */
const dead = {
  kind: 'smtp',
  host: '127.0.0.1',
  port: 9,
  from: 'latchkey@contoso.example',
  'sms-address': '{to-digits}@sms.contoso.example',
  countries: ['GB'],
  breaker: { failures: 1, seconds: 3600 },
};
const settings = {
  providers: {
    texts: { kind: 'virtual-sms' },
    'own-texts': { kind: 'virtual-sms' },
    dead,
    calls: { kind: 'virtual-voice' },
    'own-calls': { kind: 'virtual-voice' },
    mail: { kind: 'virtual-email' },
  },
};
const own = {
  name: 'own',
  members: { units: ['People/Own'] },
  zone: 'extranet',
  chain: ['otp-sms', 'questions'],
  channels: { sms: ['dead', 'own-texts'] },
};
const everyone = { name: 'everyone', members: 'everyone', zone: 'intranet', chain: ['otp-sms', 'questions'] };

let world: PortalWorld;
beforeAll(async () => {
  world = await PortalWorld.open({ settings, policies: [own, everyone], intranet: true, chain: own.chain });
  world.demo.administration.addUnitIn(world.people, 'Own');
});
afterAll(() => world.close());

const member = (): Promise<Person> => world.registered({ unit: `OU=Own,${world.people}` });

/** The providers that texts to somebody went by, oldest first. */
async function ways(person: Person): Promise<readonly unknown[]> {
  await world.latchkey.challenges.idle();
  const rows = await world.latchkey.stores.audit.about(person.id, 100);
  const sent = rows.filter(({ event }) => event === 'challenge.sent');
  return sent.map(({ detail }) => (detail as { provider?: string }).provider).reverse();
}

async function again(visitor: Visitor): Promise<Visitor> {
  world.clock.pass(11);
  return visitor.submit({}, 'act=again');
}

describe('the providers of a policy', () => {
  test('carry its texts, one after the other, and its people pass by them', async () => {
    const person = await member();
    const visitor = await world.start(person.samName);
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/questions');
    await expect.poll(() => ways(person)).toEqual(['own-texts']);
    // The first of them was asked before, and failed.
    expect(world.log.join('')).toMatch(/"provider":"dead"[^\n]*out of service/);
    const inside = world.visitorInside();
    await world.start(person.samName, inside);
    await expect.poll(() => ways(person)).toEqual(['own-texts', 'texts']);
  });

  test('attack: nothing that a browser sends chooses another', async () => {
    const person = await member();
    const visitor = world.visitor({ 'X-Provider': 'texts', 'X-Latchkey-Channels': 'texts' });
    await visitor.open('/reset?channels=texts&provider=texts');
    await visitor.submit({ login: person.samName });
    expect(visitor.path).toBe('/reset/otp-sms');
    for (const extra of ['channels=texts', 'channels[sms]=texts', 'provider=texts', 'providers=texts']) {
      world.clock.pass(11);
      const form = visitor.form({}, 'act=again');
      const asked = { ...form, body: `${form.body}&${extra}`, method: 'post' as const };
      expect((await visitor.ask(asked)).status, extra).toBe(400);
    }
    await visitor.open('/reset/otp-sms?provider=texts');
    await again(visitor);
    expect(visitor.status).toBe(400);
    await visitor.open('/reset/otp-sms');
    await again(visitor);
    await expect.poll(() => ways(person)).toEqual(['own-texts', 'own-texts']);
  });

  test('place its calls', async () => {
    await world.restart({ policies: [{ ...own, chain: ['phone'], channels: { voice: ['own-calls'] } }, everyone] });
    const person = world.person({ unit: `OU=Own,${world.people}` });
    await world.register(person, ['phone']);
    const visitor = await world.start(person.samName);
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/choose');
    await expect.poll(() => ways(person)).toEqual(['own-calls']);
    await world.restart({ policies: [own, everyone] });
  });

  test('are kept by a flow that began with them, whatever an operator changes meanwhile', async () => {
    const person = await member();
    const visitor = await world.start(person.samName);
    await expect.poll(() => ways(person)).toEqual(['own-texts']);
    await world.restart({ policies: [{ ...own, channels: { sms: ['texts'] } }, everyone] });
    await again(visitor);
    await expect.poll(() => ways(person)).toEqual(['own-texts', 'own-texts']);
    await world.start(person.samName);
    await expect.poll(() => ways(person)).toEqual(['own-texts', 'own-texts', 'texts']);
    await world.restart({ policies: [own, everyone] });
  });

  test('out of service, close the gate for people and strangers alike, and no other policy', async () => {
    // The other one keeps the start page open; almost no stranger is shown it.
    const rest = { ...everyone, name: 'rest', members: { units: ['People/Own'] }, zone: 'extranet' };
    const closed = { ...own, channels: { sms: ['dead'] }, share: 1_000_000 };
    await world.restart({ policies: [closed, rest, everyone] });
    const person = await member();
    await world.start(person.samName);
    await world.latchkey.challenges.idle();
    const starts = [person.samName, 'nobody.there'].map((login) => world.start(login));
    const [shown, strange] = await Promise.all(
      starts.map(async (start) => outside(await (await start).ask({ method: 'get', path: (await start).path }))),
    );
    expect(shown).toEqual(strange);
    expect(await world.reached(person)).toBe(0);
    const inside = world.visitorInside();
    await world.start(person.samName, inside);
    expect(inside.path).toBe('/reset/otp-sms');
    await expect.poll(() => ways(person)).toEqual(['texts']);
    await world.restart({ policies: [own, everyone] });
  });

  test('out of service, close the start page of a zone that has no other', async () => {
    await world.restart({ policies: [{ ...own, channels: { sms: ['dead'] } }, everyone] });
    const person = await member();
    await world.start(person.samName);
    await world.latchkey.challenges.idle();
    const outsider = await world.visitor().open('/reset');
    expect(outsider.text).toContain('This service is not available right now');
    const insider = await world.visitorInside().open('/reset');
    expect(insider.page('input[name="login"]').length).toBe(1);
    await world.restart({ policies: [own, everyone] });
  });
});
