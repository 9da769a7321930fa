/**
 * Fills a SQLite database with what 100,000 people have registered, walks over all of them as the simulator, the daily
 * look at coverage and a campaign do, and prints how fast it goes and how much memory it takes: npm run bench:survey
 * The directory is made up page by page, so that only Latchkey's own share is measured.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from '../../src/core/account.ts';
import { CampaignWorker } from '../../src/core/campaigns/campaign-worker.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { DirectoryGroup, PeopleWalk } from '../../src/core/directory-people.ts';
import { Policies, pinnedPolicies } from '../../src/core/policies/policies.ts';
import type { Policy } from '../../src/core/policies/policy.ts';
import { createSealer } from '../../src/core/sealer.ts';
import { CoverageKeeper } from '../../src/core/survey/coverage.ts';
import { simulate } from '../../src/core/survey/simulation.ts';
import { openStores } from '../../src/stores/open-stores.ts';
import { openSqlite } from '../../src/stores/sqlite.ts';
import { untroubled } from '../account-state.ts';
import { measureWalk } from './measure-walk.ts';

const people = Number(process.argv[2] ?? 100_000);
const pageSize = 500;
const units = 400;
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const measured = (name: string, work: () => Promise<unknown>): Promise<void> => measureWalk(name, people, work);
const idOf = (at: number): string => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;

function accountAt(at: number, wanted: ReadonlySet<string>): Account {
  const groups = [`group-${at % 20}`, `group-${at % 7}`].filter((id) => wanted.has(id));
  const name = `person.${at}`;
  const state = { ...untroubled, groups, unit: `People/Unit ${at % units}`, disabled: at % 50 === 0 };
  return {
    id: idOf(at),
    name: `CONTOSO\\${name}`,
    samName: name,
    displayName: `Person Number ${at}`,
    mail: `${name}@contoso.example`,
    state,
  };
}

const directory = {
  findGroup: async (name: string): Promise<DirectoryGroup> => ({ id: name, name, cyclic: false }),
  findUnit: async (path: string) => ({ path }),
  read: async () => undefined,
  async *walkPeople({ groups, signal }: PeopleWalk): AsyncIterable<readonly Account[]> {
    const wanted = new Set(groups.map(({ id }) => id));
    for (let at = 0; at < people; at += pageSize) {
      signal.throwIfAborted();
      yield Array.from({ length: Math.min(pageSize, people - at) }, (_, more) => accountAt(at + more, wanted));
    }
  },
};

function policyOf(name: string, changes: Partial<Policy>): Policy {
  return {
    name,
    members: { everyone: false, groups: [], units: [], except: { groups: [], units: [] } },
    zone: 'any',
    chain: ['phone', 'questions'],
    actions: ['unlock', 'reset'],
    lockout: { threshold: 3, minutes: 15, barsUntilPermanent: 3 },
    flowSeconds: 1_200,
    privileged: false,
    unknownLogins: 'decoy',
    ...changes,
  };
}

const of = (groups: readonly string[], paths: readonly string[] = []) => ({
  everyone: false,
  groups,
  units: paths,
  except: { groups: ['group-19'], units: [] },
});
const everyone = { everyone: true, groups: [], units: [], except: { groups: [], units: [] } };
const present = [
  policyOf('a', { members: of(['group-1', 'group-2']) }),
  policyOf('b', { members: of([], ['People/Unit 3', 'People/Unit 4']), zone: 'intranet', chain: ['questions'] }),
  policyOf('c', { members: of(['group-5']), chain: ['phone', 'otp-sms', 'questions'], needed: 2 }),
  policyOf('rest', { members: everyone, chain: ['questions'] }),
];
const draft = [...present.slice(0, 3), policyOf('rest', { members: everyone, chain: ['questions', 'phone'] })];

/** Half of the people have both gates, a fifth one; what a gate keeps is never opened here. */
function fill(file: string, data: string): void {
  const database = openSqlite(file);
  const insert = database.prepare('insert into enrolments (account_id, gate, proved_at, data) values (?, ?, ?, ?)');
  database.transaction(() => {
    for (let at = 0; at < people; at += 1) {
      if (at % 10 < 7) insert.run(idOf(at), 'questions', Date.now(), data);
      if (at % 10 < 5) insert.run(idOf(at), 'phone', Date.now(), data);
    }
  })();
  database.close();
}

const folder = mkdtempSync(join(tmpdir(), 'latchkey-survey-'));
try {
  const file = join(folder, 'latchkey.db');
  const sealer = createSealer({ keys: [{ id: 'bench', secret: randomBytes(32) }] });
  const settings = { kind: 'sqlite', file, 'busy-timeout-ms': 5_000 } as const;
  const stores = await openStores(settings, { sealer, clock: systemClock });
  await stores.migrate();
  fill(file, sealer.seal({ table: 'enrolments', column: 'data', row: 'bench' }, { number: '+4930901820' }));
  const matcher = (policies: readonly Policy[]) =>
    new Policies({ source: pinnedPolicies(policies), directory, clock: systemClock, mac: () => '0'.repeat(64) });
  const zones = ['intranet', 'extranet'] as const;
  const needs = { directory, stores, clock: systemClock, matcher, zones, issued: ['helpdesk-code'] };
  const run = { report: () => undefined, signal: new AbortController().signal };
  print(
    `${people.toLocaleString('en')} people in ${units} units, pages of ${pageSize}, 4 policies, 4 groups, on SQLite`,
  );
  let size = 0;
  await measured('the list in force', async () => {
    size = JSON.stringify(await simulate(needs, { present }, run)).length;
  });
  await measured('a draft beside it', async () => {
    size = Math.max(size, JSON.stringify(await simulate(needs, { present, draft }, run)).length);
  });
  const walk = { ...needs, duties: stores.duties, node: 'bench', policies: async () => present, issued: [] };
  const report = (fault: unknown): void => {
    throw fault;
  };
  const coverage = new CoverageKeeper({ ...walk, reports: stores.reports, report });
  await measured('coverage of one day', async () => {
    coverage.wake();
    await coverage.idle();
  });
  const rules = { size: 200, fromHour: 0, toHour: 24, remindDays: 7, reminders: 3, groups: [], units: [] };
  const by = { by: 'bench', byName: 'bench', startedAt: new Date() };
  await stores.campaigns.create({ id: 'bench', rules: { ...rules, kind: 'invite' }, ...by });
  const outbox = { standing: async () => ({ waiting: 0, setAside: 0 }) };
  const pause = async (): Promise<void> => undefined;
  const writer = new CampaignWorker({
    ...walk,
    store: stores.campaigns,
    outbox,
    pause,
    wake: () => undefined,
    report,
  });
  await measured('a wave of 200 letters', async () => {
    writer.wake();
    await writer.idle();
  });
  print(
    `letters written: ${(await stores.campaigns.read('bench'))?.letters}; largest result: ${Math.round(size / 1024)} kB`,
  );
  await stores.close();
} finally {
  rmSync(folder, { recursive: true });
}
