import { createHash } from 'node:crypto';

/** objectGUID and objectSid: the bytes that travel, and the text that people read. */

const uuid = /^\{?([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\}?$/i;

/** A GUID that is the same for the same name, so that what Latchkey keeps about a demo person outlives a restart. */
export function stableGuid(name: string): Buffer {
  const guid = createHash('sha256').update(`demo directory\0${name}`).digest().subarray(0, 16);
  guid[7] = ((guid[7] ?? 0) & 0x0f) | 0x40; // version and variant of a random UUID (RFC 9562 5.4)
  guid[8] = ((guid[8] ?? 0) & 0x3f) | 0x80;
  return guid;
}

/** Text to the bytes of a GUID, whose first three fields are little-endian (MS-DTYP 2.3.4.2). */
export function guidFromText(text: string): Buffer | undefined {
  const fields = uuid
    .exec(text)
    ?.slice(1)
    .map((field) => Buffer.from(field, 'hex'));
  if (fields === undefined) return undefined;
  return Buffer.concat(fields.map((field, at) => (at < 3 ? field.reverse() : field)));
}

export function guidToText(guid: Buffer): string {
  const fields = [guid.subarray(0, 4), guid.subarray(4, 6), guid.subarray(6, 8)].map((f) => Buffer.from(f).reverse());
  return [...fields, guid.subarray(8, 10), guid.subarray(10)].map((field) => field.toString('hex')).join('-');
}

/** `S-1-5-21-…` to the bytes of a SID (MS-DTYP 2.4.2.2). */
export function sidFromText(text: string): Buffer | undefined {
  if (!/^S-1-\d{1,12}(-\d{1,10}){1,15}$/i.test(text)) return undefined;
  const [authority = 0, ...subAuthorities] = text.split('-').slice(2).map(Number);
  if (subAuthorities.some((value) => value > 0xffff_ffff)) return undefined;
  const sid = Buffer.alloc(8 + 4 * subAuthorities.length);
  sid[0] = 1;
  sid[1] = subAuthorities.length;
  sid.writeUIntBE(authority, 2, 6);
  subAuthorities.forEach((value, at) => {
    sid.writeUInt32LE(value, 8 + 4 * at);
  });
  return sid;
}
