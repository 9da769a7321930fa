import { z } from 'zod';
import { Misconfigured } from '../../core/errors.ts';

/** What is read of an account; constructed attributes come only when they are named. */
export const accountAttributes = [
  'objectGUID',
  'objectSid',
  'objectClass',
  'sAMAccountName',
  'sAMAccountType',
  'userPrincipalName',
  'displayName',
  'name',
  'givenName',
  'sn',
  'mail',
  'mobile',
  'telephoneNumber',
  'preferredLanguage',
  'userAccountControl',
  'msDS-User-Account-Control-Computed',
  'adminCount',
  'accountExpires',
  'lockoutTime',
  'pwdLastSet',
  'badPwdCount',
  'badPasswordTime',
];

/** Attributes that are octets, not text. */
export const octetAttributes = ['objectGUID', 'objectSid', 'tokenGroups'];

/** An attribute without a value comes as an empty list. */
const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);
const text = z.preprocess(first, z.string().optional());
export const octets = z.preprocess(first, z.instanceof(Buffer));
export const list = z.preprocess((value) => [value ?? []].flat(), z.array(z.string()));
export const integer = z.preprocess(
  first,
  z
    .string()
    .regex(/^-?\d{1,19}$/)
    .default('0')
    .transform(BigInt),
);

const accountEntry = z.object({
  dn: z.string(),
  objectGUID: octets,
  objectSid: octets,
  objectClass: list,
  sAMAccountName: z.preprocess(first, z.string()),
  sAMAccountType: integer,
  userPrincipalName: text,
  displayName: text,
  name: text,
  givenName: text,
  sn: text,
  mail: text,
  mobile: text,
  telephoneNumber: text,
  preferredLanguage: text,
  userAccountControl: integer,
  'msDS-User-Account-Control-Computed': integer,
  adminCount: integer,
  accountExpires: integer,
  lockoutTime: integer,
  pwdLastSet: integer,
  badPwdCount: integer,
  badPasswordTime: integer,
});

export type AccountEntry = z.output<typeof accountEntry>;

/** @throws Misconfigured when an attribute that every account has is missing: the service account may not read it */
export function parseAccountEntry(entry: unknown): AccountEntry {
  const result = accountEntry.safeParse(entry);
  if (result.success) return result.data;
  const names = result.error.issues.map((issue) => issue.path.join('.')).join(', ');
  throw new Misconfigured(`the service account cannot read these attributes of an account: ${names}`);
}
