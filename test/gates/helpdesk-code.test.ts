import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Unavailable } from '../../src/core/errors.ts';
import type { Gate, Subject } from '../../src/core/gate.ts';
import { helpdeskCodeGate } from '../../src/gates/helpdesk-code/gate.ts';
import { helpdeskCodeSettings } from '../../src/gates/helpdesk-code/settings.ts';
import { type ChallengeWorld, challengeWorld } from '../challenge-world.ts';
import { type GateWorld, gateContract, Walk } from '../contracts/gate-contract.ts';
import { ana } from './people.ts';

const number = '+447700900123';

function makeGate(world: ChallengeWorld): Gate {
  return helpdeskCodeGate.create(helpdeskCodeSettings.parse({}), { challenges: world.challenges });
}

let issued = 0;

/** What the helpdesk's desk does: has a code sent to the number of another gate, and keeps where it is judged. */
async function issue(world: ChallengeWorld): Promise<{ challenge: string; reference: string; channel: 'sms' }> {
  const data = { number };
  await world.stores.enrolments.keep({ accountId: ana.id, gate: 'otp-sms', data, provedAt: world.clock.now() });
  issued += 1;
  const reference = `helpdesk-${issued}`;
  const challenge = await world.challenges.begin({
    channel: 'sms',
    target: { kind: 'enrolled-at', accountId: ana.id, gate: 'otp-sms' },
    gate: 'helpdesk-code',
    flowReference: reference,
    attempt: 'issued',
    language: 'en',
    codeLength: 8,
    lifetimeSeconds: 600,
    text: 'Code: {code}',
  });
  await world.challenges.idle();
  return { challenge, reference, channel: 'sms' };
}

async function makeWorld(): Promise<GateWorld> {
  const world = await challengeWorld();
  const gate = makeGate(world);
  const code = () => world.phones.lastCode(number);
  return {
    gate,
    account: ana,
    flowReference: 'flow-1',
    told: 'wrong',
    enrolled: () => issue(world),
    right: async () => ({ code: code() }),
    wrong: async (_page, nth) => ({ code: String((Number(code()) + nth + 1) % 100_000_000).padStart(8, '0') }),
    settled: () => world.challenges.idle(),
    breakIt: () => {
      const fault = async () => Promise.reject(new Unavailable('the store is gone'));
      Object.assign(world.stores.challenges, { read: fault, move: fault });
    },
    secrets: () => [number, number.slice(1), '7700900123', code()],
    close: () => world.close(),
  };
}

gateContract(helpdeskCodeGate, makeWorld);

let world: ChallengeWorld;
let gate: Gate;
beforeEach(async () => {
  world = await challengeWorld();
  gate = makeGate(world);
});
afterEach(() => world.close());

const decoy: Subject = { kind: 'decoy', seed: 'ab'.repeat(32) };

async function arrived(subject?: Subject): Promise<Walk> {
  const own: Subject = subject ?? { kind: 'account', account: ana, enrolment: await issue(world) };
  const walk = new Walk(gate.verify, {
    subject: own,
    memory: null,
    language: 'en',
    purpose: 'reset',
    flowReference: 'flow-1',
  });
  await walk.open();
  return walk;
}

describe('a code of the helpdesk', () => {
  test('has eight digits, in any script and with spaces, and goes nowhere when the page opens', async () => {
    const walk = await arrived();
    const code = world.phones.lastCode(number);
    expect(code).toMatch(/^\d{8}$/);
    expect(world.phones.phone(number).texts).toHaveLength(1);
    const arabic = code.replaceAll(/\d/g, (digit) => String.fromCodePoint(0x660 + Number(digit)));
    expect(await walk.answer({ code: `${arabic.slice(0, 4)} ${arabic.slice(4)}` })).toEqual({ kind: 'passed' });
  });

  test('is told as wrong once its ten minutes are over, as a decoy’s is', async () => {
    const walk = await arrived();
    const code = world.phones.lastCode(number);
    world.clock.pass(600);
    const verdicts = [await walk.answer({ code }), await (await arrived(decoy)).answer({ code })];
    for (const verdict of verdicts) {
      expect(verdict).toMatchObject({ kind: 'wrong', problem: { message: { key: 'gates.helpdesk-code.code-wrong' } } });
    }
  });

  test('is judged with the same work wherever it went, and where there is none', async () => {
    const byText = await issue(world);
    const byMail = { ...byText, channel: 'email' } as const;
    const { read } = world.stores.challenges;
    let reads = 0;
    const counting = (id: string) => {
      reads += 1;
      return read.call(world.stores.challenges, id);
    };
    Object.assign(world.stores.challenges, { read: counting });
    const work = async (subject: Subject): Promise<number> => {
      const walk = await arrived(subject);
      reads = 0;
      expect((await walk.answer({ code: '00000000' })).kind).toBe('wrong');
      return reads;
    };
    const ofMail = await work({ kind: 'account', account: ana, enrolment: byMail });
    const ofText = await work({ kind: 'account', account: ana, enrolment: byText });
    expect([ofText, ofMail]).toEqual([ofMail, await work(decoy)]);
  });

  test('of another account passes nobody', async () => {
    const theirs = await issue(world);
    const code = world.phones.lastCode(number);
    const mine = await issue(world);
    expect(mine.challenge).not.toBe(theirs.challenge);
    const walk = await arrived({ kind: 'account', account: ana, enrolment: mine });
    expect((await walk.answer({ code })).kind).toBe('wrong');
    expect((await walk.answer({ code: world.phones.lastCode(number) })).kind).toBe('passed');
  });

  test.each(['', ' ', '1234567', '123456789', '1234567a', '12345678; drop'])(
    'what cannot be one (%j) is sent back without being a try',
    async (code) => {
      for (const walk of [await arrived(), await arrived(decoy)]) {
        const verdict = await walk.answer({ code });
        expect(verdict).toMatchObject({ kind: 'more', problems: [{ field: 'code' }] });
      }
    },
  );

  test('cannot be registered by anybody', async () => {
    const context = {
      subject: { kind: 'account', account: ana },
      memory: null,
      language: 'en',
      purpose: 'registration',
      flowReference: 'f',
    } as const;
    await expect(gate.enrol.open(context)).rejects.toThrow();
    await expect(gate.enrol.show(context)).rejects.toThrow();
    await expect(gate.enrol.answer({}, context)).rejects.toThrow();
  });
});
