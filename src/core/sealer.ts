import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { Misconfigured } from './errors.ts';
import type { Json } from './json.ts';

/** Which value of which row: bound into the seal, so that a value copied to any other place does not open there. */
export interface SealedPlace {
  readonly table: string;
  readonly column: string;
  readonly row: string;
}

/** Keeps what is stored unreadable and unmovable without the keys, and makes keyed digests. */
export interface Sealer {
  /** Encrypts JSON under the first key: `v1.<key id>.<base64url of nonce, ciphertext and tag>`. */
  seal(place: SealedPlace, value: Json): string;

  /**
   * Decrypts what `seal` made at the same place, under whichever of the keys it names.
   * Throws Misconfigured when the key is not among them, or when the value was altered or moved.
   */
  open(place: SealedPlace, sealed: string): Json;

  /**
   * HMAC-SHA256 under a subkey of its own for each purpose, as 64 lower-case hex digits.
   *
   * It has no key id, so that equal texts give equal digests. It uses the key `macKey` names, or else the first key.
   * When that key changes, decoys change their masks once (an observer could tell them from real accounts by that), a
   * decoy's counters start anew, and codes on their way are still accepted through `macMatches`. To rotate the sealing
   * key without any of this, keep the old key in the list and name it as `macKey`.
   */
  mac(purpose: string, text: string): string;

  /** Whether `digest` is the mac of this text under any of the keys. Takes the same time for every digest. */
  macMatches(purpose: string, text: string, digest: string): boolean;
}

export interface SealingKey {
  /** 1 to 32 of [0-9A-Za-z_-]; stands in every value that the key sealed, so it must stay the key's own for ever. */
  readonly id: string;
  /** At least 32 bytes from a random source, see `sealingSecret`. */
  readonly secret: Uint8Array;
}

export interface SealerNeeds {
  /** The first one seals; all of them open. On several nodes, add a new key behind the first before it becomes the first. */
  readonly keys: readonly SealingKey[];
  /** Id of the key for `mac`; the first key when left out. */
  readonly macKey?: string;
}

const format = 'v1';
const nonceBytes = 12;
const tagBytes = 16;
const leastSecretBytes = 32;
const keyId = /^[0-9A-Za-z_-]{1,32}$/;

/** Throws Misconfigured when there is no key, one is short, or ids are unfit or used twice. */
export function createSealer(needs: SealerNeeds): Sealer {
  return new KeyRing(needs);
}

/**
 * Reads a key as operators write it: at least 32 bytes in hex or base64 (also base64url).
 * Throws Misconfigured for anything else; the text is never part of the message.
 */
export function sealingSecret(text: string): Uint8Array {
  const trimmed = text.trim();
  // Hex digits are never read as base64: a short key would look long enough.
  const encoding = /^[0-9a-f]*$/i.test(trimmed) ? 'hex' : 'base64';
  const bytes = /^[0-9A-Za-z+/_-]+={0,2}$/.test(trimmed) ? Buffer.from(trimmed, encoding) : Buffer.alloc(0);
  if (bytes.length < leastSecretBytes) {
    throw new Misconfigured('a sealing key must be at least 32 random bytes, written in hex or base64');
  }
  return bytes;
}

class KeyRing implements Sealer {
  readonly #keys: ReadonlyMap<string, SealingKey>;
  readonly #first: SealingKey;
  readonly #macKey: SealingKey;
  readonly #subkeys = new Map<string, Buffer>();

  constructor(needs: SealerNeeds) {
    for (const key of needs.keys) checkKey(key);
    this.#keys = new Map(needs.keys.map((key) => [key.id, key]));
    if (this.#keys.size !== needs.keys.length) throw new Misconfigured('two sealing keys have the same id');
    const [first] = needs.keys;
    if (first === undefined) throw new Misconfigured('there is no sealing key');
    this.#first = first;
    this.#macKey = needs.macKey === undefined ? first : this.#key(needs.macKey);
  }

  seal(place: SealedPlace, value: Json): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#subkey(this.#first, `seal/${place.table}`), nonce);
    cipher.setAAD(associatedData(place));
    const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
    return `${format}.${this.#first.id}.${Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url')}`;
  }

  open(place: SealedPlace, sealed: string): Json {
    const [version, id, body, ...rest] = sealed.split('.');
    if (version !== format || id === undefined || body === undefined || rest.length > 0) throw unopened(place);
    return JSON.parse(this.#decrypt(place, this.#key(id), Buffer.from(body, 'base64url')));
  }

  mac(purpose: string, text: string): string {
    return this.#digest(this.#macKey, purpose, text).toString('hex');
  }

  macMatches(purpose: string, text: string, digest: string): boolean {
    const given = Buffer.from(digest, 'hex');
    let matches = false;
    for (const key of this.#keys.values()) {
      const own = this.#digest(key, purpose, text);
      if (own.length === given.length && timingSafeEqual(own, given)) matches = true;
    }
    return matches;
  }

  #decrypt(place: SealedPlace, key: SealingKey, bytes: Buffer): string {
    if (bytes.length < nonceBytes + tagBytes) throw unopened(place);
    const nonce = bytes.subarray(0, nonceBytes);
    // A fixed tag length: without it Node would accept a tag cut to four bytes.
    const options = { authTagLength: tagBytes };
    const cipher = createDecipheriv('aes-256-gcm', this.#subkey(key, `seal/${place.table}`), nonce, options);
    cipher.setAAD(associatedData(place));
    cipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
    const text = cipher.update(bytes.subarray(nonceBytes, bytes.length - tagBytes));
    try {
      return Buffer.concat([text, cipher.final()]).toString('utf8');
    } catch (error) {
      throw unopened(place, error);
    }
  }

  #digest(key: SealingKey, purpose: string, text: string): Buffer {
    return createHmac('sha256', this.#subkey(key, `mac/${purpose}`))
      .update(text, 'utf8')
      .digest();
  }

  #key(id: string): SealingKey {
    const key = this.#keys.get(id);
    if (key === undefined) throw new Misconfigured(`there is no sealing key with the id ${JSON.stringify(id)}`);
    return key;
  }

  #subkey(key: SealingKey, purpose: string): Buffer {
    const name = `${key.id}/${purpose}`;
    const known = this.#subkeys.get(name);
    if (known !== undefined) return known;
    const subkey = Buffer.from(hkdfSync('sha256', key.secret, '', `latchkey/${purpose}`, 32));
    this.#subkeys.set(name, subkey);
    return subkey;
  }
}

function checkKey(key: SealingKey): void {
  if (!keyId.test(key.id))
    throw new Misconfigured(`${JSON.stringify(key.id)} is not fit to be the id of a sealing key`);
  if (key.secret.length < leastSecretBytes) {
    throw new Misconfigured(`the sealing key ${key.id} has fewer than ${leastSecretBytes} bytes`);
  }
}

function associatedData(place: SealedPlace): Buffer {
  return Buffer.from(JSON.stringify([format, place.table, place.column, place.row]), 'utf8');
}

function unopened(place: SealedPlace, cause?: unknown): Misconfigured {
  return new Misconfigured(`a sealed value in ${place.table}.${place.column} was altered, moved or cut`, cause);
}
