import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Flow } from '../../src/core/flow/flow.ts';
import { later, noon, sampleFlow, sampleRow } from './store-samples.ts';
import { type StoreWorld, together } from './store-world.ts';

export function sessionContract(world: () => StoreWorld): void {
  test('are read on any node until they expire', async () => {
    const { sessions } = world().stores;
    await sessions.write('sid', { data: { flow: 'x', n: [1, null] }, expires: later(30) });
    expect(await world().other.sessions.read('sid', later(29))).toStrictEqual({ flow: 'x', n: [1, null] });
    expect(await sessions.read('sid', later(30))).toBeUndefined();
    expect(await sessions.read('other', noon)).toBeUndefined();
  });

  test('are replaced by the next write and gone once removed', async () => {
    const { sessions } = world().stores;
    await sessions.write('sid', { data: 1, expires: later(30) });
    await sessions.write('sid', { data: 2, expires: later(60) });
    expect(await sessions.read('sid', later(45))).toBe(2);
    await world().other.sessions.remove('sid');
    expect(await sessions.read('sid', noon)).toBeUndefined();
  });

  test('are written over while they are there, and never brought back by that', async () => {
    const { sessions } = world().stores;
    await sessions.write('sid', { data: 1, expires: later(30) });
    expect(await world().other.sessions.rewrite('sid', { data: 2, expires: later(60) })).toBe(true);
    expect(await sessions.read('sid', later(45))).toBe(2);
    await sessions.remove('sid');
    expect(await sessions.rewrite('sid', { data: 3, expires: later(60) })).toBe(false);
    expect(await sessions.read('sid', noon)).toBeUndefined();
  });

  test('take the place of another in one step, and of none that was removed', async () => {
    const { sessions } = world().stores;
    await sessions.write('old', { data: 1, expires: later(30) });
    expect(await world().other.sessions.replace('old', 'new', { data: 2, expires: later(60) })).toBe(true);
    expect(await sessions.read('old', noon)).toBeUndefined();
    expect(await sessions.read('new', later(45))).toBe(2);
    await sessions.remove('new');
    expect(await sessions.replace('new', 'newer', { data: 3, expires: later(60) })).toBe(false);
    expect(await sessions.read('newer', noon)).toBeUndefined();
  });

  describe('of an account', () => {
    const owned = (accountId: string, reference: string, expires = later(30)) => ({
      data: { of: reference },
      expires,
      owner: { accountId, reference },
    });
    const of = async (accountId: string, now = noon): Promise<readonly string[]> =>
      (await world().stores.sessions.of(accountId, now)).map(({ reference }) => reference).toSorted();

    test('are found by it on any node, under their references, until they expire', async () => {
      const { other } = world();
      const [anna, ben] = [randomUUID(), randomUUID()];
      await other.sessions.write('one', owned(anna, 'a'));
      await other.sessions.write('two', owned(anna, 'b', later(60)));
      await other.sessions.write('three', owned(ben, 'c'));
      await other.sessions.write('nobody', { data: 1, expires: later(30) });
      expect(await world().stores.sessions.of(anna, noon)).toContainEqual({ reference: 'a', data: { of: 'a' } });
      expect(await of(anna)).toEqual(['a', 'b']);
      expect(await of(anna, later(30))).toEqual(['b']);
      expect(await of(ben)).toEqual(['c']);
      expect(await of(randomUUID())).toEqual([]);
    });

    test('are theirs from the write that says so, and in place of another', async () => {
      const { sessions } = world().stores;
      const anna = randomUUID();
      await sessions.write('first', { data: 1, expires: later(30) });
      expect(await of(anna)).toEqual([]);
      await sessions.rewrite('first', owned(anna, 'a'));
      expect(await of(anna)).toEqual(['a']);
      await sessions.replace('first', 'second', owned(anna, 'a'));
      expect(await of(anna)).toEqual(['a']);
    });

    test('end one by one, or all but one, and nobody else’s with them', async () => {
      const { sessions } = world().stores;
      const [anna, ben] = [randomUUID(), randomUUID()];
      for (const name of ['a', 'b', 'c']) await sessions.write(`${anna}-${name}`, owned(anna, name));
      for (const name of ['a', 'd']) await sessions.write(`${ben}-${name}`, owned(ben, name));
      expect(await world().other.sessions.end(anna, { only: 'd' })).toBe(0);
      expect(await world().other.sessions.end(anna, { only: 'a' })).toBe(1);
      expect(await sessions.read(`${anna}-a`, noon)).toBeUndefined();
      expect([await of(anna), await of(ben)]).toEqual([
        ['b', 'c'],
        ['a', 'd'],
      ]);
      expect(await world().other.sessions.end(anna, { except: 'c' })).toBe(1);
      expect([await of(anna), await of(ben)]).toEqual([['c'], ['a', 'd']]);
      expect(await sessions.end(anna, { only: 'a' })).toBe(0);
    });

    const signIn = (accountId: string) => ({ data: 1, expires: later(30), owner: { accountId } });

    test('are theirs while the sign-in is under way as well: counted apart, and no session yet', async () => {
      const { sessions } = world().stores;
      const anna = randomUUID();
      await sessions.write(`${anna}-a`, owned(anna, 'a'));
      await sessions.write(`${anna}-b`, signIn(anna));
      await sessions.write(`${anna}-c`, { ...signIn(anna), expires: later(10) });
      expect(await of(anna)).toEqual(['a']);
      expect(await world().other.sessions.openOf(anna, noon)).toEqual({ sessions: 1, signIns: 2 });
      expect(await sessions.openOf(anna, later(10))).toEqual({ sessions: 1, signIns: 1 });
      expect(await sessions.end(anna, { except: '' })).toBe(1);
      expect(await sessions.read(`${anna}-b`, noon)).toBe(1);
    });

    test('end all at once, with sign-ins under way and their flows, and have no heir', async () => {
      const { sessions, flows } = world().stores;
      const mine = sampleFlow({ portal: 'console' });
      const reset = sampleFlow({ subject: mine.subject });
      const foreign = sampleFlow({ portal: 'console' });
      for (const flow of [mine, reset, foreign]) await flows.create(flow);
      const [anna, ben] = [accountOf(mine), accountOf(foreign)];
      for (const name of ['a', 'b']) await sessions.write(`${anna}-${name}`, owned(anna, name));
      await sessions.write(`${anna}-signing-in`, signIn(anna));
      await sessions.write(`${anna}-over`, { ...owned(anna, 'over'), expires: later(-1) });
      await sessions.write(`${ben}-a`, owned(ben, 'a'));
      expect(await world().other.sessions.endAll(anna, noon, [])).toBe(true);
      expect(await sessions.openOf(anna, noon)).toEqual({ sessions: 0, signIns: 0 });
      for (const name of ['a', 'signing-in', 'over']) {
        expect(await sessions.rewrite(`${anna}-${name}`, owned(anna, name))).toBe(false);
        expect(await sessions.replace(`${anna}-${name}`, `${anna}-heir`, owned(anna, name))).toBe(false);
      }
      expect([await of(anna), await of(ben)]).toEqual([[], ['a']]);
      const steps = await Promise.all([mine, reset, foreign].map(async ({ id }) => (await flows.read(id))?.step.kind));
      expect(steps).toEqual(['cancelled', reset.step.kind, foreign.step.kind]);
    });

    test('end once when many end them, and it is told once', async () => {
      const { stores, other } = world();
      const anna = randomUUID();
      for (const name of ['a', 'b', 'c']) await stores.sessions.write(`${anna}-${name}`, owned(anna, name));
      const ended = await together([stores, other], 20, (node) => node.sessions.endAll(anna, noon, [sampleRow()]));
      expect(ended.filter(Boolean)).toHaveLength(1);
      expect(await stores.outbox.standing()).toMatchObject({ waiting: 1 });
    });
  });
}

function accountOf({ subject }: Flow): string {
  return subject.kind === 'account' ? subject.account.id : '';
}
