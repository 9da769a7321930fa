/**
 * Fills an audit with a million rows, as a year of use would, and measures what the console asks of it, and its pages:
 * npm run bench:audit. Prints the median, the 95th percentile and the slowest of many askings, each of which is for
 * something else. The people of the pages are in the embedded directory.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { type AuditEvent, type AuditEventName, type AuditSearch, auditHash } from '../../src/core/audit/audit.ts';
import { reportedEvents } from '../../src/core/reports/report.ts';
import { ReportCounter } from '../../src/core/reports/report-counter.ts';
import { createSealer } from '../../src/core/sealer.ts';
import { sealHead } from '../../src/stores/audit-head.ts';
import { tableRowOf } from '../../src/stores/audit-rows.ts';
import { openSqlite } from '../../src/stores/sqlite.ts';
import { ConsoleWorld } from '../console/world.ts';
import type { Person } from '../portals/world.ts';
import { fillConsole, measurePages } from './console-pages.ts';
import { measure } from './measure.ts';

const rows = Number(process.argv[2] ?? 1_000_000);
const people = 100_000;
/** Of those, in the directory: 11 who are often there, of whom one hardly passed a gate, and others. */
const inDirectory = 1_000;
const pageRows = 50;
const yearMs = 365 * 86_400_000;
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const pick = <One>(of: readonly One[]): One => of[Math.floor(Math.random() * of.length)] as One;

/** What one person leaves in the audit on the way to an unlock, most often. */
const usual: readonly AuditEventName[] = [
  'flow.started',
  'gate.opened',
  'challenge.sent',
  'gate.passed',
  'gate.opened',
  'gate.wrong',
  'gate.passed',
  'write.intended',
  'write.done',
  'notice.sent',
];
/** Few among a million. */
const rare: readonly AuditEventName[] = ['account.unbarred', 'enrolment.removing', 'gate.disabled'];
/** Some of which are gone; each visit began under one. */
const policyNames = Array.from({ length: 40 }, (_, at) => `Policy ${at} of people whom nobody would have thought of`);
const units = Array.from({ length: 100 }, (_, at) => `People/Site ${at % 7}/Department ${at}`);
/** One address from which half of everything comes, as behind a proxy that nobody named. */
const crowded = '192.0.2.1';
const key = { id: 'bench', secret: randomBytes(32) };
const sealer = createSealer({ keys: [key] });
const settings = { keys: [{ id: key.id, secret: key.secret.toString('base64') }] };
const world = await ConsoleWorld.open({ settings: { ...settings, 'policies-in': 'store' } });
const { stores } = world.latchkey;
const present: readonly Person[] = Array.from({ length: inDirectory }, () => world.portals.person());
const end = world.clock.now().getTime();
const subjects = Array.from({ length: people }, (_, at) => present[at]?.id ?? randomUUID());
/** Whom somebody tried to guess at for a year, and who hardly ever came in. */
const beset = present[500] as Person;
const flows: string[] = [];
const correlations: string[] = [];

function eventAt(number: number): AuditEvent {
  const step = number % usual.length;
  if (step === 0) flows.push(randomBytes(9).toString('base64url'));
  const correlation = randomUUID();
  if (number % 1_000 === 0) correlations.push(correlation);
  const event = Math.random() < 0.0001 ? pick(rare) : (usual[step] as AuditEventName);
  return {
    at: new Date(Math.round(end - yearMs + (yearMs * number) / rows)),
    event,
    // Every tenth row is about one person of the hundred who come again and again.
    subject: subjectAt(number),
    portal: 'reset',
    flow: flows.at(-1) as string,
    ...(event.startsWith('gate.') ? { gate: step < 4 ? 'otp-sms' : 'questions' } : {}),
    address: number % 2 === 0 ? crowded : `198.51.${flows.length % 200}.${number % 250}`,
    correlation,
    detail: detailOf(event, number),
  };
}

function detailOf(event: AuditEventName, number: number): NonNullable<AuditEvent['detail']> {
  if (event === 'flow.started') return { decoy: false, policy: pick(policyNames), zone: 'extranet' };
  return event.startsWith('gate.') ? { step: 'verify', number } : { action: 'unlock', number };
}

function subjectAt(number: number): string {
  if (number % 20 === 5) return beset.id;
  return subjects[flows.length % 10 === 0 ? flows.length % 100 : (flows.length * 7_919) % people] as string;
}

/** Past the store, which would wait for the disk at every row; the chain and its seal are as the store makes them. */
async function fill(): Promise<void> {
  const head = await stores.audit.head();
  const database = openSqlite(world.portals.databaseFile);
  const insert = database.prepare(
    `insert into audit values (@sequence, @at, @event, @subject, @portal, @flow, @gate, @address, @correlation, @detail, @hash)`,
  );
  let { sequence, hash } = head;
  database.transaction(() => {
    for (let number = 0; number < rows; number += 1) {
      const event = eventAt(number);
      sequence += 1;
      hash = auditHash(hash, sequence, event);
      insert.run(tableRowOf({ ...event, sequence, hash }));
    }
    const seal = sealHead(sealer, { sequence, hash });
    database.prepare('update audit_head set sequence = ?, hash = ?, seal = ?').run(sequence, hash, seal);
  })();
  database.close();
}

try {
  const began = performance.now();
  await fill();
  print(`${rows} rows, ${Math.round(statSync(world.portals.databaseFile).size / 1e6)} MB, in ${seconds(began)} s`);

  await count();
  await cover();

  const anywhere = () => 1 + Math.floor(Math.random() * rows);
  const month = (): Pick<AuditSearch, 'from' | 'to'> => {
    const from = end - yearMs + Math.random() * yearMs;
    return { from: new Date(from), to: new Date(from + 30 * 86_400_000) };
  };
  const searches: Readonly<Record<string, () => Omit<AuditSearch, 'limit'>>> = {
    'the newest': () => ({}),
    'a page in the middle': () => ({ before: anywhere() }),
    'the page before one': () => ({ after: anywhere() }),
    'one month': month,
    'one person': () => ({ subject: pick(subjects) }),
    'one person who is often there, later pages': () => ({ subject: busy(), before: anywhere() }),
    'one person and what seldom happens': () => ({ subject: busy(), event: pick(rare) }),
    'one flow': () => ({ flow: pick(flows) }),
    'one correlation id': () => ({ correlation: pick(correlations) }),
    'one address': () => ({ address: `198.51.${anywhere() % 200}.${anywhere() % 250}` }),
    'half the audit’s address, in a month': () => ({ address: crowded, ...month() }),
    'half the audit’s address, and what seldom happens': () => ({ address: crowded, event: pick(rare) }),
    'what often happens, in a month': () => ({ event: 'gate.passed', ...month() }),
    'what seldom happens': () => ({ event: pick(rare) }),
    'what seldom happens, in a month': () => ({ event: pick(rare), ...month() }),
    'what never happens': () => ({ event: 'store.restored' }),
    nobody: () => ({ subject: randomUUID() }),
    'a person, an address and an event, in a month': () => ({
      subject: busy(),
      address: crowded,
      event: 'gate.passed',
      ...month(),
    }),
  };
  for (const [name, wanted] of Object.entries(searches)) {
    const search = async () => void (await stores.audit.search({ ...wanted(), limit: pageRows }));
    report(name, await measure({ count: 100, atOnce: 1 }, search));
  }
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  for (const days of [30, 365]) {
    const span = { from: day(end - days * 86_400_000), to: day(end) };
    const count = async () => void (await stores.reports.counts(span, reportedEvents));
    report(`counts of ${days} days`, await measure({ count: 50, atOnce: 1 }, count));
    const own = async () => void (await stores.reports.counts(span, reportedEvents, pick(policyNames)));
    report(`counts of ${days} days, one policy`, await measure({ count: 50, atOnce: 1 }, own));
  }
  const appended = await measure({ count: 500, atOnce: 1 }, async () => {
    await stores.audit.append({ ...eventAt(anywhere()), at: new Date(end) });
  });
  report('one more row', appended);
  await pages();
  const walking = performance.now();
  const broken = await stores.audit.verify();
  print(`the whole chain checked in ${seconds(walking)} s: ${broken === undefined ? 'whole' : 'BROKEN'}`);
  if (broken !== undefined) process.exitCode = 1;
} finally {
  await world.close();
}

/** As after an update: everything there is, by everybody and by policy, while others want their turn. */
async function count(): Promise<void> {
  const counting = performance.now();
  const counter = new ReportCounter({ ...stores, clock: world.clock, node: 'bench' });
  let [longest, last] = [0, performance.now()];
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const { sequence } = await stores.audit.head();
  let turns = 0;
  for (; (await stores.duties.read('count-policies')).position < sequence; turns += 1) await counter.turn();
  clearInterval(timer);
  print(
    `counted by day and by policy for the first time in ${seconds(counting)} s, ${turns} turns; ` +
      `others waited ${Math.round(longest)} ms at most`,
  );
}

/** A year of coverage, some units of which have people of three policies. */
async function cover(): Promise<void> {
  for (let ago = 0; ago < 365; ago += 1) {
    const day = new Date(end - ago * 86_400_000).toISOString().slice(0, 10);
    const snapshots = units.map((unit) => ({ day, unit, people: 1_000, registered: 900, ready: 800 }));
    const own = policyNames.slice(0, 3).flatMap((policy) => snapshots.map((one) => ({ ...one, policy })));
    await stores.reports.keepCoverage(day, snapshots, own);
  }
}

async function pages(): Promise<void> {
  const { visitor } = await world.signedIn('administrator');
  const filling = performance.now();
  const { campaign } = await fillConsole(world, present);
  print(`enrolments, failures and letters of ${people} accounts in ${seconds(filling)} s`);
  const year = new Date(end - yearMs).toISOString().slice(0, 10);
  const page = {
    'reports of 30 days': () => '/reports',
    'reports of a year': () => `/reports?from=${year}`,
    'reports of 30 days, one policy': () => `/reports?policy=${pick(policyNames)}`,
    'reports of a year, one policy': () => `/reports?from=${year}&policy=${pick(policyNames)}`,
    registration: () => '/coverage',
    'registration of a year': () => `/coverage?from=${year}`,
    'registration of a year, one policy': () => `/coverage?from=${year}&policy=${policyNames[0]}`,
    'the audit': () => '/audit',
    'the audit, one person': () => `/audit?subject=${pick(subjects)}`,
    'the audit, what seldom happens': () => `/audit?event=${pick(rare)}&address=${crowded}`,
    'one row': () => `/audit/rows/${1 + Math.floor(Math.random() * rows)}`,
    'a search for people': () => `/people?q=${pick(present).samName.slice(0, 9)}`,
    'a search for one person': () => `/people?q=${pick(present).samName}`,
    'one person': () => `/people/${pick(present).id}`,
    'one person who is often there': () => `/people/${busy()}`,
    'one person who was guessed at 50,000 times': () => `/people/${beset.id}`,
    campaigns: () => '/campaigns',
    'one campaign': () => `/campaigns/${campaign}`,
    'the policies': () => '/policies',
    'versions of the policies': () => `/policies/versions?before=${1 + Math.floor(Math.random() * 900)}`,
    'one version': () => `/policies/versions/${2 + Math.floor(Math.random() * 900)}`,
    jobs: () => '/jobs',
    'the simulator': () => '/simulator',
    'the test drive': () => '/drive',
  };
  await measurePages(visitor, page, report);
}

function busy(): string {
  return subjects[Math.floor(Math.random() * 10) * 10] as string;
}

function report(name: string, took: { readonly p50: number; readonly p95: number; readonly p99: number }): void {
  const [p50, p95, p99] = [took.p50, took.p95, took.p99].map((ms) => ms.toFixed(1));
  print(`${name.padEnd(72)} median ${p50} ms, 95 % ${p95} ms, slowest ${p99} ms`);
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
