import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Tables } from '../schema.ts';

/** Who tells administrators of new policies, and up to which version: those from before are not told of. */
export const policyNotices: Migration = {
  up: async (db: Kysely<Tables>) => {
    const { version } = await db
      .selectFrom('policy_versions')
      .select((versions) => versions.fn.max('version').as('version'))
      .executeTakeFirstOrThrow();
    await db
      .insertInto('audit_duties')
      .values({ name: 'policies', holder: '', held_until: 0, position: version ?? 0, moved_at: null })
      .execute();
  },
};
