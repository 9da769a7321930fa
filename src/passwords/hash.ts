import { createHash } from 'node:crypto';

/**
 * What lists of leaked passwords are kept by: SHA-1 of the UTF-8 octets, 40 capital hex digits. It only names a row of
 * a list; nothing is protected by it and it is never kept.
 */
export function listedHash(password: string): string {
  return createHash('sha1').update(password, 'utf8').digest('hex').toUpperCase();
}
