import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { auditGenesis } from '../../core/audit/audit.ts';
import type { Sealer } from '../../core/sealer.ts';
import { sealHead } from '../audit-head.ts';
import type { Tables } from '../schema.ts';

/** Flows, enrolments, failures, challenges, the journal, the audit, sessions and the health probe. */
export function first(sealer: Sealer): Migration {
  return {
    up: async (db: Kysely<Tables>) => {
      await createFlows(db);
      await createEnrolments(db);
      await createFailures(db);
      await createChallenges(db);
      await createJournal(db);
      await createAudit(db, sealer);
      await createSessions(db);
      await createProbes(db);
    },
  };
}

async function createFlows(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('flows')
    .addColumn('id_hash', 'text', (column) => column.primaryKey())
    .addColumn('reference', 'text', (column) => column.notNull().unique())
    .addColumn('portal', 'text', (column) => column.notNull())
    .addColumn('account_id', 'text')
    .addColumn('decoy_key', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('flows_account').on('flows').column('account_id').execute();
  await db.schema.createIndex('flows_expiry').on('flows').column('expires_at').execute();
}

async function createEnrolments(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('enrolments')
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('gate', 'text', (column) => column.notNull())
    .addColumn('proved_at', 'bigint', (column) => column.notNull())
    .addColumn('data', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('enrolments_key', ['account_id', 'gate'])
    .execute();
}

async function createFailures(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('failures')
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('gate', 'text', (column) => column.notNull())
    .addColumn('tries', 'bigint', (column) => column.notNull())
    .addColumn('last_at', 'bigint', (column) => column.notNull())
    .addColumn('held_until', 'bigint', (column) => column.notNull().defaultTo(0))
    .addPrimaryKeyConstraint('failures_key', ['subject', 'gate'])
    .execute();
  await db.schema.createIndex('failures_last').on('failures').column('last_at').execute();
  await db.schema
    .createTable('bars')
    .addColumn('subject', 'text', (column) => column.primaryKey())
    .addColumn('bars', 'bigint', (column) => column.notNull())
    .addColumn('until', 'bigint')
    .execute();
}

async function createChallenges(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('challenges')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('challenges_queue').on('challenges').columns(['state', 'created_at']).execute();
  await db.schema.createIndex('challenges_expiry').on('challenges').column('expires_at').execute();
}

async function createJournal(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('journal')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('flow_reference', 'text', (column) => column.notNull())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('prepared', 'text', (column) => column.notNull())
    .addColumn('intended_at', 'bigint', (column) => column.notNull())
    .addColumn('outcome', 'text')
    .addColumn('settled_at', 'bigint')
    .execute();
  await db.schema.createIndex('journal_outcome').on('journal').columns(['outcome', 'intended_at']).execute();
}

async function createAudit(db: Kysely<Tables>, sealer: Sealer): Promise<void> {
  await db.schema
    .createTable('audit')
    .addColumn('sequence', 'bigint', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('subject', 'text')
    .addColumn('portal', 'text')
    .addColumn('flow', 'text')
    .addColumn('gate', 'text')
    .addColumn('address', 'text')
    .addColumn('correlation', 'text')
    .addColumn('detail', 'text')
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('audit_subject').on('audit').columns(['subject', 'sequence']).execute();
  await db.schema
    .createTable('audit_head')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('seal', 'text', (column) => column.notNull())
    .execute();
  const start = { sequence: 0, hash: auditGenesis };
  await db
    .insertInto('audit_head')
    .values({ id: 1, ...start, seal: sealHead(sealer, start) })
    .execute();
}

async function createSessions(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('sessions')
    .addColumn('id_hash', 'text', (column) => column.primaryKey())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('data', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('sessions_expiry').on('sessions').column('expires_at').execute();
}

async function createProbes(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('probes')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .execute();
}
