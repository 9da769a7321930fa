import { afterEach, describe, expect, test } from 'vitest';
import type { Account } from '../../../src/core/account.ts';
import type { Directory, WriteResult } from '../../../src/core/directory.ts';
import { Unavailable } from '../../../src/core/errors.ts';
import { TcpProxy } from '../../services/tcp-proxy.ts';
import type { DirectoryWish, DirectoryWorld } from '../directory-world.ts';
import { accountOf } from './people.ts';

/** A port of loopback where nothing listens. */
const deadUrl = 'ldaps://127.0.0.1:9';
const soon = 500;

/** What the console asks. */
function listings(directory: Directory, account: Account): readonly (() => Promise<unknown>)[] {
  const { signal } = new AbortController();
  return [
    () => directory.findGroup('Domain Users'),
    () => directory.findUnit('Users'),
    () => directory.units(),
    () => directory.searchPeople({ text: 'a', as: 'beginning', limit: 5 }),
    () => directory.searchPeople({ text: 'a', as: 'whole', within: ['People/Sales'], limit: 5 }),
    () => directory.manager(account),
    () => Array.fromAsync(directory.walkPeople({ groups: [], signal })),
  ];
}

/** Servers that are down, hang, break connections or lose answers. */
export function faultContract(world: () => DirectoryWorld): void {
  const cleanups: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  async function openProxy(): Promise<TcpProxy> {
    const proxy = await TcpProxy.open(world().address);
    cleanups.push(() => proxy.stop());
    return proxy;
  }

  function openDirectory(urls: readonly string[], wish: Partial<DirectoryWish> = {}): Directory {
    const directory = world().openDirectory({ urls, operationTimeoutMs: 8000, ...wish });
    cleanups.push(() => directory.close());
    return directory;
  }

  describe('a server that is down', () => {
    test('makes every call Unavailable, and health says so without throwing', async () => {
      const person = await world().addPerson();
      const account = await accountOf(world(), person);
      const write = await world().directory.prepareWrite(account);
      const directory = openDirectory([deadUrl]);
      const calls = [
        () => directory.find({ kind: 'bare', name: person.samName }),
        () => directory.read(person.id),
        () => directory.authenticate(account, person.password),
        () => directory.passwordPolicy(account),
        ...listings(directory, account),
        () => directory.prepareWrite(account),
        () => directory.unlock({ ...write, server: deadUrl }),
        () => directory.resetPassword({ ...write, server: deadUrl }, 'New-password-1'),
        () => directory.observe({ ...write, server: deadUrl }),
      ];
      for (const call of calls) await expect(call(), String(call)).rejects.toBeInstanceOf(Unavailable);
      const health = await directory.health();
      expect(health.ok).toBe(false);
      expect(health.detail).toContain(deadUrl);
    });

    test('F5: is used again as soon as it is back', async () => {
      const proxy = await openProxy();
      const directory = openDirectory([proxy.url]);
      expect((await directory.health()).ok).toBe(true);
      await proxy.stop();
      expect((await directory.health()).ok).toBe(false);
      await proxy.start();
      expect((await directory.health()).ok).toBe(true);
    });

    test('F1: is passed over for the next one', async () => {
      const person = await world().addPerson();
      const proxy = await openProxy();
      const directory = openDirectory([deadUrl, proxy.url]);
      const account = await directory.read(person.id);
      expect(account?.id).toBe(person.id);
      const write = account && (await directory.prepareWrite(account));
      expect(write?.server).toBe(proxy.url);
      expect(account && (await directory.authenticate(account, person.password))).toEqual({ kind: 'signed-in' });
    });

    test('F2: that a write was prepared for is not replaced by another', async () => {
      const person = await world().addPerson();
      const proxy = await openProxy();
      const other = await openProxy();
      const directory = openDirectory([proxy.url, other.url]);
      const write = await directory.prepareWrite(await accountOf(world(), person));
      await proxy.stop();
      // Unknown, when the break was not noticed before the request went out.
      const outcome = await directory.resetPassword(write, 'New-password-1').catch((error: unknown) => error);
      expect(outcome instanceof Unavailable || (outcome as WriteResult).kind === 'unknown').toBe(true);
      expect(other.peak).toBe(0);
      expect(await world().bind(person, person.password)).toBe('bound');
    });
  });

  describe('a server that hangs', () => {
    test('F4: makes a call Unavailable at its time-out, on old connections and new', async () => {
      const person = await world().addPerson();
      const proxy = await openProxy();
      const directory = openDirectory([proxy.url], { operationTimeoutMs: soon });
      const account = await accountOf(world(), person);
      await directory.read(person.id);
      proxy.hang();
      await expect(directory.read(person.id)).rejects.toBeInstanceOf(Unavailable);
      await expect(directory.read(person.id)).rejects.toBeInstanceOf(Unavailable);
      await expect(directory.authenticate(account, person.password)).rejects.toBeInstanceOf(Unavailable);
      for (const call of listings(directory, account)) {
        await expect(call(), String(call)).rejects.toBeInstanceOf(Unavailable);
      }
      expect((await directory.health()).ok).toBe(false);
      proxy.heal();
      expect((await directory.read(person.id))?.id).toBe(person.id);
    });

    test('is left for the next one within the same call', async () => {
      const person = await world().addPerson();
      const [hanging, healthy] = [await openProxy(), await openProxy()];
      const directory = openDirectory([hanging.url, healthy.url], { operationTimeoutMs: 4 * soon });
      await directory.read(person.id);
      hanging.hang();
      expect((await directory.read(person.id))?.id).toBe(person.id);
    });

    test('F4: does not hold up those who use another', async () => {
      const person = await world().addPerson();
      const hanging = await openProxy();
      const stuck = openDirectory([hanging.url], { operationTimeoutMs: 2 * soon, poolSize: 1 });
      hanging.hang();
      const waiting = Promise.allSettled(Array.from({ length: 10 }, () => stuck.read(person.id)));
      expect((await world().directory.read(person.id))?.id).toBe(person.id);
      for (const outcome of await waiting) expect(outcome).toMatchObject({ reason: expect.any(Unavailable) });
    });

    test('leaves no connection open behind a sign-in that timed out', async () => {
      const person = await world().addPerson();
      const account = await accountOf(world(), person);
      const proxy = await openProxy();
      const directory = openDirectory([proxy.url], { operationTimeoutMs: soon });
      await directory.read(person.id);
      proxy.loseAnswers();
      const attempts = Array.from({ length: 3 }, () => directory.authenticate(account, person.password));
      for (const outcome of await Promise.allSettled(attempts)) expect(outcome.status).toBe('rejected');
      await directory.close();
      await expect.poll(() => proxy.connections).toBe(0);
    });
  });

  describe('connections', () => {
    test('F4: are few, however many ask', async () => {
      const person = await world().addPerson();
      const proxy = await openProxy();
      const directory = openDirectory([proxy.url], { poolSize: 2 });
      const found = await Promise.all(Array.from({ length: 30 }, () => directory.read(person.id)));
      expect(found.every((account) => account?.id === person.id)).toBe(true);
      expect(proxy.peak).toBe(2);
    });

    test('that broke while idle are replaced without a word', async () => {
      const person = await world().addPerson();
      const proxy = await openProxy();
      const directory = openDirectory([proxy.url]);
      await directory.read(person.id);
      proxy.cut();
      await expect.poll(() => proxy.connections).toBe(0);
      expect((await directory.read(person.id))?.id).toBe(person.id);
    });

    test('of a sign-in are closed, whether it succeeds or not', async () => {
      const person = await world().addPerson();
      const account = await accountOf(world(), person);
      const proxy = await openProxy();
      const directory = openDirectory([proxy.url], { poolSize: 1 });
      expect(await directory.authenticate(account, person.password)).toEqual({ kind: 'signed-in' });
      expect(await directory.authenticate(account, 'wrong')).toEqual({ kind: 'wrong' });
      await expect.poll(() => proxy.connections).toBe(1);
    });
  });

  describe('an answer that is lost', () => {
    test('F2: makes a reset unknown, and observing the same server tells that it happened', async () => {
      const person = await world().addPerson();
      const proxy = await openProxy();
      const directory = openDirectory([proxy.url], { operationTimeoutMs: 3 * soon });
      const write = await directory.prepareWrite(await accountOf(world(), person));
      proxy.loseAnswers();
      const password = 'Set-but-not-told-1';
      expect(await directory.resetPassword(write, password)).toMatchObject({ kind: 'unknown' });
      proxy.heal();
      const after = await directory.observe(write);
      expect(BigInt(after.passwordLastSet)).toBeGreaterThan(BigInt(write.passwordLastSet));
      expect(await world().bind(person, password)).toBe('bound');
    });

    test('F3: makes an unlock unknown, and observing tells that it never arrived', async () => {
      const person = await world().addPerson();
      await world().lock(person);
      const proxy = await openProxy();
      const directory = openDirectory([proxy.url], { operationTimeoutMs: soon });
      const write = await directory.prepareWrite(await accountOf(world(), person));
      proxy.hang();
      expect(await directory.unlock(write)).toMatchObject({ kind: 'unknown' });
      proxy.heal();
      expect(await directory.observe(write)).toEqual({
        passwordLastSet: write.passwordLastSet,
        lockoutTime: write.lockoutTime,
      });
      expect((await world().look(person)).locked).toBe(true);
    });
  });
}
