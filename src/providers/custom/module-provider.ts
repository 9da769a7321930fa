import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Unavailable } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type {
  ChallengeRequest,
  Channel,
  CheckResult,
  KeepState,
  MfaProvider,
  ProviderNeeds,
  StartResult,
} from '../../core/provider.ts';
import type { PhoneCallStatus, PhoneServiceProvider, SmsServiceProvider } from './phone-service-provider.ts';
import { TextHalf } from './texts-and-calls.ts';

const callState = z.strictObject({ call: z.string(), status: z.enum(['pending', 'success', 'failed']) });
const statusSchema = z.enum(['pending', 'success', 'failed']);
const results = { pending: 'waiting', success: 'passed', failed: 'unanswered' } as const;

/** What a module offers: calls, texts, or both. */
export type CustomModule = { readonly calls?: PhoneServiceProvider; readonly texts?: SmsServiceProvider };

/** A package with the members of MIM's custom providers. */
export class CustomModuleProvider implements MfaProvider {
  readonly id: string;
  readonly channels: readonly Channel[];
  readonly #module: CustomModule;
  readonly #needs: ProviderNeeds;
  readonly #texts: TextHalf;

  constructor(module: CustomModule, needs: ProviderNeeds) {
    this.id = needs.name;
    this.channels = [...(module.calls ? (['voice'] as const) : []), ...(module.texts ? (['sms'] as const) : [])];
    this.#module = module;
    this.#needs = needs;
    this.#texts = new TextHalf(async ({ to, text, language, reference }) => {
      await this.#ask('sendSms', () => module.texts?.sendSms(to, text, guidOf(reference), { language }));
      return { kind: 'delivered' };
    }, needs);
  }

  async start(request: ChallengeRequest, keep: KeepState): Promise<StartResult> {
    if (request.channel === 'sms') return this.#texts.start(request, keep);
    const call = guidOf(request.reference);
    await keep({ call, status: 'pending' });
    const { to, text, language } = request;
    const status = await this.#status('initiateCall', () =>
      this.#module.calls?.initiateCall(to, call, { text, language }),
    );
    await this.#explain(status, call);
    return { kind: 'started', state: { call, status } };
  }

  async check(state: Json, answer: string | undefined): Promise<CheckResult> {
    const text = await this.#texts.check(state, answer);
    if (text !== undefined) return text;
    const { call, status } = callState.parse(state);
    if (status !== 'pending') return { kind: results[status] };
    const now = await this.#status('getCallStatus', () => this.#module.calls?.getCallStatus(call));
    await this.#explain(now, call);
    return { kind: results[now] };
  }

  async #status(
    what: string,
    ask: () => PhoneCallStatus | Promise<PhoneCallStatus> | undefined,
  ): Promise<PhoneCallStatus> {
    const told = statusSchema.safeParse(await this.#ask(what, ask));
    if (!told.success) throw new Unavailable(`${what} of the module gave something that is no status`);
    return told.data;
  }

  async #explain(status: PhoneCallStatus, call: string): Promise<void> {
    if (status !== 'failed') return;
    const why = await this.#ask('getFailureMessage', () => this.#module.calls?.getFailureMessage(call)).catch(() => '');
    // Its text is a stranger's: a number in it would be in the log.
    this.#needs.log.info({ why: String(why).replace(/\d/g, '•').slice(0, 200) }, 'a call failed');
  }

  /** What a module throws may hold anything; and it must not keep anybody waiting for ever. */
  async #ask<Answer>(what: string, ask: () => Answer | Promise<Answer>): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Unavailable(`${what} of the module took too long`)), this.#needs.timeoutMs);
    });
    try {
      return await Promise.race([Promise.resolve().then(ask), late]);
    } catch (fault) {
      throw fault instanceof Unavailable ? fault : new Unavailable(`${what} of the module threw`);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** MIM hands over a Guid: the same for the same reference. */
function guidOf(reference: string): string {
  const hex = createHash('sha256').update(reference).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
