import { createHmac, randomBytes, randomInt } from 'node:crypto';
import type { TestAuthority } from './authority.ts';
import { HttpsPeer, type HttpsPeerNeeds, type PeerReply, type PeerRequest } from './https-peer.ts';
import { type LineEnd, PhoneLine } from './phone-line.ts';
import { type Element, openDocument } from './xml-document.ts';

export interface TwilioPeerNeeds {
  readonly authority: TestAuthority;
}

interface Verification {
  readonly sid: string;
  readonly to: string;
  readonly code: string;
  status: 'pending' | 'approved';
  attempts: number;
}

interface Call {
  readonly sid: string;
  readonly to: string;
  readonly from: string;
  readonly statusCallback: string;
  readonly twiml: string;
}

/** A request that Twilio made to an application. */
interface Sent {
  readonly url: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const maxChecks = 5;

/**
 * Twilio as far as its documentation tells: Programmable Messaging and Voice (2010-04-01), Verify v2, TwiML's Gather, and
 * webhooks with X-Twilio-Signature. One origin stands for api.twilio.com and verify.twilio.com.
 */
export class TwilioPeer extends HttpsPeer {
  readonly accountSid = `AC${hex()}`;
  readonly authToken = hex();
  readonly serviceSid = `VA${hex()}`;
  readonly number = '+15005550006';
  readonly line = new PhoneLine();
  readonly messages: { readonly to: string; readonly text: string }[] = [];
  /** TwiML of the calls, oldest first. */
  readonly spoken: string[] = [];
  readonly refused: string[] = [];
  readonly #verifications = new Map<string, Verification>();
  #preset: { readonly status: number; readonly code: number } | undefined;
  #last: Sent | undefined;
  #busy: Promise<unknown> = Promise.resolve();

  static async open({ authority }: TwilioPeerNeeds): Promise<TwilioPeer> {
    const peer = new TwilioPeer({ identity: await authority.server(), ca: authority.ca });
    await peer.listen();
    return peer;
  }

  private constructor(tls: HttpsPeerNeeds) {
    super(tls);
  }

  lastCode(): string {
    return /\d{6}/.exec(this.messages.at(-1)?.text ?? '')?.[0] ?? '';
  }

  /** The next request is refused so. */
  answerWith(preset: { readonly status: number; readonly code: number }): void {
    this.#preset = preset;
  }

  /** Ends the call that rings, and waits until all webhooks of that were answered. */
  async end(how: LineEnd): Promise<void> {
    this.line.end(how);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await this.#busy;
  }

  /** The last webhook once more. */
  async repeat(): Promise<void> {
    if (this.#last !== undefined) await this.#post(this.#last.url, this.#last.parameters);
  }

  /** A webhook that says that somebody pressed the right keys, signed by somebody who does not know the token. */
  async forge(url: string, parameters: Readonly<Record<string, string>>, token = hex()): Promise<number> {
    return (await this.#post(url, { AccountSid: this.accountSid, ...parameters }, token)).status;
  }

  protected async answer(request: PeerRequest): Promise<PeerReply> {
    const expected = `Basic ${Buffer.from(`${this.accountSid}:${this.authToken}`).toString('base64')}`;
    if (request.headers.authorization !== expected) return this.#refuse(401, 20003);
    if (this.#preset !== undefined) {
      const { status, code } = this.#preset;
      this.#preset = undefined;
      return this.#refuse(status, code);
    }
    const account = `/2010-04-01/Accounts/${this.accountSid}`;
    const { method, path } = request;
    if (method === 'GET' && path === `${account}.json`) return json(200, { sid: this.accountSid, status: 'active' });
    if (method === 'GET' && path === `/v2/Services/${this.serviceSid}`) return json(200, { sid: this.serviceSid });
    if (method !== 'POST') return this.#refuse(404, 20404);
    if (!/^application\/x-www-form-urlencoded/.test(request.headers['content-type'] ?? ''))
      return this.#refuse(400, 20422);
    const form = new URLSearchParams(request.body);
    if (path === `${account}/Messages.json`) return this.#message(form);
    if (path === `${account}/Calls.json`) return this.#call(form);
    if (path === `/v2/Services/${this.serviceSid}/Verifications`) return this.#verify(form);
    if (path === `/v2/Services/${this.serviceSid}/VerificationCheck`) return this.#check(form);
    return this.#refuse(404, 20404);
  }

  #message(form: URLSearchParams): PeerReply {
    const to = form.get('To') ?? '';
    const text = form.get('Body') ?? '';
    if (!isNumber(to)) return this.#refuse(400, 21211);
    if (form.get('From') === null && form.get('MessagingServiceSid') === null) return this.#refuse(400, 21603);
    if (text === '') return this.#refuse(400, 21602);
    if (text.length > 1600) return this.#refuse(400, 21617);
    this.messages.push({ to, text });
    return json(201, { sid: `SM${hex()}`, status: 'queued', to, body: text, error_code: null });
  }

  #call(form: URLSearchParams): PeerReply {
    const to = form.get('To') ?? '';
    if (!isNumber(to)) return this.#refuse(400, 21211);
    if (!isNumber(form.get('From') ?? '')) return this.#refuse(400, 21212);
    const twiml = form.get('Twiml') ?? '';
    if (twiml === '') return this.#refuse(400, 21205);
    // https://www.twilio.com/docs/api/errors/32018. What is no TwiML (12100) Twilio finds when somebody picks up; too late here.
    if (twiml.length > 4000) return this.#refuse(400, 32018);
    if (!isTwiml(twiml)) return this.#refuse(400, 12100);
    const statusCallback = form.get('StatusCallback') ?? '';
    if (statusCallback !== '' && !URL.canParse(statusCallback)) return this.#refuse(400, 21609);
    const call = { sid: `CA${hex()}`, to, from: form.get('From') ?? '', statusCallback, twiml };
    this.spoken.push(twiml);
    const ended = this.line.ring();
    this.#busy = ended.then((end) => this.#play(call, end));
    return json(201, { sid: call.sid, status: 'queued', to });
  }

  /** What happens from the moment at which somebody, or nobody, picks up. */
  async #play(call: Call, end: LineEnd): Promise<void> {
    const unanswered = { 'no-answer': 'no-answer', busy: 'busy' } as const;
    if (end.kind === 'no-answer' || end.kind === 'busy') return this.#status(call, unanswered[end.kind]);
    if (end.kind === 'keys') await this.#run(call, openDocument(Buffer.from(call.twiml)), [...end.keys]);
    await this.#status(call, 'completed');
  }

  /** Goes through a document verb by verb, with the keys that somebody presses. */
  async #run(call: Call, response: Element, keys: string[]): Promise<void> {
    for (const verb of response.children) {
      if (verb.name === 'Hangup') return;
      if (verb.name !== 'Gather') continue;
      const digits = gather(verb, keys);
      if (digits === undefined) continue;
      const answer = await this.#post(verb.attributes.action ?? '', {
        ...this.#about(call, 'in-progress'),
        Digits: digits.entered,
        FinishedOnKey: digits.finish,
        msg: 'Gather End',
      });
      if (answer.status === 200) return this.#run(call, openDocument(Buffer.from(answer.body)), keys);
      return;
    }
  }

  async #status(call: Call, status: string): Promise<void> {
    if (call.statusCallback !== '')
      await this.#post(call.statusCallback, { ...this.#about(call, status), CallDuration: '7' });
  }

  #about(call: Call, status: string): Readonly<Record<string, string>> {
    return {
      AccountSid: this.accountSid,
      ApiVersion: '2010-04-01',
      CallSid: call.sid,
      CallStatus: status,
      Direction: 'outbound-api',
      From: call.from,
      To: call.to,
    };
  }

  /** Twilio signs the whole address and all parameters in alphabetical order, with HMAC-SHA1 and the auth token. */
  async #post(
    url: string,
    parameters: Readonly<Record<string, string>>,
    token = this.authToken,
  ): Promise<{ status: number; body: string }> {
    if (token === this.authToken) this.#last = { url, parameters };
    const signed = Object.keys(parameters)
      .sort()
      .reduce((text, name) => text + name + parameters[name], url);
    const reply = await fetch(url, {
      method: 'POST',
      headers: { 'X-Twilio-Signature': createHmac('sha1', token).update(signed, 'utf8').digest('base64') },
      body: new URLSearchParams(parameters),
    });
    return { status: reply.status, body: await reply.text() };
  }

  /** A second start while the first is pending keeps its code, as Verify does. */
  #verify(form: URLSearchParams): PeerReply {
    const to = form.get('To') ?? '';
    if (!isNumber(to)) return this.#refuse(400, 60200);
    if (form.get('Channel') !== 'sms') return this.#refuse(400, 60200);
    const pending = [...this.#verifications.values()].find((one) => one.to === to && one.status === 'pending');
    const code = String(randomInt(1_000_000)).padStart(6, '0');
    const verification: Verification = pending ?? { sid: `VE${hex()}`, to, code, status: 'pending', attempts: 0 };
    this.#verifications.set(verification.sid, verification);
    this.messages.push({ to, text: `Your Latchkey test verification code is: ${verification.code}` });
    return json(201, {
      sid: verification.sid,
      service_sid: this.serviceSid,
      to,
      channel: 'sms',
      status: 'pending',
      valid: false,
    });
  }

  #check(form: URLSearchParams): PeerReply {
    const verification = this.#verifications.get(form.get('VerificationSid') ?? '');
    if (verification === undefined || verification.status !== 'pending') return this.#refuse(404, 20404);
    if (!/^\d{4,10}$/.test(form.get('Code') ?? '')) return this.#refuse(400, 60200);
    verification.attempts += 1;
    if (verification.attempts > maxChecks) return this.#refuse(429, 60202);
    if (form.get('Code') === verification.code) verification.status = 'approved';
    const { sid, to, status } = verification;
    return json(200, { sid, to, channel: 'sms', status, valid: status === 'approved' });
  }

  #refuse(status: number, code: number): PeerReply {
    this.refused.push(String(code));
    const message = `Refused with ${code}`;
    return json(status, { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status });
  }
}

/** What a Gather makes of the keys, taking those that it uses; undefined when nothing was entered. */
function gather(verb: Element, keys: string[]): { entered: string; finish: string } | undefined {
  const finish = verb.attributes.finishOnKey ?? '#';
  const most = Number(verb.attributes.numDigits ?? Number.POSITIVE_INFINITY);
  let entered = '';
  while (keys.length > 0) {
    const key = keys.shift() ?? '';
    if (finish !== '' && finish.includes(key)) return entered === '' ? undefined : { entered, finish: key };
    entered += key;
    if (entered.length >= most) return { entered, finish: '' };
  }
  // Then nothing more is pressed until the time is over.
  return entered === '' ? undefined : { entered, finish: '' };
}

function isTwiml(text: string): boolean {
  try {
    return openDocument(Buffer.from(text)).name === 'Response';
  } catch {
    return false;
  }
}

function isNumber(text: string): boolean {
  return /^\+[1-9]\d{6,14}$/.test(text);
}

function json(status: number, value: unknown): PeerReply {
  return { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) };
}

function hex(): string {
  return randomBytes(16).toString('hex');
}
