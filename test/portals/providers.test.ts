import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sign } from '../../src/providers/custom/signature.ts';
import { TestAuthority } from '../peers/authority.ts';
import { PhoneServicePeer } from '../peers/phone-service-peer.ts';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld } from './world.ts';

const secret = randomBytes(24).toString('hex');
const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-providers-'));
let peer: PhoneServicePeer;
let world: PortalWorld;

beforeAll(async () => {
  const authority = await TestAuthority.create();
  writeFileSync(path.join(folder, 'ca.pem'), authority.ca);
  let now = () => new Date();
  peer = await PhoneServicePeer.open({ authority, secret, now: () => now() });
  const own = {
    kind: 'custom-http',
    countries: ['GB'],
    url: peer.url,
    secret,
    'ca-file': path.join(folder, 'ca.pem'),
    'number-matching': true,
    breaker: { failures: 2, seconds: 30 },
    limits: { 'per-destination': 100, 'per-account': 100 },
  };
  world = await PortalWorld.open({
    chain: ['phone'],
    settings: { providers: { own }, channels: { voice: ['own'] } },
  });
  now = () => world.clock.now();
});
afterEach(() => peer.misbehave(undefined));
afterAll(async () => {
  await world.close();
  await peer.close();
  rmSync(folder, { recursive: true });
});

/** Somebody whose call rings, and the address that its far end reports to. */
async function called(): Promise<{ person: Person; visitor: Visitor; reference: string; callback: string }> {
  const person = await world.registered();
  const visitor = await world.start(person.samName);
  await peer.line.ringing();
  await world.latchkey.challenges.idle();
  const row = (await world.latchkey.stores.audit.about(person.id, 10)).find((one) => one.event === 'flow.started');
  expect(row).toBeDefined();
  const reference = peer.lastRequestId;
  return { person, visitor, reference, callback: `/callbacks/own/${reference}` };
}

function report(callback: string, reference: string, status: string, key = secret) {
  const body = JSON.stringify({ request_id: reference, status });
  const headers = { ...sign(key, { subject: `POST ${callback}`, body, now: world.clock.now() }) };
  return { method: 'post' as const, path: callback, body, headers: { 'content-type': 'application/json', ...headers } };
}

describe('the address that far ends report to', () => {
  test('takes what is signed, sets no cookie, and the person goes on', async () => {
    const { visitor, reference, callback } = await called();
    const stranger = world.visitor();
    const answer = await stranger.ask(report(callback, reference, 'success'));
    expect(answer.status).toBe(204);
    expect(answer.headers['set-cookie']).toBeUndefined();
    await visitor.submit({}, 'act=next');
    expect(visitor.path).toBe('/reset/choose');
  });

  test('F21: refuses what is not, says so in the log, and nobody goes on', async () => {
    const { visitor, reference, callback } = await called();
    const from = world.log.length;
    for (const asked of [
      report(callback, reference, 'success', 'another secret that is as long as it must be'),
      { ...report(callback, reference, 'success'), path: `${callback}?x=1` },
      { ...report(callback, reference, 'success'), headers: { 'content-type': 'application/json' } },
    ]) {
      expect((await world.visitor().ask(asked)).status).toBe(403);
    }
    expect(world.log.slice(from).join('')).toContain('callback-forged');
    await visitor.submit({}, 'act=next');
    expect(visitor.path).toBe('/reset/phone');
  });

  test('knows no other provider, no other method, no other host, and nothing that is too large', async () => {
    const { reference, callback } = await called();
    const good = report(callback, reference, 'success');
    const status = async (changes: object) => (await world.visitor().ask({ ...good, ...changes } as never)).status;
    expect(await status({ path: `/callbacks/other/${reference}` })).toBe(404);
    expect(await status({ path: '/callbacks/own' })).toBe(404);
    expect(await status({ path: `/callbacks/own/${reference}/x` })).toBe(404);
    expect(await status({ path: '/callbacks/own/%2e%2e%2fown' })).toBe(400);
    expect(await status({ method: 'get', body: undefined })).toBe(404);
    expect(await status({ method: 'put' })).toBe(405);
    expect(await status({ headers: { ...good.headers, host: 'evil.example' } })).toBe(421);
    expect(await status({ body: 'x'.repeat(65 * 1024) })).toBe(413);
    expect(await status({ headers: { ...good.headers, 'content-encoding': 'gzip' } })).toBe(415);
  });

  test('says nothing of which calls there are', async () => {
    const { reference, callback } = await called();
    const known = await world.visitor().ask(report(callback, reference, 'pending'));
    const unknown = await world.visitor().ask(report('/callbacks/own/unknown-call', 'unknown-call', 'pending'));
    expect([unknown.status, unknown.text]).toEqual([known.status, known.text]);
  });
});

describe('a provider that is down', () => {
  test('F20: is told to everybody alike before anybody proves anything, counts against nobody, and comes back', async () => {
    const person = await world.registered();
    await peer.misbehave('refuse-connections');
    for (let call = 0; call < 2; call += 1) {
      await world.start((await world.registered()).samName);
      await world.latchkey.challenges.idle();
    }
    for (const portal of ['/reset', '/registration']) {
      const page = await world.visitor().open(portal);
      expect([page.status, page.heading]).toEqual([503, 'This service is not available right now']);
    }
    expect(await world.latchkey.stores.failures.lockout(person.id, world.clock.now())).toBeUndefined();
    await peer.misbehave(undefined);
    world.clock.pass(31);
    expect((await world.visitor().open('/reset')).status).toBe(200);
    const visitor = await world.start(person.samName);
    await peer.line.ringing();
    const digits = /<bdi dir="ltr">(\d\d)<\/bdi>/.exec(visitor.answer.text)?.[1] ?? '';
    await peer.end({ kind: 'keys', keys: `${digits}#` });
    await visitor.submit({}, 'act=next');
    expect(visitor.path).toBe('/reset/choose');
  });
});

test('no key, code or whole number is in the log, at its most talkative', async () => {
  const { person, visitor } = await called();
  await peer.end({ kind: 'keys', keys: '00#' });
  await visitor.submit({}, 'act=next');
  const log = world.log.join('\n');
  expect(log.length).toBeGreaterThan(1_000);
  for (const canary of [secret, person.phone, person.phone.slice(1), person.mobile.slice(1)]) {
    expect(log).not.toContain(canary);
  }
});
