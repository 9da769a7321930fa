/** How an operation ended (RFC 4511 4.1.9). */
export interface LdapResult {
  readonly code: number;
  readonly message: string;
  readonly matchedDn: string;
}

/** The result codes that this server sends (RFC 4511 appendix A). */
export const resultCode = {
  success: 0,
  operationsError: 1,
  protocolError: 2,
  sizeLimitExceeded: 4,
  compareFalse: 5,
  compareTrue: 6,
  authMethodNotSupported: 7,
  unavailableCriticalExtension: 12,
  noSuchAttribute: 16,
  inappropriateMatching: 18,
  constraintViolation: 19,
  attributeOrValueExists: 20,
  noSuchObject: 32,
  invalidDnSyntax: 34,
  invalidCredentials: 49,
  insufficientAccessRights: 50,
  unwillingToPerform: 53,
} as const;

export const success: LdapResult = { code: resultCode.success, message: '', matchedDn: '' };

export function ldapResult(code: number, message = '', matchedDn = ''): LdapResult {
  return { code, message, matchedDn };
}
