/**
 * The value of unicodePwd: UTF-16LE of the password between quotes. Only the outer quotes go, so quotes inside are
 * legal; nothing is trimmed or normalised (MS-ADTS 3.1.1.3.1.5.1).
 */
export function passwordOctets(password: string): Buffer {
  return Buffer.from(`"${password}"`, 'utf16le');
}

/** A bind with such a password may "succeed" without proving anything (RFC 4513 5.1.2); some servers stop at a NUL. */
export function isEmptyPassword(password: string): boolean {
  return password === '' || password.startsWith('\0');
}
