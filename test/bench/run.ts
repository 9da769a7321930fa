import { randomBytes } from 'node:crypto';
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
import { directorySettings, PortalProcess } from './portal-process.ts';
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
async function bench(samba: SambaService): Promise<void> {
  const settings = directorySettings(samba);
  const directory = createActiveDirectory({ settings: activeDirectorySettings.parse(settings), clock: systemClock });
  const crowd: BenchPerson[] = [];
  const floors = { startMs: 0, signInMs: 0, postMs: 0 };
  const portal = await PortalProcess.start({ samba, chain: ['otp-sms'], floors }, async (store, key) => {
    crowd.push(...(await register(samba, directory, { store, key })));
  });
  try {
    print(`start to first answer                      ${portal.startMs.toFixed(0)} ms\n`);
    const raw = await rawOperations(directory, crowd);
    await wholeFlows(portal, { crowd, raw });
    await pagesAlone(portal);
    await manyStarts(portal);
  } finally {
    await portal.stop();
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

async function wholeFlows(portal: PortalProcess, world: { crowd: readonly BenchPerson[]; raw: Raw }): Promise<void> {
  print(`Whole flows over HTTP (one-time code, then the action), ${atOnce} at once`);
  for (const action of ['unlock', 'reset'] as const) {
    const before = await portal.usage();
    const count = (action === 'unlock' ? 200 : 60) * scale;
    const flows = await measure({ count, atOnce }, async (lane) => {
      const person = world.crowd[lane % world.crowd.length] as BenchPerson;
      await walk(portal, { person, action });
    });
    const after = await portal.usage();
    report(`${action} flow`, flows);
    print(`  processor time of the portal             ${((after.cpuMs - before.cpuMs) / count).toFixed(1)} ms a flow`);
    print(`  resident memory                          ${after.residentMb.toFixed(0)} MB`);
    print(`  ratio to the raw operations              ${(flows.perSecond / world.raw[action].perSecond).toFixed(2)}\n`);
  }
}

async function walk(portal: PortalProcess, wish: { person: BenchPerson; action: 'unlock' | 'reset' }): Promise<void> {
  const visitor = new Visitor(portal.base);
  await visitor.get('/reset');
  await visitor.get(await visitor.post('/reset', { login: wish.person.samName }));
  const code = await portal.codeFor(wish.person.number);
  await visitor.get(await visitor.post('/reset/otp-sms', { act: 'next', code }));
  const next = await visitor.post('/reset/choose', { action: wish.action });
  await visitor.get(next);
  if (wish.action === 'unlock') return;
  const password = newPassword();
  const done = await visitor.post('/reset/password', { password, repeat: password });
  if (!(await visitor.get(done)).includes('has been changed')) throw new Error('the reset did not succeed');
}

async function pagesAlone(portal: PortalProcess): Promise<void> {
  print('Pages that touch no directory');
  for (const page of ['/', '/help', '/assets/latchkey.css']) {
    const before = await portal.usage();
    const count = 1000 * scale;
    const visitors = Array.from({ length: atOnce }, () => new Visitor(portal.base));
    const measured = await measure({ count, atOnce }, async (lane) => {
      await visitors[lane]?.get(page);
    });
    const after = await portal.usage();
    report(page, measured);
    print(`  processor time of the portal             ${((after.cpuMs - before.cpuMs) / count).toFixed(2)} ms a page`);
  }
  print('');
}

/** Memory after many flows that somebody began and left: the number of them should make no difference. */
async function manyStarts(portal: PortalProcess): Promise<void> {
  const count = 2500 * scale;
  const rounds = 4;
  print(`${rounds * count} flows begun and left, by people who do not exist`);
  for (let round = 0; round < rounds; round += 1) {
    const starts = await measure({ count, atOnce }, async () => {
      const visitor = new Visitor(portal.base);
      await visitor.get('/reset');
      await visitor.post('/reset', { login: `nobody-${randomBytes(4).toString('hex')}` });
    });
    report('start', starts);
    const { residentMb } = await portal.usage();
    print(`  resident memory                          ${residentMb.toFixed(0)} MB`);
    print(`  of the heap in use, after a collection   ${(await portal.inUse()).toFixed(1)} MB`);
  }
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

function report(what: string, measured: Measured): void {
  const rate = measured.perSecond.toFixed(1).padStart(8);
  print(`${what.padEnd(34)} ${rate} /s   p50 ${measured.p50.toFixed(1)} ms   p99 ${measured.p99.toFixed(1)} ms`);
}

function newPassword(): string {
  return `Aa1-${randomBytes(12).toString('base64url')}`;
}

const reason = whyNoSamba();
if (reason !== undefined) {
  process.stderr.write(`The bench needs Samba AD. ${reason}\n`);
  process.exit(1);
}

const samba = await startSamba();
try {
  await bench(samba);
} finally {
  await samba.stop();
}
