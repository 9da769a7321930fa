import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AuditEvent, auditGenesis, auditHash } from '../../../src/core/audit/audit.ts';
import { AuditSigner } from '../../../src/core/audit/audit-signer.ts';
import {
  HeadWitness,
  headKey,
  headSigner,
  headsIn,
  headsOf,
  headToken,
  keyIdOf,
} from '../../../src/core/audit/audit-signing.ts';
import { Misconfigured } from '../../../src/core/errors.ts';
import { createSealer } from '../../../src/core/sealer.ts';
import type { Stores } from '../../../src/core/stores.ts';
import { openStores } from '../../../src/stores/open-stores.ts';
import { SettableClock } from '../../settable-clock.ts';

function keyPair(kind: 'ed25519' | 'ed448' = 'ed25519') {
  const { privateKey, publicKey } = generateKeyPairSync(kind as 'ed25519');
  return {
    private: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    public: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

const pair = keyPair();
const signer = headSigner(pair.private);
const at = new Date('2026-11-24T10:00:00.000Z');
const hash = 'ab'.repeat(32);

describe('a signed head', () => {
  test('is one word, found again in any text', () => {
    const head = signer.sign({ sequence: 12, hash, at });
    const token = headToken(head);
    expect(token).toMatch(/^[A-Za-z0-9._-]+$/);
    for (const text of [token, `{"detail":{"head":"${token}"}}`, `<86>1 - msg=head\\=${token} x`, `a\n${token}\nb`]) {
      expect(headsIn(text)).toStrictEqual([head]);
    }
    expect(headsIn(`${token}A`)).toEqual([]);
    expect(headsIn('lkh1.1.2.3')).toEqual([]);
  });

  test('takes an Ed25519 key and no other, and no private key where one only checks', () => {
    expect(keyIdOf(headKey(pair.public))).toBe(keyIdOf(signer.publicKey));
    for (const wrong of ['', 'nonsense', pair.public, keyPair('ed448').private])
      expect(() => headSigner(wrong)).toThrow(Misconfigured);
    for (const wrong of ['', 'nonsense', pair.private, keyPair('ed448').public])
      expect(() => headKey(wrong)).toThrow(Misconfigured);
  });

  test('says nothing of its key in what is wrong with it', () => {
    const text = pair.private.replace('MC4', 'MC5');
    expect(() => headSigner(text)).toThrow(/^no Ed25519 private key in PEM$/);
  });
});

describe('a witness', () => {
  const head = signer.sign({ sequence: 3, hash, at });
  const witness = (heads = [head], keys = [signer.publicKey]) => new HeadWitness({ heads, keys });

  test('agrees with the row that was signed, and speaks of no other', () => {
    const one = witness();
    expect(one.objection({ sequence: 2, hash: auditGenesis })).toBeUndefined();
    expect(one.proved).toBeUndefined();
    expect(one.objection({ sequence: 3, hash })).toBeUndefined();
    expect(one.proved).toStrictEqual(head);
    expect(one.missing(3)).toBeUndefined();
  });

  test.each([
    ['another row', head, 'it is not the row that was signed at 2026-11-24T10:00:00.000Z', 'cd'.repeat(32)],
    ['a head with another number', { ...head, sequence: 3, at: new Date(1) }, 'the signature of its head', hash],
    ['a head with another signature', { ...head, signature: 'A'.repeat(86) }, 'the signature of its head', hash],
    ['a head by an unknown key', { ...head, key: '0'.repeat(16) }, 'whose public key was not given', hash],
  ])('objects to %s', (_name, given, reason, found) => {
    expect(witness([given]).objection({ sequence: 3, hash: found })).toContain(reason);
  });

  test('misses rows that a head tells of', () => {
    expect(witness().missing(2)).toContain('rows up to 3');
  });
});

describe('16.4.2: a chain with signed heads', () => {
  let clock: SettableClock;
  const sealer = createSealer({ keys: [{ id: 'one', secret: randomBytes(32) }] });
  let stores: Stores;
  const sign = (node = 'node-1') =>
    new AuditSigner({ ...stores, clock, signer, node, everyMs: 60 * 60_000, everyRows: 5 }).turn();
  const append = (detail: AuditEvent['detail'] = {}) =>
    stores.audit.append({ at: clock.now(), event: 'gate.wrong', detail });

  beforeEach(async () => {
    clock = new SettableClock(at);
    stores = await openStores({ kind: 'sqlite', file: ':memory:', 'busy-timeout-ms': 0 }, { sealer, clock });
    await stores.migrate();
  });
  afterEach(() => stores.close());

  const heads = async () => headsOf(await stores.audit.page({ after: 0, event: 'audit.head-signed', limit: 99 }));

  test('is signed when the time has come, or enough rows have, and not while nothing happens', async () => {
    expect(await sign()).toBe(false);
    await append();
    expect(await sign()).toBe(true);
    clock.pass(3 * 60 * 60);
    expect(await sign()).toBe(false);
    await append();
    expect(await sign()).toBe(true);
    for (let row = 0; row < 4; row += 1) await append();
    expect(await sign()).toBe(false);
    await append();
    expect(await sign()).toBe(true);
    expect((await heads()).map((head) => head.sequence)).toEqual([1, 3, 9]);
    const witness = new HeadWitness({ heads: await heads(), keys: [signer.publicKey] });
    expect(await stores.audit.verify(witness)).toBeUndefined();
    expect(witness.proved?.sequence).toBe(9);
  });

  test('is signed by one of several nodes', async () => {
    await append();
    const signed = await Promise.all(['a', 'b', 'c', 'd'].map((node) => sign(node)));
    expect(signed.filter((did) => did)).toHaveLength(1);
    expect(await heads()).toHaveLength(1);
  });

  test('shows a rewrite by somebody with the database and the sealing key, from a head that was kept elsewhere', async () => {
    await append({ tries: 1 });
    await append({ tries: 2 });
    await sign();
    const kept = await heads();

    // The same store anew, with the very same keys: its chain and its seal are beyond reproach.
    await stores.close();
    stores = await openStores({ kind: 'sqlite', file: ':memory:', 'busy-timeout-ms': 0 }, { sealer, clock });
    await stores.migrate();
    await append({ tries: 1 });
    const forged = await append({ tries: 99 });
    expect(forged.hash).toBe(auditHash((await stores.audit.page({ after: 0, limit: 1 }))[0]?.hash ?? '', 2, forged));
    expect(await stores.audit.verify()).toBeUndefined();
    const witness = () => new HeadWitness({ heads: kept, keys: [signer.publicKey] });
    expect(await stores.audit.verify(witness())).toMatchObject({ sequence: 2 });
  });
});
