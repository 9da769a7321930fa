import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { Unavailable } from '../core/errors.ts';

/** An element as it was read: its name without a prefix, its attributes, its own text, what lies below. */
export interface XmlElement {
  readonly name: string;
  /** Namespace that its xmlns attribute or that of an element around it declares; empty for none. */
  readonly namespace: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** No message of a protocol that is spoken here comes near it. */
const maxCharacters = 100_000;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: true,
  processEntities: true,
  htmlEntities: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
});

/**
 * Reads a document of a far end that is not trusted.
 * Throws Unavailable when it is not well-formed, has a DOCTYPE (ASVS 1.5.1), has not exactly one root, nests too deep, or
 * is so long that reading it would hold up everybody.
 */
export function readXml(document: string): XmlElement {
  if (document.length > maxCharacters) throw new Unavailable(`the answer is longer than ${maxCharacters} characters`);
  if (/<!DOCTYPE|<!ENTITY/i.test(document)) throw new Unavailable('the answer has a DOCTYPE, which is not read');
  const valid = XMLValidator.validate(document);
  if (valid !== true) throw new Unavailable(`the answer is not XML (line ${valid.err.line})`);
  const nodes = nodesOf(document);
  const [root, ...more] = nodes.filter((node) => nameOf(node) !== '#text');
  if (root === undefined || more.length > 0) throw new Unavailable('the answer has not exactly one root element');
  return elementOf(root, new Map());
}

/** The parser gives up on what nests deeper than it dares, and on names that mean something to JavaScript. */
function nodesOf(document: string): readonly Node[] {
  try {
    return parser.parse(document) as readonly Node[];
  } catch {
    throw new Unavailable('the answer cannot be read as XML');
  }
}

/** The first element of this name, at any depth; undefined when there is none. */
export function findElement(from: XmlElement, name: string): XmlElement | undefined {
  if (from.name === name) return from;
  for (const child of from.children) {
    const found = findElement(child, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The text of a direct child; undefined when there is no such child. */
export function childText(from: XmlElement | undefined, name: string): string | undefined {
  return from?.children.find((child) => child.name === name)?.text;
}

/**
 * Text for an element or an attribute value in quotes.
 * Throws TypeError for characters that XML 1.0 cannot carry at all.
 */
export function escapeXml(text: string): string {
  if (!text.isWellFormed() || /[^\t\n\r\u0020-\ufffd\u{10000}-\u{10ffff}]/u.test(text)) {
    throw new TypeError('the text holds a character that XML cannot carry');
  }
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  };
  return text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}

/** As fast-xml-parser gives it: one key with the children, and `:@` with the attributes. */
type Node = Readonly<Record<string, unknown>>;

function nameOf(node: Node): string {
  return Object.keys(node).find((key) => key !== ':@') ?? '';
}

function elementOf(node: Node, around: ReadonlyMap<string, string>): XmlElement {
  const qualified = nameOf(node);
  const attributes = (node[':@'] ?? {}) as Readonly<Record<string, string>>;
  const spaces = new Map(around);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'xmlns') spaces.set('', value);
    else if (name.startsWith('xmlns:')) spaces.set(name.slice(6), value);
  }
  const below = node[qualified] as readonly Node[];
  const [prefix, local] = qualified.includes(':') ? (qualified.split(':') as [string, string]) : ['', qualified];
  return {
    name: local,
    namespace: spaces.get(prefix) ?? '',
    attributes,
    text: below.map((one) => (nameOf(one) === '#text' ? String(one['#text']) : '')).join(''),
    children: below.filter((one) => nameOf(one) !== '#text').map((one) => elementOf(one, spaces)),
  };
}
