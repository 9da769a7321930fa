import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pino from 'pino';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AuditWork, createAuditWork } from '../src/compose/audit.ts';
import { auditGenesis, auditHash } from '../src/core/audit/audit.ts';
import { systemClock } from '../src/core/clock.ts';
import { createSealer } from '../src/core/sealer.ts';
import type { Stores } from '../src/core/stores.ts';
import { auditSettings } from '../src/settings/audit-settings.ts';
import { openStores } from '../src/stores/open-stores.ts';
import { TestAuthority } from './peers/authority.ts';
import { SyslogPeer } from './peers/syslog-peer.ts';
import { type RsyslogNeeds, RsyslogService, whyNoRsyslog } from './services/rsyslog.ts';

const reason = whyNoRsyslog();
if (reason !== undefined) {
  const notice = `NOT TESTED on a real syslog server: ${reason}\nThese tests did not run: test/audit-shipping.test.ts`;
  if (process.env.CI === 'true') throw new Error(notice);
  process.stderr.write(`\n${'='.repeat(78)}\n${notice}\n${'='.repeat(78)}\n`);
}

const sealer = createSealer({ keys: [{ id: 'one', secret: randomBytes(32) }] });
const toEnd: (() => unknown)[] = [];
let authority: TestAuthority;
let folder: string;
let stores: Stores;

beforeAll(async () => {
  authority = await TestAuthority.create();
});
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'latchkey-shipping-'));
  stores = await openNode();
  await stores.migrate();
});
afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end();
  rmSync(folder, { recursive: true });
});

async function openNode(): Promise<Stores> {
  const file = path.join(folder, 'latchkey.db');
  const opened = await openStores({ kind: 'sqlite', file, 'busy-timeout-ms': 5_000 }, { sealer, clock: systemClock });
  toEnd.push(() => opened.close());
  return opened;
}

/** A node that ships, as composed, and what it logs. */
function startNode(port: number, more: object = {}, on = stores): { work: AuditWork; log: Record<string, unknown>[] } {
  const log: Record<string, unknown>[] = [];
  const caFile = path.join(folder, 'ca.pem');
  writeFileSync(caFile, authority.ca);
  const syslog = { host: '127.0.0.1', port, 'ca-file': caFile, format: 'jsonl', ...more };
  const work = createAuditWork(
    { audit: auditSettings.parse({ syslog }) },
    {
      stores: on,
      clock: systemClock,
      log: pino({ level: 'info' }, { write: (line: string) => log.push(JSON.parse(line)) }),
      turnMs: 50,
    },
  );
  work.start();
  toEnd.push(() => work.close());
  return { work, log };
}

const alarms = (log: readonly Record<string, unknown>[]) =>
  log.flatMap(({ alarm }) => (alarm === undefined ? [] : [alarm]));
const said = (log: readonly Record<string, unknown>[]) => log.map(({ msg }) => msg);

async function append(count: number): Promise<void> {
  for (let row = 0; row < count; row += 1) {
    const detail = { row, agent: 'x|=\\\n\u202e ä' };
    await stores.audit.append({ at: new Date(), event: 'gate.wrong', address: '192.0.2.7', detail });
  }
}

async function until(met: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await met())) await pause(20);
}

interface Row {
  readonly sequence: number;
  readonly hash: string;
  readonly previous: string;
  readonly at: string;
}

/** Each row the first time that it came. A line that a kill cut in two is no row; it comes again. */
function firstOfEach(texts: readonly string[]): readonly Row[] {
  const whole = texts.filter((text) => text.startsWith('{') && text.endsWith('}'));
  const rows = whole.map((text) => JSON.parse(text) as Row);
  return [...new Map(rows.toReversed().map((row) => [row.sequence, row])).values()].sort(
    (a, b) => a.sequence - b.sequence,
  );
}

/** The chain as the far end can check it, with nothing but what it got. */
function expectWhole(rows: readonly Row[], count: number): void {
  expect(rows.map((row) => row.sequence)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  let previous = auditGenesis;
  for (const { sequence, hash, previous: given, ...event } of rows) {
    expect(given).toBe(previous);
    expect(auditHash(previous, sequence, { ...event, at: new Date(event.at) } as never)).toBe(hash);
    previous = hash;
  }
}

const isSorted = (numbers: readonly number[]) =>
  numbers.every((one, index) => index === 0 || one >= (numbers[index - 1] ?? 0));

describe.skipIf(reason !== undefined)('rsyslog', () => {
  async function start(needs: Partial<RsyslogNeeds> = {}): Promise<RsyslogService> {
    const service = await RsyslogService.start({ identity: await authority.server(), ca: authority.ca, ...needs });
    toEnd.push(() => service.stop());
    return service;
  }
  const texts = (server: RsyslogService) => server.received().map(({ text }) => text.trimStart());
  const last = (server: RsyslogService) => firstOfEach(texts(server)).at(-1)?.sequence ?? 0;

  test('16.4.3: gets every row, in order, so that it can check the chain itself', async () => {
    const server = await start();
    await append(700);
    startNode(server.port);
    await until(() => last(server) === 700);
    await append(3);
    await until(() => last(server) === 703);
    expectWhole(firstOfEach(texts(server)), 703);
    expect(isSorted(texts(server).map((text) => JSON.parse(text).sequence))).toBe(true);
    const [first] = server.received();
    expect(first).toMatchObject({ priority: 84, app: 'latchkey', id: 'gate.wrong' });
  });

  test('gets CEF, one line a row', async () => {
    const server = await start();
    await append(2);
    startNode(server.port, { format: 'cef', facility: 'local3' });
    await until(() => server.received().length === 2);
    expect(server.received()[0]).toMatchObject({ priority: 19 * 8 + 4 });
    expect(texts(server)[0]).toMatch(
      /^CEF:0\|Latchkey\|Latchkey\|[^|]+\|gate\.wrong\|gate wrong\|6\|rt=\d+ externalId=1 /,
    );
  });

  test('knows us by our certificate where it wants to', async () => {
    const server = await start({ clients: true });
    await append(2);
    const { log } = startNode(server.port);
    await until(() => alarms(log).length > 0);
    expect(server.received()).toEqual([]);
    const { cert, key } = await authority.client('latchkey');
    const [certificateFile, keyFile] = ['client.pem', 'client.key'].map((name) => path.join(folder, name));
    writeFileSync(certificateFile ?? '', cert);
    writeFileSync(keyFile ?? '', key);
    startNode(server.port, { 'certificate-file': certificateFile, 'key-file': keyFile });
    await until(() => last(server) === 2);
  });

  test('F27: while it is down rows wait, the alarm is raised once, and then they come in order without a gap', async () => {
    const server = await start();
    const { log } = startNode(server.port, { 'backlog-alarm': 100 });
    await append(50);
    await until(() => last(server) === 50);
    await server.halt();
    await append(70);
    await until(() => alarms(log).includes('audit-sink'));
    expect(alarms(log)).toEqual(['audit-sink']);
    await append(30);
    await until(() => alarms(log).includes('audit-backlog'));
    await pause(300);
    expect(alarms(log)).toEqual(['audit-sink', 'audit-backlog']);
    expect(await stores.audit.verify()).toBeUndefined();
    await server.resume();
    await until(() => last(server) === 150);
    expectWhole(firstOfEach(texts(server)), 150);
    await until(() => said(log).includes('the audit has caught up'));
    expect(said(log)).toContain('the audit is shipped again');
    expect(alarms(log)).toHaveLength(2);
  });

  test('F27: is killed again and again while rows come, and misses none', async () => {
    const server = await start();
    startNode(server.port);
    for (let round = 0; round < 4; round += 1) {
      const appended = append(60);
      await pause(80);
      await server.halt();
      await appended;
      await server.resume();
    }
    await until(() => last(server) === 240);
    expectWhole(firstOfEach(texts(server)), 240);
  }, 60_000);
});

describe('12.3.2: nothing is sent, rows wait, and the alarm is raised once,', () => {
  test.each([
    ['a certificate for another name', async () => authority.server(['other.example.com'])],
    ['an authority that is not ours', async () => (await TestAuthority.create()).server()],
  ])('to a server with %s', async (_name, identity) => {
    const server = await SyslogPeer.open({ identity: await identity() });
    toEnd.push(() => server.close());
    await append(3);
    const { log } = startNode(server.port);
    await until(() => alarms(log).length > 0);
    await pause(200);
    expect(server.received).toEqual([]);
    expect(alarms(log)).toEqual(['audit-sink']);
    expect((await stores.duties.read('ship')).position).toBe(0);
  });
});

describe('several nodes', () => {
  async function peer(): Promise<SyslogPeer> {
    const opened = await SyslogPeer.open({ identity: await authority.server() });
    toEnd.push(() => opened.close());
    return opened;
  }

  test('ship as one: each row comes once, and in order', async () => {
    const server = await peer();
    const other = await openNode();
    // Nobody lost a connection, so there is nothing to send again.
    startNode(server.port, { 'resend-rows': 0 });
    startNode(server.port, { 'resend-rows': 0 }, other);
    await append(300);
    await until(() => server.received.length >= 300);
    await pause(200);
    const numbers = server.received.map(({ text }) => JSON.parse(text).sequence);
    expect(numbers).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
    expect(server.faults).toEqual([]);
  });

  test('one goes on where another has ended, and sends the last rows once more', async () => {
    const server = await peer();
    const { work } = startNode(server.port, { 'resend-rows': 5 });
    await append(20);
    await until(() => server.received.length === 20);
    await work.close();
    await append(2);
    startNode(server.port, { 'resend-rows': 5 }, await openNode());
    await until(() => server.received.length === 27);
    const numbers = server.received.slice(20).map(({ text }) => JSON.parse(text).sequence);
    expect(numbers).toEqual([16, 17, 18, 19, 20, 21, 22]);
  });
});
