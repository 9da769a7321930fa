import { delegationsOn, settingsReaders } from './access.ts';
import type { Domain } from './domain.ts';
import type { Entry } from './entry.ts';
import { guidFromText, sidFromText } from './identifier.ts';

/** ADS_RIGHT_DS_READ_PROP with WRITE_PROP, and ADS_RIGHT_DS_CONTROL_ACCESS (MS-ADTS 5.1.3.2). */
const readAndWriteProperty = 0x30;
const controlAccess = 0x100;

/** What GENERIC_READ becomes on an object of the directory, and the flag that hands an entry down to children. */
const readAll = 0x20094;
const containerInherit = 0x02;

/** What the access entries are about: extended rights, and the schema's ids of attributes. */
const objectTypes: Readonly<Record<string, string>> = {
  'Reset Password': '00299570-246d-11d0-a768-00aa006e0529',
  'Unexpire Password': 'ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501',
  lockoutTime: '28630ebf-41d5-11d1-a9c1-0000f80367c1',
  pwdLastSet: 'bf967a0a-0de6-11d0-a285-00aa003049e2',
};

const authenticatedUsers = sidFromText('S-1-5-11') ?? Buffer.alloc(0);

/**
 * nTSecurityDescriptor with its discretionary part only (MS-DTYP 2.4.6): the rights that were delegated over an entry;
 * on the domain itself Unexpire Password, which Windows gives to everybody who is signed in; on the container of
 * password settings who may read them.
 */
export function accessDescriptor(domain: Domain, entry: Entry): Buffer {
  const aces = delegationsOn(domain, entry).flatMap(({ trustee, attributes, resetPassword }) => {
    const writes = attributes.map((name) => objectAce(readAndWriteProperty, name, sidOf(trustee)));
    return resetPassword ? [...writes, objectAce(controlAccess, 'Reset Password', sidOf(trustee))] : writes;
  });
  if (entry === domain.head) aces.push(objectAce(controlAccess, 'Unexpire Password', authenticatedUsers));
  const readers = entry.isA('msDS-PasswordSettingsContainer') ? settingsReaders(domain) : [];
  aces.push(...readers.map((reader) => readAce(sidOf(reader))));
  return Buffer.concat([descriptorHeader(), accessList(aces)]);
}

/** Revision 1, self-relative, with a DACL right behind this header and nothing else. */
function descriptorHeader(): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(1, 0);
  header.writeUInt16LE(0x8004, 2);
  header.writeUInt32LE(header.length, 16);
  return header;
}

/** MS-DTYP 2.4.5; revision 4 for object entries. */
function accessList(aces: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(8);
  const list = Buffer.concat([header, ...aces]);
  list.writeUInt8(4, 0);
  list.writeUInt16LE(list.length, 2);
  list.writeUInt16LE(aces.length, 4);
  return list;
}

/** ACCESS_ALLOWED_OBJECT_ACE with an object type (MS-DTYP 2.4.4.3). */
function objectAce(mask: number, about: string, sid: Buffer): Buffer {
  const objectType = guidFromText(objectTypes[about] ?? '') ?? Buffer.alloc(16);
  const ace = Buffer.concat([Buffer.alloc(12), objectType, sid]);
  ace.writeUInt8(5, 0);
  ace.writeUInt16LE(ace.length, 2);
  ace.writeUInt32LE(mask, 4);
  ace.writeUInt32LE(1, 8);
  return ace;
}

/** ACCESS_ALLOWED_ACE (MS-DTYP 2.4.4.2), for the object and all below it. */
function readAce(sid: Buffer): Buffer {
  const ace = Buffer.concat([Buffer.alloc(8), sid]);
  ace.writeUInt8(containerInherit, 1);
  ace.writeUInt16LE(ace.length, 2);
  ace.writeUInt32LE(readAll, 4);
  return ace;
}

function sidOf(entry: Entry): Buffer {
  return Buffer.from(entry.values('objectSid')[0] ?? '');
}
