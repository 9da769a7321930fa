import type { TLSSocket } from 'node:tls';
import { Ber, BerReader, BerWriter, Control, PagedResultsControl, ProtocolOperation, SearchResponse } from 'ldapts';

/** Asks for one page (RFC 2696). ldapts has its own, for its own way of paging, and refuses it anywhere else. */
export class PageControl extends Control {
  readonly #size: number;
  readonly #cookie: Buffer;

  /** @param cookie of the page before; empty for the first */
  constructor(size: number, cookie: Buffer) {
    super(PagedResultsControl.type, { critical: true });
    this.#size = size;
    this.#cookie = cookie;
  }

  protected override writeControl(writer: BerWriter): void {
    const value = new BerWriter();
    value.startSequence();
    value.writeInt(this.#size);
    value.writeBuffer(this.#cookie, Ber.OctetString);
    value.endSequence();
    writer.writeBuffer(value.buffer, Ber.OctetString);
  }
}

/**
 * Reads along with ldapts for the cookie of a page, which it keeps to itself: it takes a page without entries for the last
 * one, and a server may send such a page and have more (RFC 2696 3, MS-ADTS 3.1.1.3.4.1.1).
 */
export class PageAnswer {
  readonly #socket: TLSSocket;
  #rest: Buffer = Buffer.alloc(0);
  #cookie: Buffer = Buffer.alloc(0);
  #fault: unknown;

  /** Nothing else may be asked on this connection until `end`. */
  constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('data', this.#hear);
  }

  /** Where the next page begins; empty after the last one. Throws what the server's octets are no LDAP by. */
  get cookie(): Buffer {
    if (this.#fault !== undefined) throw this.#fault;
    return this.#cookie;
  }

  end(): void {
    this.#socket.off('data', this.#hear);
  }

  readonly #hear = (octets: Buffer): void => {
    try {
      this.#rest = Buffer.concat([this.#rest, octets]);
      for (let message = this.#next(); message !== undefined; message = this.#next()) this.#read(message);
    } catch (fault) {
      this.#fault = fault;
      this.end();
    }
  };

  /** The next whole message (RFC 4511 5.1). */
  #next(): BerReader | undefined {
    const reader = new BerReader(this.#rest);
    if (reader.readSequence() === null || reader.remain < reader.length) return undefined;
    const end = reader.offset + reader.length;
    reader.setBufferSize(end);
    this.#rest = this.#rest.subarray(end);
    return reader;
  }

  /** Only the message that ends a search has a cookie; the entries are for ldapts. */
  #read(message: BerReader): void {
    const messageId = message.readInt() ?? 0;
    if (message.peek() !== ProtocolOperation.LDAP_RES_SEARCH) return;
    message.readSequence();
    const done = new SearchResponse({ messageId });
    done.parse(message, []);
    const page = done.controls?.find((control) => control instanceof PagedResultsControl);
    this.#cookie = page?.value?.cookie ?? Buffer.alloc(0);
  }
}
