import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Json } from '../json.ts';
import type { ChallengeRequest, CheckResult, Courier, KeepState, MfaProvider, StartResult } from '../provider.ts';
import type { Sealer } from '../sealer.ts';

export interface CourierProviderNeeds {
  readonly courier: Courier;
  readonly clock: Clock;
  /** Keyed hashes: nobody without the key can try codes. */
  readonly sealer: Pick<Sealer, 'mac' | 'macMatches'>;
  /**
   * Host name of the portals, for requests that name none. Browsers then offer the code of a text message on that host
   * only (WICG sms-one-time-codes).
   */
  readonly host?: string;
}

const purpose = 'challenge-code';
const stateSchema = z.strictObject({ reference: z.string(), hash: z.string(), expiresAt: z.iso.datetime() });

/** Makes an MfaProvider of a gateway that only delivers: Latchkey makes the code and keeps a keyed hash of it. */
export function courierProvider(needs: CourierProviderNeeds): MfaProvider {
  const { courier } = needs;
  return {
    id: courier.id,
    channels: courier.channels,
    start: (request, keep) => start(needs, request, keep),
    check: async (state, answer) => check(needs, state, answer),
  };
}

async function start(needs: CourierProviderNeeds, request: ChallengeRequest, keep: KeepState): Promise<StartResult> {
  const { reference, channel, to, language, subject } = request;
  const code = makeCode(request.codeLength);
  const expiresAt = new Date(needs.clock.now().getTime() + request.lifetimeSeconds * 1000).toISOString();
  const state = { reference, hash: needs.sealer.mac(purpose, boundCode(reference, code)), expiresAt };
  await keep(state);
  const result = await needs.courier.deliver({
    channel,
    to,
    reference,
    language,
    text: write(needs, request, code),
    ...(subject === undefined ? {} : { subject }),
  });
  return result.kind === 'delivered' ? { kind: 'started', state } : result;
}

function check(needs: CourierProviderNeeds, state: Json, answer: string | undefined): CheckResult {
  const { reference, hash, expiresAt } = stateSchema.parse(state);
  if (needs.clock.now() >= new Date(expiresAt)) return { kind: 'expired' };
  const right = needs.sealer.macMatches(purpose, boundCode(reference, answer ?? ''), hash);
  return { kind: right ? 'passed' : 'wrong' };
}

/** Every code of that length is as likely as any other, leading zeros included. */
function makeCode(length: number): string {
  return String(randomInt(10 ** length)).padStart(length, '0');
}

/** The same code of another challenge has another hash. */
function boundCode(reference: string, code: string): string {
  return `${reference}:${code}`;
}

function write(needs: CourierProviderNeeds, request: ChallengeRequest, code: string): string {
  const text = request.text.replaceAll('{code}', () => code);
  const host = request.host ?? needs.host;
  return request.channel === 'sms' && host !== undefined ? `${text}\n\n@${host} #${code}` : text;
}
