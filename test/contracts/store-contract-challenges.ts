import { expect, test } from 'vitest';
import { later, noon, sampleChallenge } from './store-samples.ts';
import { type StoreWorld, together } from './store-world.ts';

export function challengeContract(world: () => StoreWorld): void {
  test('a challenge comes back deep-equal', async () => {
    const challenge = sampleChallenge();
    await world().stores.challenges.create(challenge);
    expect(await world().other.challenges.read(challenge.id)).toStrictEqual(challenge);
    expect(await world().stores.challenges.read('none')).toBeUndefined();
  });

  test('it moves from a state that it is in, and from no other', async () => {
    const { challenges } = world().stores;
    const challenge = sampleChallenge();
    await challenges.create(challenge);
    const sending = { ...challenge, state: 'sending', body: { attempt: 1 }, expiresAt: later(5) } as const;
    expect(await challenges.move(sending, ['started', 'failed'])).toBe(false);
    expect(await challenges.move(sending, [])).toBe(false);
    expect(await challenges.read(challenge.id)).toStrictEqual(challenge);
    expect(await challenges.move(sending, ['failed', 'queued'])).toBe(true);
    expect(await challenges.read(challenge.id)).toStrictEqual(sending);
    expect(await challenges.move(sampleChallenge(), ['queued'])).toBe(false);
  });

  test('of 50 senders at once, on two nodes, exactly one gets it', async () => {
    const { stores, other } = world();
    const challenge = sampleChallenge();
    await stores.challenges.create(challenge);
    const moves = await together([stores, other], 50, (node, at) =>
      node.challenges.move({ ...challenge, state: 'sending', body: at }, ['queued']),
    );
    expect(moves.filter((moved) => moved)).toHaveLength(1);
    expect((await stores.challenges.read(challenge.id))?.body).toBe(moves.indexOf(true));
  });

  test('a code that was settled once is not settled again', async () => {
    const { challenges } = world().stores;
    const challenge = sampleChallenge({ state: 'started' });
    await challenges.create(challenge);
    expect(await challenges.move({ ...challenge, state: 'settled' }, ['started'])).toBe(true);
    expect(await world().other.challenges.move({ ...challenge, state: 'settled' }, ['started'])).toBe(false);
  });

  test('those left in the queue are found, oldest first', async () => {
    const { challenges } = world().stores;
    const late = sampleChallenge({ createdAt: later(-1) });
    const early = sampleChallenge({ createdAt: later(-2) });
    const fresh = sampleChallenge({ createdAt: noon });
    const sent = sampleChallenge({ createdAt: later(-3), state: 'started' });
    for (const challenge of [late, early, fresh, sent]) await challenges.create(challenge);
    expect(await challenges.queuedBefore(noon)).toEqual([early.id, late.id]);
  });

  test('the first report of a call stands, on every node, beside what the sender writes', async () => {
    const { stores, other } = world();
    const challenge = sampleChallenge();
    await stores.challenges.create(challenge);
    const outcomes = ['unanswered', 'passed', 'wrong', 'refused'] as const;
    const first = await together([stores, other], 20, (node, at) =>
      node.challenges.conclude(challenge.id, outcomes[at % 4] ?? 'passed', noon),
    );
    expect(first.filter(Boolean)).toHaveLength(1);
    const reported = outcomes[first.indexOf(true) % 4];
    expect(await stores.challenges.move({ ...challenge, state: 'started' }, ['queued'])).toBe(true);
    expect(await other.challenges.read(challenge.id)).toStrictEqual({ ...challenge, state: 'started', reported });
    expect((await other.challenges.read(sampleChallenge().id))?.reported).toBeUndefined();
  });
}
