import { type LdapResult, ldapResult, resultCode } from './ldap-result.ts';

/**
 * What a Windows domain controller says. Clients read the eight hex digits in front (a WIN32 code) and the data; the
 * DSID names a place in Windows and differs between versions.
 */

/** Sub-codes of a refused bind, in hex as they are sent (MS-ADTS 3.1.1.3.1.3, WIN32 ERROR_* codes). */
export type BindData = '525' | '52e' | '530' | '531' | '532' | '533' | '701' | '773' | '775';

export function bindRefused(data: BindData): LdapResult {
  return ldapResult(
    resultCode.invalidCredentials,
    `80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data ${data}, v4563`,
  );
}

export const bindNeeded: LdapResult = ldapResult(
  resultCode.operationsError,
  '000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful bind must be completed on the connection., data 0, v4563',
);

/** The write is refused as a whole; `win32` says why, in eight hex digits. */
export function unwilling(win32: string): LdapResult {
  return ldapResult(
    resultCode.unwillingToPerform,
    `${win32}: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0`,
  );
}

export function accessDenied(win32: '00000005' | '00002098'): LdapResult {
  return ldapResult(
    resultCode.insufficientAccessRights,
    `${win32}: SecErr: DSID-031514A0, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0`,
  );
}

/** A password change, as opposed to a reset, is refused as a constraint on the attribute. */
export function changeRefused(win32: '0000052D' | '00000056' | '00000775'): LdapResult {
  const place = `${win32}: DSID-03190F80, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)`;
  return ldapResult(resultCode.constraintViolation, `${win32}: AtrErr: DSID-03190F80, #1:\n\t0: ${place}\n`);
}

export function noSuchObject(win32: '0000208D' | '00002030', bestMatch: string): LdapResult {
  const message = `${win32}: NameErr: DSID-0310028D, problem 2001 (NO_OBJECT), data 0, best match of:\n\t'${bestMatch}'\n`;
  return ldapResult(resultCode.noSuchObject, message, bestMatch);
}

export const badDn: LdapResult = ldapResult(
  resultCode.invalidDnSyntax,
  '0000208F: NameErr: DSID-031001F7, problem 2006 (BAD_NAME), data 8349, best match of:\n\t\n',
);

export const criticalControlUnknown: LdapResult = ldapResult(
  resultCode.unavailableCriticalExtension,
  '00002040: SvcErr: DSID-031401E7, problem 5010 (UNAVAIL_EXTENSION), data 0',
);
