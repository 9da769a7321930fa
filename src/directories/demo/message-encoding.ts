import { Ber, BerWriter, ProtocolOperation } from 'ldapts';
import type { LdapResult } from './ldap-result.ts';
import type { FoundEntry } from './search.ts';

const extendedValueTag = 0x8b;

/** What else an answer may carry. */
export interface ResultExtras {
  readonly control?: { readonly oid: string; readonly value: Buffer };
  /** The value of an extended response. */
  readonly value?: string;
}

/**
 * An answer that ends an operation.
 * @param tag which kind of response: an LDAP_RES_* value of ProtocolOperation
 */
export function encodeResult(messageId: number, tag: number, result: LdapResult, extras: ResultExtras = {}): Buffer {
  return encodeMessage(messageId, (writer) => {
    writer.startSequence(tag);
    writer.writeEnumeration(result.code);
    writer.writeString(result.matchedDn);
    writer.writeString(result.message);
    if (extras.value !== undefined) writer.writeString(extras.value, extendedValueTag);
    writer.endSequence();
    if (extras.control !== undefined) writeControl(writer, extras.control);
  });
}

export function encodeEntry(messageId: number, entry: FoundEntry): Buffer {
  return encodeMessage(messageId, (writer) => {
    writer.startSequence(ProtocolOperation.LDAP_RES_SEARCH_ENTRY);
    writer.writeString(entry.dn);
    writer.startSequence();
    for (const { name, values } of entry.attributes) {
      writer.startSequence();
      writer.writeString(name);
      writer.startSequence(ProtocolOperation.LBER_SET);
      for (const value of values) writer.writeBuffer(Buffer.from(value), Ber.OctetString);
      writer.endSequence();
      writer.endSequence();
    }
    writer.endSequence();
    writer.endSequence();
  });
}

export function encodeReference(messageId: number, address: string): Buffer {
  return encodeMessage(messageId, (writer) => {
    writer.startSequence(ProtocolOperation.LDAP_RES_SEARCH_REF);
    writer.writeString(address);
    writer.endSequence();
  });
}

function encodeMessage(messageId: number, write: (writer: BerWriter) => void): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(messageId);
  write(writer);
  writer.endSequence();
  return writer.buffer;
}

function writeControl(writer: BerWriter, control: { readonly oid: string; readonly value: Buffer }): void {
  writer.startSequence(ProtocolOperation.LDAP_CONTROLS);
  writer.startSequence();
  writer.writeString(control.oid);
  writer.writeBuffer(control.value, Ber.OctetString);
  writer.endSequence();
  writer.endSequence();
}
