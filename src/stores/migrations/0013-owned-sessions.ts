import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Tables } from '../schema.ts';

/** Whose a session is, so that its owner can see it and end it from another one. */
export const ownedSessions: Migration = {
  up: async (db: Kysely<Tables>) => {
    await db.schema.alterTable('sessions').addColumn('account_id', 'text').execute();
    await db.schema.alterTable('sessions').addColumn('reference', 'text').execute();
    await db.schema.createIndex('sessions_account').on('sessions').column('account_id').execute();
  },
};
