import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Account } from '../../../src/core/account.ts';
import type { Directory } from '../../../src/core/directory.ts';
import { Misconfigured, Unavailable } from '../../../src/core/errors.ts';
import { TcpProxy } from '../../services/tcp-proxy.ts';
import type { DirectoryWish, DirectoryWorld, WorldGroup, WorldPerson, WorldUnit } from '../directory-world.ts';
import { groupOf } from './people.ts';

/** More than fit on one page. */
const crowd = 620;
const mostOnPage = 500;

/** Everybody, page by page. */
export function walkContract(world: () => DirectoryWorld): void {
  const cleanups: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  function open(wish: Partial<DirectoryWish> & Pick<DirectoryWish, 'urls'>): Directory {
    const directory = world().openDirectory({ operationTimeoutMs: 8000, ...wish });
    cleanups.push(() => directory.close());
    return directory;
  }

  async function openProxy(): Promise<TcpProxy> {
    const proxy = await TcpProxy.open(world().address);
    cleanups.push(() => proxy.stop());
    return proxy;
  }

  async function walk(groups: readonly WorldGroup[] = [], directory = world().directory): Promise<Account[]> {
    const wanted = await Promise.all(groups.map((group) => groupOf(world(), group)));
    const found: Account[] = [];
    const { signal } = new AbortController();
    for await (const page of directory.walkPeople({ groups: wanted, signal })) found.push(...page);
    return found;
  }

  const one = (accounts: readonly Account[], { id }: WorldPerson): Account | undefined =>
    accounts.find((account) => account.id === id);

  describe('walking over everybody', () => {
    let unit: WorldUnit;
    beforeAll(async () => {
      unit = await world().addUnit(`Crowd ${crypto.randomUUID()}`);
      await world().addCrowd(crowd, unit);
    });

    test('comes in pages, and shows each person once', async () => {
      const sizes: number[] = [];
      const seen: string[] = [];
      const { signal } = new AbortController();
      for await (const page of world().directory.walkPeople({ groups: [], signal })) {
        sizes.push(page.length);
        seen.push(...page.filter(({ state }) => state.unit === unit.path).map(({ id }) => id));
      }
      expect(sizes.length).toBeGreaterThan(1);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(mostOnPage);
      expect(new Set(seen).size).toBe(crowd);
      expect(seen).toHaveLength(crowd);
    });

    test('shows people as a single read does, and no computer', async () => {
      const [person, locked] = [
        await world().addPerson({ surname: 'Berg', mail: 'a@mail.example.test' }),
        await world().addPerson(),
      ];
      const computer = await world().addComputer();
      await world().lock(locked);
      const found = await walk();
      for (const each of [person, locked]) {
        const account = await world().directory.read(each.id);
        expect(one(found, each)).toEqual({ ...account, state: { ...account?.state, groups: [] } });
      }
      expect(one(found, computer)).toBeUndefined();
      expect(found.every(({ state }) => state.person)).toBe(true);
    });

    test('tells who is in the wanted groups: by themselves, over three groups, in a circle, or by the primary group', async () => {
      const [direct, deep, circle, primary, stranger] = [
        await world().addPerson(),
        await world().addPerson(),
        await world().addPerson(),
        await world().addPerson(),
        await world().addPerson(),
      ];
      const [top, middle, low, own, odd] = [
        await world().addGroup(),
        await world().addGroup({ commonName: `Rights, "odd" / \\ + ${crypto.randomUUID().slice(0, 8)}` }),
        await world().addGroup({ commonName: `مبيعات ${crypto.randomUUID().slice(0, 8)}` }),
        await world().addGroup(),
        await world().addGroup(),
      ];
      await world().addMember(top, direct);
      await world().addMember(top, middle);
      await world().addMember(middle, low);
      await world().addMember(low, deep);
      await world().addMember(low, top);
      await world().addMember(middle, circle);
      await world().addMember(top, own);
      await world().setPrimaryGroup(primary, own);
      await world().addMember(odd, stranger);
      const [topId, lowId] = [(await groupOf(world(), top)).id, (await groupOf(world(), low)).id];
      const found = await walk([top, low]);
      const groups = (person: WorldPerson): readonly string[] | undefined =>
        one(found, person)?.state.groups.toSorted();
      const both = [topId, lowId].toSorted();
      expect(groups(direct)).toEqual(both);
      expect(groups(deep)).toEqual(both);
      expect(groups(circle)).toEqual(both);
      expect(groups(primary)).toEqual(both);
      expect(groups(stranger)).toEqual([]);
      for (const person of [direct, deep, circle, primary, stranger]) {
        const alone = (await world().directory.read(person.id))?.state.groups.filter((id) => both.includes(id));
        expect(groups(person)).toEqual(alone?.toSorted());
      }
    });

    test('finds a group that was moved, and passes over distribution lists as a single read does', async () => {
      const [person, other] = [await world().addPerson(), await world().addPerson()];
      const [moved, list, behind] = [
        await world().addGroup({ commonName: `Sales, "EMEA" ${crypto.randomUUID().slice(0, 8)}` }),
        await world().addGroup({ distribution: true }),
        await world().addGroup(),
      ];
      await world().addMember(moved, person);
      await world().moveTo(moved, unit);
      await world().addMember(list, other);
      await world().addMember(behind, list);
      const found = await walk([moved, behind]);
      expect(one(found, person)?.state.groups).toEqual([(await groupOf(world(), moved)).id]);
      expect(one(found, other)?.state.groups).toEqual([]);
    });

    test('5.32: tells who is privileged, as a single read does', async () => {
      const [nested, marked, primary, named, plain] = [
        await world().addPerson(),
        await world().addPerson(),
        await world().addPerson(),
        await world().addPerson(),
        await world().addPerson(),
      ];
      const [own, privileged, inner] = [await world().addGroup(), await world().addGroup(), await world().addGroup()];
      await world().addToProtectedGroup(nested);
      await world().setAdminCount(marked);
      await world().setPrimaryGroup(primary, own);
      await world().addMember(privileged, own);
      await world().addMember(privileged, inner);
      await world().addMember(inner, named);
      const { host, port } = world().address;
      const directory = open({ urls: [`ldaps://${host}:${port}`], privilegedGroups: [privileged.samName] });
      const found = await walk([], directory);
      const people = [nested, marked, primary, named, plain];
      expect(people.map((person) => one(found, person)?.state.privileged)).toEqual([true, true, true, true, false]);
      for (const person of people) {
        const account = await directory.read(person.id);
        expect(one(found, person)?.state.privileged).toBe(account?.state.privileged);
        expect(one(found, person)?.state.groups).toEqual([]);
      }
    });

    test('fails when a wanted group is gone', async () => {
      const group = await world().addGroup();
      const wanted = await groupOf(world(), group);
      await world().remove(group);
      const { signal } = new AbortController();
      const pages = world()
        .directory.walkPeople({ groups: [wanted], signal })
        [Symbol.asyncIterator]();
      await expect(pages.next()).rejects.toBeInstanceOf(Misconfigured);
    });

    test('ends when it is cancelled, before it begins, between pages and within one, and leaves no connection', async () => {
      const proxy = await openProxy();
      const directory = open({ urls: [proxy.url], poolSize: 1 });
      await directory.health();
      const before = new AbortController();
      before.abort(new Error('before'));
      await expect(first(directory, before.signal)).rejects.toThrow('before');
      const between = new AbortController();
      const pages = directory.walkPeople({ groups: [], signal: between.signal })[Symbol.asyncIterator]();
      await pages.next();
      between.abort(new Error('between'));
      await expect(pages.next()).rejects.toThrow('between');
      const within = new AbortController();
      const more = directory.walkPeople({ groups: [], signal: within.signal })[Symbol.asyncIterator]();
      await more.next();
      proxy.hang();
      const waiting = more.next();
      within.abort(new Error('within'));
      await expect(waiting).rejects.toThrow('within');
      proxy.heal();
      await expect.poll(() => proxy.connections).toBe(1);
    });

    test('leaves no connection when who walks stops', async () => {
      const proxy = await openProxy();
      const directory = open({ urls: [proxy.url], poolSize: 1 });
      const { signal } = new AbortController();
      for await (const page of directory.walkPeople({ groups: [], signal })) if (page.length > 0) break;
      await expect.poll(() => proxy.connections).toBe(1);
    });

    test('does not hold up others, however long it takes', async () => {
      const proxy = await openProxy();
      const directory = open({ urls: [proxy.url], poolSize: 1 });
      const { signal } = new AbortController();
      for await (const page of directory.walkPeople({ groups: [], signal })) {
        expect((await directory.read(page[0]?.id ?? ''))?.id).toBe(page[0]?.id);
      }
    });

    test('waits longer for a page than for a question', async () => {
      const proxy = await openProxy();
      const directory = open({ urls: [proxy.url], operationTimeoutMs: 2000, walkTimeoutMs: 60_000 });
      const { signal } = new AbortController();
      const pages = directory.walkPeople({ groups: [], signal })[Symbol.asyncIterator]();
      await pages.next();
      proxy.holdAnswers();
      const waiting = pages.next();
      await new Promise((resolve) => setTimeout(resolve, 3000));
      proxy.release();
      expect((await waiting).done).toBe(false);
    });

    test('is Unavailable when a page does not come in time, or the connection breaks', async () => {
      const proxy = await openProxy();
      const directory = open({ urls: [proxy.url], operationTimeoutMs: 8000, walkTimeoutMs: 2000 });
      const fails = async (how: () => void): Promise<void> => {
        const { signal } = new AbortController();
        const pages = directory.walkPeople({ groups: [], signal })[Symbol.asyncIterator]();
        expect((await pages.next()).done).toBe(false);
        how();
        await expect(pages.next()).rejects.toBeInstanceOf(Unavailable);
      };
      await fails(() => proxy.cut());
      await fails(() => proxy.hang());
    });
  });
}

async function first(directory: Directory, signal: AbortSignal): Promise<void> {
  for await (const _page of directory.walkPeople({ groups: [], signal })) return;
}
