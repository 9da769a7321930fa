import { randomInt, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import type { MfaProvider } from '../../core/provider.ts';
import { Bounded } from './bounded.ts';
import type { VirtualPhones } from './virtual-phones.ts';

interface Verification {
  readonly code: string;
  readonly expiresAt: Date;
}

const maxVerifications = 10_000;
const stateSchema = z.strictObject({ verification: z.string() });

/** The far end of a service that makes and verifies codes by itself: it outlives Latchkey, as a real one would. */
export class VirtualVerifyService {
  readonly #phones: VirtualPhones;
  readonly #clock: Clock;
  readonly #verifications = new Bounded<Verification>(maxVerifications);

  constructor(needs: { phones: VirtualPhones; clock: Clock }) {
    this.#phones = needs.phones;
    this.#clock = needs.clock;
  }

  /** Sends a code of its own to a number and returns what to ask for later. */
  begin(to: string, codeLength: number, lifetimeSeconds: number): string {
    const id = randomUUID();
    const code = String(randomInt(10 ** codeLength)).padStart(codeLength, '0');
    const expiresAt = new Date(this.#clock.now().getTime() + lifetimeSeconds * 1000);
    this.#verifications.set(id, { code, expiresAt });
    this.#phones.text(to, `Your verification code is: ${code}`);
    return id;
  }

  decide(id: string, code: string): 'right' | 'wrong' | 'gone' {
    const verification = this.#verifications.get(id);
    if (verification === undefined || this.#clock.now() >= verification.expiresAt) return 'gone';
    return verification.code === code ? 'right' : 'wrong';
  }
}

/** A service that makes and verifies the code: Latchkey never sees it. */
export function virtualVerify(service: VirtualVerifyService, id = 'virtual-verify'): MfaProvider {
  const results = { right: 'passed', wrong: 'wrong', gone: 'expired' } as const;
  return {
    id,
    channels: ['sms'],
    async start({ to, codeLength, lifetimeSeconds }) {
      return { kind: 'started', state: { verification: service.begin(to, codeLength, lifetimeSeconds) } };
    },
    async check(state, answer) {
      const { verification } = stateSchema.parse(state);
      return { kind: results[service.decide(verification, answer ?? '')] };
    },
  };
}
