/**
 * Walks over 100,000 people in a real directory as the simulator, the daily look at coverage and a campaign do, searches
 * among them as the helpdesk does, and prints how fast it goes and how much memory it takes: npm run bench:walk
 * Samba is filled before it starts, with nested units and groups; Latchkey is composed as it ships.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { stringify } from 'yaml';
import { compose, type Latchkey } from '../../src/compose.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { PeopleSearch } from '../../src/core/directory-people.ts';
import type { Policy } from '../../src/core/policies/policy.ts';
import { createSealer } from '../../src/core/sealer.ts';
import { simulate } from '../../src/core/survey/simulation.ts';
import { load } from '../../src/load.ts';
import { policyFrom } from '../../src/settings/policy-settings.ts';
import { openSqlite } from '../../src/stores/sqlite.ts';
import { type SambaDetails, startSamba, whyNoSamba } from '../services/samba.ts';
import { measure } from './measure.ts';
import { measureWalk } from './measure-walk.ts';
import { directorySettings } from './portal-process.ts';

const people = Number(process.argv[2] ?? 100_000);
const letters = 200;
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const measured = (name: string, work: () => Promise<unknown>): Promise<void> => measureWalk(name, people, work);

function configurationOf(samba: SambaDetails, folder: string, key: string): object {
  const except = { groups: ['crowd-exempt'], units: [] };
  return {
    'public-url': 'http://localhost:3000',
    listen: { port: 3000 },
    organisation: { name: 'Bench' },
    keys: [{ id: 'bench', secret: key }],
    store: { kind: 'sqlite', file: path.join(folder, 'latchkey.db') },
    directory: { kind: 'active-directory', ...directorySettings(samba) },
    providers: {
      texts: { kind: 'virtual-sms' },
      calls: { kind: 'virtual-voice' },
      mail: { kind: 'virtual-email' },
    },
    channels: { sms: ['texts'], voice: ['calls'], email: ['mail'] },
    gates: { 'otp-sms': {}, phone: {} },
    policies: [
      { name: 'staff', members: { groups: ['crowd-staff'], except }, chain: ['otp-sms'] },
      // Its people are members of a group that is nested in this one.
      { name: 'all guests', members: { groups: ['crowd-all'] }, zone: 'intranet', chain: ['phone'] },
      { name: 'a region', members: { units: ['People/Region 1'] }, chain: ['phone', 'otp-sms'], needed: 1 },
      { name: 'everyone', members: { everyone: true, except }, chain: ['phone', 'otp-sms'] },
    ],
  };
}

/** Half of the people get both gates, a fifth one. */
async function enrol({ directory }: Latchkey, file: string, key: string): Promise<void> {
  const sealer = createSealer({ keys: [{ id: 'bench', secret: Buffer.from(key, 'hex') }] });
  const data = sealer.seal({ table: 'enrolments', column: 'data', row: 'bench' }, { number: '+4930901820' });
  const database = openSqlite(file);
  const insert = database.prepare('insert into enrolments (account_id, gate, proved_at, data) values (?, ?, ?, ?)');
  let at = 0;
  for await (const page of directory.walkPeople({ groups: [], signal: new AbortController().signal })) {
    database.transaction(() => {
      for (const { id } of page) {
        if (at % 10 < 7) insert.run(id, 'otp-sms', Date.now(), data);
        if (at % 10 < 5) insert.run(id, 'phone', Date.now(), data);
        at += 1;
      }
    })();
  }
  database.close();
  // The people of the provisioning are among them.
  if (at < people) throw new Error(`the walk saw ${at} of ${people} people`);
}

async function walks({ directory, stores, background }: Latchkey, present: readonly Policy[]): Promise<void> {
  const zones = ['intranet', 'extranet'] as const;
  const needs = { directory, stores, clock: systemClock, matcher: background.matcher, zones };
  const run = { report: () => undefined, signal: new AbortController().signal };
  await measured('the simulator', async () => {
    const { policies } = await simulate(needs, { present }, run);
    for (const { policy, zone, people: under, ready } of policies) {
      print(`  ${String(policy).padEnd(12)} ${zone.padEnd(9)} ${under} people, ${ready} ready`);
    }
  });
  const draft = present.map((policy) => ({ ...policy, chain: ['phone', 'otp-sms'] }));
  await measured('the simulator with a draft', () => simulate(needs, { present, draft }, run));
  await measured('coverage of one day', async () => {
    background.coverage.wake();
    await background.coverage.idle();
  });
  const rules = { size: letters, fromHour: 0, toHour: 24, remindDays: 7, reminders: 3, groups: [], units: [] };
  const by = { by: 'bench', byName: 'bench', startedAt: new Date() };
  await stores.campaigns.create({ id: 'bench', rules: { ...rules, kind: 'invite' }, ...by });
  await measured(`a wave of ${letters} letters`, async () => {
    background.campaigns.wake();
    await background.campaigns.idle();
  });
  const written = (await stores.campaigns.read('bench'))?.letters;
  if (written !== letters) throw new Error(`${written} letters were written`);
}

async function searches({ directory }: Latchkey): Promise<void> {
  const login = `person.${String(people - 1).padStart(6, '0')}`;
  const wishes: Record<string, Omit<PeopleSearch, 'limit'>> = {
    'search: a whole login': { text: login, as: 'whole' },
    'search: the beginning of one': { text: login.slice(0, -1), as: 'beginning' },
    'search: everybody': { text: 'person', as: 'beginning' },
    'search: nobody': { text: 'zebedee', as: 'beginning' },
    'search: in one unit': { text: login.slice(0, -1), as: 'beginning', within: ['People/Region 0/Unit 3'] },
  };
  for (const [name, wish] of Object.entries(wishes)) {
    const { p50, p99 } = await measure({ count: 40, atOnce: 1 }, async () => {
      await directory.searchPeople({ ...wish, limit: 26 });
    });
    print(`${name.padEnd(34)} p50 ${p50.toFixed(0)} ms   p99 ${p99.toFixed(0)} ms`);
  }
  const { p50 } = await measure({ count: 10, atOnce: 1 }, async () => void (await directory.units()));
  print(`${'all units'.padEnd(34)} p50 ${p50.toFixed(0)} ms`);
}

async function bench(samba: SambaDetails, folder: string): Promise<void> {
  const key = randomBytes(32).toString('hex');
  const file = path.join(folder, 'latchkey.yaml');
  await writeFile(file, stringify(configurationOf(samba, folder, key)));
  const loaded = await load({ LATCHKEY_CONFIG: file });
  const latchkey = await compose({ ...loaded, log: pino({ level: 'warn' }) });
  try {
    await measured('everybody, nothing done with them', () => enrol(latchkey, path.join(folder, 'latchkey.db'), key));
    await walks(latchkey, loaded.configuration.policies.map(policyFrom));
    await searches(latchkey);
  } finally {
    await latchkey.close();
  }
}

const reason = whyNoSamba();
if (reason !== undefined) {
  process.stderr.write(`The bench needs Samba AD. ${reason}\n`);
  process.exit(1);
}

const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-walk-'));
const began = performance.now();
const samba = await startSamba({ crowd: people });
try {
  print(`${people.toLocaleString('en')} people made in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  await bench(samba, folder);
} finally {
  await samba.stop();
  await rm(folder, { recursive: true });
}
