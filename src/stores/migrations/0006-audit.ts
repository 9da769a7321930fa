import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Tables } from '../schema.ts';

/** Who signs the audit's head and who ships its rows, and how far each has come. */
export const audit: Migration = {
  up: async (db: Kysely<Tables>) => {
    await db.schema
      .createTable('audit_duties')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('holder', 'text', (column) => column.notNull())
      .addColumn('held_until', 'bigint', (column) => column.notNull())
      .addColumn('position', 'bigint', (column) => column.notNull())
      .addColumn('moved_at', 'bigint')
      .execute();
    const unheld = { holder: '', held_until: 0, position: 0, moved_at: null };
    await db
      .insertInto('audit_duties')
      .values(['sign', 'ship'].map((name) => ({ name, ...unheld })))
      .execute();
  },
};
