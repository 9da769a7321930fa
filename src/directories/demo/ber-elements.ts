import { Ber, BerReader } from 'ldapts';

/** What a peer sent is not a message of the protocol; its connection is closed. */
export class MalformedMessage extends Error {}

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Walks the elements of one constructed BER value. BerReader alone lets lengths reach past the value that they lie in;
 * here each element is cut out before it is read, and every read that does not fit throws MalformedMessage.
 */
export class Elements {
  readonly #reader: BerReader;

  constructor(content: Buffer) {
    this.#reader = new BerReader(content);
  }

  get done(): boolean {
    return this.#reader.remain <= 0;
  }

  /** The tag of the next element; undefined at the end. */
  get nextTag(): number | undefined {
    return this.#reader.peek() ?? undefined;
  }

  /** The next element, which must have this tag where one is named. */
  next(tag?: number): Element {
    const found = this.#header();
    const length = this.#reader.length;
    if (tag !== undefined && found !== tag) throw new MalformedMessage(`tag ${found} where ${tag} belongs`);
    if (length < 0 || length > this.#reader.remain) throw new MalformedMessage('length past the end');
    const content = this.#reader.remainingBuffer.subarray(0, length);
    this.#reader.offset += length;
    return { tag: found, content };
  }

  /** @returns a signed integer of at most 32 bits, all that LDAP messages hold */
  integer(tag: number = Ber.Integer): number {
    const { content } = this.next(tag);
    if (content.length < 1 || content.length > 4) throw new MalformedMessage('integer of a strange size');
    return content.readIntBE(0, content.length);
  }

  boolean(tag: number = Ber.Boolean): boolean {
    const { content } = this.next(tag);
    if (content.length !== 1) throw new MalformedMessage('boolean of a strange size');
    return content[0] !== 0;
  }

  octets(tag: number = Ber.OctetString): Buffer {
    return this.next(tag).content;
  }

  text(tag: number = Ber.OctetString): string {
    try {
      return utf8.decode(this.octets(tag));
    } catch (cause) {
      throw new MalformedMessage('text that is not UTF-8', { cause });
    }
  }

  /** The elements inside the next element. */
  inside(tag: number = Ber.Sequence | Ber.Constructor): Elements {
    return new Elements(this.next(tag).content);
  }

  #header(): number {
    try {
      const tag = this.#reader.readSequence();
      if (tag !== null) return tag;
    } catch (cause) {
      throw new MalformedMessage('bad tag or length', { cause });
    }
    throw new MalformedMessage('cut short');
  }
}
