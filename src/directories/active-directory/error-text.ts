import type { ResultCodeError } from 'ldapts';
import type { RefusalReason } from '../../core/directory.ts';

/** Win32 codes that Active Directory writes in front of its error texts (MS-ERREF 2.2). */
const accessDenied = 0x05;
const insufficientRights = 0x2098;
const passwordRestriction = 0x52d;

/** The LDAP result for the same (RFC 4511 4.1.9). The number alone is unreliable: Windows and Samba differ. */
const insufficientAccessRights = 50;

/** Samba says in words what Windows keeps to itself. */
const sambaReasons: readonly (readonly [RegExp, RefusalReason])[] = [
  [/too short/i, 'too-short'],
  [/complexity/i, 'too-simple'],
  [/already used|in history/i, 'used-before'],
  [/too young/i, 'too-young'],
];

/** @returns the eight hex digits in front of an error text, as a number */
export function win32Code(message: string): number | undefined {
  const digits = /^([0-9a-f]{8}):/i.exec(message)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/** @returns why the password policy refuses a password, or undefined when the error is about something else */
export function refusalReason(error: ResultCodeError): RefusalReason | undefined {
  if (win32Code(error.message) !== passwordRestriction) return undefined;
  return sambaReasons.find(([pattern]) => pattern.test(error.message))?.[1] ?? 'policy';
}

/** Whether the service account may not do what it tried. */
export function isMissingRight(error: ResultCodeError): boolean {
  const code = win32Code(error.message);
  return error.code === insufficientAccessRights || code === accessDenied || code === insufficientRights;
}
