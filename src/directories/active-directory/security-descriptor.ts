import { guidText, sidText } from './identifiers.ts';

/** ADS_RIGHT_DS_CONTROL_ACCESS and GENERIC_ALL (MS-ADTS 5.1.3.2). */
const controlAccess = 0x100;
const genericAll = 0x1000_0000;
/** ADS_RIGHT_DS_READ_PROP and GENERIC_READ. */
const readProperty = 0x10;
const genericRead = 0x8000_0000;

/** ACE types (MS-DTYP 2.4.4.1) and the flag of an ACE that only children inherit. */
const allowed = 0x00;
const denied = 0x01;
const allowedObject = 0x05;
const deniedObject = 0x06;
const containerInherit = 0x02;
const inheritOnly = 0x08;

interface AccessEntry {
  readonly type: number;
  readonly flags: number;
  readonly mask: number;
  readonly objectType?: string;
  readonly trustee: string;
}

/**
 * Whether a discretionary ACL gives somebody an extended right, such as Reset Password. Reads the entries in their
 * order, as the server does: the first that fits decides (MS-ADTS 5.1.3.3.4).
 * @param descriptor self-relative security descriptor (MS-DTYP 2.4.6)
 * @param trustees SIDs of the account and of its groups
 * @param right rightsGuid as lower-case UUID text
 */
export function grantsRight(descriptor: Buffer, trustees: ReadonlySet<string>, right: string): boolean {
  for (const entry of entriesOf(descriptor)) {
    if (entry.flags & inheritOnly || !trustees.has(entry.trustee) || !covers(entry, right)) continue;
    if (entry.type === denied || entry.type === deniedObject) return false;
    if (entry.type === allowed || entry.type === allowedObject) return true;
  }
  return false;
}

/** Whether children of the object can be read by somebody, because they inherit it. Parameters as above. */
export function letsReadChildren(descriptor: Buffer, trustees: ReadonlySet<string>): boolean {
  for (const entry of entriesOf(descriptor)) {
    const inherited = (entry.flags & containerInherit) !== 0 && entry.objectType === undefined;
    const reads = (entry.mask & (readProperty | genericRead | genericAll)) !== 0;
    if (!inherited || !reads || !trustees.has(entry.trustee)) continue;
    if (entry.type === denied) return false;
    if (entry.type === allowed) return true;
  }
  return false;
}

function covers(entry: AccessEntry, right: string): boolean {
  if ((entry.mask & (controlAccess | genericAll)) === 0) return false;
  return entry.objectType === undefined || entry.objectType === right;
}

function* entriesOf(descriptor: Buffer): Generator<AccessEntry> {
  const acl = descriptor.readUInt32LE(16);
  if (acl === 0) return;
  let offset = acl + 8;
  for (let left = descriptor.readUInt16LE(acl + 4); left > 0; left -= 1) {
    const size = descriptor.readUInt16LE(offset + 2);
    yield readEntry(descriptor.subarray(offset, offset + size));
    offset += size;
  }
}

function readEntry(octets: Buffer): AccessEntry {
  const type = octets.readUInt8(0);
  const header = { type, flags: octets.readUInt8(1), mask: octets.readUInt32LE(4) };
  if (type !== allowedObject && type !== deniedObject) return { ...header, trustee: sidText(octets.subarray(8)) };
  const present = octets.readUInt32LE(8);
  const afterObject = 12 + (present & 1 ? 16 : 0);
  const trustee = sidText(octets.subarray(afterObject + (present & 2 ? 16 : 0)));
  return present & 1 ? { ...header, trustee, objectType: guidText(octets.subarray(12, 28)) } : { ...header, trustee };
}
