import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';

/** A password of the demo world at rest. The cost is small: these are no real people's passwords. */
export interface PasswordHash {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const length = 32;
const cost = { N: 256, r: 8, p: 1 };

export function hashPassword(password: string): PasswordHash {
  const salt = randomBytes(16);
  return { salt, hash: derive(password, salt) };
}

/** Whether this is the password, compared in constant time. */
export function isPassword(password: string, { salt, hash }: PasswordHash): boolean {
  return timingSafeEqual(derive(password, salt), hash);
}

/** UTF-16, as the directory gets it: UTF-8 would make all lone surrogates one. */
function derive(password: string, salt: Buffer): Buffer {
  return scryptSync(Buffer.from(password, 'utf16le'), salt, length, cost);
}
