import { randomBytes, randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FlowWish, FlowWorld, type PolicyWish, walkThreshold } from './flow-world.ts';

/** One thing that somebody does, in one of three browsers, perhaps on a page that is no longer current. */
const wish: fc.Arbitrary<FlowWish> = fc.record({
  browser: fc.nat(2),
  stale: fc.boolean(),
  turns: fc.nat(3),
  way: fc.nat(8),
  act: fc.oneof(
    { weight: 8, arbitrary: fc.constant('passed' as const) },
    { weight: 3, arbitrary: fc.constant('wrong' as const) },
    { weight: 2, arbitrary: fc.constantFrom('more', 'fault') },
    {
      weight: 12,
      arbitrary: fc.constantFrom('choose-reset', 'choose-unlock', 'choose-unlock', 'password', 'password'),
    },
    { weight: 5, arbitrary: fc.constantFrom('switch', 'switch', 'back') },
    { weight: 3, arbitrary: fc.constantFrom('mismatch', 'back', 'look', 'recover', 'wait', 'enable') },
    { weight: 1, arbitrary: fc.constantFrom('start', 'disable', 'bar', 'wait-long', 'cancel', 'refused') },
  ),
  write: fc.constantFrom('done', 'done', 'refused', 'lost-done', 'lost-undone', 'not-sent', 'fault'),
});

/** What happens one after the other, or at the same time. */
const events = fc.array(fc.array(wish, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 25 });

/** Chains in order and any so many of a set, with a shorter way to the unlock or none, and people who have just enough. */
const policy: fc.Arbitrary<PolicyWish> = fc
  .oneof(fc.constant<string[]>(['one', 'two', 'three']), fc.subarray(['one', 'two', 'three'], { minLength: 1 }))
  .chain((chain) => fc.record({ chain: fc.constant(chain), needed: upTo(chain.length) }))
  .chain(({ chain, needed }) =>
    fc.record({
      chain: fc.constant(chain),
      needed: fc.constant(needed),
      unlockAfter: upTo(needed ?? chain.length),
      enrolled: fc.shuffledSubarray(chain, { minLength: needed ?? chain.length }),
    }),
  );

function upTo(most: number): fc.Arbitrary<number | undefined> {
  return fc.option(fc.integer({ min: 1, max: most }), { nil: undefined });
}

test('5.6, 5.7: no order of events and verdicts, alone or at once, breaks a rule of the flow', async () => {
  const reached = { writes: 0, wrong: 0, ended: 0, barred: 0, switched: 0, short: 0 };
  await fc.assert(
    fc.asyncProperty(policy, fc.nat(3), events, async (wished, ahead, happening) => {
      const world = await FlowWorld.open({ accountId: randomUUID(), ...wished, secret: randomBytes(32) });
      try {
        await world.start(0);
        await world.walk(0, ahead);
        for (const together of happening) {
          await Promise.all(together.map((one) => world.happen(one)));
          await turn();
          await world.look();
        }
        expect(world.broken).toEqual([]);
        reached.writes += world.writes;
        reached.wrong += world.wrong;
        reached.ended += world.ended;
        reached.barred += world.bars;
        reached.switched += world.switches;
        reached.short += world.short;
      } finally {
        await world.close();
      }
    }),
    { numRuns: 300 },
  );
  // It was tried at all, and not only refused.
  for (const [what, count] of Object.entries(reached)) expect([what, count > 2]).toEqual([what, true]);
}, 120_000);

test('5.2, 5.3: wrong answers alone, in any flows and at once, are judged as often as the threshold says', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ browser: fc.nat(2), turns: fc.nat(3) }), { minLength: 6, maxLength: 40 }),
      fc.integer({ min: 1, max: 12 }),
      async (guesses, atOnce) => {
        const world = await FlowWorld.open({ accountId: randomUUID(), chain: ['one'], secret: randomBytes(32) });
        try {
          for (let browser = 0; browser < 3; browser += 1) await world.start(browser);
          for (let at = 0; at < guesses.length; at += atOnce) {
            const together = guesses.slice(at, at + atOnce);
            await Promise.all(
              together.map((one) => world.happen({ ...one, stale: false, act: 'wrong', write: 'done' })),
            );
          }
          expect(world.broken).toEqual([]);
          expect(world.wrong).toBeLessThanOrEqual(walkThreshold);
          // Started before the bar: not one of them passes now.
          for (let browser = 0; browser < 3; browser += 1) await world.walk(browser, 1);
          if (world.bars > 0) expect(await world.standing()).toEqual(['refused', 'refused', 'refused']);
        } finally {
          await world.close();
        }
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);
