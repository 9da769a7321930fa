/** In the octets of a GUID the first three fields lie in the other byte order (MS-DTYP 2.3.4.2). */
const guidOrder = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/** @returns objectGUID as lower-case UUID text */
export function guidText(octets: Buffer): string {
  const hex = reorder(octets).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** @returns the octets that objectGUID holds for this UUID text, or undefined when it is none */
export function guidOctets(text: string): Buffer | undefined {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return undefined;
  return reorder(Buffer.from(text.replaceAll('-', ''), 'hex'));
}

/** The DN form that names an object by its GUID, whatever characters its name holds (MS-ADTS 3.1.1.3.1.2.4). */
export function guidDn(text: string): string {
  if (guidOctets(text) === undefined) throw new TypeError('not an objectGUID');
  return `<GUID=${text}>`;
}

/** @returns a SID as text, such as S-1-5-32-544 (MS-DTYP 2.4.2) */
export function sidText(octets: Buffer): string {
  const authority = octets.readUIntBE(2, 6);
  const parts = Array.from({ length: octets.readUInt8(1) }, (_, index) => octets.readUInt32LE(8 + index * 4));
  return ['S', octets.readUInt8(0), authority, ...parts].join('-');
}

/** @returns the octets of a SID that `sidText` gave */
export function sidOctets(text: string): Buffer {
  const [revision = 0, authority = 0, ...parts] = text.split('-').slice(1).map(Number);
  const octets = Buffer.alloc(8 + parts.length * 4);
  octets.writeUInt8(revision, 0);
  octets.writeUInt8(parts.length, 1);
  octets.writeUIntBE(authority, 2, 6);
  for (const [index, part] of parts.entries()) octets.writeUInt32LE(part, 8 + index * 4);
  return octets;
}

function reorder(octets: Buffer): Buffer {
  return Buffer.from(guidOrder.map((index) => octets.readUInt8(index)));
}
