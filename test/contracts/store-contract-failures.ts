import { describe, expect, test } from 'vitest';
import type { LockoutRules } from '../../src/core/lockout.ts';
import { later, noon, sampleRow } from './store-samples.ts';
import { type StoreWorld, together } from './store-world.ts';

const rules: LockoutRules = { threshold: 5, minutes: 15, barsUntilPermanent: 3 };

export function failureContract(world: () => StoreWorld): void {
  describe('tries', () => {
    test('count up to the limit and not beyond, on both nodes together', async () => {
      const { stores, other } = world();
      expect(await stores.failures.count('ana', 'questions', 3, noon)).toBe(1);
      expect(await other.failures.count('ana', 'questions', 3, noon)).toBe(2);
      expect(await stores.failures.count('ana', 'questions', 3, noon)).toBe(3);
      expect(await other.failures.count('ana', 'questions', 3, noon)).toBeUndefined();
      expect(await stores.failures.count('ana', 'questions', 4, noon)).toBe(4);
    });

    test('5.3: of 100 at once with a limit of 5, on two nodes, exactly 5 are admitted', async () => {
      const { stores, other } = world();
      const counts = await together([stores, other], 100, (node) => node.failures.count('ana', 'otp-sms', 5, noon));
      const admitted = counts.filter((tries) => tries !== undefined);
      expect(admitted.sort()).toEqual([1, 2, 3, 4, 5]);
    });

    test('are counted for each subject and gate by itself', async () => {
      const { failures } = world().stores;
      await failures.count('ana', 'questions', 1, noon);
      expect(await failures.count('ana', 'otp-sms', 1, noon)).toBe(1);
      expect(await failures.count('ben', 'questions', 1, noon)).toBe(1);
    });

    test('are refused at a limit of 0', async () => {
      expect(await world().stores.failures.count('ana', 'questions', 0, noon)).toBeUndefined();
    });

    test('do not lapse with time', async () => {
      const { failures } = world().stores;
      await failures.count('ana', 'questions', 1, noon);
      expect(await failures.count('ana', 'questions', 1, later(60 * 24 * 29))).toBeUndefined();
    });

    test('come back one by one with a refund, never below 0', async () => {
      const { failures } = world().stores;
      await failures.refund('ana', 'questions');
      await failures.count('ana', 'questions', 5, noon);
      await failures.count('ana', 'questions', 5, noon);
      await failures.refund('ana', 'questions');
      expect(await failures.count('ana', 'questions', 5, noon)).toBe(2);
      for (let times = 0; times < 4; times += 1) await failures.refund('ana', 'questions');
      expect(await failures.count('ana', 'questions', 5, noon)).toBe(1);
    });

    test('are forgotten for one gate or for all', async () => {
      const { failures } = world().stores;
      for (const gate of ['questions', 'otp-sms', 'phone']) await failures.count('ana', gate, 9, noon);
      await failures.clear('ana', 'questions');
      expect(await failures.count('ana', 'questions', 9, noon)).toBe(1);
      expect(await failures.count('ana', 'otp-sms', 9, noon)).toBe(2);
      await failures.clear('ana');
      expect(await failures.count('ana', 'phone', 9, noon)).toBe(1);
    });
  });

  describe('tries within a time', () => {
    const within = (limit: number) => ({ gate: 'sign-in', limit, idleSeconds: 1800 });

    test('are forgotten once nobody was admitted for so long', async () => {
      const { stores, other } = world();
      expect(await stores.failures.countWithin('ana', within(2), noon)).toBe(1);
      expect(await other.failures.countWithin('ana', within(2), later(29))).toBe(2);
      expect(await stores.failures.countWithin('ana', within(2), later(45))).toBeUndefined();
      expect(await stores.failures.countWithin('ana', within(2), later(58))).toBeUndefined();
      expect(await stores.failures.countWithin('ana', within(2), later(59))).toBe(1);
      expect(await stores.failures.countWithin('ana', within(0), later(59))).toBeUndefined();
    });

    test('of 100 at once, on two nodes, exactly the limit is admitted', async () => {
      const { stores, other } = world();
      const counts = await together([stores, other], 100, (node) => node.failures.countWithin('ana', within(3), noon));
      expect(counts.filter((count) => count !== undefined).sort()).toEqual([1, 2, 3]);
    });
  });

  describe('failures in a row', () => {
    const fail = async (times: number, gate = 'otp-sms') => {
      const { failures } = world().stores;
      for (let n = 0; n < times; n += 1) {
        await failures.count('ana', gate, 5, later(n));
        if (n % 3 === 2) await failures.clear('nobody');
        if (n % 4 === 3) {
          await failures.bar('ana', rules, later(n));
          await failures.unbar('ana');
        }
      }
    };
    const enrol = (gate: string) => world().stores.enrolments.keep({ accountId: 'ana', gate, data: 1, provedAt: noon });
    const enrolled = async () => (await world().other.enrolments.of('ana')).map(({ gate }) => gate);

    test('5.2: are counted over bars; at 100 what was registered for the gate counts no more, and that alone', async () => {
      const { failures } = world().stores;
      await enrol('otp-sms');
      await enrol('phone');
      await fail(99);
      expect(await failures.inARow('ana', 'otp-sms')).toBe(99);
      expect(await enrolled()).toEqual(['otp-sms', 'phone']);
      await fail(1);
      expect(await failures.inARow('ana', 'otp-sms')).toBe(100);
      expect(await enrolled()).toEqual(['phone']);
      await failures.clear('ana');
      expect(await enrolled()).toEqual(['phone']);
      await world().stores.purge(later(80 * 24 * 60));
      expect(await enrolled()).toEqual(['phone']);
      await enrol('otp-sms');
      expect(await failures.inARow('ana', 'otp-sms')).toBe(0);
      expect(await enrolled()).toEqual(['otp-sms', 'phone']);
    });

    test('are not added to by a fault of ours that ends after a bar has fallen', async () => {
      const { failures } = world().stores;
      await fail(2);
      await failures.bar('ana', rules, later(2));
      await failures.refund('ana', 'otp-sms');
      expect(await failures.inARow('ana', 'otp-sms')).toBe(1);
      await failures.countWithin('ana', { gate: 'sign-in', limit: 3, idleSeconds: 60 }, noon);
      for (let n = 0; n < 3; n += 1) await failures.refund('ana', 'sign-in');
      expect(await failures.inARow('ana', 'sign-in')).toBe(0);
    });

    test('leave what they made worthless somebody’s: still registered, and worth nothing while its change is held', async () => {
      const { stores, other } = world();
      const registered = async () => (await other.enrolments.registered('ana')).map(({ gate }) => gate);
      await enrol('otp-sms');
      await fail(100);
      expect(await enrolled()).toEqual([]);
      expect(await registered()).toEqual(['otp-sms']);
      const hold = { id: 'h1', countsFrom: later(1) };
      await stores.enrolments.keep({ accountId: 'ana', gate: 'otp-sms', data: 2, provedAt: noon }, { hold });
      expect(await enrolled()).toEqual([]);
    });

    test('end with a success, and a fault of ours is none', async () => {
      const { failures } = world().stores;
      await fail(7);
      await failures.refund('ana', 'otp-sms');
      expect(await failures.inARow('ana', 'otp-sms')).toBe(6);
      await failures.clear('ana', 'otp-sms');
      expect(await failures.inARow('ana', 'otp-sms')).toBe(0);
      expect(await failures.inARow('ben', 'otp-sms')).toBe(0);
    });
  });

  describe('bars', () => {
    test('stand for their minutes and then end by themselves', async () => {
      const { failures } = world().stores;
      expect(await failures.lockout('ana', noon)).toBeUndefined();
      const bar = { until: later(15), bars: 1 };
      expect(await failures.bar('ana', rules, noon)).toStrictEqual(bar);
      expect(await world().other.failures.lockout('ana', later(14.9))).toStrictEqual(bar);
      expect(await failures.lockout('ana', later(15))).toBeUndefined();
      expect(await failures.lockout('ben', noon)).toBeUndefined();
    });

    test('become permanent at the configured number without a success in between', async () => {
      const { failures } = world().stores;
      await failures.bar('ana', rules, noon);
      // Each lasts longer than the one before.
      expect(await failures.bar('ana', rules, later(15))).toStrictEqual({ until: later(45), bars: 2 });
      expect(await failures.bar('ana', rules, later(45))).toStrictEqual({ bars: 3 });
      expect(await failures.lockout('ana', later(1_000_000))).toStrictEqual({ bars: 3 });
      expect(await failures.bar('ana', rules, later(1_000_000))).toStrictEqual({ bars: 3 });
    });

    test('are permanent at once when the first one is to be', async () => {
      const { failures } = world().stores;
      expect(await failures.bar('ana', { ...rules, barsUntilPermanent: 1 }, noon)).toStrictEqual({ bars: 1 });
    });

    test('are told of many subjects at once as they are told of one', async () => {
      const { failures } = world().stores;
      await failures.bar('ana', rules, noon);
      await failures.bar('ben', { ...rules, barsUntilPermanent: 1 }, noon);
      await failures.bar('cem', rules, later(-15));
      const subjects = ['ana', 'ben', 'cem', 'dan'];
      expect(await world().other.failures.barred(subjects, noon)).toStrictEqual(new Set(['ana', 'ben']));
      expect(await failures.barred(subjects, later(15))).toStrictEqual(new Set(['ben']));
      expect(await failures.barred([], noon)).toStrictEqual(new Set());
    });

    test('are not stacked: of 20 at once, on two nodes, one is made and all see it', async () => {
      const { stores, other } = world();
      const bars = await together([stores, other], 20, (node) => node.failures.bar('ana', rules, noon));
      expect(bars).toStrictEqual(Array.from({ length: 20 }, () => ({ until: later(15), bars: 1 })));
    });

    test('forget the tries, and admit none while they stand', async () => {
      const { failures } = world().stores;
      for (const gate of ['questions', 'questions', 'otp-sms']) await failures.count('ana', gate, 5, noon);
      await failures.bar('ana', rules, noon);
      expect(await failures.count('ana', 'questions', 5, later(14.9))).toBeUndefined();
      expect(await failures.count('ana', 'otp-sms', 5, later(14.9))).toBeUndefined();
      expect(await failures.count('ana', 'questions', 5, later(15))).toBe(1);
    });

    test('5.3: let no late try of a race slip in: 20 who look, count and bar at once get 5 tries together', async () => {
      const { stores, other } = world();
      const admitted = await together([stores, other], 20, async (node) => {
        let tries = 0;
        // As the flow runner does it: whoever looked before the bar stood may come to count after it.
        while ((await node.failures.lockout('ana', noon)) === undefined) {
          const count = await node.failures.count('ana', 'otp-sms', 5, noon);
          if (count !== undefined) tries += 1;
          if (count === undefined || count === 5) await node.failures.bar('ana', rules, noon);
        }
        return tries;
      });
      expect(admitted.reduce((sum, tries) => sum + tries, 0)).toBe(5);
      expect(await stores.failures.lockout('ana', noon)).toStrictEqual({ until: later(15), bars: 1 });
    });

    test('stay when tries are cleared, and go with everything before them when ended', async () => {
      const { failures } = world().stores;
      await failures.count('ana', 'questions', 5, noon);
      await failures.bar('ana', rules, noon);
      await failures.clear('ana');
      expect(await failures.lockout('ana', noon)).toBeDefined();
      expect(await failures.count('ana', 'questions', 5, noon)).toBeUndefined();
      await failures.unbar('ana');
      expect(await failures.lockout('ana', noon)).toBeUndefined();
      expect(await failures.count('ana', 'questions', 5, noon)).toBe(1);
      expect(await failures.bar('ana', rules, noon)).toStrictEqual({ until: later(15), bars: 1 });
    });

    test('of several subjects are ended together and told once, whoever ends them at the same moment', async () => {
      const { stores, other } = world();
      for (const subject of ['ana', 'sign-in:ana', 'ben']) await stores.failures.bar(subject, rules, noon);
      const ended = await together([stores, other], 10, (node) =>
        node.failures.unbar(['ana', 'sign-in:ana'], [sampleRow()]),
      );
      expect(ended.filter(Boolean)).toHaveLength(1);
      expect(await stores.outbox.standing()).toMatchObject({ waiting: 1 });
      for (const subject of ['ana', 'sign-in:ana']) {
        expect(await stores.failures.lockout(subject, noon)).toBeUndefined();
      }
      expect(await stores.failures.lockout('ben', noon)).toBeDefined();
    });
  });
}
