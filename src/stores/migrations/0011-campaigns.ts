import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Tables } from '../schema.ts';

/** Letters that ask people to register, in waves, and who takes care of them and of the daily look at everybody. */
export const campaigns: Migration = {
  up: async (db: Kysely<Tables>) => {
    await db.schema
      .createTable('campaigns')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('running_kind', 'text', (column) => column.unique())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('started_by', 'text', (column) => column.notNull())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('ended_at', 'bigint')
      .addColumn('letters', 'bigint', (column) => column.notNull())
      .addColumn('wave', 'text')
      .addColumn('wave_letters', 'bigint', (column) => column.notNull())
      .addColumn('wave_over', 'integer', (column) => column.notNull())
      .addColumn('standing', 'text')
      .addColumn('data', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('campaign_letters')
      .addColumn('campaign_id', 'text', (column) => column.notNull())
      .addColumn('account_id', 'text', (column) => column.notNull())
      .addColumn('wave', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('campaign_letters_key', ['campaign_id', 'account_id', 'wave'])
      .execute();
    await db.schema.createIndex('campaign_letters_at').on('campaign_letters').column('at').execute();
    await db.schema
      .createTable('campaign_opt_outs')
      .addColumn('account_id', 'text', (column) => column.primaryKey())
      .addColumn('set_by', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('data', 'text', (column) => column.notNull())
      .execute();
    const unheld = { holder: '', held_until: 0, position: 0, moved_at: null };
    await db
      .insertInto('audit_duties')
      .values(['campaign', 'coverage'].map((name) => ({ name, ...unheld })))
      .execute();
  },
};
