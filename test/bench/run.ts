import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Account } from '../../src/core/account.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Directory } from '../../src/core/directory.ts';
import { createSealer } from '../../src/core/sealer.ts';
import { createActiveDirectory } from '../../src/directories/active-directory/active-directory.ts';
import { activeDirectorySettings } from '../../src/directories/active-directory/settings.ts';
import { openStores } from '../../src/stores/open-stores.ts';
import { type SambaService, startSamba, whyNoSamba } from '../services/samba.ts';
import { SambaAdministrator } from '../services/samba-administrator.ts';
import { type Measured, measure } from './measure.ts';
import type { Answer, Question } from './portal.ts';
import { Visitor } from './visitor.ts';

const atOnce = 4;
const scale = Number(process.argv[2] ?? 1);
const people = 8;

/** One person of the bench, registered with a number of their own. */
interface BenchPerson {
  readonly samName: string;
  readonly account: Account;
  readonly number: string;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
async function bench(samba: SambaService, folder: string): Promise<void> {
  const settings = directorySettings(samba);
  const directory = createActiveDirectory({ settings: activeDirectorySettings.parse(settings), clock: systemClock });
  const key = randomBytes(32).toString('hex');
  const store = { kind: 'sqlite', file: path.join(folder, 'latchkey.db') } as const;
  const crowd = await register(samba, directory, { store, key });
  const port = await freePort();
  const configuration = path.join(folder, 'latchkey.yaml');
  await writeFile(configuration, stringify(portalConfiguration({ port, key, store, settings })));
  const portal = fork(path.join(import.meta.dirname, 'portal.ts'), {
    env: { ...process.env, LATCHKEY_CONFIG: configuration, BENCH_PORT: String(port) },
  });
  try {
    const listening = await hear(portal, 'listening');
    print(`start to first answer                      ${listening.startMs.toFixed(0)} ms\n`);
    const raw = await rawOperations(directory, crowd);
    await wholeFlows(portal, { base: `http://localhost:${port}`, crowd, raw });
    await pagesAlone(portal, `http://localhost:${port}`);
    await manyStarts(portal, `http://localhost:${port}`);
  } finally {
    portal.disconnect();
    await directory.close();
  }
}

interface Raw {
  readonly unlock: Measured;
  readonly reset: Measured;
}

/** What the directory alone can do, asked by the same client: the operations that a flow needs, and nothing else. */
async function rawOperations(directory: Directory, crowd: readonly BenchPerson[]): Promise<Raw> {
  print(`Raw directory operations, ${atOnce} at once`);
  const of = (lane: number): BenchPerson => crowd[lane % crowd.length] as BenchPerson;
  const find = await measure({ count: 400 * scale, atOnce }, async (lane) => {
    await directory.find({ kind: 'bare', name: of(lane).samName });
  });
  report('find', find);
  const look = async ({ account }: BenchPerson): Promise<void> => {
    await directory.read(account.id);
    await directory.passwordPolicy(account);
  };
  const unlock = await measure({ count: 200 * scale, atOnce }, async (lane) => {
    const person = of(lane);
    await directory.find({ kind: 'bare', name: person.samName });
    await look(person);
    await directory.read(person.account.id);
    await directory.unlock(await directory.prepareWrite(person.account));
  });
  report('all that an unlock flow needs', unlock);
  const reset = await measure({ count: 60 * scale, atOnce }, async (lane) => {
    const person = of(lane);
    await directory.find({ kind: 'bare', name: person.samName });
    for (let page = 0; page < 3; page += 1) await look(person);
    await directory.read(person.account.id);
    await directory.resetPassword(await directory.prepareWrite(person.account), newPassword());
  });
  report('all that a reset flow needs', reset);
  print('');
  return { unlock, reset };
}

async function wholeFlows(
  portal: ChildProcess,
  world: { base: string; crowd: readonly BenchPerson[]; raw: Raw },
): Promise<void> {
  print(`Whole flows over HTTP (one-time code, then the action), ${atOnce} at once`);
  for (const action of ['unlock', 'reset'] as const) {
    const before = await usage(portal);
    const count = (action === 'unlock' ? 200 : 60) * scale;
    const flows = await measure({ count, atOnce }, async (lane) => {
      const person = world.crowd[lane % world.crowd.length] as BenchPerson;
      await walk(portal, { base: world.base, person, action });
    });
    const after = await usage(portal);
    report(`${action} flow`, flows);
    print(`  processor time of the portal             ${((after.cpuMs - before.cpuMs) / count).toFixed(1)} ms a flow`);
    print(`  resident memory                          ${after.residentMb.toFixed(0)} MB`);
    print(`  ratio to the raw operations              ${(flows.perSecond / world.raw[action].perSecond).toFixed(2)}\n`);
  }
}

async function walk(
  portal: ChildProcess,
  wish: { base: string; person: BenchPerson; action: 'unlock' | 'reset' },
): Promise<void> {
  const visitor = new Visitor(wish.base);
  await visitor.get('/reset');
  await visitor.get(await visitor.post('/reset', { login: wish.person.samName }));
  const code = await codeFor(portal, wish.person.number);
  await visitor.get(await visitor.post('/reset/otp-sms', { act: 'next', code }));
  const next = await visitor.post('/reset/choose', { action: wish.action });
  await visitor.get(next);
  if (wish.action === 'unlock') return;
  const password = newPassword();
  const done = await visitor.post('/reset/password', { password, repeat: password });
  if (!(await visitor.get(done)).includes('has been changed')) throw new Error('the reset did not succeed');
}

async function pagesAlone(portal: ChildProcess, base: string): Promise<void> {
  print('Pages that touch no directory');
  for (const page of ['/', '/help', '/assets/latchkey.css']) {
    const before = await usage(portal);
    const count = 1000 * scale;
    const visitors = Array.from({ length: atOnce }, () => new Visitor(base));
    const measured = await measure({ count, atOnce }, async (lane) => {
      await visitors[lane]?.get(page);
    });
    const after = await usage(portal);
    report(page, measured);
    print(`  processor time of the portal             ${((after.cpuMs - before.cpuMs) / count).toFixed(2)} ms a page`);
  }
  print('');
}

/** Memory after many flows that somebody began and left. */
async function manyStarts(portal: ChildProcess, base: string): Promise<void> {
  const count = 2500 * scale;
  print(`${count} flows begun and left, by people who do not exist`);
  const starts = await measure({ count, atOnce }, async () => {
    const visitor = new Visitor(base);
    await visitor.get('/reset');
    await visitor.post('/reset', { login: `nobody-${randomBytes(4).toString('hex')}` });
  });
  report('start', starts);
  print(`  resident memory                          ${(await usage(portal)).residentMb.toFixed(0)} MB`);
}

async function register(
  samba: SambaService,
  directory: Directory,
  where: { store: { kind: 'sqlite'; file: string }; key: string },
): Promise<readonly BenchPerson[]> {
  const sealer = createSealer({ keys: [{ id: 'bench', secret: Buffer.from(where.key, 'hex') }] });
  const stores = await openStores({ ...where.store, 'busy-timeout-ms': 5000 }, { sealer, clock: systemClock });
  await stores.migrate();
  const administrator = await SambaAdministrator.connect(samba);
  const crowd: BenchPerson[] = [];
  for (let index = 0; index < people; index += 1) {
    const { samName } = await administrator.addPerson();
    const account = await directory.find({ kind: 'bare', name: samName });
    if (account === undefined) throw new Error(`${samName} was added and is not found`);
    const number = `+4477009001${String(index).padStart(2, '0')}`;
    await stores.enrolments.keep({ accountId: account.id, gate: 'otp-sms', data: { number }, provedAt: new Date() });
    crowd.push({ samName, account, number });
  }
  await administrator.close();
  await stores.close();
  return crowd;
}

function directorySettings(samba: SambaService) {
  return {
    urls: [samba.url],
    'ca-file': samba.caFile,
    'base-dn': samba.baseDn,
    'people-base': samba.peopleBase,
    domain: samba.domain,
    'bind-account': samba.service,
    'bind-password': samba.servicePassword,
  };
}

function portalConfiguration(parts: {
  port: number;
  key: string;
  store: { kind: string; file: string };
  settings: ReturnType<typeof directorySettings>;
}): object {
  return {
    'public-url': `http://localhost:${parts.port}`,
    listen: { port: parts.port },
    organisation: { name: 'Bench' },
    keys: [{ id: 'bench', secret: parts.key }],
    store: parts.store,
    directory: { kind: 'active-directory', ...parts.settings },
    providers: { texts: { kind: 'virtual-sms' } },
    channels: { sms: ['texts'] },
    gates: { 'otp-sms': {} },
    policy: { chain: ['otp-sms'] },
  };
}

function report(what: string, measured: Measured): void {
  const rate = measured.perSecond.toFixed(1).padStart(8);
  print(`${what.padEnd(34)} ${rate} /s   p50 ${measured.p50.toFixed(1)} ms   p99 ${measured.p99.toFixed(1)} ms`);
}

function newPassword(): string {
  return `Aa1-${randomBytes(12).toString('base64url')}`;
}

async function codeFor(portal: ChildProcess, number: string): Promise<string> {
  const { code } = await ask(portal, { ask: 'code', number }, 'code');
  if (code === undefined) throw new Error(`no code arrived at ${number}`);
  return code;
}

function usage(portal: ChildProcess) {
  return ask(portal, { ask: 'usage' }, 'usage');
}

/** Questions are answered in the order in which they were asked, one at a time. */
let turn: Promise<unknown> = Promise.resolve();
function ask<Kind extends Answer['kind']>(
  portal: ChildProcess,
  question: Question,
  kind: Kind,
): Promise<Extract<Answer, { kind: Kind }>> {
  const answer = turn.then(() => {
    const heard = hear(portal, kind);
    portal.send(question);
    return heard;
  });
  turn = answer.catch(() => undefined);
  return answer;
}

async function hear<Kind extends Answer['kind']>(
  portal: ChildProcess,
  kind: Kind,
): Promise<Extract<Answer, { kind: Kind }>> {
  const [answer] = (await once(portal, 'message')) as [Answer];
  if (answer.kind !== kind) throw new Error(`the portal said ${answer.kind} instead of ${kind}`);
  return answer as Extract<Answer, { kind: Kind }>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const reason = whyNoSamba();
if (reason !== undefined) {
  process.stderr.write(`The bench needs Samba AD. ${reason}\n`);
  process.exit(1);
}

const samba = await startSamba();
const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-bench-'));
try {
  await bench(samba, folder);
} finally {
  await samba.stop();
  await rm(folder, { recursive: true, force: true });
}
