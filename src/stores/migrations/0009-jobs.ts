import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Tables } from '../schema.ts';

/** Long work in the background. */
export const jobs: Migration = {
  up: async (db: Kysely<Tables>) => {
    await db.schema
      .createTable('jobs')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('started_by', 'text', (column) => column.notNull())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('beat_at', 'bigint', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('slot', 'integer', (column) => column.unique())
      .addColumn('done', 'bigint', (column) => column.notNull())
      .addColumn('total', 'bigint')
      .addColumn('cancel_wanted', 'integer', (column) => column.notNull())
      .addColumn('ended_at', 'bigint')
      .addColumn('failure', 'text')
      .addColumn('data', 'text', (column) => column.notNull())
      .addColumn('body', 'text')
      .execute();
    await db.schema.createIndex('jobs_started').on('jobs').column('started_at').execute();
  },
};
