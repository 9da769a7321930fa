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
import { awaitEnd, questionMs } from './await-end.ts';
import type { PhoneCallStatus, PhoneServiceProvider, SmsServiceProvider } from './phone-service-provider.ts';
import { scrubbed } from './scrubbed.ts';
import { TextHalf } from './texts-and-calls.ts';

const callState = z.strictObject({ call: z.string(), status: z.enum(['pending', 'success', 'failed']) });
const results = { pending: 'waiting', success: 'passed', failed: 'unanswered' } as const;
/** MIM's own spelling of its values is taken, as that of its members is. */
const statuses: ReadonlyMap<unknown, PhoneCallStatus> = new Map(
  (['pending', 'success', 'failed'] as const).flatMap((status) => [
    [status, status],
    [status.charAt(0).toUpperCase() + status.slice(1), status],
  ]),
);

/** What a module offers: calls, texts, or both. */
export interface CustomModule {
  readonly calls?: PhoneServiceProvider;
  readonly texts?: SmsServiceProvider;
  /** Seconds between two questions about a call that is pending. */
  readonly pollSeconds: number;
  /** What the module was given and its faults may tell: kept out of the log. */
  readonly secrets: readonly string[];
}

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
      await this.#ask('sendSms', needs.timeoutMs, () =>
        module.texts?.sendSms(to, text, guidOf(reference), { language }),
      );
      return { kind: 'delivered' };
    }, needs);
  }

  /** Lasts as long as the call: what became of it is known to the process that began it, and stored by the core. */
  async start(request: ChallengeRequest, keep: KeepState): Promise<StartResult> {
    if (request.channel === 'sms') return this.#texts.start(request, keep);
    const began = performance.now();
    const { to, text, language } = request;
    const call = guidOf(request.reference);
    await keep({ call, status: 'pending' });
    const first = await this.#status('initiateCall', this.#needs.timeoutMs, () =>
      this.#module.calls?.initiateCall(to, call, { text, language }),
    );
    const status = first === 'pending' ? await this.#end(call, began) : first;
    if (status === 'failed') await this.#explain(call);
    return { kind: 'started', state: { call, status } };
  }

  async check(state: Json, answer: string | undefined): Promise<CheckResult> {
    const text = await this.#texts.check(state, answer);
    return text ?? { kind: results[callState.parse(state).status] };
  }

  /** A call without an end in its time proves nothing. */
  async #end(call: string, began: number): Promise<PhoneCallStatus> {
    const { timeoutMs, log } = this.#needs;
    const ask = async () => {
      const now = await this.#status('getCallStatus', questionMs(timeoutMs), () =>
        this.#module.calls?.getCallStatus(call),
      );
      return now === 'pending' ? undefined : now;
    };
    return (await awaitEnd({ ask, seconds: this.#module.pollSeconds, timeoutMs, began, log })) ?? 'failed';
  }

  async #status(
    what: string,
    limitMs: number,
    ask: () => PhoneCallStatus | Promise<PhoneCallStatus> | undefined,
  ): Promise<PhoneCallStatus> {
    const told = statuses.get(await this.#ask(what, limitMs, ask));
    if (told === undefined) throw new Unavailable(`${what} of the module gave something that is no status`);
    return told;
  }

  async #explain(call: string): Promise<void> {
    const limitMs = questionMs(this.#needs.timeoutMs);
    const ask = () => this.#module.calls?.getFailureMessage(call);
    const why = await this.#ask('getFailureMessage', limitMs, ask).catch(() => '');
    this.#needs.log.info({ why: scrubbed(String(why), this.#module.secrets) }, 'a call failed');
  }

  /** What a module throws may hold anything; and it must not keep anybody waiting for ever. */
  async #ask<Answer>(what: string, limitMs: number, ask: () => Answer | Promise<Answer>): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Unavailable(`${what} of the module took too long`)), limitMs);
    });
    try {
      return await Promise.race([Promise.resolve().then(ask), late]);
    } catch (fault) {
      if (fault instanceof Unavailable) throw fault;
      const said = fault instanceof Error ? fault.message : String(fault);
      throw new Unavailable(`${what} of the module threw: ${scrubbed(said, this.#module.secrets)}`);
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
