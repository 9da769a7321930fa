import { Unavailable } from '../../core/errors.ts';
import { childText, escapeXml, readXml, type XmlElement } from '../../outbound/xml.ts';

/** Namespace of requests, responses and types, and the beginning of every SOAPAction (PfWsSdk). */
const namespace = 'http://www.phonefactor.com/PfWsSdk';
const soap = 'http://schemas.xmlsoap.org/soap/envelope/';

/** Parameters in the order in which the operation takes them: document/literal wrapped is a sequence. */
export type Parameters = readonly (readonly [name: string, value: string])[];

export interface SoapMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request of SOAP 1.1. */
export function writeMessage(operation: string, parameters: Parameters): SoapMessage {
  const inner = parameters.map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`).join('');
  return {
    headers: { 'Content-Type': 'text/xml; charset=utf-8', SOAPAction: `"${namespace}/${operation}"` },
    body:
      `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${soap}"><soap:Body>` +
      `<${operation} xmlns="${namespace}">${inner}</${operation}></soap:Body></soap:Envelope>`,
  };
}

/**
 * The response of an operation.
 * Throws Unavailable when the document is anything else, a soap:Fault included.
 */
export function readMessage(document: string, operation: string): XmlElement {
  const envelope = readXml(document);
  const body = envelope.children.find((child) => child.name === 'Body' && child.namespace === soap);
  const [message] = body?.children ?? [];
  if (envelope.name !== 'Envelope' || envelope.namespace !== soap || message === undefined) {
    throw new Unavailable('the server answered with something that is not SOAP 1.1');
  }
  if (message.name === 'Fault') throw new Unavailable('the server answered with a SOAP fault');
  if (message.name !== `${operation}Response` || message.namespace !== namespace) {
    throw new Unavailable(`the server did not answer ${operation}`);
  }
  return message;
}

/** The operation's own yes or no. Throws Unavailable when it is neither. */
export function booleanResult(message: XmlElement, operation: string): boolean {
  const text = childText(message, `${operation}Result`);
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new Unavailable(`the server's answer to ${operation} has no result`);
}

/** The code in `callResult` or `error`; undefined when there is none, or it is nil. */
export function codeIn(message: XmlElement, part: 'callResult' | 'error'): number | undefined {
  const text = childText(
    message.children.find((child) => child.name === part),
    'Code',
  );
  if (text === undefined || text === '') return undefined;
  if (!/^-?\d{1,9}$/.test(text)) throw new Unavailable(`the code in ${part} is not a number`);
  return Number(text);
}
