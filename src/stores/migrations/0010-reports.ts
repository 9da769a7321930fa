import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Tables } from '../schema.ts';

/** Counts by day, who was registered when, and what the audit is searched by. */
export const reports: Migration = {
  up: async (db: Kysely<Tables>) => {
    await createCounts(db);
    await createCoverage(db);
    await createAuditIndexes(db);
  },
};

async function createCounts(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('daily_counts')
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('day', 'text', (column) => column.notNull())
    .addColumn('portal', 'text', (column) => column.notNull())
    .addColumn('gate', 'text', (column) => column.notNull())
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('why', 'text', (column) => column.notNull())
    .addColumn('decoy', 'integer', (column) => column.notNull())
    .addColumn('count', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('daily_counts_key', ['event', 'day', 'portal', 'gate', 'provider', 'why', 'decoy'])
    .execute();
  await db
    .insertInto('audit_duties')
    .values({ name: 'count', holder: '', held_until: 0, position: 0, moved_at: null })
    .execute();
}

async function createCoverage(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('coverage')
    .addColumn('day', 'text', (column) => column.notNull())
    .addColumn('unit', 'text', (column) => column.notNull())
    .addColumn('unit_key', 'text', (column) => column.notNull())
    .addColumn('people', 'bigint', (column) => column.notNull())
    .addColumn('registered', 'bigint', (column) => column.notNull())
    .addColumn('ready', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('coverage_key', ['day', 'unit_key'])
    .execute();
}

/** Each search is by one of these, and its rows lie in the order in which they are shown. */
async function createAuditIndexes(db: Kysely<Tables>): Promise<void> {
  for (const column of ['event', 'flow', 'address', 'correlation'] as const) {
    await db.schema.createIndex(`audit_${column}`).on('audit').columns([column, 'sequence']).execute();
  }
  await db.schema.createIndex('audit_at').on('audit').columns(['at', 'sequence']).execute();
}
