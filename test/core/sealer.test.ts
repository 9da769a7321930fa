import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Misconfigured } from '../../src/core/errors.ts';
import type { Json } from '../../src/core/json.ts';
import { createSealer, type SealedPlace, type SealingKey, sealingSecret } from '../../src/core/sealer.ts';

const place: SealedPlace = { table: 'enrolments', column: 'data', row: 'a1' };

function key(id: string): SealingKey {
  return { id, secret: randomBytes(32) };
}

describe('sealing', () => {
  test('any JSON comes back as it was', () => {
    const sealer = createSealer({ keys: [key('one')] });
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.parse(JSON.stringify(value)) as Json;
        expect(sealer.open(place, sealer.seal(place, json))).toEqual(json);
      }),
    );
  });

  test('the sealed value shows the key id and nothing of the text, and never repeats', () => {
    const sealer = createSealer({ keys: [key('one')] });
    const first = sealer.seal(place, { number: '+49 30 123456' });
    expect(first).toMatch(/^v1\.one\.[0-9A-Za-z_-]+$/);
    expect(Buffer.from(first.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain('123456');
    expect(sealer.seal(place, { number: '+49 30 123456' })).not.toBe(first);
  });

  test.each([
    ['table', { ...place, table: 'challenges' }],
    ['column', { ...place, column: 'body' }],
    ['row', { ...place, row: 'a2' }],
    ['border between column and row', { ...place, column: 'dataa', row: '1' }],
  ])('a value moved to another %s does not open', (_name, elsewhere) => {
    const sealer = createSealer({ keys: [key('one')] });
    const sealed = sealer.seal(place, 'secret');
    expect(() => sealer.open(elsewhere, sealed)).toThrow(Misconfigured);
  });

  test('no single changed byte opens', () => {
    const sealer = createSealer({ keys: [key('one')] });
    const [version, id, body] = sealer.seal(place, 'secret').split('.');
    const bytes = Buffer.from(body ?? '', 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const sealed = `${version}.${id}.${changed.toString('base64url')}`;
      expect(() => sealer.open(place, sealed)).toThrow(Misconfigured);
    }
  });

  test.each(['', 'v1', 'v1.one', 'v1.one.', 'v1.one.AAAA', 'v2.one.AAAA', 'v1.one.AAAA.x', 'secret'])(
    'what is not a sealed value is a fault: %j',
    (text) => {
      expect(() => createSealer({ keys: [key('one')] }).open(place, text)).toThrow(Misconfigured);
    },
  );

  test('a value cut anywhere does not open, not even with a shorter tag', () => {
    const sealer = createSealer({ keys: [key('one')] });
    const sealed = sealer.seal(place, 'secret');
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => sealer.open(place, sealed.slice(0, length))).toThrow(Misconfigured);
    }
  });

  test('another key with the same id does not open', () => {
    const sealed = createSealer({ keys: [key('one')] }).seal(place, 'secret');
    expect(() => createSealer({ keys: [key('one')] }).open(place, sealed)).toThrow(/altered, moved or cut/);
  });
});

describe('rotation', () => {
  test('F28: the first key seals and all keys open', () => {
    const [old, fresh] = [key('old'), key('new')];
    const before = createSealer({ keys: [old] }).seal(place, 'secret');
    const rotated = createSealer({ keys: [fresh, old] });
    expect(rotated.open(place, before)).toBe('secret');
    expect(rotated.seal(place, 'secret')).toMatch(/^v1\.new\./);
  });

  test('F28: a key that is gone is named in the fault', () => {
    const sealed = createSealer({ keys: [key('old')] }).seal(place, 'secret');
    expect(() => createSealer({ keys: [key('new')] }).open(place, sealed)).toThrow(/id "old"/);
  });

  test('macs stay as they were when the old key is named for them', () => {
    const [old, fresh] = [key('old'), key('new')];
    const before = createSealer({ keys: [old] }).mac('decoy', 'EXAMPLE\\ana');
    expect(createSealer({ keys: [fresh, old], macKey: 'old' }).mac('decoy', 'EXAMPLE\\ana')).toBe(before);
    expect(createSealer({ keys: [fresh, old] }).mac('decoy', 'EXAMPLE\\ana')).not.toBe(before);
  });

  test('a mac made before the rotation still matches after it', () => {
    const [old, fresh] = [key('old'), key('new')];
    const digest = createSealer({ keys: [old] }).mac('code', '123456');
    const rotated = createSealer({ keys: [fresh, old] });
    expect(rotated.macMatches('code', '123456', digest)).toBe(true);
    expect(rotated.macMatches('code', '123457', digest)).toBe(false);
    expect(rotated.macMatches('other', '123456', digest)).toBe(false);
    expect(createSealer({ keys: [fresh] }).macMatches('code', '123456', digest)).toBe(false);
  });
});

describe('macs', () => {
  test('are 64 hex digits, the same for the same text, and different for each purpose', () => {
    const sealer = createSealer({ keys: [key('one')] });
    expect(sealer.mac('code', '123456')).toMatch(/^[0-9a-f]{64}$/);
    expect(sealer.mac('code', '123456')).toBe(sealer.mac('code', '123456'));
    expect(sealer.mac('code', '123456')).not.toBe(sealer.mac('decoy', '123456'));
  });

  test.each(['', 'zz', 'ab'])('a digest that is none never matches: %j', (digest) => {
    expect(createSealer({ keys: [key('one')] }).macMatches('code', '123456', digest)).toBe(false);
  });
});

describe('keys', () => {
  test.each([
    ['no key', { keys: [] }],
    ['a short key', { keys: [{ id: 'one', secret: randomBytes(31) }] }],
    ['an id with a dot', { keys: [{ id: 'o.ne', secret: randomBytes(32) }] }],
    ['an empty id', { keys: [{ id: '', secret: randomBytes(32) }] }],
    ['the same id twice', { keys: [key('one'), key('one')] }],
    ['a mac key that is not in the list', { keys: [key('one')], macKey: 'two' }],
  ])('%s is refused', (_name, needs) => {
    expect(() => createSealer(needs)).toThrow(Misconfigured);
  });

  test('are read from hex and from both kinds of base64', () => {
    const secret = randomBytes(32);
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      expect(Buffer.from(sealingSecret(`${secret.toString(encoding)}\n`))).toEqual(secret);
    }
  });

  test.each([
    ['31 bytes in base64', randomBytes(31).toString('base64')],
    ['31 bytes in hex', randomBytes(31).toString('hex')],
    ['a pass phrase', 'correct horse battery staple and some more words'],
    ['nothing', ''],
  ])('%s is refused without being repeated', (_name, text) => {
    expect(() => sealingSecret(text)).toThrow(Misconfigured);
    expect(() => sealingSecret(text)).not.toThrow(text === '' ? 'nothing at all' : text);
  });
});
