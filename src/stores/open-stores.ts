import { Kysely } from 'kysely';
import type { Clock } from '../core/clock.ts';
import type { Sealer } from '../core/sealer.ts';
import type { Stores } from '../core/stores.ts';
import { SqlAuditStore } from './audit-store.ts';
import { SqlCampaignStore } from './campaign-store.ts';
import { SqlChallengeStore } from './challenge-store.ts';
import { SqlDutyStore } from './duty-store.ts';
import { SqlEnrolmentStore } from './enrolment-store.ts';
import { SqlFailureStore } from './failure-store.ts';
import { guarded, toFault } from './faults.ts';
import { SqlFlowStore } from './flow-store.ts';
import { SqlJobStore } from './job-store.ts';
import { SqlJournalStore } from './journal-store.ts';
import { SqlLimitStore } from './limit-store.ts';
import { SqlLinkStore } from './link-store.ts';
import { SqlOutboxStore } from './outbox-store.ts';
import { SqlPolicyStore } from './policy-store.ts';
import { SqlPressStore } from './press-store.ts';
import { SqlReportStore } from './report-store.ts';
import type { Database, Tables } from './schema.ts';
import { SqlSendStore } from './send-store.ts';
import { SqlSessionStore } from './session-store.ts';
import type { StoreSettings } from './settings.ts';
import { Upkeep } from './upkeep.ts';

export interface StoreNeeds {
  readonly sealer: Sealer;
  readonly clock: Clock;
}

/** PostgreSQL has no such setting: its own lock time-out ends a wait, and then a conflict is tried again this long. */
const postgresqlPatienceMs = 5_000;

/**
 * Opens the database that the settings name. The schema is left alone: call `migrate` before the first use.
 * Throws Misconfigured when a SQLite file is damaged or is no database, Unavailable when it cannot be opened. A
 * PostgreSQL server is first asked by the first call.
 */
export async function openStores(settings: StoreSettings, needs: StoreNeeds): Promise<Stores> {
  const db: Database = await openDatabase(settings);
  const patience = settings.kind === 'sqlite' ? settings['busy-timeout-ms'] : postgresqlPatienceMs;
  const all = { db, ...needs, kind: settings.kind };
  const upkeep = guarded(new Upkeep(all), patience);
  return {
    flows: guarded(new SqlFlowStore(all), patience),
    enrolments: guarded(new SqlEnrolmentStore(all), patience),
    failures: guarded(new SqlFailureStore(all), patience),
    challenges: guarded(new SqlChallengeStore(all), patience),
    sends: guarded(new SqlSendStore(all), patience),
    limits: guarded(new SqlLimitStore(all), patience),
    journal: guarded(new SqlJournalStore(all), patience),
    outbox: guarded(new SqlOutboxStore(all), patience),
    links: guarded(new SqlLinkStore(all), patience),
    audit: guarded(new SqlAuditStore(all), patience),
    reports: guarded(new SqlReportStore(all), patience),
    duties: guarded(new SqlDutyStore(all), patience),
    policies: guarded(new SqlPolicyStore(all), patience),
    sessions: guarded(new SqlSessionStore(all), patience),
    jobs: guarded(new SqlJobStore(all), patience),
    presses: guarded(new SqlPressStore(all), patience),
    campaigns: guarded(new SqlCampaignStore(all), patience),
    migrate: () => upkeep.migrate(),
    health: () => healthOf(upkeep),
    purge: (now) => upkeep.purge(now),
    endOpen: () => upkeep.endOpen(),
    close: () => db.destroy(),
  };
}

/** Only the driver that is wanted is loaded: each costs memory and time. */
async function openDatabase(settings: StoreSettings): Promise<Database> {
  try {
    return new Kysely<Tables>({
      dialect:
        settings.kind === 'sqlite'
          ? (await import('./sqlite.ts')).sqliteDialect(settings)
          : (await import('./postgresql.ts')).postgresqlDialect(settings),
    });
  } catch (error) {
    throw toFault(error);
  }
}

/** A database that cannot be used is what a health check is there to report, not a fault of the check. */
async function healthOf(upkeep: Upkeep): Promise<{ readonly ok: boolean; readonly detail: string }> {
  try {
    return await upkeep.health();
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
