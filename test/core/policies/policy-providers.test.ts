import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NotSent, Unavailable } from '../../../src/core/errors.ts';
import type { Callback, MfaProvider } from '../../../src/core/provider.ts';
import { Breaker } from '../../../src/core/sending/breaker.ts';
import type { ChallengeOrder } from '../../../src/core/sending/challenge-order.ts';
import type { Challenges } from '../../../src/core/sending/challenges.ts';
import type { ProviderRoute } from '../../../src/core/sending/provider-route.ts';
import { type ChallengeWorld, challengeWorld, routeTo } from '../../challenge-world.ts';

const scope = { flowReference: 'flow-1', gate: 'otp-sms' };
const decoy = { target: { kind: 'decoy' } } as const;

function order(changes: Partial<ChallengeOrder> = {}): ChallengeOrder {
  return {
    channel: 'sms',
    target: { kind: 'proposed', to: '+447700900123', accountId: 'account-1' },
    ...scope,
    attempt: '1',
    language: 'en',
    codeLength: 6,
    lifetimeSeconds: 300,
    text: 'Your code is {code}.',
    ...changes,
  };
}

let world: ChallengeWorld;
/** Names of the providers that were asked to send, or rehearsed, in order. */
let asked: string[];
beforeEach(async () => {
  world = await challengeWorld();
  asked = [];
});
afterEach(() => world.close());

/** A provider that sends, or is down before anything is sent. */
function provider(id: string, state: 'up' | 'down' = 'up', more: Partial<MfaProvider> = {}): MfaProvider {
  return {
    id,
    channels: ['sms', 'voice'],
    async start() {
      asked.push(id);
      if (state === 'down') throw new NotSent('connection refused');
      return { kind: 'started', state: id };
    },
    check: async (kept) => ({ kind: kept === id ? 'passed' : 'expired' }),
    ...more,
  };
}

/** One that its breaker keeps out of service. */
function broken(id: string): ProviderRoute {
  const breaker = new Breaker({ failures: 1, seconds: 600, clock: world.clock, report: () => undefined });
  breaker.failed(new Unavailable('no answer'));
  return routeTo(provider(id), { clock: world.clock, breaker });
}

async function sent(challenges: Challenges, changes: Partial<ChallengeOrder>): Promise<string> {
  const id = await challenges.begin(order(changes));
  await challenges.idle();
  return id;
}

describe('a challenge of a policy that chose its providers', () => {
  test('goes by the first that it chose, also one that no channel names, and is checked there', async () => {
    const challenges = world.restarted({ sms: [provider('usual'), provider('other')] }, { sms: [provider('spare')] });
    const id = await sent(challenges, { channels: { sms: ['spare', 'other'] } });
    expect(asked).toEqual(['spare']);
    expect(await challenges.check(id, '123456', scope)).toEqual({ kind: 'passed' });
    await sent(challenges, { channels: { sms: ['other', 'usual'] }, attempt: '2' });
    await sent(challenges, { channels: { voice: ['spare'] }, attempt: '3' });
    await sent(challenges, { attempt: '4' });
    expect(asked).toEqual(['spare', 'other', 'usual', 'usual']);
  });

  test('fails over within them in their order, and to no other', async () => {
    const routes = { sms: [provider('usual'), provider('first', 'down')] };
    const challenges = world.restarted(routes, { sms: [provider('second'), provider('third', 'down')] });
    await sent(challenges, { channels: { sms: ['first', 'second'] } });
    expect(asked.splice(0)).toEqual(['first', 'second']);
    const id = await sent(challenges, { channels: { sms: ['third', 'first'] }, attempt: '2' });
    expect(asked).toEqual(['third', 'first']);
    expect(await challenges.look(id, scope)).toEqual({ kind: 'failed' });
    expect(world.reports.at(-1)).toMatchObject({ kind: 'failed', provider: 'first' });
  });

  test('is sent by them after a crash, whoever sends it then', async () => {
    const make = (): Challenges => world.restarted({ sms: [provider('usual')] }, { sms: [provider('spare')] });
    const dying = make();
    await dying.stop();
    const id = await dying.begin(order({ channels: { sms: ['spare'] } }));
    world.clock.pass(1);
    const reborn = make();
    expect(await reborn.recover()).toBe(1);
    await reborn.idle();
    expect(asked).toEqual(['spare']);
    expect(await make().check(id, '123456', scope)).toEqual({ kind: 'passed' });
  });

  test('is sent by nobody when they are configured no more', async () => {
    const dying = world.restarted({ sms: [provider('usual')] }, { sms: [provider('spare')] });
    await dying.stop();
    await dying.begin(order({ channels: { sms: ['spare'] } }));
    world.clock.pass(1);
    const reborn = world.restarted({ sms: [provider('usual')] });
    await reborn.recover();
    await reborn.idle();
    expect(asked).toEqual([]);
    expect(world.reports).toMatchObject([{ kind: 'failed', detail: 'no provider is configured for sms' }]);
    const late = reborn.begin(order({ channels: { sms: ['spare'] }, attempt: '2' }));
    await expect(late).rejects.toBeInstanceOf(Unavailable);
  });

  test.each<[string, Partial<ChallengeOrder>]>([
    ['people', {}],
    ['decoys', decoy],
  ])('can be begun while one of them is in service, whatever the usual ones do: %s', async (_who, whom) => {
    const challenges = world.restarted({ sms: [provider('usual'), broken('gone')] }, { sms: [broken('spare')] });
    expect(challenges.isReachable('sms', { sms: ['spare', 'gone'] })).toBe(false);
    const begun = challenges.begin(order({ ...whom, channels: { sms: ['spare', 'gone'] } }));
    await expect(begun).rejects.toBeInstanceOf(Unavailable);
    const swapped = world.restarted({ sms: [broken('usual')] }, { sms: [broken('spare'), provider('up')] });
    expect(swapped.isReachable('sms')).toBe(false);
    expect(swapped.isReachable('sms', { sms: ['spare', 'up'] })).toBe(true);
    await sent(swapped, { ...whom, channels: { sms: ['spare', 'up'] } });
    expect(asked).toEqual('target' in whom ? [] : ['up']);
  });

  test('asks for digits only where each of them can', async () => {
    const matching = { matchesNumbers: true };
    const routes = { voice: [provider('usual', 'up', matching), provider('plain')] };
    const challenges = world.restarted(routes, { voice: [provider('spare', 'up', matching)] });
    expect(challenges.matchesNumbers()).toBe(false);
    expect(challenges.matchesNumbers({ voice: ['spare', 'usual'] })).toBe(true);
    expect(challenges.matchesNumbers({ voice: ['spare', 'plain'] })).toBe(false);
    expect(challenges.matchesNumbers({ sms: ['spare'] })).toBe(false);
  });
});

test('a decoy of such a policy is judged at the provider that a person would have gone to, and costs the same there', async () => {
  const rehearsed: string[] = [];
  const checking = (id: string): MfaProvider => provider(id, 'up', { rehearse: async () => void rehearsed.push(id) });
  const challenges = world.restarted({ sms: [checking('usual')] }, { sms: [broken('first'), checking('second')] });
  const id = await sent(challenges, { ...decoy, channels: { sms: ['first', 'second'] } });
  expect(await challenges.check(id, '123456', scope)).toEqual({ kind: 'wrong' });
  expect(rehearsed).toEqual(['second']);
  expect(asked).toEqual([]);
});

test('what the far end of a spare provider reports is taken, and nothing for one that is not there', async () => {
  const told: MfaProvider = provider('spare', 'up', { receive: async () => ({ kind: 'taken', outcome: 'passed' }) });
  const challenges = world.restarted({ voice: [provider('usual')] }, { voice: [told] });
  const id = await sent(challenges, { channel: 'voice', channels: { voice: ['spare'] } });
  const report: Callback = { reference: id, url: 'https://x.example', headers: {}, body: '' };
  expect(await challenges.receive('nobody', report)).toBeUndefined();
  expect(await challenges.receive('spare', report)).toMatchObject({ kind: 'taken' });
  expect((await world.stores.challenges.read(id))?.reported).toBe('passed');
});
