import { createHash } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Unavailable } from '../../src/core/errors.ts';
import { Breaker } from '../../src/core/sending/breaker.ts';
import { HttpClient } from '../../src/outbound/http-client.ts';
import { BreachedRange } from '../../src/passwords/breached-range.ts';
import { TestAuthority } from '../peers/authority.ts';
import type { Misbehaviour } from '../peers/misbehaviour.ts';
import { RangePeer } from '../peers/range-peer.ts';
import { SettableClock } from '../settable-clock.ts';

let authority: TestAuthority;
beforeAll(async () => {
  authority = await TestAuthority.create();
});

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function world(ca = authority.ca) {
  const peer = await RangePeer.open(authority);
  const clock = new SettableClock();
  const states: string[] = [];
  const breaker = new Breaker({ failures: 3, seconds: 60, clock, report: (state) => states.push(state) });
  const range = new BreachedRange({ http: new HttpClient({ timeoutMs: 400, ca }), url: peer.url, breaker });
  open.push(range, peer);
  return { peer, clock, states, range };
}

const password = 'Häns Lantern 7 🦊';
const hash = createHash('sha1').update(password).digest('hex').toUpperCase();

describe('a service that knows leaked passwords', () => {
  test('6.2.12: says so of a leaked one, and of no other', async () => {
    const { peer, range } = await world();
    peer.leak(password);
    expect(await range.has(password)).toBe(true);
    expect(await range.has(`${password} `)).toBe(false);
    expect(await range.has(password.normalize('NFD'))).toBe(false);
  });

  test('6.2.12: learns five digits of the hash, asks for padding, and nothing else leaves', async () => {
    const { peer, range } = await world();
    await range.has(password);
    const [asked] = peer.requests;
    expect(asked?.path).toBe(`/range/${hash.slice(0, 5)}`);
    expect(asked?.body).toBe('');
    const names = Object.keys(asked?.headers ?? {}).sort();
    expect(names).toEqual(['accept', 'add-padding', 'connection', 'host', 'user-agent']);
    expect(asked?.headers['add-padding']).toBe('true');
    expect(JSON.stringify(peer.requests)).not.toContain(hash.slice(5, 12));
  });

  test('6.2.12: a row of padding is no leak, even when it looks like this one', async () => {
    const { peer, range } = await world();
    peer.leak(password, 0);
    expect(await range.has(password)).toBe(false);
  });

  test.each([
    'refuse-connections',
    'hang',
    'reset',
    'status-500',
    'status-429',
    'nonsense',
    'huge',
    'redirect',
  ] as const)('F30: %s is a fault, never "not leaked", and names no part of the hash', async (how: Misbehaviour) => {
    const { peer, range } = await world();
    peer.leak(password);
    await peer.misbehave(how);
    const fault = await range.has(password).catch((one: unknown) => one);
    expect(fault).toBeInstanceOf(Unavailable);
    expect(`${fault} ${fault instanceof Error ? fault.stack : ''}`).not.toContain(hash.slice(0, 5));
  });

  test('F30: one that does not prove who it is is told nothing', async () => {
    const { peer, range } = await world((await TestAuthority.create()).ca);
    await expect(range.has(password)).rejects.toBeInstanceOf(Unavailable);
    expect(peer.requests).toEqual([]);
  });

  test('F30: one that is down is left alone for a while, then asked again', async () => {
    const { peer, range, clock, states } = await world();
    peer.leak(password);
    await peer.misbehave('status-500');
    for (const _ of [1, 2, 3]) await expect(range.has(password)).rejects.toThrow(/answered with 500/);
    expect(states).toEqual(['open']);
    await peer.misbehave(undefined);
    await expect(range.has(password)).rejects.toThrow(/left alone/);
    expect(peer.requests).toEqual([]);
    clock.pass(61);
    expect(await range.has(password)).toBe(true);
    expect(states).toEqual(['open', 'closed']);
  });
});
