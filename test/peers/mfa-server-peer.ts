import { randomInt, randomUUID } from 'node:crypto';
import { findElement, readXml, type XmlElement } from '../../src/outbound/xml.ts';
import type { TestAuthority } from './authority.ts';
import { HttpsPeer, type HttpsPeerNeeds, type PeerReply, type PeerRequest } from './https-peer.ts';
import { PhoneLine } from './phone-line.ts';

const namespace = 'http://www.phonefactor.com/PfWsSdk';
const soap = 'http://schemas.xmlsoap.org/soap/envelope/';
const path = '/MultiFactorAuthWebServiceSdk/PfWsSdk.asmx';

/** Parameters of each operation in their order. */
const operations: Readonly<Record<string, readonly string[]>> = {
  TestSecurity: [],
  PfAuthUser_5: [
    'username',
    'initiatingAuthenticationType',
    'initiatingIpAddress',
    'applicationName',
    'requireUserMatch',
    'mode',
    'countryCode',
    'phoneNumber',
    'extension',
  ],
  ValidateOathCode: ['username', 'code', 'authenticationRequestId', 'fallback'],
};

const authenticationTypes = ['adfs', 'ldap', 'pfsdk', 'radius', 'userportal', 'test', 'unspecified'];
const modes = ['oathToken', 'phoneApp', 'smsText', 'voiceCall', 'invalid', 'unspecified'];

export interface MfaServerPeerNeeds {
  readonly authority: TestAuthority;
  /** The user that calls run under must exist on the server. */
  readonly username: string;
  /** IIS Basic. Left out, a client certificate is required instead. */
  readonly basic?: { readonly user: string; readonly password: string };
  /** Builds before some version take texts from the Web Service SDK not at all. */
  readonly sms?: boolean;
  /** Names in the server's certificate. */
  readonly names?: readonly string[];
}

/** What the server says of the next authentication, instead of what the phone would make of it. */
export interface Preset {
  readonly result: boolean;
  readonly callCode: number;
  readonly errorCode?: number;
}

/** Azure MFA Server's Web Service SDK: SOAP 1.1, document/literal wrapped, as an ASMX in IIS answers it. */
export class MfaServerPeer extends HttpsPeer {
  readonly line = new PhoneLine();
  readonly messages: { readonly to: string; readonly text: string }[] = [];
  /** Why requests were refused, oldest first. */
  readonly refused: string[] = [];
  readonly #needs: MfaServerPeerNeeds;
  readonly #codes = new Map<string, string>();
  #preset: Preset | undefined;

  static async open(needs: MfaServerPeerNeeds): Promise<MfaServerPeer> {
    const identity = await needs.authority.server(needs.names);
    const peer = new MfaServerPeer(needs, {
      identity,
      ca: needs.authority.ca,
      ...(needs.basic === undefined ? { clients: 'required' } : {}),
    });
    await peer.listen();
    return peer;
  }

  private constructor(needs: MfaServerPeerNeeds, tls: HttpsPeerNeeds) {
    super(tls);
    this.#needs = needs;
  }

  get url(): string {
    return `${this.origin}${path}`;
  }

  /** The code in the text that arrived last; empty when none did. */
  lastCode(): string {
    return /\d{6}/.exec(this.messages.at(-1)?.text ?? '')?.[0] ?? '';
  }

  answerWith(preset: Preset): void {
    this.#preset = preset;
  }

  protected async answer(request: PeerRequest): Promise<PeerReply> {
    if (!this.#isKnown(request)) return this.#refuse(401, 'credentials');
    if (request.path !== path) return this.#refuse(404, `path ${request.path}`);
    if (request.method !== 'POST') return this.#refuse(405, `method ${request.method}`);
    if (!/^text\/xml; ?charset="?utf-8"?$/i.test(request.headers['content-type'] ?? '')) {
      return this.#refuse(415, `content type ${request.headers['content-type']}`);
    }
    const operation = Object.keys(operations).find((one) => request.headers.soapaction === `"${namespace}/${one}"`);
    if (operation === undefined) return this.#fault(`SOAPAction ${request.headers.soapaction}`);
    const values = this.#parameters(request.body, operation);
    if (typeof values === 'string') return this.#fault(values);
    return this.#perform(operation, values);
  }

  #isKnown({ headers, client }: PeerRequest): boolean {
    const { basic } = this.#needs;
    if (basic === undefined) return client !== undefined;
    return headers.authorization === `Basic ${Buffer.from(`${basic.user}:${basic.password}`).toString('base64')}`;
  }

  /** The values by name, or what is wrong with the envelope. */
  #parameters(body: string, operation: string): Readonly<Record<string, string>> | string {
    let envelope: XmlElement;
    try {
      envelope = readXml(body);
    } catch {
      return 'not XML';
    }
    const [soapBody] = envelope.children;
    const [message] = soapBody?.children ?? [];
    if (envelope.name !== 'Envelope' || envelope.namespace !== soap) return 'not a SOAP 1.1 envelope';
    if (soapBody?.name !== 'Body' || message === undefined) return 'no body';
    if (message.name !== operation || message.namespace !== namespace) return `message ${message.name}`;
    const expected = operations[operation] ?? [];
    const found = message.children.map((child) => child.name);
    if (found.join() !== expected.join()) return `parameters ${found.join()} instead of ${expected.join()}`;
    const values = Object.fromEntries(message.children.map((child) => [child.name, child.text]));
    for (const name of ['requireUserMatch', 'fallback']) {
      if (name in values && !/^(true|false|0|1)$/.test(values[name] ?? '')) return `${name} is not a boolean`;
    }
    const type = values.initiatingAuthenticationType;
    if (type !== undefined && !authenticationTypes.includes(type)) return `authentication type ${type}`;
    if (values.mode !== undefined && !modes.includes(values.mode)) return `mode ${values.mode}`;
    return values;
  }

  async #perform(operation: string, values: Readonly<Record<string, string>>): Promise<PeerReply> {
    if (operation === 'TestSecurity') return reply(operation, '<TestSecurityResult>secure</TestSecurityResult>');
    if (values.username !== this.#needs.username) return reply(operation, outcome(operation, false, 0, 10));
    if (operation === 'ValidateOathCode') return this.#validate(values);
    if (!/^\d{1,3}$/.test(values.countryCode ?? '') || !/^\d{4,14}$/.test(values.phoneNumber ?? '')) {
      return reply(operation, outcome(operation, false, 100));
    }
    const preset = this.#preset;
    this.#preset = undefined;
    if (preset !== undefined)
      return reply(operation, outcome(operation, preset.result, preset.callCode, preset.errorCode));
    return values.mode === 'smsText' ? this.#text(values) : this.#call();
  }

  async #call(): Promise<PeerReply> {
    const end = await this.line.ring();
    const codes = { 'hung-up': 108, refused: 132, voicemail: 13, 'no-answer': 11, busy: 101 } as const;
    if (end.kind !== 'keys') return reply('PfAuthUser_5', outcome('PfAuthUser_5', false, codes[end.kind]));
    const confirmed = end.keys === '#';
    return reply('PfAuthUser_5', outcome('PfAuthUser_5', confirmed, confirmed ? 2 : 3));
  }

  #text(values: Readonly<Record<string, string>>): PeerReply {
    if (this.#needs.sms === false) return reply('PfAuthUser_5', outcome('PfAuthUser_5', false, 124));
    const code = String(randomInt(1_000_000)).padStart(6, '0');
    const id = randomUUID();
    this.#codes.set(id, code);
    this.messages.push({
      to: `+${values.countryCode}${values.phoneNumber}`,
      text: `Your verification code is ${code}`,
    });
    return reply('PfAuthUser_5', outcome('PfAuthUser_5', false, 22, undefined, id));
  }

  #validate(values: Readonly<Record<string, string>>): PeerReply {
    const id = values.authenticationRequestId ?? '';
    const right = this.#codes.get(id) === values.code;
    if (right) this.#codes.delete(id);
    const error = right ? '' : errorElement(125);
    return reply('ValidateOathCode', `<ValidateOathCodeResult>${right}</ValidateOathCodeResult>${error}`);
  }

  #refuse(status: number, why: string): PeerReply {
    this.refused.push(why);
    return { status, body: why };
  }

  /** What ASP.NET answers to a message that it has no method for. */
  #fault(why: string): PeerReply {
    this.refused.push(why);
    const fault = `<soap:Fault><faultcode>soap:Client</faultcode><faultstring>${why}</faultstring></soap:Fault>`;
    return { status: 500, headers: { 'Content-Type': 'text/xml; charset=utf-8' }, body: envelopeOf(fault) };
  }
}

function outcome(operation: string, result: boolean, callCode: number, errorCode?: number, id = randomUUID()): string {
  return (
    `<${operation}Result>${result}</${operation}Result>` +
    `<callResult><Code>${callCode}</Code><Description>call result ${callCode}</Description></callResult>` +
    `<authenticationRequestId>${id}</authenticationRequestId>${errorCode === undefined ? '' : errorElement(errorCode)}`
  );
}

function errorElement(code: number): string {
  return `<error><Code>${code}</Code><Description>error ${code}</Description></error>`;
}

function reply(operation: string, inner: string): PeerReply {
  return {
    status: 200,
    headers: { 'Content-Type': 'text/xml; charset=utf-8' },
    body: envelopeOf(`<${operation}Response xmlns="${namespace}">${inner}</${operation}Response>`),
  };
}

function envelopeOf(inner: string): string {
  return `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${soap}"><soap:Body>${inner}</soap:Body></soap:Envelope>`;
}

/** What a message of the server says, for tests that speak to it raw. */
export function resultOf(body: string, operation: string): string {
  return findElement(readXml(body), `${operation}Result`)?.text ?? '';
}
