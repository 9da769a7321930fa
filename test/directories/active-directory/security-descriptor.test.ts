import { describe, expect, test } from 'vitest';
import { guidOctets } from '../../../src/directories/active-directory/identifiers.ts';
import { grantsRight, letsReadChildren } from '../../../src/directories/active-directory/security-descriptor.ts';

const right = '00299570-246d-11d0-a768-00aa006e0529';
const other = 'ab721a53-1e2f-11d0-9819-00aa0040529b';
const us = 'S-1-5-21-1-2-3-1105';
const them = 'S-1-5-21-1-2-3-1106';
const trustees = new Set([us, 'S-1-5-11']);

/** MS-DTYP 2.4.2 */
function sid(text: string): Buffer {
  const [, , authority, ...parts] = text.split('-');
  const octets = Buffer.alloc(8 + parts.length * 4);
  octets.writeUInt8(1, 0);
  octets.writeUInt8(parts.length, 1);
  octets.writeUIntBE(Number(authority), 2, 6);
  parts.forEach((part, index) => void octets.writeUInt32LE(Number(part), 8 + index * 4));
  return octets;
}

interface Ace {
  readonly type: number;
  readonly flags?: number;
  readonly mask: number;
  readonly object?: string;
  readonly inherited?: string;
  readonly who: string;
}

/** MS-DTYP 2.4.4.2 and 2.4.4.3 */
function ace(entry: Ace): Buffer {
  const guids = [entry.object, entry.inherited].map((text) =>
    text ? (guidOctets(text) ?? Buffer.alloc(0)) : undefined,
  );
  const present = Buffer.from([(guids[0] ? 1 : 0) | (guids[1] ? 2 : 0), 0, 0, 0]);
  const objectPart = entry.type >= 5 ? [present, ...guids.filter((part) => part !== undefined)] : [];
  const body = Buffer.concat([...objectPart, sid(entry.who)]);
  const header = Buffer.alloc(8);
  header.writeUInt8(entry.type, 0);
  header.writeUInt8(entry.flags ?? 0, 1);
  header.writeUInt16LE(8 + body.length, 2);
  header.writeUInt32LE(entry.mask, 4);
  return Buffer.concat([header, body]);
}

function descriptor(...entries: Ace[]): Buffer {
  const body = Buffer.concat(entries.map(ace));
  const head = Buffer.alloc(20);
  head.writeUInt32LE(20, 16);
  const acl = Buffer.alloc(8);
  acl.writeUInt16LE(8 + body.length, 2);
  acl.writeUInt16LE(entries.length, 4);
  return Buffer.concat([head, acl, body]);
}

const allow = (more: Partial<Ace>): Ace => ({ type: 5, mask: 0x100, object: right, who: us, ...more });
const deny = (more: Partial<Ace>): Ace => allow({ type: 6, ...more });

describe('an extended right', () => {
  test.each([
    ['to us', [allow({})], true],
    ['to a group of ours', [allow({ who: 'S-1-5-11' })], true],
    ['on one class of object', [allow({ inherited: other })], true],
    ['among all extended rights', [{ type: 0, mask: 0x100, who: us }], true],
    ['in full control', [{ type: 0, mask: 0x10000000, who: us }], true],
    ['to somebody else', [allow({ who: them })], false],
    ['of another kind', [allow({ object: other })], false],
    ['without control access', [allow({ mask: 0x30 })], false],
    ['to children only', [allow({ flags: 0x08 })], false],
    ['after it was denied', [deny({}), allow({})], false],
    ['before it is denied', [allow({}), deny({})], true],
    ['after another was denied', [deny({ object: other }), allow({})], true],
    ['after it was denied to somebody else', [deny({ who: them }), allow({})], true],
    ['to nobody', [], false],
  ])('granted %s', (_how, entries, expected) => {
    expect(grantsRight(descriptor(...(entries as Ace[])), trustees, right)).toBe(expected);
  });

  test('is not there when there is no ACL at all to read', () => {
    expect(grantsRight(Buffer.alloc(20), trustees, right)).toBe(false);
  });
});

describe('children', () => {
  test.each([
    ['that inherit reading from us', [{ type: 0, flags: 0x02, mask: 0x10, who: us }], true],
    ['of an object that only itself can be read', [{ type: 0, mask: 0x10, who: us }], false],
    ['that somebody else may read', [{ type: 0, flags: 0x02, mask: 0x10, who: them }], false],
    ['that are denied to us', [{ type: 1, flags: 0x02, mask: 0x10, who: us }], false],
  ])('%s', (_how, entries, expected) => {
    expect(letsReadChildren(descriptor(...(entries as Ace[])), trustees)).toBe(expected);
  });
});
