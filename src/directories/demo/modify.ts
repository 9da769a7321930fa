import { type Identity, writableAttributes } from './access.ts';
import { changeValues } from './attribute-changes.ts';
import { type Controls, controlOid } from './controls.ts';
import type { Domain } from './domain.ts';
import type { Entry, EntryContent, Value } from './entry.ts';
import { accessDenied, badDn, bindNeeded, noSuchObject, unwilling } from './error-texts.ts';
import { type LdapResult, ldapResult, resultCode, success } from './ldap-result.ts';
import type { AttributeChange, ModifyOperation } from './message-decoding.ts';
import { writePassword } from './password-write.ts';
import { attributeSchema } from './schema.ts';

export interface ModifyNeeds {
  readonly domain: Domain;
  readonly identity: Identity;
  readonly controls: Controls;
}

/** Changes an entry: all that was asked, or nothing. */
export function modify({ domain, identity, controls }: ModifyNeeds, operation: ModifyOperation): LdapResult {
  if (identity === undefined) return bindNeeded;
  const entry = domain.tree.resolve(operation.dn);
  if (entry === 'malformed') return badDn;
  if (entry === undefined) return noSuchObject('00002030', '');
  const modification: Modification = { domain, who: identity, entry, controls };
  const outcome = changedContent(modification, operation.changes);
  if ('code' in outcome) return outcome;
  entry.replaceContent(outcome);
  domain.touch(entry);
  return success;
}

interface Modification {
  readonly domain: Domain;
  readonly who: Entry;
  readonly entry: Entry;
  readonly controls: Controls;
}

/** What the entry would hold; the entry itself is not touched. */
function changedContent(modification: Modification, changes: readonly AttributeChange[]): EntryContent | LdapResult {
  const { domain, entry } = modification;
  const [passwordChanges, otherChanges] = separate(changes);
  const refusal = rightsRefusal(modification, otherChanges);
  if (refusal !== undefined) return refusal;
  let { passwords } = entry.content;
  const attributes = new Map(entry.content.attributes);
  if (passwordChanges.length > 0) {
    const written = changedPasswords(modification, passwordChanges);
    if ('code' in written) return written;
    passwords = written.passwords;
    attributes.set('pwdlastset', [String(domain.after(entry.integer('pwdLastSet')))]);
  }
  return changedAttributes(modification, attributes, otherChanges) ?? { attributes, passwords };
}

function changedPasswords(
  { domain, who, entry, controls }: Modification,
  changes: readonly AttributeChange[],
): ReturnType<typeof writePassword> {
  if (!entry.isUser) return unwilling('00000057');
  return writePassword({ domain, who, account: entry, policyHints: controls.wantsPolicyHints }, changes);
}

/** Applies changes to `attributes`, in order. Returns why one cannot be. */
function changedAttributes(
  { domain, entry, controls }: Modification,
  attributes: Map<string, readonly Value[]>,
  changes: readonly AttributeChange[],
): LdapResult | undefined {
  for (const change of changes) {
    const schema = attributeSchema(change.attribute);
    if (schema === undefined) return noSuchAttribute;
    const key = schema.name.toLowerCase();
    const permissive = controls.has(controlOid.permissiveModify);
    const changed = changeValues(schema, attributes.get(key) ?? [], change, permissive);
    if ('code' in changed) return changed;
    if (changed.values.length === 0) attributes.delete(key);
    else attributes.set(key, changed.values);
  }
  const touched = changes.map(({ attribute }) => attribute.toLowerCase());
  return settleAccount(domain, entry, attributes, touched);
}

/** Attributes of the account database take few values, and writing one has effects (MS-SAMR 3.1.1.8). */
function settleAccount(
  domain: Domain,
  entry: Entry,
  attributes: Map<string, readonly Value[]>,
  touched: readonly string[],
): LdapResult | undefined {
  if (touched.includes('lockouttime')) {
    if (attributes.get('lockouttime')?.[0] !== '0') return unwilling('00000057');
    attributes.set('badpwdcount', ['0']);
  }
  if (touched.includes('pwdlastset')) {
    const value = attributes.get('pwdlastset')?.[0];
    if (value !== '0' && value !== '-1') return unwilling('00000057');
    if (value === '-1') attributes.set('pwdlastset', [String(domain.after(entry.integer('pwdLastSet')))]);
  }
  return undefined;
}

const noSuchAttribute = ldapResult(
  resultCode.noSuchAttribute,
  '00000057: LdapErr: DSID-0C090D8A, comment: Error in attribute conversion operation, data 0, v4563',
);

function rightsRefusal(
  { domain, who, entry }: Modification,
  changes: readonly AttributeChange[],
): LdapResult | undefined {
  const allowed = writableAttributes(domain, who, entry).map((name) => name.toLowerCase());
  const isAllowed = ({ attribute }: AttributeChange): boolean => allowed.includes(attribute.toLowerCase());
  return changes.every(isAllowed) ? undefined : accessDenied('00002098');
}

function separate(changes: readonly AttributeChange[]): [readonly AttributeChange[], readonly AttributeChange[]] {
  const isPassword = ({ attribute }: AttributeChange): boolean => attribute.toLowerCase() === 'unicodepwd';
  return [changes.filter(isPassword), changes.filter((change) => !isPassword(change))];
}
