import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { Misconfigured } from '../errors.ts';
import type { AuditRow, AuditWitness } from './audit.ts';

/**
 * The end of the chain as it was at one moment, signed. The chain's own seal does not hold against somebody who has the
 * database and the sealing keys; a signed head that is kept elsewhere shows any later change of what came before it.
 */
export interface SignedHead {
  readonly sequence: number;
  readonly hash: string;
  readonly at: Date;
  /** Which key signed it, see `keyIdOf`. */
  readonly key: string;
  /** Ed25519 (RFC 8032) over `signedText`, in base64url. */
  readonly signature: string;
}

/** Stands in the detail of `audit.head-signed`: one word without any character that a format would escape. */
const token = /\blkh1\.(\d{1,15})\.([0-9a-f]{64})\.(\d{1,15})\.([0-9a-f]{16})\.([A-Za-z0-9_-]{86})(?![A-Za-z0-9_-])/g;

function signedText(head: Pick<SignedHead, 'sequence' | 'hash' | 'at'>): Buffer {
  return Buffer.from(`latchkey audit head 1\n${head.sequence}\n${head.hash}\n${head.at.getTime()}\n`);
}

/** Signs heads. */
export interface HeadSigner {
  sign(head: { readonly sequence: number; readonly hash: string; readonly at: Date }): SignedHead;
  /** SPKI, for whoever checks. */
  readonly publicKey: KeyObject;
}

/**
 * @param pem an Ed25519 private key in PKCS #8
 * @throws Misconfigured when it is anything else
 */
export function headSigner(pem: string): HeadSigner {
  const key = ed25519(() => createPrivateKey(pem), 'no Ed25519 private key in PEM');
  const publicKey = createPublicKey(key);
  const id = keyIdOf(publicKey);
  return {
    publicKey,
    sign: (head) => ({ ...head, key: id, signature: sign(null, signedText(head), key).toString('base64url') }),
  };
}

/**
 * @param pem an Ed25519 public key in SPKI
 * @throws Misconfigured when it is anything else, a private key included: that has no business where one checks
 */
export function headKey(pem: string): KeyObject {
  const isPublic = /-----BEGIN PUBLIC KEY-----/.test(pem);
  return ed25519(() => createPublicKey(isPublic ? pem : ''), 'no Ed25519 public key in PEM');
}

function ed25519(read: () => KeyObject, problem: string): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch {
    // What OpenSSL says about it helps nobody.
    throw new Misconfigured(problem);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new Misconfigured(problem);
  return key;
}

/** The first 16 hex digits of the SHA-256 of the public key: names it, proves nothing. */
export function keyIdOf(key: KeyObject): string {
  const spki = key.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex').slice(0, 16);
}

/** A signed head as one word. */
export function headToken(head: SignedHead): string {
  return `lkh1.${head.sequence}.${head.hash}.${head.at.getTime()}.${head.key}.${head.signature}`;
}

/** Every signed head in a text of any kind: an export, a syslog file, a mail. */
export function headsIn(text: string): readonly SignedHead[] {
  return [...text.matchAll(token)].map(([, sequence, hash = '', at, key = '', signature = '']) => {
    return { sequence: Number(sequence), hash, at: new Date(Number(at)), key, signature };
  });
}

/** The signed heads that rows hold. */
export function headsOf(rows: readonly AuditRow[]): readonly SignedHead[] {
  return rows.flatMap((row) => headsIn(String(row.detail?.head ?? '')));
}

/** Holds signed heads against the rows of a chain that is walked. Memory: about 300 bytes a head. */
export class HeadWitness implements AuditWitness {
  readonly #heads: ReadonlyMap<number, readonly SignedHead[]>;
  readonly #keys: ReadonlyMap<string, KeyObject>;
  #proved = 0;

  constructor(needs: { readonly heads: readonly SignedHead[]; readonly keys: readonly KeyObject[] }) {
    this.#heads = Map.groupBy(needs.heads, (head) => head.sequence);
    this.#keys = new Map(needs.keys.map((key) => [keyIdOf(key), key]));
  }

  /** The last head that was found to be right; undefined when there was none. */
  get proved(): SignedHead | undefined {
    return this.#heads.get(this.#proved)?.[0];
  }

  objection(row: { readonly sequence: number; readonly hash: string }): string | undefined {
    const heads = this.#heads.get(row.sequence);
    if (heads === undefined) return undefined;
    for (const head of heads) {
      const reason = this.#against(head, row.hash);
      if (reason !== undefined) return reason;
    }
    this.#proved = row.sequence;
    return undefined;
  }

  missing(last: number): string | undefined {
    const beyond = [...this.#heads.keys()].filter((sequence) => sequence > last);
    if (beyond.length === 0) return undefined;
    return `a signed head tells of rows up to ${Math.max(...beyond)}, and the last ones are missing`;
  }

  #against(head: SignedHead, hash: string): string | undefined {
    const key = this.#keys.get(head.key);
    if (key === undefined) return `its head was signed with the key ${head.key}, whose public key was not given`;
    if (!verify(null, signedText(head), key, Buffer.from(head.signature, 'base64url'))) {
      return 'the signature of its head is not right';
    }
    if (head.hash === hash) return undefined;
    const since = this.#proved === 0 ? 'row 1' : `row ${this.#proved + 1}`;
    return `it is not the row that was signed at ${head.at.toISOString()}; the change lies between ${since} and here`;
  }
}
