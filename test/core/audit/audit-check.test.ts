import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkAudit } from '../../../src/core/audit/audit-check.ts';
import { AuditSigner } from '../../../src/core/audit/audit-signer.ts';
import { headSigner } from '../../../src/core/audit/audit-signing.ts';
import { createSealer } from '../../../src/core/sealer.ts';
import type { Stores } from '../../../src/core/stores.ts';
import { openStores } from '../../../src/stores/open-stores.ts';
import { SettableClock } from '../../settable-clock.ts';

const clock = new SettableClock();
const pem = () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const signer = headSigner(pem());
const keys = [signer.publicKey];
const quiet = new AbortController().signal;
let folder: string;
let stores: Stores;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'latchkey-check-'));
  const sealer = createSealer({ keys: [{ id: 'one', secret: randomBytes(32) }] });
  const settings = { kind: 'sqlite', file: path.join(folder, 'latchkey.db'), 'busy-timeout-ms': 1_000 } as const;
  stores = await openStores(settings, { sealer, clock });
  await stores.migrate();
});
afterEach(async () => {
  await stores.close();
  rmSync(folder, { recursive: true });
});

async function append(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) await stores.audit.append({ at: clock.now(), event: 'gate.wrong' });
}

function tamper(statement: string): void {
  const database = new BetterSqlite(path.join(folder, 'latchkey.db'));
  database.exec(statement);
  database.close();
}

async function sign(): Promise<void> {
  const needs = { ...stores, clock, node: 'one', everyMs: 0, everyRows: 1, signer };
  await new AuditSigner(needs).turn();
}

const check = (signal = quiet) => checkAudit({ audit: stores.audit, keys }, () => undefined, signal);

test('a whole chain is whole, and its signed heads fit', async () => {
  expect(await check()).toEqual({ rows: 0, heads: 0 });
  await append(3);
  expect(await check()).toEqual({ rows: 3, heads: 0 });
  await sign();
  await append(1);
  expect(await check()).toEqual({ rows: 5, heads: 1, proved: 3 });
});

test('a row that was changed, and a head that was, are told with their place', async () => {
  await append(4);
  tamper("update audit set event = 'gate.passed' where sequence = 3");
  expect(await check()).toMatchObject({ broken: { sequence: 3, reason: expect.stringContaining('changed') } });
  tamper("update audit set event = 'gate.wrong' where sequence = 3; update audit_head set sequence = 3");
  expect(await check()).toMatchObject({ broken: { sequence: 4 } });
});

test('a head that nobody can check is not passed over', async () => {
  await append(1);
  await sign();
  const others = [headSigner(pem()).publicKey];
  const found = await checkAudit({ audit: stores.audit, keys: others }, () => undefined, quiet);
  expect(found.broken?.reason).toContain('whose public key was not given');
});

test('tells how far it is, and ends when it is told to', async () => {
  const told: unknown[] = [];
  const verify: Stores['audit']['verify'] = async (witness) => {
    for (let sequence = 1; sequence <= 12_000; sequence += 1) witness?.objection({ sequence, hash: '' });
    return undefined;
  };
  const head = async () => ({ sequence: 12_000, hash: '' });
  const audit = { head, page: async () => [], verify } as unknown as Stores['audit'];
  await checkAudit({ audit, keys }, (progress) => told.push(progress), quiet);
  expect(told).toEqual([
    { done: 5_000, of: 12_000 },
    { done: 10_000, of: 12_000 },
    { done: 12_000, of: 12_000 },
  ]);
  await expect(checkAudit({ audit, keys }, () => undefined, AbortSignal.abort('cancelled'))).rejects.toBe('cancelled');
});
