import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Tables } from '../schema.ts';

/**
 * What somebody did last of one kind, for the page of a person. Of the indexes on the one and on the other alone, a
 * database that knows nothing of its numbers may take the one that half the audit shares.
 */
export const personAudit: Migration = {
  up: async (db: Kysely<Tables>) => {
    await db.schema.createIndex('audit_subject_event').on('audit').columns(['subject', 'event', 'sequence']).execute();
  },
};
