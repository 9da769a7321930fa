import { z } from 'zod';
import { NotSent, OutOfService, Unavailable } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type {
  ChallengeRequest,
  CheckResult,
  MfaProvider,
  ProbeResult,
  ProviderNeeds,
  StartResult,
} from '../../core/provider.ts';
import type { HttpClient } from '../../outbound/http-client.ts';
import { callVerdict } from '../../outbound/phonefactor-results.ts';
import { type PfAnswer, readAnswer, writeRequest } from './message.ts';
import type { AzureMfaSdkSettings } from './settings.ts';

/** Digits of the codes that the service makes. */
export const serviceCodeLength = 6;

const purpose = 'challenge-code';
const stateSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('call'), outcome: z.enum(['passed', 'refused', 'unanswered']) }),
  z.strictObject({
    kind: z.literal('code'),
    reference: z.string(),
    hash: z.string(),
    expiresAt: z.iso.datetime(),
  }),
]);

/** Azure MFA's direct SDK: a call blocks until it is over; the code of a text comes back and is compared here. */
export class AzureMfaSdk implements MfaProvider {
  readonly id: string;
  readonly channels = ['voice', 'sms'] as const;
  readonly codeLength = serviceCodeLength;
  readonly #settings: AzureMfaSdkSettings;
  readonly #needs: ProviderNeeds;
  readonly #http: HttpClient;
  /** In the order in which they are tried: one that failed goes to the back. */
  #targets: readonly string[];

  constructor(settings: AzureMfaSdkSettings, needs: ProviderNeeds, http: HttpClient) {
    this.id = needs.name;
    this.#settings = settings;
    this.#needs = needs;
    this.#http = http;
    this.#targets = settings.targets;
  }

  async start(request: ChallengeRequest): Promise<StartResult> {
    const { id, body } = writeRequest(request, this.#settings);
    const answer = readAnswer(await this.#ask(body), id);
    const { authenticated, callStatus } = answer;
    this.#needs.log.info({ callStatus, authenticated, channel: request.channel }, 'pf_auth ended a request');
    return request.channel === 'sms' ? this.#texted(answer, request) : this.#called(answer);
  }

  async check(state: Json, answer: string | undefined): Promise<CheckResult> {
    const known = stateSchema.parse(state);
    if (known.kind === 'call') return { kind: known.outcome };
    if (this.#needs.clock.now() >= new Date(known.expiresAt)) return { kind: 'expired' };
    const right = this.#needs.sealer.macMatches(purpose, `${known.reference}:${answer ?? ''}`, known.hash);
    return { kind: right ? 'passed' : 'wrong' };
  }

  /** A request without a message: only the TLS handshake with the client's certificate counts. */
  async probe(): Promise<ProbeResult> {
    for (const target of this.#settings.targets) {
      try {
        await this.#http.send({ method: 'GET', url: target });
      } catch (fault) {
        const detail = fault instanceof Error ? fault.message : String(fault);
        return { ok: false, detail, remedy: 'Check targets, ca-file and the certificate in p12-file.' };
      }
    }
    return { ok: true, detail: 'every target answers over TLS and takes the certificate' };
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #called({ authenticated, callStatus }: PfAnswer): StartResult {
    const verdict = callVerdict(callStatus);
    if (authenticated && verdict === 'called') return ended('passed');
    if (verdict === 'unanswered') return ended('unanswered');
    if (verdict !== 'refused') return failed(callStatus);
    this.#needs.log.warn({ callStatus, security: 'fraud-reported' }, 'a person reported a call as fraud');
    return ended('refused');
  }

  #texted({ callStatus, otp }: PfAnswer, request: ChallengeRequest): StartResult {
    if (callVerdict(callStatus) !== 'texted') return failed(callStatus);
    if (otp === undefined || !/^\d{6}$/.test(otp)) throw new Unavailable('the service sent a text and told no code');
    const { reference } = request;
    const hash = this.#needs.sealer.mac(purpose, `${reference}:${otp}`);
    const expiresAt = new Date(this.#needs.clock.now().getTime() + request.lifetimeSeconds * 1000).toISOString();
    return { kind: 'started', state: { kind: 'code', reference, hash, expiresAt } };
  }

  /**
   * Asks the targets in turn. The next one is asked only when certainly nothing reached the one before: the old SDK went
   * on after any fault, and so could call somebody twice.
   */
  async #ask(body: string): Promise<string> {
    let last: unknown = new NotSent('there is no target');
    for (const url of this.#targets) {
      try {
        const headers = { 'Content-Type': 'text/xml; charset=utf-8', Connection: 'close' };
        const reply = await this.#http.send({ method: 'POST', url, headers, body });
        if ([401, 402, 403, 429].includes(reply.status)) throw new OutOfService(`the service answered ${reply.status}`);
        if (reply.status !== 200) throw new Unavailable(`the service answered with status ${reply.status}`);
        return reply.text;
      } catch (fault) {
        last = fault;
        this.#targets = [...this.#targets.filter((one) => one !== url), url];
        if (!(fault instanceof NotSent) || fault instanceof OutOfService) throw fault;
      }
    }
    throw last;
  }
}

function ended(outcome: 'passed' | 'refused' | 'unanswered'): StartResult {
  return { kind: 'started', state: { kind: 'call', outcome } };
}

/** What is neither a proof nor the person's doing. */
function failed(callStatus: number): StartResult {
  switch (callVerdict(callStatus)) {
    case 'rejected':
      return { kind: 'rejected', reason: `call status ${callStatus}` };
    case 'out-of-service':
      throw new OutOfService(`the service serves nobody: call status ${callStatus}`);
    case 'not-sent':
      throw new NotSent(`the service sent nothing: call status ${callStatus}`);
    default:
      throw new Unavailable(`the service answered with call status ${callStatus}, which does not fit`);
  }
}
