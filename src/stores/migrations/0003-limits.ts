import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Tables } from '../schema.ts';

/** How often something came in a window of time, and failures in a row that no bar forgets. */
export const limits: Migration = {
  up: async (db: Kysely<Tables>) => {
    await db.schema
      .createTable('limits')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('count', 'bigint', (column) => column.notNull())
      .addColumn('ends_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('limits_ends').on('limits').columns(['ends_at']).execute();
    await db.schema.createIndex('limits_count').on('limits').columns(['count', 'ends_at']).execute();
    await db.schema
      .alterTable('failures')
      .addColumn('in_a_row', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute();
  },
};
