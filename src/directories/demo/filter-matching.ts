import { dnKey, parseDn } from './distinguished-name.ts';
import type { Entry, Value } from './entry.ts';
import type { EntryTree } from './entry-tree.ts';
import type { Filter, SubstringsFilter } from './filter-decoding.ts';
import { guidFromText, sidFromText } from './identifier.ts';
import { type AttributeSchema, attributeSchema } from './schema.ts';
import { foldText } from './text-folding.ts';

/** MS-ADTS 3.1.1.3.4.4 */
export const matchingRule = {
  bitAnd: '1.2.840.113556.1.4.803',
  bitOr: '1.2.840.113556.1.4.804',
  inChain: '1.2.840.113556.1.4.1941',
} as const;

/**
 * Whether an entry fits a filter, in the three-valued logic of RFC 4511 4.5.1.7.
 * @returns undefined when the filter speaks of what cannot be known, such as an attribute that the schema lacks
 */
export function matches(tree: EntryTree, entry: Entry, filter: Filter): boolean | undefined {
  switch (filter.kind) {
    case 'and':
      return all(filter.filters, (part) => matches(tree, entry, part));
    case 'or':
      return negate(all(filter.filters, (part) => negate(matches(tree, entry, part))));
    case 'not':
      return negate(matches(tree, entry, filter.filter));
    default:
      return matchesAttribute(tree, entry, filter);
  }
}

/** Whether a filter speaks of a constructed attribute, which Active Directory refuses (MS-ADTS 3.1.1.4.5). */
export function usesConstructed(filter: Filter): boolean {
  if ('filters' in filter) return filter.filters.some(usesConstructed);
  if (filter.kind === 'not') return usesConstructed(filter.filter);
  return attributeSchema(filter.attribute)?.constructed === true;
}

type AttributeFilter = Exclude<Filter, { readonly kind: 'and' | 'or' | 'not' }>;

function matchesAttribute(tree: EntryTree, entry: Entry, filter: AttributeFilter): boolean | undefined {
  const schema = attributeSchema(filter.attribute);
  if (schema === undefined || schema.name === 'unicodePwd') return undefined;
  const values = tree.valuesOf(entry, schema.name);
  switch (filter.kind) {
    case 'present':
      return values.length > 0;
    case 'equal':
      return equals(tree, schema, values, filter.value);
    case 'substrings':
      return values.some((value) => hasParts(value, filter));
    case 'rule':
      return matchesRule({ tree, entry, schema, values }, filter.rule, filter.value);
    default:
      return isBeyond(schema, values, filter.kind, filter.value);
  }
}

/** The form in which two values of an attribute are compared: equal texts mean equal values. */
function comparable(tree: EntryTree, { name, syntax }: AttributeSchema, value: Value): string | undefined {
  const text = value.toString();
  switch (syntax) {
    case 'integer':
      return integer(text)?.toString();
    case 'dn':
      return comparableName(tree, name === 'objectCategory' ? categoryName(text) : text);
    case 'guid':
      return (guidFromText(text) ?? Buffer.from(value)).toString('hex');
    case 'sid':
      return (sidFromText(text) ?? Buffer.from(value)).toString('hex');
    case 'octets':
      return Buffer.from(value).toString('hex');
    default:
      return foldText(text);
  }
}

function comparableName(tree: EntryTree, name: string): string | undefined {
  const entry = tree.resolve(name);
  if (entry !== undefined && entry !== 'malformed') return entry.lineage[0];
  const dn = parseDn(name);
  return dn === undefined ? undefined : dnKey(dn);
}

/**
 * objectCategory may be asked for by the name of a class (MS-ADTS 3.1.1.3.1.3.5). Both forms become the first step of
 * the category's name, so that this file need not know where the schema lies.
 */
function categoryName(text: string): string {
  const category = categories[text.toLowerCase()] ?? text;
  return /^[\w-]+$/.test(category) ? `CN=${category}` : text.replace(/,CN=Schema,CN=Configuration,.*$/i, '');
}

const categories: Readonly<Record<string, string>> = {
  user: 'Person',
  inetorgperson: 'Person',
  organizationalunit: 'Organizational-Unit',
  domaindns: 'Domain-DNS',
  crossref: 'Cross-Ref',
  'msds-passwordsettings': 'ms-DS-Password-Settings',
};

/** Whether one of the values is the sought one; undefined when the sought value is none of this syntax. */
export function equals(
  tree: EntryTree,
  schema: AttributeSchema,
  values: readonly Value[],
  sought: Value,
): boolean | undefined {
  const wanted = comparable(tree, schema, sought);
  return wanted === undefined ? undefined : values.some((value) => comparable(tree, schema, value) === wanted);
}

function hasParts(value: Value, { initial, any, final }: SubstringsFilter): boolean {
  const text = foldText(value.toString());
  const start = foldText(initial ?? '');
  const end = foldText(final ?? '');
  if (!text.startsWith(start) || !text.endsWith(end)) return false;
  let from = start.length;
  for (const part of any.map(foldText)) {
    const at = text.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return from <= text.length - end.length;
}

function isBeyond(
  schema: AttributeSchema,
  values: readonly Value[],
  kind: 'at-least' | 'at-most',
  limit: Buffer,
): boolean | undefined {
  const order = (value: Value): bigint | string | undefined =>
    schema.syntax === 'integer' ? integer(value.toString()) : foldText(value.toString());
  const bound = order(limit);
  if (bound === undefined) return undefined;
  return values
    .map(order)
    .some((value) => value !== undefined && (kind === 'at-least' ? value >= bound : value <= bound));
}

interface RuleSubject {
  readonly tree: EntryTree;
  readonly entry: Entry;
  readonly schema: AttributeSchema;
  readonly values: readonly Value[];
}

function matchesRule(subject: RuleSubject, rule: string, value: Buffer): boolean | undefined {
  const { tree, schema, values } = subject;
  const mask = integer(value.toString());
  switch (rule) {
    case '':
      return equals(tree, schema, values, value);
    case matchingRule.bitAnd:
      return mask === undefined ? undefined : bits(values, (stored) => (stored & mask) === mask);
    case matchingRule.bitOr:
      return mask === undefined ? undefined : bits(values, (stored) => (stored & mask) !== 0n);
    case matchingRule.inChain:
      return isInChain(subject, value.toString());
    default:
      return undefined;
  }
}

function bits(values: readonly Value[], test: (stored: bigint) => boolean): boolean {
  return values.some((value) => test(integer(value.toString()) ?? 0n));
}

function isInChain({ tree, entry, schema }: RuleSubject, name: string): boolean | undefined {
  const other = tree.resolve(name);
  if (other === 'malformed') return undefined;
  if (other === undefined) return false;
  if (schema.name === 'memberOf') return tree.groupsAround(entry).has(other);
  return schema.name === 'member' ? tree.groupsAround(other).has(entry) : undefined;
}

function integer(text: string): bigint | undefined {
  return /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
}

/** Looks no further than the first part that does not fit. */
function all(parts: readonly Filter[], fits: (part: Filter) => boolean | undefined): boolean | undefined {
  let result: boolean | undefined = true;
  for (const part of parts) {
    const one = fits(part);
    if (one === false) return false;
    if (one === undefined) result = undefined;
  }
  return result;
}

function negate(part: boolean | undefined): boolean | undefined {
  return part === undefined ? undefined : !part;
}
