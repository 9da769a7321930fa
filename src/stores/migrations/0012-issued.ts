import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Tables } from '../schema.ts';

/** What was given out by the helpdesk: until when it counts, and which flow used it up. */
export const issued: Migration = {
  up: async (db: Kysely<Tables>) => {
    await db.schema.alterTable('enrolments').addColumn('counts_until', 'bigint').execute();
    await db.schema.alterTable('enrolments').addColumn('spent_by', 'text').execute();
  },
};
