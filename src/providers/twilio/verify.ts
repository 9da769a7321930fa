import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Unavailable } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type {
  ChallengeRequest,
  CheckResult,
  MfaProvider,
  ProbeResult,
  ProviderNeeds,
  StartResult,
} from '../../core/provider.ts';
import type { TwilioClient } from './client.ts';
import { probeTwilio } from './probe.ts';
import { faultOf, refusalIn, refused } from './refusals.ts';
import type { TwilioVerifySettings } from './settings.ts';
import { verifyLocale } from './verify-locale.ts';

const stateSchema = z.strictObject({ verification: z.string(), expiresAt: z.iso.datetime() });
const startedSchema = z.object({ sid: z.string().regex(/^VE/), status: z.literal('pending') });
const checkedSchema = z.object({
  status: z.enum(['pending', 'approved', 'canceled', 'max_attempts_reached', 'expired']),
});

/**
 * Twilio Verify, for texts: Twilio makes the code, sends it and checks it. While a verification of a number is pending,
 * Twilio sends the same code again, so an earlier text stays good for a later challenge; it is the same person's number.
 * Calls are not offered: Verify speaks a code, and the phone gate is proved at the phone.
 */
export class TwilioVerify implements MfaProvider {
  readonly id: string;
  readonly channels = ['sms'] as const;
  readonly codeLength: number;
  readonly #settings: TwilioVerifySettings;
  readonly #needs: ProviderNeeds;
  readonly #client: TwilioClient;

  constructor(settings: TwilioVerifySettings, needs: ProviderNeeds, client: TwilioClient) {
    this.id = needs.name;
    this.codeLength = settings['code-length'];
    this.#settings = settings;
    this.#needs = needs;
    this.#client = client;
  }

  async start(request: ChallengeRequest): Promise<StartResult> {
    const locale = verifyLocale(request.language);
    const inLocale = locale === undefined ? {} : { locale };
    try {
      const made: unknown = await this.#service.verifications.create({ to: request.to, channel: 'sms', ...inLocale });
      const known = startedSchema.safeParse(made);
      if (!known.success) throw new Unavailable('Twilio Verify answered with something strange');
      this.#needs.log.info({ verification: known.data.sid }, 'Twilio sent a code');
      const expiresAt = new Date(this.#needs.clock.now().getTime() + request.lifetimeSeconds * 1000).toISOString();
      return { kind: 'started', state: { verification: known.data.sid, expiresAt } };
    } catch (fault) {
      return { kind: 'rejected', reason: refused(fault) };
    }
  }

  async check(state: Json, answer: string | undefined): Promise<CheckResult> {
    const { verification, expiresAt } = stateSchema.parse(state);
    if (this.#needs.clock.now() >= new Date(expiresAt)) return { kind: 'expired' };
    return { kind: (await this.#approves(verification, answer ?? '')) ? 'passed' : 'wrong' };
  }

  async rehearse(): Promise<void> {
    await this.#approves(`VE${randomBytes(16).toString('hex')}`, '000000');
  }

  probe(): Promise<ProbeResult> {
    return probeTwilio(async () => {
      const { sid, codeLength } = await this.#service.fetch();
      if (sid !== this.#settings['service-sid']) throw new Unavailable('Twilio Verify answered with something strange');
      if (typeof codeLength !== 'number' || codeLength === this.codeLength) {
        return { ok: true, detail: 'the Verify service answers, and takes the credentials' };
      }
      const detail = `the Verify service makes codes of ${codeLength} digits`;
      return { ok: false, detail, remedy: `Set code-length to ${codeLength}, or the service to ${this.codeLength}.` };
    });
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  get #service() {
    return this.#client.api.verify.v2.services(this.#settings['service-sid']);
  }

  /** A verification that Twilio does not know any more (404), and one that was tried too often (60202), approve nothing. */
  async #approves(verificationSid: string, typed: string): Promise<boolean> {
    const code = typed.replace(/\D/g, '');
    try {
      const asked = { verificationSid, code: code === '' ? '000000000' : code };
      const told: unknown = await this.#service.verificationChecks.create(asked);
      const known = checkedSchema.safeParse(told);
      if (!known.success) throw new Unavailable('Twilio Verify answered with something strange');
      return known.data.status === 'approved' && code !== '';
    } catch (fault) {
      const refusal = refusalIn(fault);
      if (refusal?.status === 404 || refusal?.code === 60202 || refusal?.code === 60200) return false;
      throw faultOf(fault);
    }
  }
}
