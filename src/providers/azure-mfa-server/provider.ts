import { randomUUID } from 'node:crypto';
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
import { splitNumber } from '../../core/sending/phone-number.ts';
import type { HttpClient } from '../../outbound/http-client.ts';
import { callVerdict } from '../../outbound/phonefactor-results.ts';
import { childText, type XmlElement } from '../../outbound/xml.ts';
import type { Prove } from './authentication.ts';
import type { AzureMfaServerSettings } from './settings.ts';
import { booleanResult, codeIn, type Parameters, readMessage, writeMessage } from './soap.ts';

/** Digits of the codes that the server makes (MIM: length 6, the server's own text). */
export const serverCodeLength = 6;

/** error.Code values of PfWsSdk that say more than that something failed. */
const userNotFound = 10;
const authenticationTimedOut = 1001;
const unknownUser = 'MFA Server does not know the user that calls run under';

const stateSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('call'), outcome: z.enum(['passed', 'refused', 'unanswered']) }),
  z.strictObject({ kind: z.literal('code'), request: z.string(), expiresAt: z.iso.datetime() }),
]);

/** How the server is reached, and how requests say whose they are. */
export interface FarEnd {
  readonly http: HttpClient;
  readonly prove: Prove;
}

/**
 * Azure MFA Server behind its Web Service SDK. A call blocks until the telephone is put down, and its outcome is the
 * state; the code of a text is made by the server, and asked about with ValidateOathCode and the id of the request (that
 * this operation is meant for it is inferred: callResult 22 says “OATH code pending”).
 */
export class AzureMfaServer implements MfaProvider {
  readonly id: string;
  readonly channels = ['voice', 'sms'] as const;
  readonly codeLength = serverCodeLength;
  readonly #settings: AzureMfaServerSettings;
  readonly #needs: ProviderNeeds;
  readonly #http: HttpClient;
  readonly #prove: Prove;

  constructor(settings: AzureMfaServerSettings, needs: ProviderNeeds, far: FarEnd) {
    this.id = needs.name;
    this.#settings = settings;
    this.#needs = needs;
    this.#http = far.http;
    this.#prove = far.prove;
  }

  async start(request: ChallengeRequest): Promise<StartResult> {
    const message = await this.#ask('PfAuthUser_5', this.#authentication(request));
    const proved = booleanResult(message, 'PfAuthUser_5');
    const error = codeIn(message, 'error');
    const code = codeIn(message, 'callResult') ?? 0;
    this.#needs.log.info({ callResult: code, error, proved, channel: request.channel }, 'MFA Server ended a request');
    if (error === userNotFound) throw new OutOfService(unknownUser);
    if (error === authenticationTimedOut && request.channel === 'voice') return ended('unanswered');
    if (error !== undefined && error !== 0) throw new Unavailable(`MFA Server failed with error ${error}`);
    return request.channel === 'voice' ? this.#called(proved, code) : this.#texted(message, code, request);
  }

  async check(state: Json, answer: string | undefined): Promise<CheckResult> {
    const known = stateSchema.parse(state);
    if (known.kind === 'call') return { kind: known.outcome };
    if (this.#needs.clock.now() >= new Date(known.expiresAt)) return { kind: 'expired' };
    return { kind: (await this.#validate(known.request, answer ?? '')) ? 'passed' : 'wrong' };
  }

  async rehearse(): Promise<void> {
    await this.#validate(randomUUID(), '000000');
  }

  async probe(): Promise<ProbeResult> {
    try {
      const message = await this.#ask('TestSecurity', []);
      if (childText(message, 'TestSecurityResult') === 'secure') {
        return { ok: true, detail: 'MFA Server answers, and TLS and the credentials are right (TestSecurity: secure)' };
      }
      return {
        ok: false,
        detail: 'MFA Server does not call the connection secure',
        remedy: 'Look at the site in IIS.',
      };
    } catch (fault) {
      const detail = fault instanceof Error ? fault.message : String(fault);
      return {
        ok: false,
        detail,
        remedy: 'Check url, ca-file and auth; open the address in a browser on this machine.',
      };
    }
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #called(proved: boolean, code: number): StartResult {
    const verdict = callVerdict(code);
    if (proved && verdict === 'called') return ended('passed');
    switch (verdict) {
      case 'refused':
        this.#warnOfFraud(code);
        return ended('refused');
      case 'unanswered':
        return ended('unanswered');
      default:
        return this.#failed(code);
    }
  }

  #texted(message: XmlElement, code: number, request: ChallengeRequest): StartResult {
    const id = childText(message, 'authenticationRequestId') ?? '';
    const sent = code === 22 || code === 20;
    if (!sent) return this.#failed(code);
    if (id === '') throw new Unavailable('MFA Server sent a code and named no request to ask about');
    const expiresAt = new Date(this.#needs.clock.now().getTime() + request.lifetimeSeconds * 1000).toISOString();
    return { kind: 'started', state: { kind: 'code', request: id, expiresAt } };
  }

  /** What is neither a proof nor the person's doing. */
  #failed(code: number): StartResult {
    switch (callVerdict(code)) {
      case 'refused':
        this.#warnOfFraud(code);
        throw new Unavailable(`MFA Server's text was reported as fraud: call result ${code}`);
      case 'rejected':
        return { kind: 'rejected', reason: `call result ${code}` };
      case 'out-of-service':
        throw new OutOfService(`MFA Server serves nobody: call result ${code}`);
      case 'not-sent':
        throw new NotSent(`MFA Server sent nothing: call result ${code}`);
      default:
        throw new Unavailable(`MFA Server answered with call result ${code}, which does not fit`);
    }
  }

  #warnOfFraud(code: number): void {
    this.#needs.log.warn({ callResult: code, security: 'fraud-reported' }, 'a person reported a call or text as fraud');
  }

  /** Throws OutOfService when it is not the code that is wrong. What error a wrong code gives is not documented. */
  async #validate(requestId: string, code: string): Promise<boolean> {
    const { username } = this.#settings;
    const message = await this.#ask('ValidateOathCode', [
      ['username', username],
      ['code', code.replace(/\D/g, '')],
      ['authenticationRequestId', requestId],
      ['fallback', 'false'],
    ]);
    const error = codeIn(message, 'error') ?? 0;
    if (error === userNotFound) throw new OutOfService(unknownUser);
    return booleanResult(message, 'ValidateOathCode') && error === 0;
  }

  #authentication(request: ChallengeRequest): Parameters {
    const { countryCode, national } = splitNumber(request.to);
    return [
      ['username', this.#settings.username],
      ['initiatingAuthenticationType', 'pfsdk'],
      ['initiatingIpAddress', this.#settings['ip-address']],
      ['applicationName', this.#settings['application-name']],
      // A user who need not match is let through without a call when the server does not know them.
      ['requireUserMatch', 'true'],
      ['mode', request.channel === 'voice' ? 'voiceCall' : 'smsText'],
      ['countryCode', countryCode],
      ['phoneNumber', national],
      ['extension', ''],
    ];
  }

  async #ask(operation: string, parameters: Parameters): Promise<XmlElement> {
    const { headers, body } = writeMessage(operation, parameters);
    const proof = await this.#prove();
    const { url } = this.#settings;
    const reply = await this.#http.send({ method: 'POST', url, headers: { ...headers, ...proof.headers }, body });
    await proof.confirm?.(reply);
    if (reply.status === 401 || reply.status === 403) {
      throw new OutOfService(`MFA Server does not take the credentials (${reply.status})`);
    }
    if (reply.status === 429) throw new OutOfService('MFA Server takes no more requests now (429)');
    if (reply.status !== 200) throw new Unavailable(`MFA Server answered with status ${reply.status}`);
    return readMessage(reply.text, operation);
  }
}

function ended(outcome: 'passed' | 'refused' | 'unanswered'): StartResult {
  return { kind: 'started', state: { kind: 'call', outcome } };
}
