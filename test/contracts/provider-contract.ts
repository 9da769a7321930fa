import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Unavailable } from '../../src/core/errors.ts';
import type { Json } from '../../src/core/json.ts';
import type { ChallengeRequest, Channel, MfaProvider } from '../../src/core/provider.ts';
import { type ChallengeWorld, challengeWorld } from '../challenge-world.ts';

/** One far end, and a provider that speaks to it. */
export interface ProviderWorld {
  readonly channel: Channel;
  /** Where the far end reaches somebody. */
  readonly to: string;
  readonly provider: MfaProvider;
  /** Another instance on the same far end, as after a restart of Latchkey. */
  restarted(): MfaProvider;
  /** Lets time pass, for the provider and for the far end. */
  pass(seconds: number): void;
  /** From now on the far end cannot be reached. */
  breakIt(): void;
  /** For providers of codes: the code that arrived last. */
  lastCode?(): string;
  /** For providers of calls: what somebody does with the call that rang last. */
  readonly phone?: { confirm(): void; hangUp(): void; refuse(): void };
}

/**
 * What every MfaProvider must do.
 * @param name what the suite is called in the report
 * @param makeWorld called before each test
 */
export function providerContract(name: string, makeWorld: () => ProviderWorld): void {
  describe(`provider contract: ${name}`, () => {
    let world: ProviderWorld;
    beforeEach(() => {
      world = makeWorld();
    });

    function request(): ChallengeRequest {
      const { channel, to } = world;
      const common = { reference: 'reference-1', language: 'en', codeLength: 6, lifetimeSeconds: 300 };
      return { channel, to, ...common, text: channel === 'voice' ? 'Press the hash key.' : 'Your code is {code}.' };
    }

    /** Starts, and sends the state through JSON, as the store does. */
    async function started(): Promise<Json> {
      const result = await world.provider.start(request(), async () => {});
      if (result.kind !== 'started') throw new Error(`rejected: ${result.reason}`);
      const stored = JSON.parse(JSON.stringify(result.state)) as Json;
      expect(stored).toEqual(result.state);
      return stored;
    }

    test('names its channels and itself', () => {
      expect(world.provider.id).toMatch(/^[a-z0-9-]+$/);
      expect(world.provider.channels).toContain(world.channel);
    });

    test('throws Unavailable when the far end cannot be reached', async () => {
      world.breakIt();
      await expect(world.provider.start(request(), async () => {})).rejects.toBeInstanceOf(Unavailable);
    });

    test('does not take a state that is not its own for an answer', async () => {
      await expect(world.provider.check({ nothing: true }, '123456')).rejects.toThrow();
    });

    if (makeWorld().lastCode !== undefined) {
      test('the code that arrived passes, another one is wrong', async () => {
        const state = await started();
        const code = world.lastCode?.() ?? '';
        expect(code).toMatch(/^\d{6}$/);
        expect(await world.provider.check(state, other(code))).toEqual({ kind: 'wrong' });
        expect(await world.provider.check(state, '')).toEqual({ kind: 'wrong' });
        expect(await world.provider.check(state, undefined)).toEqual({ kind: 'wrong' });
        expect(await world.provider.check(state, code)).toEqual({ kind: 'passed' });
      });

      test('the state holds no readable code', async () => {
        const state = await started();
        expect(JSON.stringify(state)).not.toContain(world.lastCode?.() ?? 'no code arrived');
      });

      test('a right code that is too late is expired', async () => {
        const state = await started();
        const code = world.lastCode?.() ?? '';
        world.pass(301);
        expect(await world.provider.check(state, code)).toEqual({ kind: 'expired' });
      });

      test('a code survives a restart', async () => {
        const state = await started();
        expect(await world.restarted().check(state, world.lastCode?.())).toEqual({ kind: 'passed' });
      });

      test('the code of one challenge is worth nothing in another', async () => {
        await started();
        const first = world.lastCode?.() ?? '';
        const second = await world.provider.start({ ...request(), reference: 'reference-2' }, async () => {});
        if (second.kind !== 'started') throw new Error(second.reason);
        if (world.lastCode?.() === first) return;
        expect(await world.provider.check(second.state, first)).toEqual({ kind: 'wrong' });
      });
    }

    if (makeWorld().phone !== undefined) {
      test('a call waits until it is confirmed, and then says so again and again', async () => {
        const state = await started();
        expect(await world.provider.check(state, undefined)).toEqual({ kind: 'waiting' });
        world.phone?.confirm();
        expect(await world.provider.check(state, undefined)).toEqual({ kind: 'passed' });
        expect(await world.restarted().check(state, undefined)).toEqual({ kind: 'passed' });
      });

      test('hanging up, saying no and letting it ring are three different things', async () => {
        const hungUp = await started();
        world.phone?.hangUp();
        expect(await world.provider.check(hungUp, undefined)).toEqual({ kind: 'unanswered' });
        const refused = await started();
        world.phone?.refuse();
        expect(await world.provider.check(refused, undefined)).toEqual({ kind: 'refused' });
        const ringing = await started();
        world.pass(600);
        expect(await world.provider.check(ringing, undefined)).toEqual({ kind: 'unanswered' });
      });

      test('a call that ended stays as it ended', async () => {
        const state = await started();
        world.phone?.hangUp();
        world.phone?.confirm();
        expect(await world.provider.check(state, undefined)).toEqual({ kind: 'unanswered' });
      });
    }

    describe('behind the challenge service', () => {
      let service: ChallengeWorld;
      beforeEach(async () => {
        service = await challengeWorld({ [world.channel]: [world.provider] });
      });
      afterEach(() => service.close());

      test('of fifty right answers at the same moment exactly one passes', async () => {
        const { challenges } = service;
        const scope = { flowReference: 'flow-1', gate: 'gate-1' };
        const { channel, to, language, codeLength, lifetimeSeconds, text } = request();
        const target = { kind: 'proposed', to } as const;
        const order = { channel, target, ...scope, attempt: '1', language, codeLength, lifetimeSeconds, text };
        const id = await challenges.begin(order);
        await challenges.idle();
        world.phone?.confirm();
        const answers = Array.from({ length: 50 }, () => challenges.check(id, world.lastCode?.(), scope));
        const kinds = (await Promise.all(answers)).map((one) => one.kind);
        expect(kinds.filter((kind) => kind === 'passed')).toHaveLength(1);
        expect(new Set(kinds)).toEqual(new Set(['passed', 'expired']));
      });
    });
  });
}

/** Another code of the same length. */
function other(code: string): string {
  return code.replace(/\d$/, (last) => String((Number(last) + 1) % 10));
}
