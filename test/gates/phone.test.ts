import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { Unavailable } from '../../src/core/errors.ts';
import type { Gate, Subject } from '../../src/core/gate.ts';
import { phoneGate } from '../../src/gates/phone/gate.ts';
import { phoneSettings } from '../../src/gates/phone/settings.ts';
import { virtualVoice } from '../../src/providers/demo/virtual-voice.ts';
import { type ChallengeWorld, challengeWorld, ringSeconds } from '../challenge-world.ts';
import { type GateWorld, gateContract, Walk } from '../contracts/gate-contract.ts';
import { ana, context } from './people.ts';

const number = '+442079460123';

function makeGate(world: ChallengeWorld, settings: z.input<typeof phoneSettings> = {}): Gate {
  const parsed = phoneSettings.parse({ 'number-matching': 'off', ...settings });
  return phoneGate.create(parsed, { challenges: world.challenges, clock: world.clock });
}

async function register(world: ChallengeWorld, gate: Gate): Promise<{ number: string }> {
  const walk = new Walk(gate.enrol, context({ flowReference: 'registration', purpose: 'registration' }));
  await walk.open();
  await walk.answer({ act: 'next', number });
  await world.challenges.idle();
  world.phones.confirm(world.phones.lastCall(number));
  const verdict = await walk.answer({ act: 'next' });
  if (verdict.kind !== 'passed') throw new Error(`registration ended with ${verdict.kind}`);
  const data = verdict.enrolment as { number: string };
  await world.stores.enrolments.keep({ accountId: ana.id, gate: 'phone', data, provedAt: world.clock.now() });
  world.clock.pass(60);
  return data;
}

async function makeWorld(): Promise<GateWorld> {
  const world = await challengeWorld();
  const gate = makeGate(world);
  return {
    gate,
    account: ana,
    flowReference: 'flow-1',
    told: 'more',
    enrolled: () => register(world, gate),
    async right() {
      world.phones.confirm(world.phones.lastCall(number));
      return { act: 'next' };
    },
    wrong: async () => ({ act: 'next' }),
    settled: () => world.challenges.idle(),
    breakIt: () => {
      world.phones.broken = true;
    },
    secrets: () => [number, number.slice(1), '2079460123'],
    close: () => world.close(),
  };
}

gateContract(phoneGate, makeWorld);

let world: ChallengeWorld;
beforeEach(async () => {
  world = await challengeWorld();
});
afterEach(() => world.close());

const decoy: Subject = { kind: 'decoy', seed: 'cd'.repeat(32) };

function calls(to = number): number {
  return world.phones.phone(to).calls.length;
}

describe('proving a telephone by a call', () => {
  async function arrived(settings: z.input<typeof phoneSettings> = {}, subject?: Subject): Promise<Walk> {
    const gate = makeGate(world, settings);
    const enrolment = await register(world, gate);
    const walk = new Walk(gate.verify, context({ subject: subject ?? { kind: 'account', account: ana, enrolment } }));
    await walk.open();
    await world.challenges.idle();
    return walk;
  }

  describe('with digits to key in', () => {
    const matching = { 'number-matching': 'where-possible' } as const;

    /** What the page shows to be keyed in. */
    async function digits(walk: Walk): Promise<string> {
      return String((await walk.page()).data.match);
    }

    /** Two digits that are others. */
    const others = (shown: string): string => (shown === '42' ? '24' : '42');

    async function key(keys: string): Promise<void> {
      for (const one of keys) world.phones.press(world.phones.lastCall(number), one);
    }

    test('the page shows two, and keying them in passes', async () => {
      const walk = await arrived(matching);
      expect(await digits(walk)).toMatch(/^[1-9]\d$/);
      await key(`${await digits(walk)}#`);
      expect(await walk.watch()).toBe('changed');
      expect(await walk.answer({ act: 'next' })).toEqual({ kind: 'passed' });
    });

    test.each([
      ['the hash key alone', () => '#'],
      ['other digits', (shown: string) => `${others(shown)}#`],
      ['too many digits', (shown: string) => `${shown}1#`],
    ])('%s: a wrong answer', async (_name, keys) => {
      const walk = await arrived(matching);
      await key(keys(await digits(walk)));
      const verdict = await walk.answer({ act: 'next' });
      expect(verdict).toMatchObject({ kind: 'wrong', problem: { message: { key: 'gates.phone.not-matched' } } });
      expect((await walk.page()).data).toMatchObject({ over: true });
    });

    test('asking for another call does not hide a wrong answer from being counted', async () => {
      const walk = await arrived(matching);
      await key(`${others(await digits(walk))}#`);
      expect(await walk.answer({ act: 'again' })).toMatchObject({ kind: 'wrong' });
    });

    test('every flow asks for its own', async () => {
      const gate = makeGate(world, matching);
      const enrolment = await register(world, gate);
      const seen = new Set<string>();
      for (let flow = 0; flow < 12; flow += 1) {
        const subject = { kind: 'account', account: ana, enrolment } as const;
        const walk = new Walk(gate.verify, context({ subject, flowReference: `flow-${flow}` }));
        await walk.open();
        seen.add(await digits(walk));
      }
      expect(seen.size).toBeGreaterThan(2);
    });

    test('a decoy shows two as well', async () => {
      expect(await digits(await arrived(matching, decoy))).toMatch(/^[1-9]\d$/);
    });

    test('none are shown where one of the providers cannot ask for them', async () => {
      const plain = { ...virtualVoice(world.phones, 'plain'), matchesNumbers: false };
      const mixed = await challengeWorld({ voice: [virtualVoice(world.phones), plain] });
      expect(mixed.challenges.matchesNumbers()).toBe(false);
      await mixed.close();
      expect(world.challenges.matchesNumbers()).toBe(true);
    });
  });

  const page = { number: '••23', over: false, withheld: null, callsLeft: 2, secondsUntilAgain: 30, match: '' };

  test('arriving rings the registered number once', async () => {
    const walk = await arrived();
    expect(calls()).toBe(2);
    expect(await walk.page()).toEqual({ view: 'verify', data: page });
    expect(await walk.watch()).toBe('waiting');
  });

  test('a decoy gets the same page, and nobody is called', async () => {
    const walk = await arrived({}, decoy);
    expect(calls()).toBe(1);
    expect((await walk.page()).data).toEqual({ ...page, number: expect.stringMatching(/^••\d\d$/) });
  });

  test('the hash key is noticed, and passes', async () => {
    const walk = await arrived();
    world.phones.confirm(world.phones.lastCall(number));
    expect(await walk.watch()).toBe('changed');
    expect(await walk.answer({ act: 'next' })).toEqual({ kind: 'passed' });
  });

  test('Next while it rings says so, and waiting goes on', async () => {
    const walk = await arrived();
    const verdict = await walk.answer({ act: 'next' });
    expect(verdict).toMatchObject({ kind: 'more', notice: { key: 'gates.phone.still-ringing' } });
    world.phones.confirm(world.phones.lastCall(number));
    expect(await walk.answer({ act: 'next' })).toEqual({ kind: 'passed' });
  });

  test.each([
    ['a person', undefined],
    ['a decoy', decoy],
  ])('Next while it rings fails %s where that is set, and the call is worth nothing then', async (_name, subject) => {
    const walk = await arrived({ 'next-before-confirmation': 'fail' }, subject);
    expect(await walk.answer({ act: 'next' })).toMatchObject({
      kind: 'wrong',
      problem: { message: { key: 'gates.phone.not-confirmed' } },
    });
    world.phones.confirm(world.phones.lastCall(number));
    expect(await walk.answer({ act: 'next' })).toMatchObject({
      kind: 'more',
      problems: [{ message: { key: 'gates.phone.unanswered' } }],
    });
  });

  test.each([
    ['a person', undefined],
    ['a decoy', decoy],
  ])('a call that nobody answers is no failure of %s, and may be repeated', async (_name, subject) => {
    const walk = await arrived({}, subject);
    world.clock.pass(ringSeconds);
    expect(await walk.watch()).toBe('changed');
    expect(await walk.answer({ act: 'next' })).toMatchObject({
      kind: 'more',
      problems: [{ message: { key: 'gates.phone.unanswered' } }],
    });
    expect(await walk.watch()).toBe('waiting');
    expect((await walk.page()).data).toMatchObject({ over: true, callsLeft: 2, secondsUntilAgain: 0 });
    expect(await walk.answer({ act: 'again' })).toMatchObject({
      kind: 'more',
      notice: { key: 'gates.phone.calling-again' },
    });
    expect((await walk.page()).data).toMatchObject({ over: false, callsLeft: 1 });
  });

  test('a second call passes when it is confirmed', async () => {
    const walk = await arrived();
    world.phones.hangUp(world.phones.lastCall(number));
    world.clock.pass(30);
    await walk.answer({ act: 'again' });
    await world.challenges.idle();
    expect(calls()).toBe(3);
    world.phones.confirm(world.phones.lastCall(number));
    expect(await walk.answer({ act: 'next' })).toEqual({ kind: 'passed' });
  });

  test('asking for another call while it rings places none', async () => {
    const walk = await arrived();
    world.clock.pass(ringSeconds - 1);
    expect(await walk.answer({ act: 'again' })).toMatchObject({ notice: { key: 'gates.phone.still-ringing' } });
    await world.challenges.idle();
    expect(calls()).toBe(2);
  });

  test('asking for another call after the key was pressed passes instead', async () => {
    const walk = await arrived();
    world.phones.confirm(world.phones.lastCall(number));
    expect(await walk.answer({ act: 'again' })).toEqual({ kind: 'passed' });
  });

  test('only so many calls are placed in one flow, and posts at the same moment share one', async () => {
    const walk = await arrived();
    const gate = makeGate(world);
    for (let nth = 0; nth < 10; nth += 1) {
      world.clock.pass(60);
      await Promise.all(Array.from({ length: 5 }, () => gate.verify.answer({ act: 'again' }, walk.context())));
      await walk.answer({ act: 'again' });
      await world.challenges.idle();
    }
    expect(calls()).toBe(1 + 3);
    world.clock.pass(60);
    expect(await walk.answer({ act: 'again' })).toMatchObject({ problems: [{ message: { key: 'gates.none-left' } }] });
  });

  test('"not me" at the phone ends the flow', async () => {
    const walk = await arrived();
    world.phones.refuse(world.phones.lastCall(number));
    expect(await walk.watch()).toBe('changed');
    expect(await walk.answer({ act: 'next' })).toEqual({ kind: 'refused', reason: 'not-you' });
  });

  test('a provider that cannot say is a fault, not a pass and not a failure', async () => {
    const walk = await arrived();
    world.phones.confirm(world.phones.lastCall(number));
    world.phones.broken = true;
    await expect(walk.answer({ act: 'next' })).rejects.toBeInstanceOf(Unavailable);
    world.phones.broken = false;
    expect(await walk.answer({ act: 'next' })).toEqual({ kind: 'passed' });
  });

  test('a call that could not be placed looks like one that nobody answers', async () => {
    const gate = makeGate(world);
    const enrolment = await register(world, gate);
    world.phones.broken = true;
    const walk = new Walk(gate.verify, context({ subject: { kind: 'account', account: ana, enrolment } }));
    await walk.open();
    await world.challenges.idle();
    expect(await walk.answer({ act: 'next' })).toMatchObject({ notice: { key: 'gates.phone.still-ringing' } });
    world.clock.pass(ringSeconds);
    expect(await walk.answer({ act: 'next' })).toMatchObject({
      problems: [{ message: { key: 'gates.phone.unanswered' } }],
    });
  });
});

describe('registering a telephone', () => {
  async function arrived(settings: z.input<typeof phoneSettings> = {}): Promise<Walk> {
    const walk = new Walk(makeGate(world, settings).enrol, context());
    await walk.open();
    return walk;
  }

  test('offers the telephone of the directory, and keeps it once the call was confirmed', async () => {
    const walk = await arrived();
    expect(await walk.page()).toEqual({
      view: 'enrol-number',
      data: { registration: 'read-write', number: '+44 20 7946 0123', known: '••23' },
    });
    expect(await walk.watch()).toBe('waiting');
    expect((await walk.answer({ act: 'next', number })).kind).toBe('more');
    await world.challenges.idle();
    expect((await walk.page()).view).toBe('enrol-call');
    expect((await walk.answer({ act: 'next' })).kind).toBe('more');
    expect(JSON.stringify(walk.memory)).not.toContain(number.slice(1));
    world.phones.confirm(world.phones.lastCall(number));
    expect(await walk.watch()).toBe('changed');
    expect(await walk.answer({ act: 'next' })).toEqual({ kind: 'passed', enrolment: { number } });
  });

  test('a call that could not be placed is told at once', async () => {
    world.phones.broken = true;
    const walk = await arrived();
    await walk.answer({ act: 'next', number });
    await world.challenges.idle();
    expect(await walk.watch()).toBe('changed');
    expect(await walk.answer({ act: 'next' })).toMatchObject({
      problems: [{ message: { key: 'gates.phone.not-placed' } }],
    });
  });

  test('the number can be changed, and then only the new one rings and counts', async () => {
    const walk = await arrived({ 'default-country': 'GB' });
    await walk.answer({ act: 'next', number });
    await world.challenges.idle();
    const first = world.phones.lastCall(number);
    const old = walk.context();
    await walk.answer({ act: 'change' });
    world.phones.confirm(first);
    expect((await makeGate(world).enrol.answer({ act: 'next' }, old)).kind).toBe('more');
    world.clock.pass(60);
    await walk.answer({ act: 'next', number: '020 7946 0456' });
    await world.challenges.idle();
    expect((await walk.answer({ act: 'next' })).kind).toBe('more');
    world.phones.confirm(world.phones.lastCall('+442079460456'));
    expect(await walk.answer({ act: 'next' })).toEqual({ kind: 'passed', enrolment: { number: '+442079460456' } });
  });

  test('fields that do not belong to the page are a bad request', async () => {
    const walk = await arrived();
    await expect(walk.answer({ act: 'next' })).rejects.toMatchObject({ status: 400 });
    await expect(walk.answer({ act: 'again', number })).rejects.toMatchObject({ status: 400 });
    await walk.answer({ act: 'next', number });
    await expect(walk.answer({ act: 'next', number })).rejects.toMatchObject({ status: 400 });
  });
});
