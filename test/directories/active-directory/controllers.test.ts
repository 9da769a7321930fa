import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Account } from '../../../src/core/account.ts';
import type { Directory } from '../../../src/core/directory.ts';
import { Unavailable } from '../../../src/core/errors.ts';
import { TestAuthority } from '../../peers/authority.ts';
import { NameServicePeer } from '../../peers/name-service-peer.ts';
import { TcpProxy } from '../../services/tcp-proxy.ts';
import type { TlsFront } from '../../services/tls-front.ts';
import { Controllers } from './controllers.ts';

const dayMs = 86_400_000;

let world: Controllers;
beforeEach(async () => {
  world = await Controllers.open();
});
afterEach(() => world.close());

async function accountOf(directory: Directory, id: string): Promise<Account> {
  const account = await directory.read(id);
  if (account === undefined) throw new Error('nobody is there');
  return account;
}

/** A controller that can be stopped and paused. */
async function proxied(): Promise<TcpProxy> {
  const front = await world.front();
  const proxy = await TcpProxy.open({ host: '127.0.0.1', port: front.port });
  world.also(() => proxy.stop());
  return proxy;
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

describe('F1: a controller that goes before the write', () => {
  test.each([
    ['is killed', (proxy: TcpProxy) => proxy.stop()],
    ['hangs', async (proxy: TcpProxy) => proxy.hang()],
  ])('and %s is left for the next within three seconds, with one warning', async (_how, fail) => {
    const [first, second] = [await proxied(), await proxied()];
    const directory = world.directory([first.url, second.url]);
    const person = world.person();
    const account = await accountOf(directory, person.id);
    expect(second.peak).toBe(0);
    await fail(first);
    let server = '';
    const took = await milliseconds(async () => {
      const write = await directory.prepareWrite(account);
      server = write.server;
      expect(await directory.resetPassword(write, 'Another-password-1')).toEqual({ kind: 'done' });
    });
    expect(server).toBe(second.url);
    expect(took).toBeLessThan(3000);
    await directory.read(person.id);
    expect(world.alerts).toEqual([{ level: 'warning', subject: first.url, detail: expect.any(String) }]);
  });

  test('and hangs holds up none of many who ask at once, and later nobody', async () => {
    const [first, second] = [await proxied(), await proxied()];
    const directory = world.directory([first.url, second.url], { 'pool-size': 2 });
    const person = world.person();
    await directory.read(person.id);
    first.hang();
    const together = await milliseconds(async () => {
      const found = await Promise.all(Array.from({ length: 12 }, () => directory.read(person.id)));
      expect(found.map((account) => account?.id)).toEqual(Array.from({ length: 12 }, () => person.id));
    });
    expect(together).toBeLessThan(4000);
    expect(await milliseconds(() => directory.read(person.id))).toBeLessThan(1000);
  });
});

describe('F5: when all controllers are down', () => {
  test('all calls are Unavailable with one alarm, and go on as soon as one is back', async () => {
    const [first, second] = [await proxied(), await proxied()];
    const directory = world.directory([first.url, second.url]);
    const person = world.person();
    await directory.read(person.id);
    await first.stop();
    await second.stop();
    for (let time = 0; time < 3; time += 1) {
      await expect(directory.read(person.id)).rejects.toBeInstanceOf(Unavailable);
      expect(await directory.health()).toMatchObject({ ok: false });
    }
    expect(world.alerts.filter(({ level }) => level === 'alarm')).toEqual([
      { level: 'alarm', subject: 'directory', detail: expect.stringContaining('no directory server answers') },
    ]);
    await second.start();
    expect((await directory.read(person.id))?.id).toBe(person.id);
    expect(await directory.health()).toMatchObject({ ok: true });
    expect(world.alerts.filter(({ subject, level }) => subject === 'directory' && level === 'info')).toHaveLength(1);
  });
});

describe('F6: a controller whose certificate is', () => {
  const past = { notBeforeDate: new Date(Date.now() - 90 * dayMs), notAfterDate: new Date(Date.now() - dayMs) };

  test.each([
    ['expired', () => world.authority.server(['127.0.0.1'], past)],
    ['for another host', () => world.authority.server(['dc9.corp.example.test'])],
    ['from an unknown authority', async () => (await TestAuthority.create()).server()],
  ])('%s is told nothing, the other one is used, and there is one alarm', async (_what, identity) => {
    const bad = await world.front(await identity());
    const good = await world.front();
    const directory = world.directory([bad.url, good.url]);
    const person = world.person();
    for (let time = 0; time < 2; time += 1) {
      const account = await accountOf(directory, person.id);
      expect(await directory.authenticate(account, person.password)).toEqual({ kind: 'signed-in' });
      expect((await directory.prepareWrite(account)).server).toBe(good.url);
    }
    expect(bad.connections).toBeGreaterThan(0);
    expect(bad.heard).toBe('');
    expect(good.heard).toContain(world.demo.serviceAccount.password);
    expect(world.alerts).toEqual([{ level: 'alarm', subject: bad.url, detail: expect.stringContaining('trusted') }]);
  });
});

/** What a read-only controller says of itself beside all that a writable one says (MS-ADTS 3.1.1.3.4.3). */
function readOnly(octets: Buffer): Buffer {
  const text = octets.toString('latin1').replace('1.2.840.113556.1.4.2080', '1.2.840.113556.1.4.1920');
  return Buffer.from(text, 'latin1');
}

/** Turns the one FALSE of an answer, msDS-isRODC, into TRUE, and makes all that it lies in one octet shorter (BER). */
function saysTrue(octets: Buffer): Buffer {
  const at = octets.indexOf('\x04\x05FALSE', 0, 'latin1');
  if (at < 0) return octets;
  const changed = Buffer.concat([octets.subarray(0, at), Buffer.from('\x04\x04TRUE'), octets.subarray(at + 7)]);
  for (let start = 0; start < at; ) {
    const first = changed.readUInt8(start + 1);
    const more = first > 0x80 ? first - 0x80 : 0;
    const content = start + 2 + more;
    const length = more === 0 ? first : octets.readUIntBE(start + 2, more);
    const isAround = at < content + length;
    if (isAround) changed.writeUInt8(changed.readUInt8(content - 1) - 1, content - 1);
    start = isAround ? content : content + length;
  }
  return changed;
}

describe('F7: a read-only controller', () => {
  test('is left out for good, also when it is the only one', async () => {
    const reader = await world.front(undefined, { rewrite: readOnly });
    const writer = await world.front();
    const directory = world.directory([reader.url, writer.url]);
    const person = world.person();
    const account = await accountOf(directory, person.id);
    expect((await directory.prepareWrite(account)).server).toBe(writer.url);
    // It may not know the service account, and need not learn its password.
    expect(reader.heard).not.toContain(world.demo.serviceAccount.password);
    const tries = reader.connections;
    for (let time = 0; time < 5; time += 1) await directory.read(person.id);
    expect(reader.connections).toBe(tries);
    expect(world.alerts).toEqual([
      { level: 'warning', subject: reader.url, detail: expect.stringContaining('read-only domain controller') },
    ]);
    const alone = world.directory([reader.url]);
    await expect(alone.read(person.id)).rejects.toBeInstanceOf(Unavailable);
  });

  test('is left out also when it does not announce itself, as Samba: its own settings say so', async () => {
    const reader = await world.front(undefined, { rewrite: saysTrue });
    const writer = await world.front();
    const directory = world.directory([reader.url, writer.url]);
    const account = await accountOf(directory, world.person().id);
    expect((await directory.prepareWrite(account)).server).toBe(writer.url);
    expect(world.alerts).toEqual([
      { level: 'warning', subject: reader.url, detail: expect.stringContaining('read-only domain controller') },
    ]);
  });

  test('is a problem of a check, which names it', async () => {
    const reader = await world.front(undefined, { rewrite: readOnly });
    const findings = await world.directory([reader.url, (await world.front()).url]).check();
    expect(findings.filter(({ level }) => level === 'problem')).toEqual([
      expect.objectContaining({ subject: reader.url, detail: expect.stringContaining('read-only') }),
    ]);
  });
});

test('F8: a controller that cannot reach the one that knows the password is left for another, and blames nobody', async () => {
  const lost = (octets: Buffer): Buffer =>
    Buffer.from(octets.toString('latin1').replace(/data 52e/, 'data 51f'), 'latin1');
  const stray = await world.front(undefined, { rewrite: lost, mishear: world.demo.serviceAccount.password });
  const good = await world.front();
  const directory = world.directory([stray.url, good.url]);
  const person = world.person();
  expect((await directory.prepareWrite(await accountOf(directory, person.id))).server).toBe(good.url);
  expect(world.alerts).toEqual([{ level: 'warning', subject: stray.url, detail: expect.stringContaining('51f') }]);
});

describe('F10: controllers that are found in DNS', () => {
  const domain = 'corp.example.test';
  const question = `_ldap._tcp.dc._msdcs.${domain}`;
  let names: NameServicePeer;
  beforeEach(async () => {
    names = await NameServicePeer.open();
    world.also(() => names.close());
  });

  /** A controller at the next address of loopback: all that are found have one port. */
  async function controller(name: string, number: number, port = 0): Promise<TlsFront> {
    const address = `127.0.0.${number}`;
    const front = await world.front(await world.authority.server([name]), { address, port });
    names.host(name, address);
    return front;
  }

  const found = (port: number, urls: readonly string[] = []) =>
    world.directory(urls, { discovery: { domain, nameservers: [names.address], 'ldaps-port': port } });

  test('are used by the names that their certificates have, and one outside the suffixes is never connected to', async () => {
    const good = await controller(`dc1.${domain}`, 2);
    const evil = await controller('dc.evil.example.org', 3, good.port);
    names.service(question, [{ target: 'dc.evil.example.org' }, { target: `dc1.${domain}`, priority: 9 }]);
    const directory = found(good.port);
    const person = world.person();
    const account = await accountOf(directory, person.id);
    expect(await directory.authenticate(account, person.password)).toEqual({ kind: 'signed-in' });
    expect((await directory.prepareWrite(account)).server).toBe(`ldaps://dc1.${domain}:${good.port}`);
    await directory.check();
    expect(evil.connections).toBe(0);
    expect(names.asked).not.toContain('dc.evil.example.org');
  });

  test('are told nothing when the name leads to somebody without its certificate', async () => {
    const good = await controller(`dc1.${domain}`, 2);
    const liar = await controller('dc.evil.example.org', 3, good.port);
    names.host(`dc2.${domain}`, '127.0.0.3');
    names.service(question, [{ target: `dc2.${domain}` }, { target: `dc1.${domain}`, priority: 9 }]);
    const person = world.person();
    expect((await found(good.port).read(person.id))?.id).toBe(person.id);
    expect(liar.connections).toBeGreaterThan(0);
    expect(liar.heard).toBe('');
  });

  test('come after those of the configuration, which need no name service', async () => {
    names.how = 'silent';
    const own = await world.front();
    const directory = found(636, [own.url]);
    const person = world.person();
    expect(await milliseconds(() => directory.read(person.id))).toBeLessThan(1000);
    expect((await directory.prepareWrite(await accountOf(directory, person.id))).server).toBe(own.url);
    await expect
      .poll(() => world.alerts, { timeout: 8000 })
      .toEqual([{ level: 'alarm', subject: 'discovery', detail: expect.stringContaining('cannot be asked') }]);
  });

  test('are missed at the start without a fault of the program: all is Unavailable, and a check says why', async () => {
    names.how = 'failing';
    const directory = found(636);
    await expect(directory.read(crypto.randomUUID())).rejects.toBeInstanceOf(Unavailable);
    expect(await directory.health()).toEqual({ ok: false, detail: expect.stringContaining('no directory server') });
    expect(await directory.check()).toEqual([expect.objectContaining({ level: 'problem', subject: 'discovery' })]);
    expect(world.alerts.filter(({ subject }) => subject === 'discovery')).toHaveLength(1);
  });

  test('are asked what became of a write that was prepared before a restart', async () => {
    const good = await controller(`dc1.${domain}`, 2);
    names.service(question, [{ target: `dc1.${domain}` }]);
    const before = found(good.port);
    const person = world.person();
    const write = await before.prepareWrite(await accountOf(before, person.id));
    await before.close();
    const observed = await found(good.port).observe(write);
    expect(observed.passwordLastSet).toBe(write.passwordLastSet);
  });
});
