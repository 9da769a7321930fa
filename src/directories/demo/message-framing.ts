import { Ber, BerReader } from 'ldapts';
import { MalformedMessage } from './ber-elements.ts';

/** Largest message that is taken, in bytes. No request of a client of ours comes near it. */
export const maxMessageBytes = 256 * 1024;

/** Cuts a stream of bytes into LDAP messages. */
export class MessageFramer {
  #chunks: Buffer[] = [];
  #size = 0;
  /** Nothing is joined before this many bytes are there, so that a drip of single bytes stays cheap. */
  #needed = 2;

  /**
   * Takes the next bytes of the stream.
   * @returns the messages that are complete now, each from its tag to its last byte
   * @throws MalformedMessage when the stream cannot be LDAP, or a message is larger than `maxMessageBytes`
   */
  push(chunk: Buffer): readonly Buffer[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const messages: Buffer[] = [];
    for (let message = this.#take(); message !== undefined; message = this.#take()) messages.push(message);
    return messages;
  }

  #take(): Buffer | undefined {
    if (this.#size < this.#needed) return undefined;
    const bytes = Buffer.concat(this.#chunks);
    const length = messageLength(bytes);
    const complete = length !== undefined && length <= bytes.length;
    const rest = complete ? bytes.subarray(length) : bytes;
    this.#chunks = [rest];
    this.#size = rest.length;
    this.#needed = complete ? 2 : (length ?? bytes.length + 1);
    return complete ? bytes.subarray(0, length) : undefined;
  }
}

/** The length of the message that starts here, header included; undefined while the header is not complete. */
function messageLength(bytes: Buffer): number | undefined {
  const reader = new BerReader(bytes);
  try {
    if (reader.readSequence(Ber.Sequence | Ber.Constructor) === null) return undefined;
  } catch (cause) {
    throw new MalformedMessage('not an LDAP message', { cause });
  }
  const length = reader.offset + reader.length;
  if (reader.length < 0 || length > maxMessageBytes) throw new MalformedMessage('message too large');
  return length;
}
