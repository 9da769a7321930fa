import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Tables } from '../schema.ts';

/** What calls came to, and how much was sent. */
export const providers: Migration = {
  up: async (db: Kysely<Tables>) => {
    await createCallOutcomes(db);
    await createSends(db);
  },
};

async function createCallOutcomes(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('call_outcomes')
    .addColumn('challenge_id', 'text', (column) => column.primaryKey())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('call_outcomes_at').on('call_outcomes').column('at').execute();
}

async function createSends(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('sends')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('sends_key').on('sends').columns(['key', 'at']).execute();
  await db.schema.createIndex('sends_at').on('sends').column('at').execute();
}
