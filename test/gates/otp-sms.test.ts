import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import type { Gate, Subject } from '../../src/core/gate.ts';
import { otpSmsGate } from '../../src/gates/otp-sms/gate.ts';
import { otpSmsSettings } from '../../src/gates/otp-sms/settings.ts';
import { type ChallengeWorld, challengeWorld } from '../challenge-world.ts';
import { type GateWorld, gateContract, Walk } from '../contracts/gate-contract.ts';
import { ana, context } from './people.ts';

const number = '+447700900123';

function makeGate(world: ChallengeWorld, settings: z.input<typeof otpSmsSettings> = {}): Gate {
  return otpSmsGate.create(otpSmsSettings.parse(settings), { challenges: world.challenges, clock: world.clock });
}

/** Registers the number and keeps it, as the flow runner does. */
async function register(world: ChallengeWorld, gate: Gate): Promise<{ number: string }> {
  const walk = new Walk(gate.enrol, context({ flowReference: 'registration', purpose: 'registration' }));
  await walk.open();
  await walk.answer({ act: 'next', number });
  await world.challenges.idle();
  const verdict = await walk.answer({ act: 'next', code: world.phones.lastCode(number) });
  if (verdict.kind !== 'passed') throw new Error(`registration ended with ${verdict.kind}`);
  const data = verdict.enrolment as { number: string };
  await world.stores.enrolments.keep({ accountId: ana.id, gate: 'otp-sms', data, provedAt: world.clock.now() });
  world.clock.pass(60);
  return data;
}

async function makeWorld(): Promise<GateWorld> {
  const world = await challengeWorld();
  const gate = makeGate(world);
  const codes: string[] = [];
  return {
    gate,
    account: ana,
    flowReference: 'flow-1',
    told: 'wrong',
    enrolled: () => register(world, gate),
    async right() {
      codes.push(world.phones.lastCode(number));
      return { act: 'next', code: world.phones.lastCode(number) };
    },
    async wrong(_page, nth) {
      const code = String((Number(world.phones.lastCode(number)) + nth + 1) % 1_000_000).padStart(6, '0');
      return { act: 'next', code };
    },
    settled: () => world.challenges.idle(),
    breakIt: () => {
      world.phones.broken = true;
    },
    secrets: () => [number, number.slice(1), '7700900123', ...codes],
    close: () => world.close(),
  };
}

gateContract(otpSmsGate, makeWorld);

let world: ChallengeWorld;
beforeEach(async () => {
  world = await challengeWorld();
});
afterEach(() => world.close());

const decoy: Subject = { kind: 'decoy', seed: 'ab'.repeat(32) };

function texts(to = number): readonly string[] {
  return world.phones.phone(to).texts.map((one) => one.text);
}

describe('proving a number by a code', () => {
  async function arrived(settings: z.input<typeof otpSmsSettings> = {}, subject?: Subject): Promise<Walk> {
    const gate = makeGate(world, settings);
    const enrolment = await register(world, gate);
    const walk = new Walk(gate.verify, context({ subject: subject ?? { kind: 'account', account: ana, enrolment } }));
    await walk.open();
    await world.challenges.idle();
    return walk;
  }

  const sending = { failed: false, withheld: null, isWatched: false };
  const page = { ...sending, codeLength: 6, lifetimeMinutes: 5, sendsLeft: 2, secondsUntilAgain: 30 };

  test('arriving sends one code to the registered number, and the page says what to expect', async () => {
    const walk = await arrived();
    expect(texts()).toHaveLength(2);
    expect(await walk.page()).toEqual({
      view: 'verify',
      data: { ...page, number: '••23' },
    });
  });

  test('a decoy gets the same page, and nothing is sent', async () => {
    const walk = await arrived({}, decoy);
    expect(texts()).toHaveLength(1);
    const { data } = await walk.page();
    expect(data).toEqual({ ...page, number: expect.stringMatching(/^••\d\d$/) });
  });

  test.each([
    ['', 'gates.otp-sms.code-empty'],
    ['12345', 'gates.otp-sms.code-shape'],
    ['1234567', 'gates.otp-sms.code-shape'],
    ['12345a', 'gates.otp-sms.code-shape'],
  ])('what cannot be a code (%s) is sent back without being a try', async (code, key) => {
    const walk = await arrived();
    const verdict = await walk.answer({ act: 'next', code });
    expect(verdict).toMatchObject({ kind: 'more', problems: [{ field: 'code', message: { key } }] });
  });

  test('a code may be typed with spaces and in other digits', async () => {
    const walk = await arrived();
    const code = world.phones.lastCode(number);
    const arabic = [...code].map((digit) => String.fromCodePoint(0x660 + Number(digit))).join(' ');
    expect(await walk.answer({ act: 'next', code: arabic })).toEqual({ kind: 'passed' });
  });

  test('another code may be asked for after a while, and the one before it is worth nothing then', async () => {
    const walk = await arrived();
    const before = world.phones.lastCode(number);
    const old = walk.context();
    expect(await walk.answer({ act: 'again', code: '' })).toMatchObject({
      kind: 'more',
      problems: [{ message: { key: 'gates.wait', values: { seconds: 30 } } }],
    });
    world.clock.pass(30);
    expect(await walk.answer({ act: 'again' })).toMatchObject({
      kind: 'more',
      notice: { key: 'gates.otp-sms.sent-again' },
    });
    await world.challenges.idle();
    expect(texts()).toHaveLength(3);
    const after = world.phones.lastCode(number);
    expect((await makeGate(world).verify.answer({ act: 'next', code: before }, old)).kind).not.toBe('passed');
    if (after !== before) expect((await walk.answer({ act: 'next', code: before })).kind).toBe('wrong');
    expect(await walk.answer({ act: 'next', code: after })).toEqual({ kind: 'passed' });
  });

  test('only so many codes are sent in one flow, however one asks', async () => {
    const walk = await arrived();
    for (let nth = 0; nth < 20; nth += 1) {
      world.clock.pass(60);
      await walk.answer({ act: 'again' });
      await world.challenges.idle();
    }
    expect(texts()).toHaveLength(1 + 3);
    expect(await walk.answer({ act: 'again' })).toMatchObject({ problems: [{ message: { key: 'gates.none-left' } }] });
  });

  test('posts at the same moment get one code together', async () => {
    const walk = await arrived();
    world.clock.pass(60);
    const gate = makeGate(world);
    await Promise.all(Array.from({ length: 10 }, () => gate.verify.answer({ act: 'again' }, walk.context())));
    await world.challenges.idle();
    expect(texts()).toHaveLength(3);
  });

  test('a code is used up after some wrong ones, and then not even the right one passes', async () => {
    const walk = await arrived({ 'tries-per-code': 2 });
    const code = world.phones.lastCode(number);
    const wrong = code === '000000' ? '000001' : '000000';
    expect(await walk.answer({ act: 'next', code: wrong })).toMatchObject({
      problem: { message: { key: 'gates.otp-sms.code-wrong' } },
    });
    expect(await walk.answer({ act: 'next', code: wrong })).toMatchObject({
      problem: { message: { key: 'gates.otp-sms.code-used-up' } },
    });
    expect((await walk.answer({ act: 'next', code })).kind).toBe('more');
  });

  test.each([
    ['a person', undefined],
    ['a decoy', decoy],
  ])('too late is told to %s without being a try', async (_name, subject) => {
    const walk = await arrived({}, subject);
    world.clock.pass(301);
    expect(await walk.answer({ act: 'next', code: world.phones.lastCode(number) })).toMatchObject({
      kind: 'more',
      problems: [{ field: 'code', message: { key: 'gates.otp-sms.code-expired' } }],
    });
  });

  test('when sending fails nothing is told that a decoy would not be told', async () => {
    const gate = makeGate(world);
    const enrolment = await register(world, gate);
    world.phones.broken = true;
    const walk = new Walk(gate.verify, context({ subject: { kind: 'account', account: ana, enrolment } }));
    await walk.open();
    await world.challenges.idle();
    expect(await walk.answer({ act: 'next', code: '000000' })).toMatchObject({
      kind: 'wrong',
      problem: { message: { key: 'gates.otp-sms.code-wrong' } },
    });
  });

  test('the text is in the language of the page, where there is one', async () => {
    const gate = makeGate(world, { text: { en: 'Your code: {code}', de: 'Ihr Code: {code}' } });
    const enrolment = await register(world, gate);
    const subject: Subject = { kind: 'account', account: ana, enrolment };
    for (const language of ['de-AT', 'fr']) {
      await gate.verify.open(context({ subject, language, flowReference: `flow-${language}` }));
      await world.challenges.idle();
    }
    expect(texts().at(-2)).toMatch(/^Ihr Code: \d{6}$/);
    expect(texts().at(-1)).toMatch(/^Your code: \d{6}$/);
  });
});

describe('registering a number', () => {
  async function arrived(settings: z.input<typeof otpSmsSettings> = {}, account = ana): Promise<Walk> {
    const own = context({ subject: { kind: 'account', account }, purpose: 'registration' });
    const walk = new Walk(makeGate(world, settings).enrol, own);
    await walk.open();
    return walk;
  }

  test('offers the number of the directory, and takes another one', async () => {
    const walk = await arrived({ 'default-country': 'GB' });
    expect(await walk.page()).toEqual({
      view: 'enrol-number',
      data: { registration: 'read-write', number: '+44 7700 900123', known: '••23' },
    });
    await walk.answer({ act: 'next', number: '07700 900456' });
    await world.challenges.idle();
    expect(texts('+447700900456')).toHaveLength(1);
    expect(texts()).toHaveLength(0);
    const code = world.phones.lastCode('+447700900456');
    expect(await walk.answer({ act: 'next', code })).toEqual({
      kind: 'passed',
      enrolment: { number: '+447700900456' },
    });
  });

  test('keeps no number before the code was right', async () => {
    const walk = await arrived();
    expect((await walk.answer({ act: 'next', number })).kind).toBe('more');
    await world.challenges.idle();
    expect((await walk.answer({ act: 'next', code: '' })).kind).toBe('more');
    const wrong = world.phones.lastCode(number) === '000000' ? '000001' : '000000';
    expect((await walk.answer({ act: 'next', code: wrong })).kind).toBe('wrong');
    expect(JSON.stringify(walk.memory)).not.toContain(number.slice(1));
  });

  test('a number that cannot be read is shown again with what is wrong with it', async () => {
    const walk = await arrived();
    expect(await walk.answer({ act: 'next', number: '07700 900456' })).toMatchObject({
      kind: 'more',
      problems: [{ field: 'number', message: { key: 'gates.number.no-country-code' } }],
    });
    expect((await walk.page()).data.number).toBe('07700 900456');
    expect(world.reports).toEqual([]);
  });

  test('in read-only mode only the number of the directory will do, and none can be posted', async () => {
    const walk = await arrived({ registration: 'read-only' });
    expect((await walk.page()).data).toEqual({ registration: 'read-only', number: '', known: '••23' });
    await expect(walk.answer({ act: 'next', number: '+447700900456' })).rejects.toMatchObject({ status: 400 });
    await walk.answer({ act: 'next' });
    await world.challenges.idle();
    expect(texts()).toHaveLength(1);
  });

  test('in read-only mode a directory without a number is told', async () => {
    const { mobile: _, ...bare } = ana;
    const walk = await arrived({ registration: 'read-only' }, bare);
    expect((await walk.page()).data.known).toBe('');
    expect(await walk.answer({ act: 'next' })).toMatchObject({
      problems: [{ message: { key: 'gates.number.not-in-directory' } }],
    });
  });

  test('the number can be changed, which buys no more messages', async () => {
    const walk = await arrived();
    for (let nth = 0; nth < 10; nth += 1) {
      world.clock.pass(60);
      await walk.answer({ act: 'next', number: `+44770090012${nth}` });
      await world.challenges.idle();
      if ((await walk.page()).view === 'enrol-code') await walk.answer({ act: 'change', code: '' });
    }
    expect(world.phones.numbers()).toHaveLength(3);
  });

  test('a code to the number before a change proves nothing', async () => {
    const walk = await arrived();
    await walk.answer({ act: 'next', number: '+447700900456' });
    await world.challenges.idle();
    const code = world.phones.lastCode('+447700900456');
    await walk.answer({ act: 'change' });
    world.clock.pass(60);
    await walk.answer({ act: 'next', number });
    await world.challenges.idle();
    if (world.phones.lastCode(number) === code) return;
    expect((await walk.answer({ act: 'next', code })).kind).toBe('wrong');
  });

  test('a message that could not be sent is told', async () => {
    world.phones.broken = true;
    const walk = await arrived();
    await walk.answer({ act: 'next', number });
    await world.challenges.idle();
    expect((await walk.page()).data.failed).toBe(true);
    expect(await walk.answer({ act: 'next', code: '123456' })).toMatchObject({
      kind: 'more',
      problems: [{ message: { key: 'gates.otp-sms.not-sent' } }],
    });
  });

  test('fields that do not belong to the page are a bad request', async () => {
    const walk = await arrived();
    await expect(walk.answer({ act: 'next' })).rejects.toMatchObject({ status: 400 });
    await expect(walk.answer({ act: 'next', number, code: '123456' })).rejects.toMatchObject({ status: 400 });
    await expect(walk.answer({ act: 'again' })).rejects.toMatchObject({ status: 400 });
    await walk.answer({ act: 'next', number });
    await expect(walk.answer({ act: 'next', number, code: '123456' })).rejects.toMatchObject({ status: 400 });
    await expect(walk.answer({ act: 'next' })).rejects.toMatchObject({ status: 400 });
  });
});

describe('the settings', () => {
  test('have a default for everything', () => {
    expect(otpSmsSettings.parse({})).toMatchObject({
      'code-length': 6,
      lifetime: 300,
      'sends-per-flow': 3,
      'seconds-between-sends': 30,
      'tries-per-code': 5,
      registration: 'read-write',
    });
  });

  test.each([
    [{ 'code-length': 5 }],
    [{ 'code-length': 11 }],
    [{ lifetime: 601 }],
    [{ text: { en: 'no place for it' } }],
    [{ 'default-country': 'Atlantis' }],
    [{ 'code-lenght': 6 }],
  ])('%j is refused', (settings) => {
    expect(otpSmsSettings.safeParse(settings).success).toBe(false);
  });
});
