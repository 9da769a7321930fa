import { SearchFilter } from 'ldapts';
import { Elements, MalformedMessage } from './ber-elements.ts';

/** A search filter (RFC 4511 4.5.1). Attribute names are in lower case; values are the bytes that were sent. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly kind: 'not'; readonly filter: Filter }
  | { readonly kind: 'present'; readonly attribute: string }
  | { readonly kind: 'equal' | 'at-least' | 'at-most'; readonly attribute: string; readonly value: Buffer }
  | SubstringsFilter
  | { readonly kind: 'rule'; readonly rule: string; readonly attribute: string; readonly value: Buffer };

export interface SubstringsFilter {
  readonly kind: 'substrings';
  readonly attribute: string;
  readonly initial?: string;
  readonly any: readonly string[];
  readonly final?: string;
}

const maxDepth = 50;

const comparisons = new Map<number, 'equal' | 'at-least' | 'at-most'>([
  [SearchFilter.equalityMatch, 'equal'],
  [SearchFilter.approxMatch, 'equal'],
  [SearchFilter.greaterOrEqual, 'at-least'],
  [SearchFilter.lessOrEqual, 'at-most'],
]);

/** Reads the next element as a filter. Throws MalformedMessage; more than 50 levels are malformed too. */
export function decodeFilter(elements: Elements, depth = 0): Filter {
  if (depth > maxDepth) throw new MalformedMessage('filter too deep');
  const { tag, content } = elements.next();
  const inside = new Elements(content);
  const comparison = comparisons.get(tag);
  if (comparison !== undefined) return { kind: comparison, attribute: name(inside), value: inside.octets() };
  switch (tag) {
    case SearchFilter.and:
      return { kind: 'and', filters: decodeFilters(inside, depth) };
    case SearchFilter.or:
      return { kind: 'or', filters: decodeFilters(inside, depth) };
    case SearchFilter.not:
      return { kind: 'not', filter: decodeFilter(inside, depth + 1) };
    case SearchFilter.present:
      return { kind: 'present', attribute: content.toString().toLowerCase() };
    case SearchFilter.substrings:
      return decodeSubstrings(inside);
    case SearchFilter.extensibleMatch:
      return decodeRule(inside);
    default:
      throw new MalformedMessage(`no such filter: ${tag}`);
  }
}

function decodeFilters(inside: Elements, depth: number): readonly Filter[] {
  const filters: Filter[] = [];
  while (!inside.done) filters.push(decodeFilter(inside, depth + 1));
  return filters;
}

function decodeSubstrings(inside: Elements): SubstringsFilter {
  const attribute = name(inside);
  const parts = inside.inside();
  const initial = parts.nextTag === 0x80 ? { initial: parts.text(0x80) } : {};
  const any: string[] = [];
  while (parts.nextTag === 0x81) any.push(parts.text(0x81));
  const final = parts.done ? {} : { final: parts.text(0x82) };
  if (!parts.done) throw new MalformedMessage('substrings out of order');
  return { kind: 'substrings', attribute, ...initial, any, ...final };
}

function decodeRule(inside: Elements): Filter {
  const rule = inside.nextTag === 0x81 ? inside.text(0x81) : '';
  const attribute = inside.nextTag === 0x82 ? inside.text(0x82).toLowerCase() : '';
  return { kind: 'rule', rule, attribute, value: inside.octets(0x83) };
}

function name(inside: Elements): string {
  return inside.text().toLowerCase();
}
