import { type Identity, mayRead, tokenOf } from './access.ts';
import { constructedValues } from './constructed-attributes.ts';
import type { Controls } from './controls.ts';
import { controlOid } from './controls.ts';
import type { Domain } from './domain.ts';
import type { Entry, Value } from './entry.ts';
import { badDn, bindNeeded, noSuchObject } from './error-texts.ts';
import { matches, usesConstructed } from './filter-matching.ts';
import { type LdapResult, ldapResult, resultCode, success } from './ldap-result.ts';
import type { SearchOperation } from './message-decoding.ts';
import { rootDse } from './root-dse.ts';
import { attributeSchema } from './schema.ts';

export interface FoundEntry {
  readonly dn: string;
  readonly attributes: readonly FoundAttribute[];
}

export interface FoundAttribute {
  readonly name: string;
  readonly values: readonly Value[];
}

export interface SearchOutcome {
  readonly result: LdapResult;
  readonly entries: readonly FoundEntry[];
  /** Addresses where the rest of the tree is. */
  readonly references: readonly string[];
  /** Where the next page starts; undefined without one. */
  readonly nextPage?: number;
}

/** Entries that one answer may hold (MaxPageSize). */
const maxEntries = 1000;

export interface SearchNeeds {
  readonly domain: Domain;
  readonly identity: Identity;
  readonly controls: Controls;
  readonly supportedControls: readonly string[];
}

/** Answers a search. Anonymous people see the rootDSE only. */
export function search(needs: SearchNeeds, operation: SearchOperation): SearchOutcome {
  const { domain, identity, controls } = needs;
  if (operation.base === '' && operation.scope === 'base') return searchRoot(needs, operation);
  if (identity === undefined) return failed(bindNeeded);
  const base = domain.tree.resolve(operation.base);
  if (base === 'malformed') return failed(badDn);
  if (base === undefined) return failed(noSuchObject('0000208D', nearest(domain, operation.base)));
  if (usesConstructed(operation.filter)) return failed(constructedInFilter);
  if (operation.scope !== 'base' && asksFor(operation, 'tokengroups')) return failed(baseOnly);
  const found = [...domain.tree.scope(base, operation.scope)].filter(
    (entry) => mayRead(domain, identity, entry) && matches(domain.tree, entry, operation.filter) === true,
  );
  const references =
    operation.scope === 'sub' && !controls.has(controlOid.domainScope) ? referencesBelow(needs, base) : [];
  return { ...page(needs, operation, found), references };
}

const constructedInFilter = ldapResult(resultCode.inappropriateMatching, 'a filter cannot use a constructed attribute');
const baseOnly = ldapResult(resultCode.operationsError, 'tokenGroups can be read with scope base only');

function searchRoot(needs: SearchNeeds, operation: SearchOperation): SearchOutcome {
  const { domain, identity, supportedControls } = needs;
  const own = asksFor(operation, 'tokengroups') && identity !== undefined ? tokenOf(domain, identity) : [];
  const token = own.length === 0 ? [] : [{ name: 'tokenGroups', values: own }];
  const all = [...rootDse(domain, supportedControls), ...token];
  const wanted = operation.attributes.map((name) => name.toLowerCase());
  const isWanted = ({ name }: FoundAttribute): boolean => wanted.includes('*') || wanted.includes(name.toLowerCase());
  const attributes = wanted.length === 0 ? all : all.filter(isWanted);
  return { result: success, entries: [{ dn: '', attributes }], references: [] };
}

function page(
  needs: SearchNeeds,
  operation: SearchOperation,
  found: readonly Entry[],
): Omit<SearchOutcome, 'references'> {
  const asked = needs.controls.page;
  const wanted = [operation.sizeLimit, asked === undefined ? maxEntries : 0].filter((limit) => limit > 0);
  const within = found.slice(0, Math.min(...wanted, found.length));
  const from = asked?.from ?? 0;
  const until = from + Math.min(asked?.size || maxEntries, maxEntries);
  const entries = within.slice(from, until).map((entry) => describe(needs, operation, entry));
  if (until < within.length) return { result: success, entries, nextPage: until };
  return { result: within.length < found.length ? tooManyEntries : success, entries };
}

const tooManyEntries = ldapResult(
  resultCode.sizeLimitExceeded,
  '00002023: SvcErr: DSID-031A11E5, problem 5008 (ADMIN_LIMIT_EXCEEDED), data 0',
);

function describe({ domain, identity, controls }: SearchNeeds, operation: SearchOperation, entry: Entry): FoundEntry {
  const attributes = attributeNames(operation, entry)
    .map((name) => attributeSchema(name))
    .filter((schema) => schema !== undefined)
    .map((schema): FoundAttribute => {
      const question = { domain, entry, identity, rightsOnly: controls.has(controlOid.descriptorFlags) };
      const { name } = schema;
      return {
        name,
        values: schema.constructed ? constructedValues(question, name) : domain.tree.valuesOf(entry, name),
      };
    })
    .filter(({ values }) => values.length > 0)
    .map(({ name, values }) => ({ name, values: operation.typesOnly ? [] : values }));
  return { dn: entry.dn, attributes };
}

/** Linked attributes, which are not stored with the entry but belong to `*`. */
const linked = ['distinguishedname', 'member', 'memberof', 'msds-psoappliesto'];

function attributeNames({ attributes }: SearchOperation, entry: Entry): readonly string[] {
  const wanted = attributes.map((name) => name.toLowerCase());
  const all = wanted.length === 0 || wanted.includes('*');
  return [...new Set([...(all ? [...entry.content.attributes.keys(), ...linked] : []), ...wanted])];
}

function asksFor({ attributes }: SearchOperation, name: string): boolean {
  return attributes.some((attribute) => attribute.toLowerCase() === name);
}

function referencesBelow({ domain }: SearchNeeds, base: Entry): readonly string[] {
  return domain.tree.contextsBelow(base).map((head) => `ldaps://${domain.dnsName}/${encodeURI(head.dn)}`);
}

/** The closest entry above a name that does not exist. */
function nearest(domain: Domain, name: string): string {
  for (let at = name.indexOf(','); at >= 0; at = name.indexOf(',', at + 1)) {
    const entry = domain.tree.resolve(name.slice(at + 1));
    if (entry !== undefined && entry !== 'malformed') return entry.dn;
  }
  return '';
}

function failed(result: LdapResult): SearchOutcome {
  return { result, entries: [], references: [] };
}
