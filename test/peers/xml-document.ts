import { SaxesParser } from 'saxes';

/**
 * The peers' own reader of XML, by saxes, which takes nothing that is not well formed. The product reads with another
 * parser: a fault that both shared would be seen by nobody.
 */
export interface Element {
  readonly name: string;
  readonly namespace: string;
  /** By local name; one of a namespace stands as {namespace}name. Declarations of namespaces are none. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** What is written right inside, as it is written. */
  readonly text: string;
}

/** What is not as the protocol has it. */
export class Misfit extends Error {}

type Open = Element & { children: Element[]; text: string };

const declarations = 'http://www.w3.org/2000/xmlns/';

/** The root of a document. Throws a Misfit for what is no XML 1.0 with namespaces in UTF-8, and for a DOCTYPE. */
export function openDocument(bytes: Uint8Array): Element {
  const path: Open[] = [{ name: '', namespace: '', attributes: {}, children: [], text: '' }];
  const top = (): Open => path.at(-1) as Open;
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', ({ message }) => refuse(`not XML: ${message}`));
  parser.on('doctype', () => refuse('a DOCTYPE'));
  parser.on('processinginstruction', () => refuse('a processing instruction'));
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8') refuse(`encoding ${encoding}`);
  });
  parser.on('opentag', (tag) => {
    const attributes = Object.values(tag.attributes)
      .filter(({ uri }) => uri !== declarations)
      .map(({ uri, local, value }) => [uri === '' ? local : `{${uri}}${local}`, value] as const);
    const opened = { name: tag.local, namespace: tag.uri, attributes: Object.fromEntries(attributes) };
    const element: Open = { ...opened, children: [], text: '' };
    top().children.push(element);
    path.push(element);
  });
  parser.on('text', (text) => {
    top().text += text;
  });
  parser.on('cdata', (text) => {
    top().text += text;
  });
  parser.on('closetag', () => path.pop());
  parser.write(decode(bytes)).close();
  return top().children[0] as Element;
}

/** Children of exactly these names, in this order, each once, in this namespace, and no text between them. */
export function inOrder(parent: Element, names: readonly string[], namespace = ''): readonly Element[] {
  const found = parent.children.map((child) => child.name);
  if (found.join() !== names.join()) refuse(`${parent.name} holds ${found.join()} instead of ${names.join()}`);
  for (const child of parent.children) {
    if (child.namespace !== namespace) refuse(`${child.name} is in namespace "${child.namespace}"`);
  }
  if (names.length > 0 && parent.text.trim() !== '') refuse(`text in ${parent.name}`);
  return parent.children;
}

/** The one child on each step of a way; every step holds nothing else. */
export function only(parent: Element, names: readonly string[], namespace = ''): Element {
  return names.reduce((element, name) => inOrder(element, [name], namespace)[0] as Element, parent);
}

/** The value of an element that holds nothing but text. */
export function textOf(element: Element): string {
  if (element.children.length > 0) refuse(`${element.name} holds elements`);
  return element.text;
}

/** Every attribute of the first list and perhaps some of the second, and no other. */
export function attributesOf(
  element: Element,
  required: readonly string[] = [],
  optional: readonly string[] = [],
): Readonly<Record<string, string>> {
  const { attributes, name } = element;
  for (const one of required) if (!(one in attributes)) refuse(`${name} without ${one}`);
  for (const one of Object.keys(attributes)) {
    if (!required.includes(one) && !optional.includes(one)) refuse(`${name} with ${one}`);
  }
  return attributes;
}

export function refuse(why: string): never {
  throw new Misfit(why);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('not UTF-8');
  }
}
