import { randomBytes } from 'node:crypto';
import type { ChallengeRequest, MfaProvider, ProviderNeeds, StartResult } from '../../src/core/provider.ts';
import { createSealer } from '../../src/core/sealer.ts';
import { SettableClock } from '../settable-clock.ts';

export interface TestNeeds extends ProviderNeeds {
  readonly clock: SettableClock;
  /** Lines that the provider logged. */
  readonly lines: readonly string[];
}

/** What a provider is given outside the contract suite. */
export function testNeeds(changes: Partial<ProviderNeeds> = {}): TestNeeds {
  const lines: string[] = [];
  const take = (about: object, text: string): void => void lines.push(JSON.stringify([about, text]));
  return {
    name: 'far-end',
    timeoutMs: 3_000,
    sealer: createSealer({ keys: [{ id: 'test', secret: randomBytes(32) }] }),
    callbackUrl: (reference) => `https://password.example/callbacks/far-end/${reference}`,
    folder: import.meta.dirname,
    readFile: () => {
      throw new Error('no file is named');
    },
    log: { info: take, warn: take },
    ...changes,
    clock: new SettableClock(),
    lines,
  };
}

export const number = '+442079460123';

export function requestTo(to: string, changes: Partial<ChallengeRequest> = {}): ChallengeRequest {
  const common = { channel: 'voice', reference: 'reference-1', language: 'en', codeLength: 6 } as const;
  return { ...common, to, lifetimeSeconds: 300, text: 'Your code is {code}.', ...changes };
}

export function start(provider: MfaProvider, changes: Partial<ChallengeRequest> = {}): Promise<StartResult> {
  return provider.start(requestTo(number, changes), async () => undefined);
}
