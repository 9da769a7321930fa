import { randomInt } from 'node:crypto';
import { isIP } from 'node:net';
import type { TestAuthority } from './authority.ts';
import { HttpsPeer, type HttpsPeerNeeds, type PeerReply, type PeerRequest } from './https-peer.ts';
import { PhoneLine } from './phone-line.ts';
import { attributesOf, type Element, inOrder, Misfit, only, openDocument, refuse, textOf } from './xml-document.ts';

export interface PfAuthPeerNeeds {
  readonly authority: TestAuthority;
  readonly licenceKey: string;
  readonly groupKey: string;
  /** The name in the certificate that came with the licence; without one any of the authority's will do. */
  readonly holder?: string;
  /** Names in the server's certificate. */
  readonly names?: readonly string[];
}

export interface PfPreset {
  readonly authenticated: 'yes' | 'no';
  readonly callStatus: number;
}

/** What is asked for, once it was found to be as the protocol has it. */
interface Wanted {
  readonly requestId: string;
  readonly to: string;
  /** The text of a message with the place for its code; undefined when a call is wanted. */
  readonly text?: string;
}

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
    let wanted: Wanted;
    try {
      wanted = this.#read(request);
    } catch (misfit) {
      if (!(misfit instanceof Misfit)) throw misfit;
      this.refused.push(misfit.message);
      return failed(1);
    }
    const preset = this.#preset;
    this.#preset = undefined;
    if (preset !== undefined && 'errorId' in preset) return failed(preset.errorId, wanted.requestId);
    if (preset !== undefined) return said(wanted.requestId, preset.authenticated, preset.callStatus);
    return wanted.text === undefined ? this.#call(wanted.requestId) : this.#text(wanted, wanted.text);
  }

  async #call(id: string): Promise<PeerReply> {
    const end = await this.line.ring();
    const codes = { 'hung-up': 108, refused: 112, voicemail: 13, 'no-answer': 11, busy: 101 } as const;
    if (end.kind !== 'keys') return said(id, 'no', codes[end.kind]);
    return end.keys === '#' ? said(id, 'yes', 2) : said(id, 'no', 3);
  }

  #text({ requestId, to }: Wanted, text: string): PeerReply {
    const otp = String(randomInt(1_000_000)).padStart(6, '0');
    this.messages.push({ to, text: text.replace('<$otp$>', otp) });
    return said(requestId, 'yes', 20, otp);
  }

  /** Throws a Misfit for what is not as the protocol has it. */
  #read({ method, path, headers, bytes, client }: PeerRequest): Wanted {
    if (method !== 'POST' || path !== '/pfd/pfd.pl') refuse(`${method} ${path}`);
    if (client !== (this.#needs.holder ?? client) || client === undefined) refuse(`certificate of ${client}`);
    // The SDKs speak HTTP/1.0, in which a body has a length.
    if (headers['content-length'] !== String(bytes.length)) refuse('no length');
    if (!/^text\/xml(; ?charset=utf-8)?$/i.test(headers['content-type'] ?? '')) refuse('content type');
    const message = openDocument(bytes);
    if (message.name !== 'pfpMessage' || message.namespace !== '') refuse(`message ${message.name}`);
    if (attributesOf(message, ['version']).version !== '1.5') refuse('version');
    const [header, request] = inOrder(message, ['header', 'request']) as [Element, Element];
    readHeader(header);
    const about = attributesOf(request, ['request-id', 'language', 'async'], ['response-url']);
    const requestId = about['request-id'] ?? '';
    if (!/^\d{1,4}$/.test(requestId)) refuse('request-id');
    if (!/^[a-z]{2}(-[a-z]{2,4})?$/i.test(about.language ?? '')) refuse('language');
    if (about.async !== '0' || (about['response-url'] ?? '') !== '') refuse('answers are not posted anywhere');
    return { requestId, ...readWanted(only(request, ['authenticationRequest']), this.#needs) };
  }
}

function readHeader(header: Element): void {
  attributesOf(header);
  const source = only(header, ['source']);
  attributesOf(source);
  const component = only(source, ['component']);
  if (attributesOf(component, ['type'], ['role']).type !== 'pfsdk') refuse('component');
  const host = only(component, ['host']);
  const { ip, hostname } = attributesOf(host, ['ip', 'hostname']);
  if (isIP(ip ?? '') !== 4 || hostname === '') refuse('host');
  inOrder(host, []);
}

function readWanted(wanted: Element, keys: PfAuthPeerNeeds): Omit<Wanted, 'requestId'> {
  const { mode } = attributesOf(wanted, [], ['mode']);
  if (mode !== undefined && mode !== 'sms') refuse(`mode ${mode}`);
  const parts = inOrder(wanted, [
    'customer',
    'countryCode',
    'authenticationType',
    'username',
    'phonenumber',
    'allowInternationalCalls',
    'applicationName',
    ...(mode === 'sms' ? ['smsInfo'] : []),
    'pinInfo',
  ]);
  const part = (name: string): Element => parts.find((one) => one.name === name) as Element;
  const value = (name: string): string => {
    if (name !== 'phonenumber') attributesOf(part(name));
    return textOf(part(name));
  };
  attributesOf(part('customer'));
  const [licenceKey, groupKey] = inOrder(part('customer'), ['licenseKey', 'groupKey']) as [Element, Element];
  if (textOf(licenceKey) !== keys.licenceKey) refuse('licenseKey');
  if (textOf(groupKey) !== keys.groupKey) refuse('groupKey');
  if (!/^[1-9]\d{0,2}$/.test(value('countryCode'))) refuse('countryCode');
  if (value('authenticationType') !== 'pfsdk') refuse('authenticationType');
  if (value('username') === '') refuse('username');
  if (!/^\d{4,14}$/.test(value('phonenumber'))) refuse('phonenumber');
  const phone = attributesOf(part('phonenumber'), ['userCanChangePhone'], ['extension']);
  if (!/^(yes|no)$/.test(phone.userCanChangePhone ?? '')) refuse('userCanChangePhone');
  if (!/^\d*$/.test(phone.extension ?? '')) refuse('extension');
  if (!/^(yes|no)$/.test(value('allowInternationalCalls'))) refuse('allowInternationalCalls');
  value('applicationName');
  const pin = part('pinInfo');
  if (attributesOf(pin, ['pinMode']).pinMode !== 'standard') refuse('pinMode');
  const to = `+${value('countryCode')}${value('phonenumber')}`;
  if (mode === undefined) {
    if (textOf(only(pin, ['userCanChangePin'])) !== 'no') refuse('userCanChangePin');
    return { to };
  }
  inOrder(pin, []);
  return { to, text: readText(part('smsInfo')) };
}

/** One-way only: the service tells the code to whoever asked, who compares it. */
function readText(info: Element): string {
  const { direction, mode } = attributesOf(info, ['direction', 'mode']);
  if (direction !== 'one-way' || mode !== 'otp') refuse(`smsInfo ${direction} ${mode}`);
  const text = textOf(only(info, ['message']));
  return text.includes('<$otp$>') ? text : refuse('no place for the code');
}

function said(id: string, authenticated: string, callStatus: number, otp?: string): PeerReply {
  const code = otp === undefined ? '' : `<otp>${otp}</otp>`;
  return document(
    `<response request-id="${id}"><status disposition="success"/><authenticationResponse>` +
      `<authenticated>${authenticated}</authenticated><callStatus>${callStatus}</callStatus>${code}` +
      '</authenticationResponse></response>',
  );
}

function failed(errorId: number, requestId?: string): PeerReply {
  const id = requestId === undefined ? '' : ` request-id="${requestId}"`;
  return document(
    `<response${id}><status disposition="fail"><error-id>${errorId}</error-id><message>failed</message></status></response>`,
  );
}

function document(inner: string): PeerReply {
  return {
    status: 200,
    headers: { 'Content-Type': 'text/xml' },
    body: `<?xml version="1.0" encoding="utf-8"?><pfpMessage version="1.5">${inner}</pfpMessage>`,
  };
}
