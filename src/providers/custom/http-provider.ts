import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { OutOfService, Unavailable } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type {
  Callback,
  CallOutcome,
  ChallengeRequest,
  CheckResult,
  KeepState,
  MfaProvider,
  ProbeResult,
  ProviderNeeds,
  Received,
  StartResult,
} from '../../core/provider.ts';
import { isForbiddenHost } from '../../outbound/addresses.ts';
import type { HttpClient } from '../../outbound/http-client.ts';
import { awaitEnd, pollSeconds } from './await-end.ts';
import { isSigned, sign } from './signature.ts';
import { TextHalf } from './texts-and-calls.ts';

/** A service of one's own over HTTPS, as docs/custom-provider.md describes it. */
export const customHttpSettings = z.strictObject({
  /** `/start` and `/status` lie below it. */
  url: z
    .url({ protocol: /^https$/ })
    .refine((text) => !/[?#]/.test(text), 'must have no query')
    .refine((text) => !isForbiddenHost(new URL(text).hostname), 'must not be a link-local address')
    .transform((url) => url.replace(/\/$/, '')),
  /** Known to both sides: signs every message. */
  secret: z.string().min(32, 'must have at least 32 characters'),
  /** PEM of the authority that issued the service's certificate; left out, the system's authorities. */
  'ca-file': z.string().optional(),
  /** Whether a call can ask for two digits. */
  'number-matching': z.boolean().default(false),
  /** For a service that does not report: asks it how a call stands, every `poll-seconds`. */
  poll: z.boolean().default(false),
  'poll-seconds': pollSeconds,
});

export type CustomHttpSettings = z.output<typeof customHttpSettings>;

const callState = z.strictObject({
  call: z.string(),
  outcome: z.enum(['passed', 'wrong', 'refused', 'unanswered']).optional(),
});
const told = z.object({
  request_id: z.string(),
  status: z.enum(['pending', 'delivered', 'rejected', 'success', 'wrong', 'refused', 'failed', 'unavailable']),
});
type Status = z.infer<typeof told>['status'];

const outcomes: Readonly<Partial<Record<Status, CallOutcome>>> = {
  success: 'passed',
  wrong: 'wrong',
  refused: 'refused',
  failed: 'unanswered',
};

/** One for what may last as long as a call, one for questions. */
export interface CustomHttpClients {
  readonly start: HttpClient;
  readonly status: HttpClient;
}

/** Starts calls and texts at the service, and is told how a call ended, or asks it while nobody waits. */
export class CustomHttp implements MfaProvider {
  readonly id: string;
  readonly channels = ['voice', 'sms'] as const;
  readonly matchesNumbers: boolean;
  readonly #settings: CustomHttpSettings;
  readonly #needs: ProviderNeeds;
  readonly #clients: CustomHttpClients;
  readonly #texts: TextHalf;

  constructor(settings: CustomHttpSettings, needs: ProviderNeeds, clients: CustomHttpClients) {
    this.id = needs.name;
    this.matchesNumbers = settings['number-matching'];
    this.#settings = settings;
    this.#needs = needs;
    this.#clients = clients;
    this.#texts = new TextHalf(async ({ to, text, language, reference }) => {
      const status = await this.#ask('start', reference, { channel: 'sms', to, text, language });
      if (status === 'rejected') return { kind: 'rejected', reason: 'the service rejected the number' };
      if (status !== 'delivered') throw new Unavailable(`the service answered a text with ${status}`);
      return { kind: 'delivered' };
    }, needs);
  }

  async start(request: ChallengeRequest, keep: KeepState): Promise<StartResult> {
    const { channel, reference, to, text, language, match, lifetimeSeconds } = request;
    if (channel === 'sms') return this.#texts.start(request, keep);
    const began = performance.now();
    const state = { call: reference };
    await keep(state);
    const status = await this.#ask('start', reference, {
      channel: 'voice',
      to,
      text,
      language,
      ...(match === undefined ? {} : { match }),
      lifetime_seconds: lifetimeSeconds,
      callback_url: this.#needs.callbackUrl(reference),
    });
    if (status === 'rejected') return { kind: 'rejected', reason: 'the service rejected the number' };
    const outcome = status === 'pending' ? await this.#end(reference, began) : outcomeOf(status);
    return { kind: 'started', state: outcome === undefined ? state : { ...state, outcome } };
  }

  async check(state: Json, answer: string | undefined): Promise<CheckResult> {
    const text = await this.#texts.check(state, answer);
    return text ?? { kind: callState.parse(state).outcome ?? 'waiting' };
  }

  /** Undefined when it will be reported; a call that is asked about and has no end in its time proves nothing. */
  async #end(call: string, began: number): Promise<CallOutcome | undefined> {
    if (!this.#settings.poll) return undefined;
    const { timeoutMs, log } = this.#needs;
    const ask = async () => {
      const status = await this.#ask('status', call, {});
      return status === 'pending' ? undefined : outcomeOf(status);
    };
    return (await awaitEnd({ ask, seconds: this.#settings['poll-seconds'], timeoutMs, began, log })) ?? 'unanswered';
  }

  async receive(callback: Callback, state: Json | undefined): Promise<Received> {
    const { pathname, search } = new URL(callback.url);
    const message = { subject: `POST ${pathname}${search}`, body: callback.body, now: this.#needs.clock.now() };
    if (!isSigned(this.#settings.secret, callback.headers, message)) {
      return { kind: 'forged', detail: 'the signature does not fit, or is old' };
    }
    const known = read(callback.body);
    if (known === undefined) return { kind: 'malformed', detail: 'not the documented JSON' };
    const call = callState.safeParse(state);
    const same = known.request_id === callback.reference && (!call.success || call.data.call === known.request_id);
    if (!same) return { kind: 'malformed', detail: 'a report about another call' };
    const outcome = outcomes[known.status];
    return call.success && outcome !== undefined ? { kind: 'taken', outcome } : { kind: 'taken' };
  }

  async probe(): Promise<ProbeResult> {
    try {
      await this.#ask('status', randomBytes(16).toString('base64url'), {});
      return { ok: true, detail: 'the service answers over TLS, and both sides know the same secret' };
    } catch (fault) {
      const detail = fault instanceof Error ? fault.message : String(fault);
      return { ok: false, detail, remedy: 'Check url, ca-file, secret and the clocks of both sides.' };
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#clients.start.close(), this.#clients.status.close()]);
  }

  async #ask(what: 'start' | 'status', requestId: string, more: Readonly<Record<string, Json>>): Promise<Status> {
    const url = new URL(`${this.#settings.url}/${what}`);
    const body = JSON.stringify({ request_id: requestId, ...more });
    const now = this.#needs.clock.now();
    const signed = sign(this.#settings.secret, { subject: `POST ${url.pathname}`, body, now });
    const headers = { 'content-type': 'application/json', ...signed };
    const reply = await this.#clients[what].send({ method: 'POST', url, headers, body });
    if ([401, 402, 403, 429].includes(reply.status)) throw new OutOfService(`the service answered ${reply.status}`);
    const answer = { subject: `ANSWER ${requestId}`, body: reply.text, now: this.#needs.clock.now() };
    if (!isSigned(this.#settings.secret, reply.headers, answer)) {
      throw new Unavailable(`the service answered ${reply.status} without a signature that fits`);
    }
    const known = read(reply.text);
    if (known?.request_id !== requestId) throw new Unavailable('the service answered with something else');
    if (reply.status === 503 && known.status === 'unavailable') throw new OutOfService('the service serves nobody now');
    if (reply.status !== 200) throw new Unavailable(`the service answered ${reply.status}`);
    return known.status;
  }
}

/** Throws Unavailable for what is no end of a call. */
function outcomeOf(status: Status): CallOutcome {
  const outcome = outcomes[status];
  if (outcome === undefined) throw new Unavailable(`the service says of a call that it is ${status}`);
  return outcome;
}

function read(text: string): z.infer<typeof told> | undefined {
  try {
    return told.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
