import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Misconfigured, NotSent, Unavailable } from '../../../src/core/errors.ts';
import type { Courier, MfaProvider } from '../../../src/core/provider.ts';
import type { ChallengeOrder } from '../../../src/core/sending/challenge-order.ts';
import { courierProvider } from '../../../src/core/sending/courier-provider.ts';
import { virtualSms } from '../../../src/providers/demo/virtual-sms.ts';
import { type ChallengeWorld, challengeWorld, ringSeconds, sendSeconds } from '../../challenge-world.ts';

const number = '+447700900123';
const scope = { flowReference: 'flow-1', gate: 'otp-sms' };

function order(changes: Partial<ChallengeOrder> = {}): ChallengeOrder {
  return {
    channel: 'sms',
    target: { kind: 'proposed', to: number, accountId: 'account-1' },
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
beforeEach(async () => {
  world = await challengeWorld();
});
afterEach(() => world.close());

/** A provider of calls or texts that does what a test says. */
function provider(id: string, start: MfaProvider['start'], check?: MfaProvider['check']): MfaProvider {
  return { id, channels: ['sms', 'voice'], start, check: check ?? (async () => ({ kind: 'passed' })) };
}

function texts(): readonly string[] {
  return world.phones.phone(number).texts.map((one) => one.text);
}

async function sent(changes: Partial<ChallengeOrder> = {}): Promise<string> {
  const id = await world.challenges.begin(order(changes));
  await world.challenges.idle();
  return id;
}

describe('a challenge', () => {
  test('is on its way when begin returns, and sent soon after', async () => {
    const id = await world.challenges.begin(order());
    expect(texts()).toEqual([]);
    await world.challenges.idle();
    expect(texts()).toHaveLength(1);
    expect(world.reports).toMatchObject([
      { kind: 'sent', challenge: { id, ...scope }, provider: 'virtual-sms', subject: 'account-1' },
    ]);
  });

  test('passes with the right code once, and then no more', async () => {
    const id = await sent();
    const code = world.phones.lastCode(number);
    expect(await world.challenges.check(id, code, scope)).toEqual({ kind: 'passed' });
    expect(await world.challenges.check(id, code, scope)).toEqual({ kind: 'expired' });
    expect(await world.restarted().check(id, code, scope)).toEqual({ kind: 'expired' });
  });

  test('is wrong with any other code, as often as one likes, and still good', async () => {
    const id = await sent();
    const code = world.phones.lastCode(number);
    const others = Array.from({ length: 5 }, (_, at) => String((Number(code) + at + 1) % 1_000_000).padStart(6, '0'));
    for (const other of others) expect(await world.challenges.check(id, other, scope)).toEqual({ kind: 'wrong' });
    expect(await world.challenges.check(id, code, scope)).toEqual({ kind: 'passed' });
  });

  test.each([
    ['flow', { ...scope, flowReference: 'flow-2' }],
    ['gate', { ...scope, gate: 'phone' }],
  ])('does not exist for another %s', async (_name, foreign) => {
    const id = await sent();
    const code = world.phones.lastCode(number);
    expect(await world.challenges.check(id, code, foreign)).toEqual({ kind: 'expired' });
    expect(await world.challenges.proposed(id, foreign)).toBeUndefined();
    await world.challenges.cancel(id, foreign);
    expect(await world.challenges.check(id, code, scope)).toEqual({ kind: 'passed' });
  });

  test('is too late after its lifetime', async () => {
    const id = await sent();
    world.clock.pass(299);
    expect(await world.challenges.check(id, '', scope)).toEqual({ kind: 'wrong' });
    world.clock.pass(1);
    expect(await world.challenges.check(id, world.phones.lastCode(number), scope)).toEqual({ kind: 'expired' });
  });

  test('F26: never lives longer than ten minutes', async () => {
    const id = await sent({ lifetimeSeconds: 86_400 });
    world.clock.pass(600);
    expect(await world.challenges.check(id, world.phones.lastCode(number), scope)).toEqual({ kind: 'expired' });
  });

  test('is worth nothing once it was withdrawn', async () => {
    const id = await sent();
    await world.challenges.cancel(id, scope);
    expect(await world.challenges.check(id, world.phones.lastCode(number), scope)).toEqual({ kind: 'expired' });
  });

  test('that was withdrawn before its turn is never sent', async () => {
    const id = await world.challenges.begin(order());
    await world.challenges.cancel(id, scope);
    await world.challenges.idle();
    expect(texts()).toEqual([]);
  });

  test('begun twice, even at the same moment, is one challenge and one message', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => world.challenges.begin(order())));
    await world.challenges.idle();
    expect(new Set(ids).size).toBe(1);
    expect(texts()).toHaveLength(1);
    expect(await world.challenges.begin(order({ attempt: '2' }))).not.toBe(ids[0]);
  });

  test('tells which number it proved, and only when it did', async () => {
    const id = await sent();
    expect(await world.challenges.proposed(id, scope)).toEqual({ to: number, proved: false });
    await world.challenges.check(id, world.phones.lastCode(number), scope);
    expect(await world.challenges.proposed(id, scope)).toEqual({ to: number, proved: true });
  });

  test('5.13: goes to the number on record at the moment of sending', async () => {
    const accountId = 'b5a5d7a8-0000-4000-8000-000000000001';
    const enrol = (data: { number: string }): Promise<void> =>
      world.stores.enrolments.keep({ accountId, gate: 'otp-sms', data, provedAt: world.clock.now() });
    await enrol({ number: '+447700900999' });
    const id = await world.challenges.begin(order({ target: { kind: 'enrolled', accountId } }));
    await enrol({ number });
    await world.challenges.idle();
    expect(texts()).toHaveLength(1);
    expect(await world.challenges.check(id, world.phones.lastCode(number), scope)).toEqual({ kind: 'passed' });
  });

  test('keeps neither its text nor its code after sending', async () => {
    const id = await sent({ target: { kind: 'proposed', to: number, accountId: 'account-1' } });
    const body = JSON.stringify((await world.stores.challenges.read(id))?.body);
    expect(body).not.toContain(world.phones.lastCode(number));
    expect(body).not.toContain('Your code is');
  });
});

describe('a crash', () => {
  test('while a challenge is queued: the next start sends it once', async () => {
    const dying = world.restarted();
    await dying.stop();
    const id = await dying.begin(order());
    world.clock.pass(1);
    const reborn = world.restarted();
    const second = world.restarted();
    expect(await reborn.recover()).toBe(1);
    await second.recover();
    await Promise.all([reborn.idle(), second.idle()]);
    expect(texts()).toHaveLength(1);
    expect(await reborn.check(id, world.phones.lastCode(number), scope)).toEqual({ kind: 'passed' });
  });

  test('that lasted longer than the code: nothing is sent', async () => {
    const dying = world.restarted();
    await dying.stop();
    await dying.begin(order());
    world.clock.pass(301);
    const reborn = world.restarted();
    await reborn.recover();
    await reborn.idle();
    expect(texts()).toEqual([]);
    expect(world.reports).toMatchObject([{ kind: 'failed', detail: 'it was too late to send' }]);
  });

  test('F23: after the hand-over, before it was written down: the code is good all the same, and is not sent again', async () => {
    const { clock, sealer, phones } = world;
    const courier: Courier = {
      ...virtualSms(phones),
      async deliver(message) {
        await virtualSms(phones).deliver(message);
        return new Promise(() => {});
      },
    };
    const dying = world.restarted({ sms: [courierProvider({ courier, clock, sealer })] });
    const id = await dying.begin(order());
    await expect.poll(texts).toHaveLength(1);
    const reborn = world.restarted();
    clock.pass(1);
    expect(await reborn.recover()).toBe(0);
    expect(await reborn.check(id, world.phones.lastCode(number), scope)).toEqual({ kind: 'passed' });
    expect(texts()).toHaveLength(1);
  });

  test('in the middle of a call of a provider that blocks: waiting, and failed once nobody can be sending any more', async () => {
    let placed = false;
    const blocking = provider('blocking', () => {
      placed = true;
      return new Promise(() => {});
    });
    const dying = world.restarted({ voice: [blocking] });
    const id = await dying.begin(order({ channel: 'voice' }));
    await expect.poll(() => placed).toBe(true);
    const reborn = world.restarted({ voice: [blocking] });
    expect(await reborn.check(id, undefined, scope)).toEqual({ kind: 'waiting' });
    world.clock.pass(sendSeconds);
    expect(await reborn.check(id, undefined, scope)).toEqual({ kind: 'failed' });
  });
});

describe('a provider that blocks until the call is over', () => {
  test('is waited for without holding up begin, and its outcome is found by another node', async () => {
    let end = (): void => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const blocking = provider('blocking', async () => {
      await over;
      return { kind: 'started', state: { confirmed: true } };
    });
    const one = world.restarted({ voice: [blocking] });
    const other = world.restarted({ voice: [blocking] });
    const id = await one.begin(order({ channel: 'voice' }));
    expect(await other.look(id, scope)).toEqual({ kind: 'waiting' });
    end();
    await one.idle();
    expect(await other.look(id, scope)).toEqual({ kind: 'passed' });
    expect(await other.check(id, undefined, scope)).toEqual({ kind: 'passed' });
    expect(await one.check(id, undefined, scope)).toEqual({ kind: 'expired' });
  });
});

describe('a provider that fails', () => {
  test('F19: before anything was sent: the next one sends', async () => {
    const down = provider('down', async () => {
      throw new NotSent('connection refused');
    });
    const up = provider('up', async () => ({ kind: 'started', state: 'up' }));
    const challenges = world.restarted({ sms: [down, up] });
    await challenges.begin(order());
    await challenges.idle();
    expect(world.reports).toMatchObject([
      { kind: 'failed', provider: 'down' },
      { kind: 'sent', provider: 'up' },
    ]);
  });

  test('F19: in a way that leaves open whether it sent: nobody else sends', async () => {
    let tried = false;
    const lost = provider('lost', async () => {
      throw new Unavailable('no answer in time');
    });
    const next = provider('next', async () => {
      tried = true;
      return { kind: 'started', state: null };
    });
    const challenges = world.restarted({ sms: [lost, next] });
    const id = await challenges.begin(order());
    await challenges.idle();
    expect(tried).toBe(false);
    expect(world.reports).toMatchObject([{ kind: 'failed', provider: 'lost' }]);
    expect(await challenges.check(id, '123456', scope)).toEqual({ kind: 'failed' });
  });

  test('after the code arrived: the code is good, and a wrong one is told as a failure while registering', async () => {
    const { clock, sealer, phones } = world;
    const courier: Courier = {
      ...virtualSms(phones),
      async deliver(message) {
        await virtualSms(phones).deliver(message);
        throw new Unavailable('the answer was lost');
      },
    };
    const challenges = world.restarted({ sms: [courierProvider({ courier, clock, sealer })] });
    const id = await challenges.begin(order());
    await challenges.idle();
    expect(await challenges.look(id, scope)).toEqual({ kind: 'failed' });
    expect(await challenges.check(id, 'wrong', scope)).toEqual({ kind: 'failed' });
    expect(await challenges.check(id, phones.lastCode(number), scope)).toEqual({ kind: 'passed' });
  });

  test('F19: while checking: it is a fault, never a pass, and the code is still good later', async () => {
    let down = true;
    const shaky = provider(
      'shaky',
      async () => ({ kind: 'started', state: 'x' }),
      async () => {
        if (down) throw new Unavailable('no answer in time');
        return { kind: 'passed' };
      },
    );
    const challenges = world.restarted({ sms: [shaky] });
    const id = await challenges.begin(order());
    await challenges.idle();
    await expect(challenges.check(id, '123456', scope)).rejects.toBeInstanceOf(Unavailable);
    down = false;
    expect(await challenges.check(id, '123456', scope)).toEqual({ kind: 'passed' });
  });

  test('by being gone from the configuration: it is a fault', async () => {
    const id = await sent();
    const other = world.restarted({ sms: [] });
    await expect(other.check(id, '123456', scope)).rejects.toBeInstanceOf(Misconfigured);
  });

  test('by refusing the number: told while registering', async () => {
    const strict = provider('strict', async () => ({ kind: 'rejected', reason: 'barred' }));
    const challenges = world.restarted({ sms: [strict] });
    const id = await challenges.begin(order());
    await challenges.idle();
    expect(await challenges.look(id, scope)).toEqual({ kind: 'failed' });
    expect(JSON.stringify(world.reports)).not.toContain(number.slice(1));
  });
});

describe('what cannot reach anybody', () => {
  const decoy = { target: { kind: 'decoy' } } as const;
  const lost = { target: { kind: 'enrolled', accountId: 'b5a5d7a8-0000-4000-8000-00000000000f' } } as const;

  test.each([
    ['a decoy', decoy],
    ['an account whose number is gone', lost],
  ])('%s: any code is wrong, until it is too old', async (_name, target) => {
    const id = await sent(target);
    expect(texts()).toEqual([]);
    expect(await world.challenges.look(id, scope)).toEqual({ kind: 'waiting' });
    for (const code of ['000000', '123456', '999999']) {
      expect(await world.challenges.check(id, code, scope)).toEqual({ kind: 'wrong' });
    }
    world.clock.pass(300);
    expect(await world.challenges.check(id, '123456', scope)).toEqual({ kind: 'expired' });
  });

  test.each([
    ['a decoy', decoy],
    ['an account whose number is gone', lost],
  ])('%s: a call rings, and nobody answers', async (_name, target) => {
    const id = await sent({ ...target, channel: 'voice' });
    expect(await world.challenges.check(id, undefined, scope)).toEqual({ kind: 'waiting' });
    world.clock.pass(ringSeconds - 1);
    expect(await world.challenges.look(id, scope)).toEqual({ kind: 'waiting' });
    world.clock.pass(1);
    expect(await world.challenges.look(id, scope)).toEqual({ kind: 'unanswered' });
    expect(await world.challenges.check(id, undefined, scope)).toEqual({ kind: 'unanswered' });
  });
});

describe('a call', () => {
  test('that was confirmed is so for look, as often as one looks, and for check once', async () => {
    const id = await sent({ channel: 'voice' });
    expect(await world.challenges.look(id, scope)).toEqual({ kind: 'waiting' });
    world.phones.confirm(world.phones.lastCall(number));
    expect(await world.challenges.look(id, scope)).toEqual({ kind: 'passed' });
    world.phones.broken = true;
    expect(await world.challenges.look(id, scope)).toEqual({ kind: 'passed' });
    expect(await world.challenges.check(id, undefined, scope)).toEqual({ kind: 'passed' });
    expect(await world.challenges.check(id, undefined, scope)).toEqual({ kind: 'expired' });
  });

  test('that was refused is refused', async () => {
    const id = await sent({ channel: 'voice' });
    world.phones.refuse(world.phones.lastCall(number));
    expect(await world.challenges.check(id, undefined, scope)).toEqual({ kind: 'refused' });
  });
});

describe('stopping', () => {
  test('waits for what is under way and leaves the rest queued', async () => {
    await world.challenges.begin(order());
    await world.challenges.stop();
    expect(texts()).toHaveLength(1);
    await world.challenges.begin(order({ attempt: '2' }));
    await world.challenges.idle();
    expect(texts()).toHaveLength(1);
  });
});

describe('judging where there is nothing to judge', () => {
  test('asks the far end as a decoy does, and an outage of it shows alike', async () => {
    let asked = 0;
    const outage = new Unavailable('away');
    const checks = (isAway: boolean): MfaProvider => ({
      ...provider('far', async () => ({ kind: 'started', state: {} })),
      rehearse: async () => {
        asked += 1;
        if (isAway) throw outage;
      },
    });
    await world.restarted({ sms: [checks(false)] }).pretend('sms', '12345678');
    expect(asked).toBe(1);
    await expect(world.restarted({ sms: [checks(true)] }).pretend('sms', '12345678')).rejects.toBe(outage);
    await world.restarted({}).pretend('sms', '12345678');
  });
});
