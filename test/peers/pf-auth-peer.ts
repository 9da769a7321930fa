import { randomInt } from 'node:crypto';
import { readXml, type XmlElement } from '../../src/outbound/xml.ts';
import type { TestAuthority } from './authority.ts';
import { HttpsPeer, type HttpsPeerNeeds, type PeerReply, type PeerRequest } from './https-peer.ts';
import { PhoneLine } from './phone-line.ts';

export interface PfAuthPeerNeeds {
  readonly authority: TestAuthority;
  readonly licenceKey: string;
  readonly groupKey: string;
  /** Names in the server's certificate. */
  readonly names?: readonly string[];
}

export interface PfPreset {
  readonly authenticated: 'yes' | 'no';
  readonly callStatus: number;
}

/** Elements of an authenticationRequest in their order; the last ones depend on what is wanted. */
const common = [
  'customer',
  'countryCode',
  'authenticationType',
  'username',
  'phonenumber',
  'allowInternationalCalls',
  'applicationName',
];

/** The service behind Azure MFA's direct SDK (pf_auth): one XML document over mutual TLS, answered when the call ends. */
export class PfAuthPeer extends HttpsPeer {
  readonly line = new PhoneLine();
  readonly messages: { readonly to: string; readonly text: string }[] = [];
  readonly refused: string[] = [];
  readonly #needs: PfAuthPeerNeeds;
  #preset: PfPreset | { readonly errorId: number } | undefined;

  static async open(needs: PfAuthPeerNeeds): Promise<PfAuthPeer> {
    const identity = await needs.authority.server(needs.names);
    const peer = new PfAuthPeer(needs, { identity, ca: needs.authority.ca, clients: 'required' });
    await peer.listen();
    return peer;
  }

  private constructor(needs: PfAuthPeerNeeds, tls: HttpsPeerNeeds) {
    super(tls);
    this.#needs = needs;
  }

  get url(): string {
    return `${this.origin}/pfd/pfd.pl`;
  }

  lastCode(): string {
    return /\d{6}/.exec(this.messages.at(-1)?.text ?? '')?.[0] ?? '';
  }

  answerWith(preset: PfPreset | { readonly errorId: number }): void {
    this.#preset = preset;
  }

  protected async answer(request: PeerRequest): Promise<PeerReply> {
    if (request.method !== 'POST' || request.path !== '/pfd/pfd.pl')
      return this.#refuse(`${request.method} ${request.path}`);
    if (!/^text\/xml/.test(request.headers['content-type'] ?? '')) return this.#refuse('content type');
    let message: XmlElement;
    try {
      message = readXml(request.body);
    } catch {
      return this.#refuse('not XML');
    }
    const wrong = this.#wrongIn(message);
    if (wrong !== undefined) return this.#refuse(wrong);
    const wanted = at(message, 'request', 'authenticationRequest');
    const id = at(message, 'request').attributes['request-id'] ?? '';
    const preset = this.#preset;
    this.#preset = undefined;
    if (preset !== undefined && 'errorId' in preset) {
      return document(
        `<response request-id="${id}"><status disposition="fail"><error-id>${preset.errorId}</error-id><message>failed</message></status></response>`,
      );
    }
    if (preset !== undefined) return said(id, preset.authenticated, preset.callStatus);
    return wanted.attributes.mode === 'sms' ? this.#text(id, wanted) : this.#call(id);
  }

  async #call(id: string): Promise<PeerReply> {
    const end = await this.line.ring();
    const codes = { 'hung-up': 108, refused: 112, voicemail: 13, 'no-answer': 11, busy: 101 } as const;
    if (end.kind !== 'keys') return said(id, 'no', codes[end.kind]);
    return end.keys === '#' ? said(id, 'yes', 2) : said(id, 'no', 3);
  }

  #text(id: string, wanted: XmlElement): PeerReply {
    const otp = String(randomInt(1_000_000)).padStart(6, '0');
    const text = at(wanted, 'smsInfo', 'message').text.replace('<$otp$>', otp);
    this.messages.push({ to: `+${at(wanted, 'countryCode').text}${at(wanted, 'phonenumber').text}`, text });
    return said(id, 'yes', 20, otp);
  }

  /** What is not as the protocol has it; undefined when all is. */
  #wrongIn(message: XmlElement): string | undefined {
    if (message.name !== 'pfpMessage' || message.attributes.version !== '1.5') return 'pfpMessage';
    const source = at(message, 'header', 'source', 'component');
    if (source.attributes.type !== 'pfsdk') return 'component';
    const host = at(source, 'host');
    if (!host.attributes.ip || !host.attributes.hostname) return 'host';
    const request = at(message, 'request');
    if (!/^\d{1,4}$/.test(request.attributes['request-id'] ?? '')) return 'request-id';
    if (request.attributes.async !== '0' || !request.attributes.language) return 'request';
    const wanted = at(request, 'authenticationRequest');
    const sms = wanted.attributes.mode === 'sms';
    const expected = [...common, ...(sms ? ['smsInfo', 'pinInfo'] : ['pinInfo'])];
    const found = wanted.children.map((child) => child.name);
    if (found.join() !== expected.join()) return `elements ${found.join()}`;
    if (at(wanted, 'customer', 'licenseKey').text !== this.#needs.licenceKey) return 'licenseKey';
    if (at(wanted, 'customer', 'groupKey').text !== this.#needs.groupKey) return 'groupKey';
    if (!/^\d{1,3}$/.test(at(wanted, 'countryCode').text)) return 'countryCode';
    if (!/^\d{4,14}$/.test(at(wanted, 'phonenumber').text)) return 'phonenumber';
    if (at(wanted, 'phonenumber').attributes.userCanChangePhone !== 'no') return 'userCanChangePhone';
    if (at(wanted, 'authenticationType').text !== 'pfsdk') return 'authenticationType';
    if (!['yes', 'no'].includes(at(wanted, 'allowInternationalCalls').text)) return 'allowInternationalCalls';
    if (at(wanted, 'pinInfo').attributes.pinMode !== 'standard') return 'pinMode';
    if (!sms) return at(wanted, 'pinInfo', 'userCanChangePin').text === 'no' ? undefined : 'userCanChangePin';
    const info = at(wanted, 'smsInfo');
    if (info.attributes.direction !== 'one-way' || info.attributes.mode !== 'otp') return 'smsInfo';
    return at(info, 'message').text.includes('<$otp$>') ? undefined : 'no place for the code';
  }

  #refuse(why: string): PeerReply {
    this.refused.push(why);
    return document('<response><status disposition="fail"><error-id>1</error-id></status></response>');
  }
}

const nothing: XmlElement = { name: '', namespace: '', attributes: {}, text: '', children: [] };

/** What lies at the end of a way of children; an empty element when there is no such way. */
function at(from: XmlElement, ...names: readonly string[]): XmlElement {
  return names.reduce((element, name) => element.children.find((child) => child.name === name) ?? nothing, from);
}

function said(id: string, authenticated: string, callStatus: number, otp?: string): PeerReply {
  const code = otp === undefined ? '' : `<otp>${otp}</otp>`;
  return document(
    `<response request-id="${id}"><status disposition="success"/><authenticationResponse>` +
      `<authenticated>${authenticated}</authenticated><callStatus>${callStatus}</callStatus>${code}` +
      '</authenticationResponse></response>',
  );
}

function document(inner: string): PeerReply {
  return {
    status: 200,
    headers: { 'Content-Type': 'text/xml' },
    body: `<?xml version="1.0" encoding="utf-8"?><pfpMessage version="1.5">${inner}</pfpMessage>`,
  };
}
