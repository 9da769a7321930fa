import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Tables } from '../schema.ts';

/** Who has a press and what came of it, so that it is one act on all nodes. */
export const presses: Migration = {
  up: async (db: Kysely<Tables>) => {
    await db.schema
      .createTable('presses')
      .addColumn('press', 'text', (column) => column.primaryKey())
      .addColumn('taken_by', 'text', (column) => column.notNull())
      .addColumn('until', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text')
      .execute();
    await db.schema.createIndex('presses_until').on('presses').column('until').execute();
  },
};
