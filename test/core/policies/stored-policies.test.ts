import { describe, expect, test } from 'vitest';
import { Misconfigured, Unavailable } from '../../../src/core/errors.ts';
import type { Json } from '../../../src/core/json.ts';
import type { PolicyMark, PolicyStanding } from '../../../src/core/policies/policy-standing.ts';
import { type PolicyVersion, policiesHash } from '../../../src/core/policies/policy-store.ts';
import { StoredPolicies } from '../../../src/core/policies/stored-policies.ts';
import { samplePolicy } from './sample-policies.ts';

/** Versions whose lists name their policies; `!` stands for one that cannot be read. The audit tells of what is told. */
function world(...lists: string[][]) {
  const versions = lists;
  const calls = { standing: 0, read: 0 };
  const audit: { told?: PolicyMark } = {};
  const store = {
    standing: async (): Promise<PolicyStanding> => {
      calls.standing += 1;
      return { version: versions.length, ...audit };
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
  const tell = (version: number, list: string[]) => {
    audit.told = { version, hash: policiesHash(list) };
  };
  return { versions, calls, store, source, names, tell };
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
    expect(calls).toEqual({ standing: 22, read: 2 });
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

  test('whose row was damaged are read again, and used as soon as it was put back', async () => {
    const { store, names } = world(['a']);
    const { read } = store;
    store.read = async () => {
      throw new Misconfigured('version 1 of the policies is not the list that was saved');
    };
    await expect(names()).rejects.toThrow('is not the list that was saved');
    store.read = read;
    expect(await names()).toEqual(['a']);
  });

  test('a slow answer of the number, overtaken by a newer one, is not taken for a step back', async () => {
    const { store, source } = world(['a'], ['b']);
    let answer: (standing: PolicyStanding) => void = () => undefined;
    const slow = new Promise<PolicyStanding>((resolve) => {
      answer = resolve;
    });
    const { standing } = store;
    store.standing = () => slow;
    const first = source.current();
    store.standing = standing;
    expect((await source.current()).version).toBe(2);
    answer({ version: 1, told: { version: 1, hash: policiesHash(['a']) } });
    expect((await first).version).toBe(2);
  });

  test('that are older than what the audit tells of are not used, from the first moment on, and what to do is said', async () => {
    const { names, tell, versions } = world(['a']);
    tell(2, ['b']);
    await expect(names()).rejects.toThrow(Misconfigured);
    await expect(names()).rejects.toThrow('the store has version 1 of the policies, and the audit says that version 2');
    await expect(names()).rejects.toThrow('latchkey policy accept');
    versions.push(['b']);
    expect(await names()).toEqual(['b']);
  });

  test('that are all gone, though the audit tells of some, are not taken for a new store', async () => {
    const { names, tell } = world();
    tell(1, ['a']);
    await expect(names()).rejects.toThrow(
      'the store has no policies, and the audit says that version 1 was saved last',
    );
  });

  test('that are newer than what the audit tells of are for the operator as well', async () => {
    const { names, tell } = world(['a'], ['b']);
    tell(1, ['a']);
    await expect(names()).rejects.toThrow('the store has version 2 of the policies, and the audit says that version 1');
  });

  test('of the right number that are another list are not used, until what the audit tells of is there', async () => {
    const { names, tell, versions } = world(['a'], ['b']);
    tell(2, ['c']);
    await expect(names()).rejects.toThrow('version 2 of the policies is not the list that the audit says was saved');
    versions[1] = ['c'];
    // What was read under the wrong promise is forgotten by the first who finds out.
    expect(await names()).toEqual(['c']);
  });

  test('that an operator settled hold from then on, on a node that had seen the ones that were lost', async () => {
    const { names, tell, versions } = world(['a'], ['b']);
    tell(2, ['b']);
    expect(await names()).toEqual(['b']);
    versions.pop();
    await expect(names()).rejects.toThrow('latchkey policy accept');
    versions.push(['b'], ['a']);
    tell(3, ['a']);
    expect(await names()).toEqual(['a']);
  });

  test('that went back together with what the audit tells of stop a node that has seen newer ones', async () => {
    const { names, tell, versions } = world(['a'], ['b']);
    tell(2, ['b']);
    await names();
    versions.pop();
    tell(1, ['a']);
    await expect(names()).rejects.toThrow('had version 2');
  });
});
