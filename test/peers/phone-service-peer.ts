import { createHmac } from 'node:crypto';
import type { TestAuthority } from './authority.ts';
import { HttpsPeer, type HttpsPeerNeeds, type PeerReply, type PeerRequest } from './https-peer.ts';
import { type LineEnd, PhoneLine } from './phone-line.ts';

export interface PhoneServicePeerNeeds {
  readonly authority: TestAuthority;
  readonly secret: string;
  readonly now: () => Date;
}

/** A service of somebody's own, as docs/custom-provider.md asks for it. */
export class PhoneServicePeer extends HttpsPeer {
  readonly line = new PhoneLine();
  readonly messages: { readonly to: string; readonly text: string }[] = [];
  readonly refused: string[] = [];
  readonly #needs: PhoneServicePeerNeeds;
  readonly #calls = new Map<string, string>();
  #last: { url: string; body: string } | undefined;
  #busy: Promise<unknown> = Promise.resolve();
  /** The request that came last. */
  lastRequestId = '';
  /** Whether answers are signed as they should be. */
  signs = true;
  /** Whether ends of calls are reported. */
  reports = true;

  static async open(needs: PhoneServicePeerNeeds): Promise<PhoneServicePeer> {
    const peer = new PhoneServicePeer(needs, { identity: await needs.authority.server(), ca: needs.authority.ca });
    await peer.listen();
    return peer;
  }

  private constructor(needs: PhoneServicePeerNeeds, tls: HttpsPeerNeeds) {
    super(tls);
    this.#needs = needs;
  }

  get url(): string {
    return `${this.origin}/latchkey`;
  }

  lastCode(): string {
    return /\d{6}/.exec(this.messages.at(-1)?.text ?? '')?.[0] ?? '';
  }

  async end(how: LineEnd): Promise<void> {
    this.line.end(how);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await this.#busy;
  }

  async repeat(): Promise<void> {
    if (this.#last !== undefined) await this.#report(this.#last.url, this.#last.body);
  }

  /** A report by somebody who does not know the secret. */
  forge(url: string, requestId: string): Promise<number> {
    return this.#report(url, JSON.stringify({ request_id: requestId, status: 'success' }), 'not the secret at all');
  }

  protected async answer(request: PeerRequest): Promise<PeerReply> {
    const time = request.headers['latchkey-timestamp'] ?? '';
    const right = this.#sign(time, `${request.method} ${request.path}`, request.body);
    const late = Math.abs(this.#needs.now().getTime() / 1000 - Number(time)) > 300;
    if (late || request.headers['latchkey-signature'] !== right) return this.#refuse(403, 'signature');
    if (request.method !== 'POST') return this.#refuse(405, request.method);
    if (request.headers['content-type'] !== 'application/json') return this.#refuse(415, 'content type');
    const wanted = JSON.parse(request.body) as Readonly<Record<string, string>>;
    const id = wanted.request_id ?? '';
    if (!/^[\w-]{1,64}$/.test(id)) return this.#refuse(400, 'request_id');
    if (request.path === '/latchkey/status') return this.#say(id, this.#calls.get(id) ?? 'failed');
    this.lastRequestId = id;
    if (request.path !== '/latchkey/start') return this.#refuse(404, request.path);
    const wrong = wrongIn(wanted);
    if (wrong !== undefined) return this.#refuse(400, wrong);
    const known = this.#calls.get(id);
    if (known !== undefined) return this.#say(id, known);
    if (!/^\+[1-9]\d{6,14}$/.test(wanted.to ?? '')) return this.#say(id, 'rejected');
    if (wanted.channel === 'sms') {
      this.messages.push({ to: wanted.to ?? '', text: wanted.text ?? '' });
      this.#calls.set(id, 'delivered');
      return this.#say(id, 'delivered');
    }
    this.#calls.set(id, 'pending');
    this.#busy = this.line.ring().then((end) => this.#ended(id, end, wanted));
    return this.#say(id, 'pending');
  }

  async #ended(id: string, end: LineEnd, wanted: Readonly<Record<string, string>>): Promise<void> {
    const status = statusOf(end, wanted.match ?? '');
    this.#calls.set(id, status);
    if (this.reports) await this.#report(wanted.callback_url ?? '', JSON.stringify({ request_id: id, status }));
  }

  async #report(url: string, body: string, secret = this.#needs.secret): Promise<number> {
    if (secret === this.#needs.secret) this.#last = { url, body };
    const { pathname, search } = new URL(url);
    const time = this.#time();
    const signature = this.#sign(time, `POST ${pathname}${search}`, body, secret);
    const headers = { 'Content-Type': 'application/json', 'Latchkey-Timestamp': time, 'Latchkey-Signature': signature };
    return (await fetch(url, { method: 'POST', headers, body })).status;
  }

  #say(id: string, status: string): PeerReply {
    const body = JSON.stringify({ request_id: id, status });
    const time = this.#time();
    const signature = this.#sign(time, `ANSWER ${id}`, body, this.signs ? this.#needs.secret : 'another secret');
    return {
      status: 200,
      headers: { 'Content-Type': 'application/json', 'Latchkey-Timestamp': time, 'Latchkey-Signature': signature },
      body,
    };
  }

  #refuse(status: number, why: string): PeerReply {
    this.refused.push(why);
    return { status, body: '' };
  }

  #time(): string {
    return String(Math.floor(this.#needs.now().getTime() / 1000));
  }

  #sign(time: string, subject: string, body: string, secret = this.#needs.secret): string {
    return createHmac('sha256', secret).update([time, subject, body].join('\n')).digest('hex');
  }
}

/** What a start lacks, or has and must not have; undefined when nothing. */
function wrongIn(wanted: Readonly<Record<string, unknown>>): string | undefined {
  const { channel, to, text, language, match, callback_url: callback, lifetime_seconds: lifetime } = wanted;
  if (channel !== 'voice' && channel !== 'sms') return 'channel';
  if (typeof to !== 'string' || typeof text !== 'string' || text === '') return 'to or text';
  if (typeof language !== 'string' || language === '') return 'language';
  const ofCalls = [match, callback, lifetime].filter((one) => one !== undefined);
  if (channel === 'sms') return ofCalls.length === 0 ? undefined : 'what only calls have';
  if (!Number.isInteger(lifetime)) return 'lifetime_seconds';
  if (match !== undefined && !/^\d{2}$/.test(String(match))) return 'match';
  return URL.canParse(String(callback)) ? undefined : 'callback_url';
}

function statusOf(end: LineEnd, match: string): string {
  if (end.kind === 'refused') return 'refused';
  if (end.kind !== 'keys') return 'failed';
  if (end.keys === `${match}#`) return 'success';
  return match === '' ? 'failed' : 'wrong';
}
