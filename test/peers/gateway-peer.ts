import type { TestAuthority } from './authority.ts';
import { HttpsPeer, type HttpsPeerNeeds, type PeerReply, type PeerRequest } from './https-peer.ts';
import { inOrder, openDocument, textOf } from './xml-document.ts';

export interface GatewayMessage {
  readonly to: string;
  readonly text: string;
}

/** What a gateway understood of a request: a message, or why it is refused and how that gateway says so. */
export type Understood =
  | { readonly message: GatewayMessage; readonly reply: PeerReply }
  | { readonly refused: PeerReply };

/** One kind of gateway, as its vendor documents it. Keys are what the test made. */
export type Personality = (request: PeerRequest, key: string) => Understood;

const json = (status: number, value: unknown): PeerReply => ({
  status,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});

/** Vonage SMS API: a form; HTTP 200 whatever happens, with a status of its own. */
export const vonage: Personality = (request, key) => {
  const form = new URLSearchParams(request.body);
  const status = (code: string, more = {}): PeerReply =>
    json(200, { 'message-count': '1', messages: [{ status: code, ...more }] });
  if (request.path !== '/sms/json' || request.method !== 'POST') return { refused: json(404, {}) };
  if (!isOf(request, 'application/x-www-form-urlencoded')) return { refused: status('2') };
  if (form.get('api_secret') !== key) return { refused: status('4') };
  const to = form.get('to') ?? '';
  if (!/^\d{7,15}$/.test(to)) return { refused: status('6') };
  if (to.endsWith('09')) return { refused: status('9') };
  if (!form.get('text') || !form.get('from')) return { refused: status('2') };
  return { message: { to, text: form.get('text') ?? '' }, reply: status('0', { 'message-id': '0A0000000123ABCD1' }) };
};

/** Infobip SMS API v3: JSON, and an App key. */
export const infobip: Personality = (request, key) => {
  if (request.headers.authorization !== `App ${key}`) return { refused: json(401, { errorCode: 'E401' }) };
  if (request.path !== '/sms/3/messages' || request.method !== 'POST') return { refused: json(404, {}) };
  if (!isOf(request, 'application/json')) return { refused: json(415, { errorCode: 'E415' }) };
  const body = parse(request.body) as {
    messages?: { sender?: string; destinations?: { to?: string }[]; content?: { text?: string } }[];
  };
  const [message] = body?.messages ?? [];
  const to = message?.destinations?.[0]?.to ?? '';
  const text = message?.content?.text ?? '';
  if (!/^\d{7,15}$/.test(to) || text === '' || !message?.sender) return { refused: json(400, { errorCode: 'E400' }) };
  const status = { groupId: 1, groupName: 'PENDING', id: 26 };
  return { message: { to, text }, reply: json(200, { messages: [{ messageId: '1', status, destination: to }] }) };
};

/** MessageBird SMS API: JSON, an access key, 201. */
export const messagebird: Personality = (request, key) => {
  if (request.headers.authorization !== `AccessKey ${key}`) return { refused: json(401, { errors: [{ code: 2 }] }) };
  if (request.method !== 'POST') return { refused: json(405, { errors: [{ code: 98 }] }) };
  if (!isOf(request, 'application/json')) return { refused: json(422, { errors: [{ code: 9 }] }) };
  const body = parse(request.body) as { recipients?: string[]; originator?: string; body?: string };
  const to = body?.recipients?.[0] ?? '';
  if (request.path !== '/messages' || !/^\d{7,15}$/.test(to) || !body.body || !body.originator) {
    return { refused: json(422, { errors: [{ code: 9 }] }) };
  }
  return { message: { to, text: body.body }, reply: json(201, { id: 'e8077d80', recipients: { totalSentCount: 1 } }) };
};

/** A modem box: everything stands in the address, the answer is a line of text. */
export const modemBox: Personality = (request, key) => {
  const url = new URL(request.path, 'https://box.example');
  const query = url.searchParams;
  if (request.method !== 'GET' || url.pathname !== '/cgi-bin/sms') return { refused: { status: 404, body: '' } };
  if (query.get('password') !== key) return { refused: { status: 200, body: 'ERROR: login' } };
  const to = query.get('number') ?? '';
  if (!/^\+[1-9]\d{6,14}$/.test(to)) return { refused: { status: 200, body: 'ERROR: number' } };
  if (!query.get('text')) return { refused: { status: 200, body: 'ERROR: text' } };
  return { message: { to, text: query.get('text') ?? '' }, reply: { status: 200, body: 'OK 17\r\n' } };
};

/** A gateway that takes XML, and Basic credentials. */
export const xmlGateway: Personality = (request, key) => {
  const expected = `Basic ${Buffer.from(`latchkey:${key}`).toString('base64')}`;
  if (request.headers.authorization !== expected) return { refused: { status: 401, body: '' } };
  if (!/^application\/xml/.test(request.headers['content-type'] ?? '')) return { refused: { status: 415, body: '' } };
  try {
    const root = openDocument(request.bytes);
    const [to = '', text = ''] = inOrder(root, ['to', 'body']).map(textOf);
    if (root.name !== 'sms' || !/^\+[1-9]\d{6,14}$/.test(to) || text === '') throw new Error('shape');
    return { message: { to, text }, reply: { status: 202, body: '<taken/>' } };
  } catch {
    return { refused: { status: 400, body: '<broken/>' } };
  }
};

/** AWS SNS behind an API Gateway that one built oneself: Publish's parameters as JSON, an x-api-key. */
export const snsBehindGateway: Personality = (request, key) => {
  if (request.headers['x-api-key'] !== key) return { refused: json(403, { message: 'Forbidden' }) };
  if (request.method !== 'POST' || !isOf(request, 'application/json')) return { refused: json(415, {}) };
  const body = parse(request.body) as { PhoneNumber?: string; Message?: string };
  if (!/^\+[1-9]\d{6,14}$/.test(body?.PhoneNumber ?? '') || !body.Message) return { refused: json(400, {}) };
  return { message: { to: body.PhoneNumber ?? '', text: body.Message }, reply: json(200, { MessageId: 'x' }) };
};

export interface GatewayPeerNeeds {
  readonly authority: TestAuthority;
  readonly personality: Personality;
  readonly key: string;
}

/** A plain gateway that delivers texts. */
export class GatewayPeer extends HttpsPeer {
  readonly messages: GatewayMessage[] = [];
  readonly refused: PeerReply[] = [];
  readonly requests: PeerRequest[] = [];
  readonly #needs: GatewayPeerNeeds;
  #preset: PeerReply | undefined;

  static async open(needs: GatewayPeerNeeds): Promise<GatewayPeer> {
    const peer = new GatewayPeer(needs, { identity: await needs.authority.server(), ca: needs.authority.ca });
    await peer.listen();
    return peer;
  }

  private constructor(needs: GatewayPeerNeeds, tls: HttpsPeerNeeds) {
    super(tls);
    this.#needs = needs;
  }

  lastCode(): string {
    return /\d{6}/.exec(this.messages.at(-1)?.text ?? '')?.[0] ?? '';
  }

  /** The next request is answered so, and delivers nothing. */
  answerWith(reply: PeerReply): void {
    this.#preset = reply;
  }

  protected async answer(request: PeerRequest): Promise<PeerReply> {
    this.requests.push(request);
    const preset = this.#preset;
    this.#preset = undefined;
    if (preset !== undefined) return preset;
    const understood = this.#needs.personality(request, this.#needs.key);
    if ('refused' in understood) {
      this.refused.push(understood.refused);
      return understood.refused;
    }
    this.messages.push(understood.message);
    return understood.reply;
  }
}

function isOf({ headers }: PeerRequest, type: string): boolean {
  return (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() === type;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
