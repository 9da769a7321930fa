import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Tables } from '../schema.ts';

/**
 * Counts by policy, beside those of everybody, which stay as they are and cost no more. The audit is counted anew by a
 * duty of its own, from the first row on and beside the requests: no start waits for it, and a node that knows nothing
 * of policies does not carry it forward.
 */
export const policyReports: Migration = {
  up: async (db: Kysely<Tables>) => {
    await db.schema
      .createTable('counted_policies')
      .addColumn('policy', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('last_day', 'text', (column) => column.notNull())
      .execute();
    await createCounts(db);
    await createCoverage(db);
    await db
      .insertInto('audit_duties')
      .values({ name: 'count-policies', holder: '', held_until: 0, position: 0, moved_at: null })
      .execute();
  },
};

async function createCounts(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('policy_counts')
    .addColumn('policy', 'text', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('day', 'text', (column) => column.notNull())
    .addColumn('portal', 'text', (column) => column.notNull())
    .addColumn('gate', 'text', (column) => column.notNull())
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('why', 'text', (column) => column.notNull())
    .addColumn('decoy', 'integer', (column) => column.notNull())
    .addColumn('count', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('policy_counts_key', [
      'policy',
      'event',
      'day',
      'portal',
      'gate',
      'provider',
      'why',
      'decoy',
    ])
    .execute();
}

async function createCoverage(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('policy_coverage')
    .addColumn('policy', 'text', (column) => column.notNull())
    .addColumn('day', 'text', (column) => column.notNull())
    .addColumn('unit', 'text', (column) => column.notNull())
    .addColumn('unit_key', 'text', (column) => column.notNull())
    .addColumn('people', 'bigint', (column) => column.notNull())
    .addColumn('registered', 'bigint', (column) => column.notNull())
    .addColumn('ready', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('policy_coverage_key', ['policy', 'day', 'unit_key'])
    .execute();
  // What was kept for a day is replaced as a whole.
  await db.schema.createIndex('policy_coverage_day').on('policy_coverage').column('day').execute();
}
