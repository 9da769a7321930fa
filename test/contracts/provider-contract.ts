import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Unavailable } from '../../src/core/errors.ts';
import type { Channel, MfaProvider, ProviderNeeds } from '../../src/core/provider.ts';
import { createSealer } from '../../src/core/sealer.ts';
import type { ChallengeResult } from '../../src/core/sending/challenges.ts';
import { type ChallengeWorld, challengeWorld } from '../challenge-world.ts';
import type { Misbehaviour } from '../peers/misbehaviour.ts';
import { SettableClock } from '../settable-clock.ts';
import { CallbackDoor } from './callback-door.ts';

/** One far end, and a provider that speaks to it. */
export interface ProviderWorld {
  readonly channel: Channel;
  /** Where the far end reaches somebody. */
  readonly to: string;
  readonly provider: MfaProvider;
  /** Another instance on the same far end, as on another node or after a restart. */
  another(): MfaProvider | Promise<MfaProvider>;
  /** What must stand in no log line and no report: keys, passwords. */
  readonly secrets: readonly string[];
  /** The faults that this far end can have. */
  readonly faults: readonly Misbehaviour[];
  /** From now on the far end behaves so; undefined mends it. */
  misbehave(how: Misbehaviour | undefined): void | Promise<void>;
  /** For providers of codes: the code that arrived last. */
  lastCode?(): string;
  /** For providers of calls: what somebody does with the call that rang last. */
  readonly phone?: ContractPhone;
  /** For providers that are reported to: what a stranger or a bad network does with reports. */
  readonly reports?: {
    /** Sends the last report again. */
    repeat(): Promise<void>;
    /** Says by a report with a wrong signature that the call `reference` was confirmed. */
    forge(reference: string): Promise<void>;
  };
  close?(): Promise<void>;
}

/** What a provider is: the suite has tests for each of these. */
export interface ProviderShape {
  /** By what somebody proves who they are. */
  readonly proves: 'code' | 'call';
  /** Whether a call can ask for digits. */
  readonly matching?: boolean;
  /** Whether the far end posts what became of a call. */
  readonly reports?: boolean;
}

export interface ContractPhone {
  /** Resolves once a call rings. */
  ringing(): Promise<void>;
  press(keys: string): Promise<void>;
  hangUp(): Promise<void>;
  /** Says that it was not them, where the protocol has a way. */
  refuse?(): Promise<void>;
  /** A machine answers. */
  voicemail?(): Promise<void>;
}

const scope = { flowReference: 'flow-1', gate: 'gate-1' };
const name = 'far-end';
/** Real seconds that an outcome may take to arrive; the clock of the world stands still meanwhile. */
const patienceMs = 10_000;

/**
 * What every MfaProvider must do, as the challenge service sees it.
 * @param title what the suite is called in the report
 * @param shape which parts of the suite are about it
 * @param makeWorld called before each test; makes the provider under the given name
 */
export function providerContract(
  title: string,
  shape: ProviderShape,
  makeWorld: (needs: ProviderNeeds) => Promise<ProviderWorld>,
): void {
  describe(`provider contract: ${title}`, () => {
    const log: string[] = [];
    let clock: SettableClock;
    let door: CallbackDoor;
    let world: ProviderWorld;
    let service: ChallengeWorld;
    let attempt = 0;

    beforeEach(async () => {
      log.length = 0;
      clock = new SettableClock();
      const sealer = createSealer({ keys: [{ id: 'test', secret: randomBytes(32) }] });
      door = await CallbackDoor.open();
      world = await makeWorld({
        name,
        clock,
        sealer,
        timeoutMs: 3_000,
        callbackUrl: (reference) => door.url(name, reference),
        folder: import.meta.dirname,
        readFile: () => {
          throw new Error('the world reads no files');
        },
        log: {
          info: (about, text) => void log.push(JSON.stringify([about, text])),
          warn: (about, text) => void log.push(JSON.stringify([about, text])),
        },
      });
      service = await challengeWorld({ [world.channel]: [world.provider] }, { clock, sealer });
      door.receive = (to, callback) => service.challenges.receive(to, callback);
    });

    afterEach(async () => {
      const told = `${log.join('\n')}\n${service.reports.map((one) => `${JSON.stringify(one)} ${faultText(one.fault)}`).join('\n')}`;
      const canaries = [world.to.replace('+', ''), world.lastCode?.() ?? '', ...world.secrets].filter(Boolean);
      for (const canary of canaries) expect(told).not.toContain(canary);
      await world.misbehave(undefined);
      await service.close();
      await world.close?.();
      await door.close();
    });

    /** Begins a challenge to a number that is being registered, where everything is told. */
    function begin(changes: { match?: string } = {}): Promise<string> {
      attempt += 1;
      return service.challenges.begin({
        channel: world.channel,
        target: { kind: 'proposed', to: world.to, accountId: 'account-1' },
        ...scope,
        attempt: String(attempt),
        language: 'en',
        codeLength: 6,
        lifetimeSeconds: 300,
        text: world.channel === 'voice' ? 'Press the hash key.' : 'Your code is {code}.',
        ...changes,
      });
    }

    /** As `begin`, once the call rings. */
    async function ring(changes: { match?: string } = {}): Promise<string> {
      const id = await begin(changes);
      await world.phone?.ringing();
      return id;
    }

    async function sendCode(): Promise<{ id: string; code: string }> {
      const id = await begin();
      await service.challenges.idle();
      return { id, code: world.lastCode?.() ?? '' };
    }

    async function outcome(id: string, challenges = service.challenges): Promise<ChallengeResult['kind']> {
      for (let waited = 0; waited < patienceMs; waited += 25) {
        const { kind } = await challenges.look(id, scope);
        if (kind !== 'waiting') return kind;
        await pause(25);
      }
      return 'waiting';
    }

    test('names its channels and itself', () => {
      expect(world.provider.id).toBe(name);
      expect(world.provider.channels).toContain(world.channel);
      expect(world.provider.matchesNumbers ?? false).toBe(shape.matching ?? false);
      expect(world.phone !== undefined).toBe(shape.proves === 'call');
      expect(world.lastCode !== undefined).toBe(shape.proves === 'code');
      expect(world.reports !== undefined).toBe(shape.reports ?? false);
    });

    test('does not take a state that is not its own for an answer', async () => {
      await expect(world.provider.check({ nothing: true }, '123456')).rejects.toThrow();
    });

    test('finds its far end well, and tells when it is not', async () => {
      if (world.provider.probe === undefined) return;
      expect(await world.provider.probe()).toMatchObject({ ok: true });
      await world.misbehave('refuse-connections');
      expect(await world.provider.probe()).toMatchObject({ ok: false, remedy: expect.any(String) });
    });

    test('F19: whatever its far end does wrong is a fault: nothing passes, nothing is said against the person', async () => {
      for (const fault of world.faults) {
        await world.misbehave(fault);
        const id = await begin();
        await service.challenges.idle();
        expect.soft(service.reports.at(-1)?.kind, fault).toBe('failed');
        expect.soft(service.reports.at(-1)?.fault, fault).toBeInstanceOf(Unavailable);
        expect
          .soft(['failed', 'wrong', 'waiting'], fault)
          .toContain((await service.challenges.check(id, '000000', scope).catch(() => ({ kind: 'failed' }))).kind);
        await world.misbehave(undefined);
        await service.challenges.cancel(id, scope);
        clock.pass(60);
      }
    }, 60_000);

    test('works again after its far end did', async () => {
      await world.misbehave('refuse-connections');
      await begin();
      await service.challenges.idle();
      expect(service.reports.at(-1)?.kind).toBe('failed');
      await world.misbehave(undefined);
      const id = await begin();
      if (world.phone === undefined) {
        await service.challenges.idle();
        expect(await service.challenges.check(id, world.lastCode?.(), scope)).toEqual({ kind: 'passed' });
      } else {
        await world.phone.ringing();
        await world.phone.press('#');
        expect(await outcome(id)).toBe('passed');
      }
    });

    if (shape.proves === 'code')
      describe('codes', () => {
        test('the code that arrived passes, another one is wrong however often', async () => {
          const { id, code } = await sendCode();
          expect(code).toMatch(/^\d{6}$/);
          for (let tries = 0; tries < 7; tries += 1) {
            expect(await service.challenges.check(id, other(code), scope)).toEqual({ kind: 'wrong' });
          }
          expect(await service.challenges.check(id, '', scope)).toEqual({ kind: 'wrong' });
        });

        test('passes once', async () => {
          const { id, code } = await sendCode();
          expect(await service.challenges.check(id, other(code), scope)).toEqual({ kind: 'wrong' });
          expect(await service.challenges.check(id, code, scope)).toEqual({ kind: 'passed' });
          expect(await service.challenges.check(id, code, scope)).toEqual({ kind: 'expired' });
        });

        test('what is stored holds no readable code', async () => {
          const { id, code } = await sendCode();
          expect(JSON.stringify((await service.stores.challenges.read(id))?.body)).not.toContain(code);
        });

        test('F26: a right code that is too late is expired', async () => {
          const { id, code } = await sendCode();
          clock.pass(301);
          expect(await service.challenges.check(id, code, scope)).toEqual({ kind: 'expired' });
        });

        test('5.8: passes on another node, and after a restart', async () => {
          const { id, code } = await sendCode();
          const node = service.restarted({ [world.channel]: [await world.another()] });
          expect(await node.check(id, code, scope)).toEqual({ kind: 'passed' });
          expect(await service.challenges.check(id, code, scope)).toEqual({ kind: 'expired' });
        });

        test('an outage at the check is a fault for people and decoys alike', async () => {
          if (world.provider.rehearse === undefined) return;
          const { id, code } = await sendCode();
          const decoy = await service.challenges.begin({
            channel: world.channel,
            target: { kind: 'decoy' },
            ...scope,
            attempt: 'decoy',
            language: 'en',
            codeLength: 6,
            lifetimeSeconds: 300,
            text: '{code}',
          });
          await service.challenges.idle();
          expect(await service.challenges.check(decoy, code, scope)).toEqual({ kind: 'wrong' });
          for (const fault of ['refuse-connections', 'status-500'] as const) {
            await world.misbehave(fault);
            await expect(service.challenges.check(id, code, scope)).rejects.toBeInstanceOf(Unavailable);
            await expect(service.challenges.check(decoy, code, scope)).rejects.toBeInstanceOf(Unavailable);
          }
          await world.misbehave(undefined);
          expect(await service.challenges.check(id, code, scope)).toEqual({ kind: 'passed' });
        });

        test('5.8, F25: of fifty right answers at the same moment exactly one passes', async () => {
          const { id, code } = await sendCode();
          const kinds = (await Promise.all(fifty(() => service.challenges.check(id, code, scope)))).map(
            (one) => one.kind,
          );
          expect(kinds.filter((kind) => kind === 'passed')).toHaveLength(1);
          // A service that checks codes itself knows a used one no more, and calls it wrong.
          for (const kind of kinds) expect(['passed', 'expired', 'wrong']).toContain(kind);
        });
      });

    if (shape.proves === 'call')
      describe('calls', () => {
        test('a call waits until it is confirmed, and then passes once', async () => {
          const id = await ring();
          expect(await service.challenges.look(id, scope)).toEqual({ kind: 'waiting' });
          expect(await service.challenges.check(id, undefined, scope)).toEqual({ kind: 'waiting' });
          await world.phone?.press('#');
          expect(await outcome(id)).toBe('passed');
          expect(await service.challenges.check(id, undefined, scope)).toEqual({ kind: 'passed' });
          expect(await service.challenges.check(id, undefined, scope)).toEqual({ kind: 'expired' });
        });

        test('F34: hanging up proves nothing and is held against nobody', async () => {
          const id = await ring();
          await world.phone?.hangUp();
          expect(await outcome(id)).toBe('unanswered');
        });

        test('5.27, F34: a machine that answers proves nothing', async () => {
          if (world.phone?.voicemail === undefined) return;
          const id = await ring();
          await world.phone.voicemail();
          expect(await outcome(id)).toBe('unanswered');
        });

        test('somebody who says that it was not them is heard', async () => {
          if (world.phone?.refuse === undefined) return;
          const id = await ring();
          await world.phone.refuse();
          expect(await outcome(id)).toBe('refused');
        });

        test('is seen on another node, and after a restart', async () => {
          const id = await ring();
          await world.phone?.press('#');
          expect(await outcome(id)).toBe('passed');
          const node = service.restarted({ [world.channel]: [await world.another()] });
          expect(await outcome(id, node)).toBe('passed');
          expect(await node.check(id, undefined, scope)).toEqual({ kind: 'passed' });
        });

        test('an outage while a call rings looks the same to people and to decoys', async () => {
          const id = await ring();
          const decoy = await service.challenges.begin({
            channel: 'voice',
            target: { kind: 'decoy' },
            ...scope,
            attempt: 'decoy',
            language: 'en',
            codeLength: 6,
            lifetimeSeconds: 300,
            text: 'Press the hash key.',
          });
          const seen = (one: string) => service.challenges.look(one, scope).catch(() => ({ kind: 'fault' }));
          expect(await seen(decoy)).toEqual(await seen(id));
          await world.misbehave('refuse-connections');
          expect(await seen(decoy)).toEqual(await seen(id));
          await world.misbehave(undefined);
        });

        test('F21: a confirmation that comes after its time is worth nothing', async () => {
          const id = await ring();
          clock.pass(301);
          await world.phone?.press('#');
          await service.challenges.idle();
          expect(await service.challenges.check(id, undefined, scope)).toEqual({ kind: 'expired' });
        });

        test('a call that was withdrawn is worth nothing, whatever is pressed', async () => {
          const id = await ring();
          await service.challenges.cancel(id, scope);
          await world.phone?.press('#');
          await service.challenges.idle();
          expect(await service.challenges.check(id, undefined, scope)).toEqual({ kind: 'expired' });
        });

        test('5.8, F25: of fifty checks at the same moment exactly one passes', async () => {
          const id = await ring();
          await world.phone?.press('#');
          expect(await outcome(id)).toBe('passed');
          const kinds = (await Promise.all(fifty(() => service.challenges.check(id, undefined, scope)))).map(
            (one) => one.kind,
          );
          expect(kinds.filter((kind) => kind === 'passed')).toHaveLength(1);
          for (const kind of kinds) expect(['passed', 'expired']).toContain(kind);
        });
      });

    if (shape.matching)
      describe('number matching', () => {
        test.each([
          ['42#', 'passed'],
          ['24#', 'wrong'],
          ['421#', 'wrong'],
          ['4#', 'wrong'],
        ])('%s against 42 is %s', async (keys, kind) => {
          const id = await ring({ match: '42' });
          await world.phone?.press(keys);
          expect(await outcome(id)).toBe(kind);
        });

        test('5.27: the hash key alone proves nothing', async () => {
          const id = await ring({ match: '42' });
          await world.phone?.press('#');
          expect(await outcome(id)).not.toBe('passed');
        });
      });

    if (shape.reports)
      describe('reports of the far end', () => {
        test('F21: that come twice change nothing', async () => {
          const id = await ring();
          await world.phone?.press('#');
          expect(await outcome(id)).toBe('passed');
          await world.reports?.repeat();
          expect(await service.challenges.check(id, undefined, scope)).toEqual({ kind: 'passed' });
          await world.reports?.repeat();
          expect(await service.challenges.check(id, undefined, scope)).toEqual({ kind: 'expired' });
        });

        test('F21: that are forged are refused and change nothing', async () => {
          const id = await ring();
          await world.reports?.forge(id);
          expect(door.statuses.at(-1)).toBe(403);
          expect(await service.challenges.look(id, scope)).toEqual({ kind: 'waiting' });
          await world.phone?.hangUp();
          expect(await outcome(id)).toBe('unanswered');
        });

        test('F21: about a call that ended otherwise do not change how it ended', async () => {
          const id = await ring();
          await world.phone?.hangUp();
          expect(await outcome(id)).toBe('unanswered');
          await service.stores.challenges.conclude(id, 'passed', clock.now());
          expect(await outcome(id)).toBe('unanswered');
        });
      });
  });
}

/** Another code of the same length. */
function other(code: string): string {
  return code.replace(/\d$/, (last) => String((Number(last) + 1) % 10));
}

function fifty<Result>(make: () => Promise<Result>): readonly Promise<Result>[] {
  return Array.from({ length: 50 }, make);
}

/** All that a log would write of a fault. */
function faultText(fault: unknown): string {
  if (!(fault instanceof Error)) return '';
  return `${fault.message} ${fault.stack ?? ''} ${JSON.stringify(fault)} ${faultText(fault.cause)}`;
}
