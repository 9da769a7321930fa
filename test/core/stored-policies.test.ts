import { describe, expect, test } from 'vitest';
import { Misconfigured, Unavailable } from '../../src/core/errors.ts';
import type { Json } from '../../src/core/json.ts';
import { type PolicyVersion, policiesHash } from '../../src/core/policy-store.ts';
import { StoredPolicies } from '../../src/core/stored-policies.ts';
import { samplePolicy } from './sample-policies.ts';

/** Versions whose lists name their policies; `!` stands for one that cannot be read. */
function world(...lists: string[][]) {
  const versions = lists;
  const calls = { newest: 0, read: 0 };
  const store = {
    newest: async () => {
      calls.newest += 1;
      return versions.length;
    },
    read: async (version: number): Promise<PolicyVersion | undefined> => {
      calls.read += 1;
      const policies = versions[version - 1] as Json | undefined;
      if (policies === undefined) return undefined;
      return { version, at: new Date(0), by: 'a', byName: 'A', note: '', hash: policiesHash(policies), policies };
    },
  };
  const read = (list: Json) => {
    const names = list as string[];
    if (names.includes('!')) return { problems: [{ setting: 'policies.0.chain', problem: 'names no gate' }] };
    return { policies: names.map((name) => samplePolicy(name)), list };
  };
  const source = new StoredPolicies({ store, read });
  const names = async () => (await source.current()).policies.map(({ name }) => name);
  return { versions, calls, store, source, names };
}

describe('policies in the store', () => {
  test('are those of the newest version, from the moment on when it is there', async () => {
    const { versions, names, source } = world(['a'], ['b']);
    expect(await names()).toEqual(['b']);
    versions.push(['c', 'd']);
    expect(await names()).toEqual(['c', 'd']);
    expect((await source.current()).version).toBe(3);
  });

  test('are read once a version, however many ask, and asked for by number alone', async () => {
    const { calls, source, versions } = world(['a']);
    await Promise.all(Array.from({ length: 20 }, () => source.current()));
    versions.push(['b']);
    await source.current();
    await source.current();
    expect(calls).toEqual({ newest: 22, read: 2 });
  });

  test('that this node cannot read stop it, with everything that is wrong; the older ones are not used', async () => {
    const { versions, names } = world(['a']);
    await names();
    versions.push(['!']);
    await expect(names()).rejects.toThrow(Misconfigured);
    await expect(names()).rejects.toThrow('version 2 of the policies cannot be used: policies.0.chain: names no gate');
    versions.push(['c']);
    expect(await names()).toEqual(['c']);
  });

  test('that are not there yet are for the operator, and are found as soon as they are there', async () => {
    const { versions, names } = world();
    await expect(names()).rejects.toThrow('latchkey policy import');
    versions.push(['a']);
    expect(await names()).toEqual(['a']);
  });

  test('do not go back: newer ones that vanished are for the operator', async () => {
    const { versions, names } = world(['a'], ['b']);
    await names();
    versions.pop();
    await expect(names()).rejects.toThrow(Misconfigured);
    versions.push(['b']);
    expect(await names()).toEqual(['b']);
  });

  test('of a database that was away for a moment are read again', async () => {
    const { store, names } = world(['a']);
    const { read } = store;
    store.read = async () => {
      throw new Unavailable('away');
    };
    await expect(names()).rejects.toThrow(Unavailable);
    store.read = read;
    expect(await names()).toEqual(['a']);
  });

  test('a slow answer of the number, overtaken by a newer one, is not taken for a step back', async () => {
    const { store, source } = world(['a'], ['b']);
    let answer: (version: number) => void = () => undefined;
    const slow = new Promise<number>((resolve) => {
      answer = resolve;
    });
    const { newest } = store;
    store.newest = () => slow;
    const first = source.current();
    store.newest = newest;
    expect((await source.current()).version).toBe(2);
    answer(1);
    expect((await first).version).toBe(2);
  });
});
