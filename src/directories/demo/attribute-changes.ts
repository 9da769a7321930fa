import type { Value } from './entry.ts';
import { type LdapResult, ldapResult, resultCode } from './ldap-result.ts';
import type { AttributeChange } from './message-decoding.ts';
import type { AttributeSchema, Syntax } from './schema.ts';

export interface ChangedValues {
  readonly values: readonly Value[];
}

const invalidSyntax = ldapResult(
  21,
  '00000057: LdapErr: DSID-0C090D8A, comment: Error in attribute conversion operation',
);
const missing = ldapResult(
  resultCode.noSuchAttribute,
  '00002085: AtrErr: DSID-03151904, problem 1001 (NO_ATTRIBUTE_OR_VAL)',
);
const present = ldapResult(
  resultCode.attributeOrValueExists,
  '00002083: AtrErr: DSID-03151785, problem 1006 (ATT_OR_VALUE_EXISTS)',
);
const tooMany = ldapResult(
  resultCode.constraintViolation,
  '00002081: AtrErr: DSID-031519F1, problem 1005 (CONSTRAINT_ATT_TYPE)',
);

/**
 * Applies one change to the values of an ordinary attribute (RFC 4511 4.6).
 * @param permissive whether adding what is there, and deleting what is not, passes
 * @returns the new values, or why it cannot be
 */
export function changeValues(
  schema: AttributeSchema,
  before: readonly Value[],
  change: AttributeChange,
  permissive: boolean,
): ChangedValues | LdapResult {
  const values = change.values.map((value) => decodeValue(schema.syntax, value));
  if (!values.every((value) => value !== undefined)) return invalidSyntax;
  const has = (value: Value): boolean => before.some((other) => isSame(other, value));
  if (change.kind === 'add' && !permissive && values.some(has)) return present;
  if (change.kind === 'delete' && !permissive && (before.length === 0 || !values.every(has))) return missing;
  const after = combine(before, values, change.kind);
  return !schema.multiple && after.length > 1 ? tooMany : { values: after };
}

function combine(before: readonly Value[], values: readonly Value[], kind: AttributeChange['kind']): readonly Value[] {
  if (kind === 'replace') return values;
  const others = before.filter((value) => !values.some((other) => isSame(other, value)));
  if (kind === 'add') return [...others, ...values];
  return values.length === 0 ? [] : others;
}

function decodeValue(syntax: Syntax, value: Buffer): Value | undefined {
  const text = value.toString();
  switch (syntax) {
    case 'octets':
      return Buffer.from(value);
    case 'integer':
      return /^-?\d{1,19}$/.test(text) ? BigInt(text).toString() : undefined;
    case 'boolean':
      return text === 'TRUE' || text === 'FALSE' ? text : undefined;
    default:
      return text === '' ? undefined : text;
  }
}

function isSame(one: Value, other: Value): boolean {
  return Buffer.from(one).equals(Buffer.from(other));
}
