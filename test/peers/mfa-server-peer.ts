import { randomInt, randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import type { TestAuthority } from './authority.ts';
import { HttpsPeer, type HttpsPeerNeeds, type PeerReply, type PeerRequest } from './https-peer.ts';
import { PhoneLine } from './phone-line.ts';
import { attributesOf, inOrder, Misfit, only, openDocument, refuse, textOf } from './xml-document.ts';

const namespace = 'http://www.phonefactor.com/PfWsSdk';
const soap = 'http://schemas.xmlsoap.org/soap/envelope/';
const path = '/MultiFactorAuthWebServiceSdk/PfWsSdk.asmx';

type Fits = (value: string) => boolean;

const text: Fits = () => true;
const boolean: Fits = (value) => /^(true|false|0|1)$/.test(value);
const oneOf = (names: string): Fits => {
  const known = names.split(' ');
  return (value) => known.includes(value);
};
const authenticationType = oneOf(
  'adfs iso8583 user_enrollment activation ldap terminal_services logmein userportal pfsdk pfwebui isapi radius mswin ' +
    'test invalid unspecified',
);
const mode3 = oneOf('oathToken phoneApp smsText voiceCall invalid unspecified');

/** Parameters of each operation in their order, and what their types allow. None of them may be nil. */
const operations: Readonly<Record<string, Readonly<Record<string, Fits>>>> = {
  TestSecurity: {},
  PfAuthUser_5: {
    username: text,
    initiatingAuthenticationType: authenticationType,
    initiatingIpAddress: (value) => isIP(value) > 0,
    applicationName: text,
    requireUserMatch: boolean,
    mode: mode3,
    countryCode: text,
    phoneNumber: text,
    extension: text,
  },
  ValidateOathCode: { username: text, code: text, authenticationRequestId: text, fallback: boolean },
};

type Values = Readonly<Record<string, string>>;

export interface MfaServerPeerNeeds {
  readonly authority: TestAuthority;
  /** The user that calls run under must exist on the server. */
  readonly username: string;
  /** IIS Basic. Left out, a client certificate is required instead. */
  readonly basic?: { readonly user: string; readonly password: string };
  /** The name in the one client certificate that is mapped to an administrator of the server. */
  readonly mapped?: string;
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
    if (!this.#isKnown(request)) return this.#refuse(this.#needs.basic === undefined ? 403 : 401, 'credentials');
    if (request.path !== path) return this.#refuse(404, `path ${request.path}`);
    if (request.method !== 'POST') return this.#refuse(405, `method ${request.method}`);
    if (!/^text\/xml; ?charset="?utf-8"?$/i.test(request.headers['content-type'] ?? '')) {
      return this.#refuse(415, `content type ${request.headers['content-type']}`);
    }
    try {
      const [operation, values] = readCall(request);
      return await this.#perform(operation, values);
    } catch (misfit) {
      if (!(misfit instanceof Misfit)) throw misfit;
      return this.#fault(misfit.message);
    }
  }

  #isKnown({ headers, client }: PeerRequest): boolean {
    const { basic, mapped = 'latchkey' } = this.#needs;
    if (basic === undefined) return client === mapped;
    return headers.authorization === `Basic ${Buffer.from(`${basic.user}:${basic.password}`).toString('base64')}`;
  }

  async #perform(operation: string, values: Values): Promise<PeerReply> {
    if (operation === 'TestSecurity') return reply(operation, '<TestSecurityResult>secure</TestSecurityResult>');
    if (operation === 'ValidateOathCode') return this.#validate(values);
    if (values.username !== this.#needs.username) return unknownUser(values);
    const wrong = numberFault(values);
    if (wrong !== undefined) return said(false, wrong);
    const preset = this.#preset;
    this.#preset = undefined;
    if (preset !== undefined) return said(preset.result, preset.callCode, preset.errorCode);
    if (values.mode === 'smsText') return this.#text(values);
    if (values.mode === 'voiceCall') return this.#call();
    return said(false, values.mode === 'phoneApp' ? 134 : 141);
  }

  async #call(): Promise<PeerReply> {
    const end = await this.line.ring();
    const codes = { 'hung-up': 108, refused: 132, voicemail: 13, 'no-answer': 11, busy: 101 } as const;
    if (end.kind !== 'keys') return said(false, codes[end.kind]);
    const confirmed = end.keys === '#';
    return said(confirmed, confirmed ? 2 : 3);
  }

  #text(values: Values): PeerReply {
    if (this.#needs.sms === false) return said(false, 124);
    const code = String(randomInt(1_000_000)).padStart(6, '0');
    const id = randomUUID();
    this.#codes.set(id, code);
    this.messages.push({
      to: `+${values.countryCode}${values.phoneNumber}`,
      text: `Your verification code is ${code}`,
    });
    return said(false, 22, undefined, id);
  }

  #validate(values: Values): PeerReply {
    const operation = 'ValidateOathCode';
    const verdict = (right: boolean): string => `<${operation}Result>${right}</${operation}Result>`;
    if (values.username !== this.#needs.username) return reply(operation, verdict(false) + errorElement(10));
    const id = values.authenticationRequestId ?? '';
    const right = this.#codes.get(id) === values.code;
    if (right) this.#codes.delete(id);
    return reply(operation, verdict(right) + (right ? '' : errorElement(125)));
  }

  #refuse(status: number, why: string): PeerReply {
    this.refused.push(why);
    const asks = status === 401 ? { 'WWW-Authenticate': 'Basic realm="PfWsSdk"' } : {};
    return { status, headers: { 'Content-Type': 'text/html', ...asks }, body: `<h1>${status}</h1>` };
  }

  /** What ASP.NET answers to a message that it has no method for. */
  #fault(why: string): PeerReply {
    this.refused.push(why);
    const fault = `<soap:Fault><faultcode>soap:Client</faultcode><faultstring>${escaped(why)}</faultstring><detail/></soap:Fault>`;
    return { status: 500, headers: { 'Content-Type': 'text/xml; charset=utf-8' }, body: envelopeOf(fault) };
  }
}

/** The operation and its values by name. Throws a Misfit for all that the operation's description does not have. */
function readCall({ headers, bytes }: PeerRequest): readonly [string, Values] {
  const action = headers.soapaction ?? refuse('no SOAPAction');
  const operation =
    Object.keys(operations).find((one) => action === `"${namespace}/${one}"`) ?? refuse(`SOAPAction ${action}`);
  const envelope = openDocument(bytes);
  if (envelope.name !== 'Envelope' || envelope.namespace !== soap) refuse('not a SOAP 1.1 envelope');
  const body = only(envelope, ['Body'], soap);
  const message = only(body, [operation], namespace);
  const types = Object.entries(operations[operation] ?? {});
  const parameters = inOrder(
    message,
    types.map(([name]) => name),
    namespace,
  );
  for (const element of [envelope, body, message, ...parameters]) attributesOf(element);
  const values = Object.fromEntries(parameters.map((parameter) => [parameter.name, textOf(parameter)]));
  for (const [name, fits] of types) if (!fits(values[name] ?? '')) refuse(`${name} is not of its type`);
  return [operation, values];
}

/** Who need not match is let through and nobody is called: so "require user match" reads where MFA Server has it. */
function unknownUser({ requireUserMatch }: Values): PeerReply {
  return requireUserMatch === 'true' || requireUserMatch === '1' ? said(false, 0, 10) : said(true, 0);
}

/** The call result that rejects a number; undefined for one that can be dialled. */
function numberFault(values: Values): number | undefined {
  if (!/^[1-9]\d{0,2}$/.test(values.countryCode ?? '') || !/^\d{4,14}$/.test(values.phoneNumber ?? '')) return 100;
  return /^\d*$/.test(values.extension ?? '') ? undefined : 111;
}

function said(result: boolean, callCode: number, errorCode?: number, id = randomUUID() as string): PeerReply {
  return reply(
    'PfAuthUser_5',
    `<PfAuthUser_5Result>${result}</PfAuthUser_5Result>` +
      `<callResult><Code>${callCode}</Code><Description>call result ${callCode}</Description></callResult>` +
      `<authenticationRequestId>${id}</authenticationRequestId>${errorCode === undefined ? '' : errorElement(errorCode)}`,
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

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
