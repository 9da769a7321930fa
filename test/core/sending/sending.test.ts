import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NotSent, OutOfService, Unavailable } from '../../../src/core/errors.ts';
import type { Callback, KeepState, MfaProvider } from '../../../src/core/provider.ts';
import { Breaker } from '../../../src/core/sending/breaker.ts';
import type { ChallengeOrder } from '../../../src/core/sending/challenge-order.ts';
import type { ProviderRoute } from '../../../src/core/sending/provider-route.ts';
import type { SendingRules } from '../../../src/core/sending/sending-rules.ts';
import { destinationRefusal } from '../../../src/core/sending/sending-rules.ts';
import { type ChallengeWorld, challengeWorld, routeTo } from '../../challenge-world.ts';

const number = '+447700900123';
const scope = { flowReference: 'flow-1', gate: 'otp-sms' };
let attempts = 0;

function order(changes: Partial<ChallengeOrder> = {}): ChallengeOrder {
  attempts += 1;
  return {
    channel: 'sms',
    target: { kind: 'proposed', to: number, accountId: 'account-1' },
    ...scope,
    attempt: String(attempts),
    language: 'en',
    codeLength: 6,
    lifetimeSeconds: 300,
    text: '{code}',
    ...changes,
  };
}

/** A provider that counts what it is asked, and does what a test says. */
class Counted implements MfaProvider {
  readonly channels = ['sms', 'voice'] as const;
  readonly id: string;
  starts = 0;
  checks = 0;
  rehearsals = 0;
  fault: Error | undefined;
  rejects = false;
  keeps = false;

  constructor(id: string) {
    this.id = id;
  }

  async start(_request: unknown, keep: KeepState): ReturnType<MfaProvider['start']> {
    this.starts += 1;
    if (this.keeps) await keep({ id: this.id });
    if (this.fault !== undefined) throw this.fault;
    return this.rejects ? { kind: 'rejected', reason: 'not there' } : { kind: 'started', state: { id: this.id } };
  }

  async check(): ReturnType<MfaProvider['check']> {
    this.checks += 1;
    if (this.fault !== undefined) throw this.fault;
    return { kind: 'wrong' };
  }

  async rehearse(): Promise<void> {
    this.rehearsals += 1;
    if (this.fault !== undefined) throw this.fault;
  }
}

let world: ChallengeWorld;
let first: Counted;
let second: Counted;
beforeEach(() => {
  first = new Counted('first');
  second = new Counted('second');
});
afterEach(() => world.close());

/** A world whose texts go to `first`, then to `second`, by the given rules. */
async function open(
  rules: Partial<SendingRules> = {},
  breaker = { failures: 3, seconds: 30 },
): Promise<ChallengeWorld> {
  const base = await challengeWorld();
  const { clock } = base;
  const route = (provider: MfaProvider): ProviderRoute =>
    routeTo(provider, {
      clock,
      rules: { deniedPrefixes: [], ...rules },
      breaker: new Breaker({ ...breaker, clock, report: () => undefined }),
    });
  const one = route(first);
  world = await challengeWorld({ sms: [one, route(second)], voice: [one] }, base);
  await base.close();
  return world;
}

async function send(changes: Partial<ChallengeOrder> = {}): Promise<string> {
  const id = await world.challenges.begin(order(changes));
  await world.challenges.idle();
  return id;
}

const decoy = { target: { kind: 'decoy' } } as const;

describe('the order of providers', () => {
  test.each([
    ['certainly sent nothing', { fault: new NotSent('refused') }, 1],
    ['serves nobody now', { fault: new OutOfService('no credit') }, 1],
    ['will not reach the number', { rejects: true }, 1],
    ['may have sent', { fault: new Unavailable('no answer') }, 0],
  ])('goes on after one that %s: %#', async (_why, how, asked) => {
    await open();
    Object.assign(first, how);
    await send();
    expect([first.starts, second.starts]).toEqual([1, asked]);
  });

  test('tells of one that failed just before the next sent, once, and before the success', async () => {
    await open();
    for (const how of [{ fault: new NotSent('refused') }, { fault: undefined, rejects: true }]) {
      world.reports.length = 0;
      Object.assign(first, how);
      await send();
      expect(world.reports.map((one) => [one.kind, one.provider])).toEqual([
        ['failed', 'first'],
        ['sent', 'second'],
      ]);
    }
  });

  test('tells of every provider that was passed over, and of no number', async () => {
    await open({ countries: ['GB'] });
    first.fault = new NotSent('refused');
    second.rejects = true;
    await send();
    expect(world.reports.map((one) => [one.kind, one.provider])).toEqual([
      ['failed', 'first'],
      ['failed', 'second'],
    ]);
    expect(JSON.stringify(world.reports)).not.toContain('7700900');
  });
});

describe('where a provider may send', () => {
  test.each([
    ['a country that is not allowed', '+33612345678', { countries: ['GB', 'DE'] }, /FR/],
    ['a satellite phone', '+881612345678', { countries: ['GB'] }, /country/],
    ['a premium number', '+449098790000', { countries: ['GB'] }, /not one that is called/],
    ['a denied prefix', '+447700900123', { countries: ['GB'], deniedPrefixes: ['+4477009'] }, /prefix/],
    ['an extension', '+442079460123;ext=9', { countries: ['GB'] }, /not one that is called/],
    ['no number', 'anna', { countries: ['GB'] }, /not one that is called/],
    ['a Caribbean number that looks like the United States', '+18765550123', { countries: ['US'] }, /JM/],
  ])('not to %s', (_what, to, rules, why) => {
    expect(destinationRefusal('sms', to, { deniedPrefixes: [], ...rules })).toMatch(why);
    if (to.startsWith('+')) {
      expect(destinationRefusal('sms', to, { deniedPrefixes: [], ...rules })).not.toContain(to.slice(3));
    }
  });

  test.each([
    ['+447700900123', ['GB']],
    ['+4915112345678', ['DE', 'GB']],
    ['+12025550123', ['US']],
  ])('to %s in %j', (to, countries) => {
    expect(destinationRefusal('voice', to, { deniedPrefixes: [], countries })).toBeUndefined();
  });

  test('5.1: nothing is sent to a number that was enrolled before its country was taken from the list', async () => {
    await open({ countries: ['DE'] });
    const id = await send();
    expect([first.starts, second.starts]).toEqual([0, 0]);
    expect(await world.challenges.look(id, scope)).toEqual({ kind: 'failed' });
  });
});

describe('how much a provider may send', () => {
  const limits = { perDestination: 2, perAccount: 3, perAccountAndDay: 4, perPrefix: 60, overAll: 5 };

  test('5.1, 5.28: to one number: no more in an hour, by no other provider either, and an alarm', async () => {
    await open({ limits });
    for (let at = 0; at < 6; at += 1)
      await send({ target: { kind: 'proposed', to: number, accountId: `person-${at}` } });
    expect([first.starts, second.starts]).toEqual([2, 0]);
    expect(world.reports.at(-1)).toMatchObject({ kind: 'failed', alarm: true });
    world.clock.pass(3601);
    await send();
    expect(first.starts).toBe(3);
  });

  test('for one account, whatever numbers it types', async () => {
    await open({ limits });
    for (let at = 0; at < 6; at += 1) {
      await send({ target: { kind: 'proposed', to: `+44770090012${at}`, accountId: 'account-1' } });
    }
    expect([first.starts, second.starts]).toEqual([3, 0]);
  });

  test('5.28: for one account in a day, whatever numbers it types', async () => {
    await open({ limits });
    for (let at = 0; at < 6; at += 1) {
      await send({ target: { kind: 'proposed', to: `+44770090012${at}`, accountId: 'account-1' } });
      world.clock.pass(3601);
    }
    expect([first.starts, second.starts]).toEqual([4, 0]);
  });

  test('5.1: to numbers that follow each other, and an alarm', async () => {
    await open({ limits: { ...limits, perPrefix: 4, overAll: 500 } });
    for (let at = 0; at < 9; at += 1) {
      await send({ target: { kind: 'proposed', to: `+4477009001${at + 10}`, accountId: `person-${at}` } });
    }
    expect([first.starts, second.starts]).toEqual([4, 0]);
    expect(world.reports.at(-1)).toMatchObject({ kind: 'failed', alarm: true });
    await send({ target: { kind: 'proposed', to: '+447700902010', accountId: 'person-x' } });
    expect(first.starts).toBe(5);
  });

  test('5.1: over all: the next provider goes on with its own budget', async () => {
    await open({ limits });
    for (let at = 0; at < 12; at += 1) {
      await send({ target: { kind: 'proposed', to: `+4477009001${at + 10}`, accountId: `person-${at}` } });
    }
    expect([first.starts, second.starts]).toEqual([5, 5]);
  });

  test('tells whoever has signed in which limit it was, and of anybody else writes nothing down', async () => {
    const told = async (changes: Parameters<typeof send>[0]): Promise<unknown> => {
      const id = await send({ target: { kind: 'proposed', to: number, accountId: 'account-1' }, ...changes });
      return world.challenges.withheld(id, scope);
    };
    await open({ limits: { ...limits, perDestination: 1 } });
    expect(await told({ candid: true })).toBeUndefined();
    expect(await told({ candid: true })).toBe('hour');
    expect(await told({})).toBeUndefined();
    const id = await send({ target: { kind: 'proposed', to: number, accountId: 'account-1' }, candid: true });
    expect(await world.challenges.look(id, scope)).toEqual({ kind: 'withheld' });
    expect(await world.challenges.check(id, '123456', scope)).toEqual({ kind: 'withheld' });
    expect(await world.challenges.withheld(id, { ...scope, flowReference: 'another' })).toBeUndefined();
    await open({ limits: { ...limits, perAccountAndDay: 1 } });
    await told({ candid: true });
    world.clock.pass(3601);
    expect(await told({ candid: true })).toBe('day');
    await open({ limits: { ...limits, perPrefix: 1 } });
    await told({ candid: true });
    const another = { kind: 'proposed', to: '+447700900124', accountId: 'account-2' } as const;
    expect(await told({ candid: true, target: another })).toBe('others');
  });

  test('counts on all nodes together, also when all ask at once', async () => {
    await open({ limits });
    const node = world.restarted();
    const ids = Array.from({ length: 20 }, (_, at) => at);
    await Promise.all(ids.map((at) => (at % 2 === 0 ? world.challenges : node).begin(order())));
    await Promise.all([world.challenges.idle(), node.idle()]);
    expect(first.starts).toBeLessThanOrEqual(2);
  });

  test('keeps no readable number', async () => {
    await open({ limits });
    await send();
    world.clock.pass(1);
    expect(
      await world.stores.sends.admit(
        [{ name: 'own', key: `first:to:${number}`, limit: 1, seconds: 86_400 }],
        world.clock.now(),
      ),
    ).toBe(undefined);
  });

  test.each([
    { keeps: false, moves: ['move'] },
    { keeps: true, moves: ['move', 'move'] },
  ])('5.4: a decoy costs the store what a person costs it, call by call: %o', async ({ keeps, moves }) => {
    const { stores } = await open({ limits });
    first.keeps = keeps;
    const accountId = 'account-7';
    await stores.enrolments.keep({ accountId, gate: 'otp-sms', data: { number }, provedAt: world.clock.now() });
    const costOf = async (target: ChallengeOrder['target']): Promise<readonly string[]> => {
      const admit = vi.spyOn(stores.sends, 'admit');
      const { challenges } = stores;
      const spies = { admit, of: vi.spyOn(stores.enrolments, 'of'), read: vi.spyOn(challenges, 'read') };
      const all = { ...spies, create: vi.spyOn(challenges, 'create'), move: vi.spyOn(challenges, 'move') };
      await send({ target });
      const made = Object.entries(all).flatMap(([name, { mock }]) =>
        mock.invocationCallOrder.map((at) => ({ at, name })),
      );
      const quotas = admit.mock.calls.flatMap(([counted]) => counted);
      vi.restoreAllMocks();
      const calls = made.sort((one, other) => one.at - other.at).map(({ name }) => name);
      return [...calls, `${quotas.length} quotas, ${new Set(quotas.map(({ key }) => key)).size} keys`];
    };
    const person = await costOf({ kind: 'enrolled', accountId });
    expect(await costOf({ kind: 'decoy' })).toEqual(person);
    const [before, after] = [moves.slice(1), moves.slice(0, 1)];
    const calls = ['create', 'read', 'move', 'of', 'admit', ...before, 'read', ...after];
    expect(person).toEqual([...calls, '5 quotas, 4 keys']);
    expect(world.reports.map(({ kind }) => kind)).toEqual(['sent', 'rehearsed']);
  });

  test.each([{ kind: 'enrolled', accountId: 'account-7' }, { kind: 'decoy' }] as const)(
    'what was withdrawn before it could begin is neither counted nor told: %o',
    async (target) => {
      const { stores } = await open({ limits });
      const id = await world.challenges.begin(order({ target }));
      const read = stores.challenges.read.bind(stores.challenges);
      // Between the look of the sender and its claim.
      vi.spyOn(stores.challenges, 'read').mockImplementationOnce(async (...asked) => {
        const found = await read(...asked);
        await world.challenges.cancel(id, scope);
        return found;
      });
      const admit = vi.spyOn(stores.sends, 'admit');
      await world.challenges.idle();
      vi.restoreAllMocks();
      expect([admit.mock.calls.length, first.starts, world.reports]).toEqual([0, 0, []]);
    },
  );

  test('decoys use nothing up', async () => {
    await open({ limits });
    for (let at = 0; at < 20; at += 1) await send(decoy);
    await send();
    expect(first.starts).toBe(1);
  });
});

describe('a provider that is down', () => {
  test('F19: is left alone after some failures, and the next one is asked at once', async () => {
    await open();
    first.fault = new NotSent('refused');
    for (let at = 0; at < 6; at += 1) await send();
    expect([first.starts, second.starts]).toEqual([3, 6]);
  });

  test('F20: is hidden from people and decoys alike when there is no other, and comes back', async () => {
    await open();
    first.fault = new OutOfService('no credit');
    second.fault = new OutOfService('no credit');
    await send();
    expect(world.challenges.isReachable('sms')).toBe(false);
    await expect(world.challenges.begin(order())).rejects.toBeInstanceOf(Unavailable);
    await expect(world.challenges.begin(order(decoy))).rejects.toBeInstanceOf(Unavailable);
    world.clock.pass(31);
    first.fault = undefined;
    await send();
    expect(world.challenges.isReachable('sms')).toBe(true);
  });

  test('and can say how it is, is asked that before people are sent there', async () => {
    await open();
    let well = false;
    Object.assign(first, {
      probe: async () => (well ? { ok: true, detail: '' } : { ok: false, detail: '', remedy: '' }),
    });
    first.fault = new OutOfService('no credit');
    await send();
    world.clock.pass(25);
    await world.challenges.probe();
    world.clock.pass(10);
    expect(world.challenges.isReachable('voice')).toBe(false);
    well = true;
    await world.challenges.probe();
    expect(world.challenges.isReachable('voice')).toBe(true);
  });

  test('is not blamed for a challenge that was withdrawn', async () => {
    await open({}, { failures: 1, seconds: 30 });
    let resume = (): void => {};
    const held = new Promise<void>((resolve) => {
      resume = resolve;
    });
    Object.assign(first, {
      start: async (_request: unknown, keep: (state: string) => Promise<void>) => {
        await held;
        await keep('state');
      },
    });
    const id = await world.challenges.begin(order());
    await world.challenges.cancel(id, scope);
    resume();
    await world.challenges.idle();
    expect(world.challenges.isReachable('voice')).toBe(true);
  });
});

describe('a service that checks codes itself', () => {
  test('is asked for a decoy as for a person, and its outage shows for both', async () => {
    await open();
    const person = await send();
    const other = await send(decoy);
    expect(await world.challenges.check(person, '123456', scope)).toEqual({ kind: 'wrong' });
    expect(await world.challenges.check(other, '123456', scope)).toEqual({ kind: 'wrong' });
    expect([first.checks, first.rehearsals]).toEqual([1, 1]);
    first.fault = new Unavailable('no answer');
    await expect(world.challenges.check(person, '123456', scope)).rejects.toBeInstanceOf(Unavailable);
    await expect(world.challenges.check(other, '123456', scope)).rejects.toBeInstanceOf(Unavailable);
  });

  test('is not asked about calls, neither for a person nor for a decoy, and their end says nothing of how it is', async () => {
    await open();
    const person = await send({ channel: 'voice' });
    const other = await send({ channel: 'voice', ...decoy });
    first.fault = new OutOfService('no credit');
    await send();
    expect(world.challenges.isReachable('voice')).toBe(false);
    first.fault = undefined;
    await world.challenges.look(person, scope);
    await world.challenges.look(other, scope);
    expect([first.checks, first.rehearsals]).toEqual([1, 0]);
    expect(world.challenges.isReachable('voice')).toBe(false);
  });

  test('the decoy asks the provider that a person would have been sent to', async () => {
    await open();
    first.fault = new OutOfService('no credit');
    await send();
    const person = await send();
    const other = await send(decoy);
    first.fault = undefined;
    await world.challenges.check(person, '123456', scope);
    await world.challenges.check(other, '123456', scope);
    expect([first.checks, first.rehearsals, second.checks, second.rehearsals]).toEqual([0, 0, 1, 1]);
  });
});

describe('a report of the far end', () => {
  const report: Callback = { reference: '', url: 'https://x.example', headers: {}, body: '' };

  async function reported(): Promise<string> {
    await open();
    Object.assign(first, {
      check: async () => ({ kind: 'waiting' }),
      rehearse: undefined,
      receive: async () => ({ kind: 'taken', outcome: 'passed' }),
    });
    return send({ channel: 'voice' });
  }

  test('passes the call that it is about, once', async () => {
    const id = await reported();
    expect(await world.challenges.receive('first', { ...report, reference: id })).toMatchObject({ kind: 'taken' });
    expect(await world.challenges.look(id, scope)).toEqual({ kind: 'passed' });
    expect(await world.restarted().check(id, undefined, scope)).toEqual({ kind: 'passed' });
    expect(await world.challenges.check(id, undefined, scope)).toEqual({ kind: 'expired' });
  });

  test('about a challenge of another provider, of none, or that is over, changes nothing', async () => {
    const id = await reported();
    Object.assign(second, { receive: async () => ({ kind: 'taken', outcome: 'passed' }) });
    await world.challenges.receive('second', { ...report, reference: id });
    await world.challenges.receive('first', { ...report, reference: 'none' });
    expect(await world.challenges.look(id, scope)).toEqual({ kind: 'waiting' });
    world.clock.pass(301);
    await world.challenges.receive('first', { ...report, reference: id });
    expect((await world.stores.challenges.read(id))?.reported).toBeUndefined();
  });

  test('cannot make a decoy pass', async () => {
    await reported();
    const other = await send({ ...decoy, channel: 'voice' });
    await world.challenges.receive('first', { ...report, reference: other });
    expect(await world.challenges.check(other, undefined, scope)).toEqual({ kind: 'waiting' });
  });

  test('is not taken where nobody is reported to', async () => {
    await open();
    expect(await world.challenges.receive('first', report)).toBeUndefined();
    expect(await world.challenges.receive('nobody', report)).toBeUndefined();
  });
});
